//! What a core dump, a swapped page or a debugger would find: keys and values are not left behind in freed memory, and the
//! service writes no dumps.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use pgveil::crypto::{SealKey, TermKey};
use pgveil::plan::TermHash;
use pgveil::value::Plaintext;

/// glibc's allocator writes its own lists over the first bytes of what is freed.
const OVERWRITTEN: usize = 16;

/// Reads the process's own memory, freed or not.
fn read(address: usize, bytes: &mut [u8]) {
    File::open("/proc/self/mem").expect("memory").read_exact_at(bytes, address as u64).expect("mapped memory");
}

/// How many windows of eight bytes, none of them zero, are as they were.
fn left(before: &[u8], after: &[u8]) -> usize {
    let pairs = before.windows(8).zip(after.windows(8)).skip(OVERWRITTEN);
    pairs.filter(|(before, after)| before == after && !before.contains(&0)).count()
}

#[test]
fn a_value_is_wiped_when_it_is_dropped() {
    // Allocated first: what is freed must not be given out again before it is looked at
    let text = "13812345678".repeat(40);
    let mut seen = vec![0; text.len()];

    let plain = text.clone();
    let address = plain.as_ptr() as usize;
    drop(plain);
    read(address, &mut seen);
    assert!(left(text.as_bytes(), &seen) > 100, "this test would see what is left of a String");

    let value = Plaintext::new(text.clone());
    let address = value.expose().as_ptr() as usize;
    read(address, &mut seen);
    assert_eq!(seen, text.as_bytes());
    drop(value);
    read(address, &mut seen);
    assert_eq!(left(text.as_bytes(), &seen), 0);
}

#[test]
fn keys_are_wiped_when_they_are_dropped() {
    let key: [u8; 32] = std::array::from_fn(|at| 101 + at as u8);
    for hash in [TermHash::HmacSha256, TermHash::HmacSm3] {
        wipes(Box::new(SealKey::new(&key)));
        wipes(Box::new(TermKey::new(hash, &key)));
    }
}

fn wipes<T>(key: Box<T>) {
    let address = &raw const *key as usize;
    let (mut before, mut after) = (vec![0; size_of::<T>()], vec![0; size_of::<T>()]);
    read(address, &mut before);
    assert!(left(&before, &before) > 20, "there is a key");
    drop(key);
    read(address, &mut after);
    assert_eq!(left(&before, &after), 0, "of {}", std::any::type_name::<T>());
}

#[test]
fn the_service_writes_no_dumps() {
    let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/pgveil.service");
    let text = std::fs::read_to_string(unit).expect("the unit");
    for line in ["LimitCORE=0", "MemorySwapMax=0"] {
        assert!(text.lines().any(|found| found == line), "{line}");
    }
}

//! The frozen format: fixed keys and random bytes give these very characters for ever.

use super::format::malformed;
use super::seal::seal_with;
use super::*;
use crate::plan::{Algorithm, TERM_CHARS, TermHash};

const RANDOM: [u8; 16] = *b"sixteen bytes !!";

fn seal_key() -> SealKey {
    SealKey::new(&std::array::from_fn(|at| at as u8))
}

fn term(hash: TermHash, text: &str) -> TermPrefix {
    TermKey::new(hash, &[0x42; 32]).prefix(&plain(text))
}

fn plain(text: &str) -> Plaintext {
    Plaintext::new(text.to_owned())
}

fn sealed(algorithm: Algorithm, version: u16, column: u32, term: Option<&TermPrefix>, text: &str) -> String {
    let header = Header { algorithm, key_version: version, column };
    seal_with(&seal_key(), &header, term, &plain(text), &RANDOM).unwrap()
}

fn opened(sealed: &str) -> Result<String, PgError> {
    let key = seal_key();
    open(sealed, |_| Ok(&key)).map(|value| value.expose().to_owned())
}

/// Computed by a second implementation of the module's page, over OpenSSL.
#[test]
fn values() {
    use Algorithm::{Aes256Gcm, Sm4Gcm};
    let phone = term(TermHash::HmacSha256, "13812345678");
    let name = term(TermHash::HmacSm3, "张三");
    let cases = [
        (Aes256Gcm, 1, 1, None, "", "~pv0:AQEBc2l4dGVlbiBieXRlcyAhIb3vuAp5SYmKv13ASTSEgR8"),
        (
            Aes256Gcm,
            1,
            7,
            Some(&phone),
            "13812345678",
            "~pv1:Q-_re_s9leQMyRJ_ZLoIsAAQEHc2l4dGVlbiBieXRlcyAhIf0RxQ2_t-amyhmPBzL4lSd0BgGVgPTmw6b_uw",
        ),
        (
            Sm4Gcm,
            1,
            7,
            Some(&name),
            "张三",
            "~pv1:XIo_K335a3TnSqInk02fNQAgEHc2l4dGVlbiBieXRlcyAhIbGCCvKAKTIPvHps-ZhEDy75KxtLUYI",
        ),
        (
            Sm4Gcm,
            300,
            70_000,
            None,
            "13812345678",
            "~pv0:AqwC8KIEc2l4dGVlbiBieXRlcyAhIWUNkicKk28eu30fJS_Jj9HMeZJ5kYqGPhdOKw",
        ),
        (
            Aes256Gcm,
            u16::MAX,
            u32::MAX,
            Some(&phone),
            "13812345678",
            "~pv1:Q-_re_s9leQMyRJ_ZLoIsAAf__A_____8Pc2l4dGVlbiBieXRlcyAhIf0RxQ2_t-amyhmPE2TB3ATvBqFbchzlknX3aA",
        ),
    ];
    for (algorithm, version, column, term, text, expect) in cases {
        let value = sealed(algorithm, version, column, term, text);
        assert_eq!(value, expect);
        assert_eq!(opened(expect).as_deref(), Ok(text));
        assert_eq!(Header::read(expect), Ok(Header { algorithm, key_version: version, column }));
        assert_eq!(column_id(expect), Ok(column));
    }
}

#[test]
fn sizes() {
    for len in [0, 1, 2, 3, 11, 18, 1000, 100_000] {
        let text = "x".repeat(len);
        let body = (4 * (len + 35)).div_ceil(3);
        assert_eq!(sealed(Algorithm::Aes256Gcm, 127, 127, None, &text).len(), 5 + body);
        let term = term(TermHash::HmacSha256, &text);
        assert_eq!(sealed(Algorithm::Sm4Gcm, 1, 1, Some(&term), &text).len(), 27 + body);
        let longest = sealed(Algorithm::Sm4Gcm, u16::MAX, u32::MAX, None, &text).len();
        assert!(longest <= 5 + body + 8, "{longest}");
    }
    assert_eq!((89, 74), (27 + (4usize * 46).div_ceil(3), 27 + (4usize * 35).div_ceil(3)), "the module's page says so");
}

#[test]
fn no_character_may_change() {
    let phone = term(TermHash::HmacSha256, "13812345678");
    for algorithm in [Algorithm::Aes256Gcm, Algorithm::Sm4Gcm] {
        for term in [None, Some(&phone)] {
            let value = sealed(algorithm, 1, 7, term, "13812345678");
            for at in 0..value.len() {
                for bit in 0..7 {
                    let mut bytes = value.clone().into_bytes();
                    bytes[at] ^= 1 << bit;
                    let changed = String::from_utf8(bytes).unwrap();
                    assert!(opened(&changed).is_err(), "{changed} opened like {value}");
                }
                assert!(opened(&value[..at]).is_err());
                assert!(opened(&format!("{}A{}", &value[..at], &value[at..])).is_err());
            }
            for tail in ["A", "=", ":", " ", "\n"] {
                assert!(opened(&format!("{value}{tail}")).is_err());
            }
        }
    }
}

/// Each part of a header is taken from another value that is sealed with the same random bytes.
#[test]
fn headers_do_not_fit_other_values() {
    let (one, two) = (term(TermHash::HmacSha256, "1"), term(TermHash::HmacSha256, "2"));
    let value = sealed(Algorithm::Aes256Gcm, 1, 7, Some(&one), "1");
    let others = [
        sealed(Algorithm::Aes256Gcm, 2, 7, Some(&one), "1"),
        sealed(Algorithm::Aes256Gcm, 1, 8, Some(&one), "1"),
        sealed(Algorithm::Sm4Gcm, 1, 7, Some(&one), "1"),
    ];
    for other in others {
        // Four characters after the term hold algorithm, version and column
        let swapped = format!("{}{}", &other[..TERM_CHARS + 4], &value[TERM_CHARS + 4..]);
        assert_ne!(swapped, value);
        assert!(Header::read(&swapped).is_ok() && opened(&swapped).is_err(), "{swapped}");
    }
    let other_term = format!("{}{}", two.as_str(), &value[TERM_CHARS..]);
    assert!(opened(&other_term).is_err());
    assert!(opened(&format!("~pv0:{}", &value[TERM_CHARS..])).is_err(), "a term cannot be taken off");
}

#[test]
fn keys_and_algorithms_live_side_by_side() {
    let value = sealed(Algorithm::Aes256Gcm, 1, 7, None, "1");
    let other = SealKey::new(&[9; 32]);
    assert!(open(&value, |_| Ok(&other)).is_err());
    let missing = || PgError::new(crate::wire::SqlState::SYSTEM_ERROR, "no key");
    assert_eq!(open(&value, |_| Err(missing())).err(), Some(missing()));
    let sm4 = sealed(Algorithm::Sm4Gcm, 1, 7, None, "1");
    assert_eq!((opened(&value).as_deref(), opened(&sm4).as_deref()), (Ok("1"), Ok("1")));
    assert_eq!(opened("~pv0:").err(), Some(malformed()));
}

#[test]
fn every_seal_is_fresh_and_every_term_the_same() {
    let header = Header { algorithm: Algorithm::Aes256Gcm, key_version: 1, column: 1 };
    let phone = term(TermHash::HmacSha256, "13812345678");
    let fresh = || seal(&seal_key(), &header, Some(&phone), &plain("13812345678")).unwrap();
    let (a, b) = (fresh(), fresh());
    assert_ne!(a, b);
    assert_eq!(a[..TERM_CHARS], b[..TERM_CHARS]);
    assert_eq!(&a[..TERM_CHARS], phone.as_str());
    assert_ne!(phone, term(TermHash::HmacSm3, "13812345678"));
    assert_ne!(phone, term(TermHash::HmacSha256, "13812345679"));
    assert_ne!(phone, TermKey::new(TermHash::HmacSha256, &[0x43; 32]).prefix(&plain("13812345678")));
    assert_eq!(term(TermHash::HmacSha256, "").as_str().len(), TERM_CHARS);
}

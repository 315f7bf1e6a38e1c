//! Published vectors: the crates underneath compute what the standards say.

use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::aes::cipher::consts::U12;
use aes_gcm::aes::cipher::{BlockCipherEncrypt, BlockSizeUser};
use aes_gcm::{Aes256Gcm, AesGcm};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use sm3::Sm3;
use sm4::Sm4;

use super::seal::Sm4Gcm;

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

struct Gcm {
    key: &'static str,
    nonce: &'static str,
    aad: &'static str,
    plain: &'static str,
    cipher: &'static str,
    tag: &'static str,
}

fn check_gcm<C>(cipher: &AesGcm<C, U12>, vector: &Gcm)
where
    C: BlockCipherEncrypt + BlockSizeUser<BlockSize = aes_gcm::aes::cipher::consts::U16>,
{
    let nonce: [u8; 12] = bytes(vector.nonce).try_into().unwrap();
    let (aad, mut buffer) = (bytes(vector.aad), bytes(vector.plain));
    let tag = cipher.encrypt_inout_detached(&nonce.into(), &aad, InOutBuf::from(&mut buffer[..])).unwrap();
    assert_eq!((hex(&buffer), hex(&tag)), (vector.cipher.to_owned(), vector.tag.to_owned()), "{}", vector.key);
    cipher.decrypt_inout_detached(&nonce.into(), &aad, InOutBuf::from(&mut buffer[..]), &tag).unwrap();
    assert_eq!(hex(&buffer), vector.plain);
}

fn check_aws_lc(key: &[u8; 32], vector: &Gcm) {
    let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).unwrap());
    let nonce = || Nonce::try_assume_unique_for_key(&bytes(vector.nonce)).unwrap();
    let (aad, mut buffer) = (bytes(vector.aad), bytes(vector.plain));
    let tag = cipher.seal_in_place_separate_tag(nonce(), Aad::from(&aad), &mut buffer).unwrap();
    assert_eq!((hex(&buffer), hex(tag.as_ref())), (vector.cipher.to_owned(), vector.tag.to_owned()), "{}", vector.key);
    buffer.extend_from_slice(tag.as_ref());
    assert_eq!(hex(cipher.open_in_place(nonce(), Aad::from(&aad), &mut buffer).unwrap()), vector.plain);
}

/// McGrew and Viega, "The Galois/Counter Mode of Operation", test cases 13 to 16, which NIST took over. AWS-LC seals values, the
/// other one wraps keys.
#[test]
fn aes_256_gcm() {
    const KEY: &str = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
    const ZERO: &str = "0000000000000000000000000000000000000000000000000000000000000000";
    let vectors = [
        Gcm {
            key: ZERO,
            nonce: "000000000000000000000000",
            aad: "",
            plain: "",
            cipher: "",
            tag: "530f8afbc74536b9a963b4f1c4cb738b",
        },
        Gcm {
            key: ZERO,
            nonce: "000000000000000000000000",
            aad: "",
            plain: "00000000000000000000000000000000",
            cipher: "cea7403d4d606b6e074ec5d3baf39d18",
            tag: "d0d1c8a799996bf0265b98b5d48ab919",
        },
        Gcm {
            key: KEY,
            nonce: "cafebabefacedbaddecaf888",
            aad: "",
            plain: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
            cipher: "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad",
            tag: "b094dac5d93471bdec1a502270e3cc6c",
        },
        Gcm {
            key: KEY,
            nonce: "cafebabefacedbaddecaf888",
            aad: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
            plain: "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
            cipher: "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
            tag: "76fc6ece0f4e1768cddf8853bb2d551b",
        },
    ];
    for vector in vectors {
        let key: [u8; 32] = bytes(vector.key).try_into().unwrap();
        check_gcm(&Aes256Gcm::new(&key.into()), &vector);
        check_aws_lc(&key, &vector);
    }
}

/// RFC 8998, appendix A.1.
#[test]
fn sm4_gcm() {
    let vector = Gcm {
        key: "0123456789abcdeffedcba9876543210",
        nonce: "00001234567800000000abcd",
        aad: "feedfacedeadbeeffeedfacedeadbeefabaddad2",
        plain: "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccddddddddddddddddeeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa",
        cipher: "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d",
        tag: "83de3541e4c2b58177e065a9bf7b62ec",
    };
    let key: [u8; 16] = bytes(vector.key).try_into().unwrap();
    check_gcm(&Sm4Gcm::new(&key.into()), &vector);
}

/// GB/T 32907-2016, appendix A.1 (SM4); GB/T 32905-2016, appendix A (SM3).
#[test]
fn sm4_and_sm3() {
    let key: [u8; 16] = bytes("0123456789abcdeffedcba9876543210").try_into().unwrap();
    let mut block = key.into();
    Sm4::new(&key.into()).encrypt_block(&mut block);
    assert_eq!(hex(&block), "681edf34d206965e86b3e94f536e4246");
    assert_eq!(hex(&Sm3::digest(b"abc")), "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
    let long = hex(&Sm3::digest("abcd".repeat(16)));
    assert_eq!(long, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732");
}

/// RFC 4231, test cases 1 and 2.
#[test]
fn hmac_sha_256() {
    let mac = |key: &[u8], text: &str| {
        hex(&<Hmac<Sha256> as KeyInit>::new_from_slice(key).unwrap().chain_update(text).finalize().into_bytes())
    };
    assert_eq!(mac(&[0x0b; 20], "Hi There"), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    assert_eq!(
        mac(b"Jefe", "what do ya want for nothing?"),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
}

/// GM/T 0042-2015, appendix D.3.
#[test]
fn hmac_sm3() {
    let mac = |key: &[u8], text: &str| {
        hex(&<Hmac<Sm3> as KeyInit>::new_from_slice(key).unwrap().chain_update(text).finalize().into_bytes())
    };
    let key: Vec<u8> = (1..=32).collect();
    let text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq".repeat(2);
    assert_eq!(mac(&key, &text), "ca05e144ed05d1857840d1f318a4a8669e559fc8391f414485bfdf7bb408963a");
    assert_eq!(mac(&[0x0b; 32], "Hi There"), "c0ba18c68b90c88bc07de794bfc7d2c8d19ec31ed8773bc2b390c9604e0be11e");
    assert_eq!(
        mac(b"Jefe", "what do ya want for nothing?"),
        "2e87f1d16862e6d964b50a5200bf2b10b764faa9680a296a2405f24bec39f882"
    );
}

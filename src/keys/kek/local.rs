//! A key-encryption key in this process's memory.

use aes_gcm::Aes256Gcm;
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::aead::{AeadInOut, KeyInit};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::KekError;

const NONCE_LEN: usize = 12;
const TAG_LEN: usize = 16;

/// AES-256-GCM under the key. Wrapped is 12 bytes of nonce, 32 of ciphertext, 16 of tag. The nonces are random: a keyring
/// has some thousand keys, far from the 2³² that one key may take (NIST SP 800-38D, section 8.3).
pub(super) struct LocalKek(Aes256Gcm);

impl LocalKek {
    /// From 64 hexadecimal digits or base64 of either alphabet, padded or not.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let mut key = Zeroizing::new([0; 32]);
        if text.len() == 64 {
            for (byte, pair) in key.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
                *byte = hex_byte(pair)?;
            }
        } else {
            let bare = text.trim_end_matches('=');
            let engine = if bare.contains(['-', '_']) { &URL_SAFE_NO_PAD } else { &STANDARD_NO_PAD };
            let written = engine.decode_slice(bare, key.as_mut_slice()).ok()?;
            if written != key.len() {
                return None;
            }
        }
        Some(Self(Aes256Gcm::new((&*key).into())))
    }

    pub(super) fn wrap(&self, key: &[u8; 32], context: &[u8]) -> Result<Vec<u8>, KekError> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).map_err(|_| KekError::NoRandomness)?;
        let mut wrapped = Vec::with_capacity(NONCE_LEN + key.len() + TAG_LEN);
        wrapped.extend_from_slice(&nonce);
        wrapped.extend_from_slice(key);
        let buffer = InOutBuf::from(wrapped.get_mut(NONCE_LEN..).unwrap_or_default());
        let tag = self.0.encrypt_inout_detached(&nonce.into(), context, buffer).map_err(|_| KekError::NoRandomness)?;
        wrapped.extend_from_slice(&tag);
        Ok(wrapped)
    }

    /// `None` where it does not authenticate.
    pub(super) fn unwrap(&self, wrapped: &[u8], context: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
        let (nonce, rest) = wrapped.split_first_chunk::<NONCE_LEN>()?;
        let (ciphertext, tag) = rest.split_last_chunk::<TAG_LEN>()?;
        let mut key = Zeroizing::new(<[u8; 32]>::try_from(ciphertext).ok()?);
        let buffer = InOutBuf::from(key.as_mut_slice());
        self.0.decrypt_inout_detached(nonce.into(), context, buffer, tag.into()).ok()?;
        Some(key)
    }
}

fn hex_byte(pair: &[u8]) -> Option<u8> {
    let digit = |at: usize| char::from(*pair.get(at)?).to_digit(16);
    u8::try_from(digit(0)? << 4 | digit(1)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_key() {
        let hex = "fbef".repeat(16);
        let wrapped = LocalKek::parse(&hex).unwrap().wrap(&[7; 32], b"x").unwrap();
        let base64 = "++/77/vv++/77/vv++/77/vv++/77/vv++/77/vv++8=";
        for text in [
            hex.to_uppercase().as_str(),
            base64,
            base64.trim_end_matches('='),
            &base64.replace('+', "-").replace('/', "_"),
            &format!("{base64}\n"),
        ] {
            assert_eq!(*LocalKek::parse(text).unwrap().unwrap(&wrapped, b"x").unwrap(), [7; 32], "{text}");
        }
        for wrong in
            ["", "00", &hex[1..], &format!("{hex}00"), &"zz".repeat(32), &base64[4..], "passphrase of some words"]
        {
            assert!(LocalKek::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn only_the_same_key_and_context_unwrap() {
        let kek = LocalKek::parse(&"01".repeat(32)).unwrap();
        let wrapped = kek.wrap(&[7; 32], b"a").unwrap();
        assert_eq!(wrapped.len(), 60);
        assert!(kek.unwrap(&wrapped, b"b").is_none());
        assert!(LocalKek::parse(&"02".repeat(32)).unwrap().unwrap(&wrapped, b"a").is_none());
        for at in 0..wrapped.len() {
            let mut changed = wrapped.clone();
            changed[at] ^= 1;
            assert!(kek.unwrap(&changed, b"a").is_none() && kek.unwrap(&wrapped[..at], b"a").is_none());
        }
        assert_ne!(kek.wrap(&[7; 32], b"a").unwrap(), wrapped);
    }
}

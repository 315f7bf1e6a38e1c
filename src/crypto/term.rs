//! Equality terms: equal exactly where two values of a domain compare equal, and nothing else to whoever has no key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use sm3::Sm3;

use crate::plan::{MAGIC_EQUALITY, TERM_CHARS, TermHash};
use crate::value::Plaintext;

const TERM_LEN: usize = 16;
const LABEL: &[u8] = b"pgveil equality v1\0";

/// A domain's equality key, ready for use. No Debug, no Clone; wiped on drop.
pub struct TermKey(Keyed);

enum Keyed {
    Sha256(Hmac<Sha256>),
    Sm3(Hmac<Sm3>),
}

/// Magic and equality term: what `left(column, 27)` gives for every value that is equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TermPrefix(String);

impl TermPrefix {
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub fn into_string(self) -> String {
        self.0
    }
}

impl TermKey {
    pub fn new(hash: TermHash, key: &[u8; 32]) -> Self {
        let block = super::seal::padded(key);
        Self(match hash {
            TermHash::HmacSha256 => Keyed::Sha256(Hmac::new((&*block).into())),
            TermHash::HmacSm3 => Keyed::Sm3(Hmac::new((&*block).into())),
        })
    }

    pub const fn hash(&self) -> TermHash {
        match self.0 {
            Keyed::Sha256(_) => TermHash::HmacSha256,
            Keyed::Sm3(_) => TermHash::HmacSm3,
        }
    }

    /// `comparison` is the value's [comparison form](crate::value::LogicalType::comparison_form).
    pub fn prefix(&self, comparison: &Plaintext) -> TermPrefix {
        let hash: [u8; 32] = match &self.0 {
            Keyed::Sha256(mac) => {
                mac.clone().chain_update(LABEL).chain_update(comparison.expose()).finalize().into_bytes().into()
            }
            Keyed::Sm3(mac) => {
                mac.clone().chain_update(LABEL).chain_update(comparison.expose()).finalize().into_bytes().into()
            }
        };
        let mut text = String::with_capacity(TERM_CHARS);
        text.push_str(MAGIC_EQUALITY);
        URL_SAFE_NO_PAD.encode_string(&hash[..TERM_LEN], &mut text);
        TermPrefix(text)
    }
}

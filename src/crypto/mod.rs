//! Sealed values: their format, how they are sealed, opened and searched by. Pure but for the randomness of a seal.
//!
//! # The format, version 1
//!
//! ASCII text in a column of type `text`. It is frozen: what is stored today has to open in twenty years.
//!
//! | characters | what |
//! |---|---|
//! | 5 | magic: `~pv1:` where an equality term follows, `~pv0:` where none does |
//! | 22 or 0 | the equality term, 128 bits |
//! | ⌈4/3 · body⌉ | the body |
//!
//! Term and body are base64url without padding (RFC 4648, section 5; bits left over are zero). The body in bytes:
//!
//! | bytes | what |
//! |---|---|
//! | 1 | algorithm: 1 is AES-256-GCM, 2 is SM4-GCM |
//! | 1 to 3 | version of the seal key, LEB128, 1 to 65535 |
//! | 1 to 5 | column id, LEB128, 1 to 2³² − 1 |
//! | 16 | random |
//! | n | ciphertext |
//! | 16 | tag |
//!
//! The additional data of the tag is everything before the random bytes: magic and term as they are written, then algorithm,
//! key version and column id as bytes. So no part of a header can be changed, nor a value moved to another column.
//!
//! A value of n bytes measures 27 (or 5) + ⌈4 (n + 35) / 3⌉ characters while key version and column id are below 128, and up
//! to 8 more otherwise: a phone number of 11 digits takes 89, the empty text 74.
//!
//! The magic's digit names the terms in front of the body, so a later version (`~pv2:`) can put an order term at the fixed
//! place behind the equality term, in an alphabet that sorts like its bytes. Match tokens can follow the body behind
//! a `:`, which is in no base64url. Bodies of another make get algorithm numbers of their own. Whatever is not known
//! here is refused, so that an old proxy never takes a new value for one of its own.
//!
//! # One key for each value
//!
//! A seal key encrypts nothing itself. Every value gets a key of its own, by the counter mode of NIST SP 800-108r1
//! over HMAC-SHA-256 (HMAC-SM3 for SM4):
//!
//! ```text
//! PRF(seal key, [1]₃₂ ‖ "pgveil value v1" ‖ 0x00 ‖ algorithm ‖ random ‖ [256]₃₂)
//! ```
//!
//! AES takes all 256 bits as its key, with a nonce of zeros; SM4 takes 128 as key and the next 96 as nonce. GCM breaks where one key
//! meets one nonce twice; here that takes the same 16 random bytes twice under one seal key. Among 2⁴⁸ values the chance is 2⁻³³,
//! where random 96-bit nonces under one key end at 2³². So proxies need not count together. That SM4's nonce is derived too keeps the many 128-bit keys from being
//! attacked all at once. HMAC rather than CMAC: no bound from a 128-bit block (SP 800-38B, appendix B), and no code of our own.

mod format;
mod random;
mod seal;
mod term;

#[cfg(test)]
mod golden_tests;
#[cfg(test)]
mod vector_tests;

pub use format::{Header, LONGEST_VALUE_BYTES, column_id};
pub use seal::{SealKey, open, seal};
pub use term::{TermKey, TermPrefix};

use crate::plan::SealedColumn;
use crate::value::Plaintext;
use crate::wire::PgError;

/// Seals literals and makes the terms that predicates compare; [`crate::keys`] has the one with keys.
pub trait Sealer {
    /// A fresh sealed value of the canonical text.
    ///
    /// # Errors
    /// 54000 where the value is too long to seal, 58000 where the column's domain has no key.
    fn seal(&self, column: &SealedColumn, value: &Plaintext) -> Result<String, PgError>;

    /// The equality prefix of the value: the first [`crate::plan::TERM_CHARS`] characters of every sealed value
    /// equal to it in the column's domain.
    ///
    /// # Errors
    /// As [`Self::seal`].
    fn term(&self, column: &SealedColumn, value: &Plaintext) -> Result<String, PgError>;
}

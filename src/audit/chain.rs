//! The keyed hash chain: what makes a line impossible to change, take out or move without the key.
//!
//! A record is one line of JSON that ends in `,"hash":"…"}`. The hash is an HMAC, under a key derived for the
//! writer, over every byte of the line before that suffix; those bytes hold the sequence number, the writer and
//! the previous record's hash. So a verifier needs no canonical form of JSON: it cuts the line and hashes it.

use hmac::{Hmac, KeyInit};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use sm3::Sm3;
use zeroize::Zeroizing;

use super::event::Event;

/// Length of every hash in bytes: SHA-256 and SM3 agree.
pub const HASH_LEN: usize = 32;
/// What the first record of a chain names as its predecessor.
pub const GENESIS: Hash = Hash([0; HASH_LEN]);
/// Shorter keys are refused: HMAC's own recommendation (RFC 2104, section 3).
pub const MIN_KEY_LEN: usize = 32;

const HASH_PREFIX: &[u8] = b",\"hash\":\"";
const HASH_SUFFIX: &[u8] = b"\"}";

/// The hash of one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hash(pub [u8; HASH_LEN]);

/// The keyed hash a chain is made with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum, schemars::JsonSchema)]
pub enum Algorithm {
    #[default]
    #[serde(rename = "hmac-sha-256")]
    #[value(name = "hmac-sha-256")]
    HmacSha256,
    #[serde(rename = "hmac-sm3")]
    #[value(name = "hmac-sm3")]
    HmacSm3,
}

impl Algorithm {
    pub const fn name(self) -> &'static str {
        match self {
            Self::HmacSha256 => "hmac-sha-256",
            Self::HmacSm3 => "hmac-sm3",
        }
    }
}

/// A key shorter than [`MIN_KEY_LEN`].
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the audit key has fewer than {MIN_KEY_LEN} bytes")]
pub struct KeyTooShort;

/// The key of the audit trail, from which every writer's own keys are derived.
pub struct AuditKey {
    algorithm: Algorithm,
    mac: Keyed,
}

/// One writer's keys: for its records, and for the heads that are kept elsewhere.
#[derive(Clone)]
pub struct WriterKey {
    records: Keyed,
    heads: Keyed,
}

#[derive(Clone)]
enum Keyed {
    Sha256(Box<Hmac<Sha256>>),
    Sm3(Box<Hmac<Sm3>>),
}

impl AuditKey {
    /// # Errors
    /// [`KeyTooShort`]: the proxy then does not start (exit 64).
    pub fn new(algorithm: Algorithm, key: &[u8]) -> Result<Self, KeyTooShort> {
        if key.len() < MIN_KEY_LEN {
            return Err(KeyTooShort);
        }
        Ok(Self { algorithm, mac: Keyed::new(algorithm, key).ok_or(KeyTooShort)? })
    }

    /// The keys of `writer`: `HMAC(key, label ‖ algorithm ‖ 0x00 ‖ writer)`, so one writer cannot be passed for
    /// another and a head cannot be passed for a record.
    pub fn for_writer(&self, writer: &str) -> WriterKey {
        WriterKey {
            records: self.derive("pgveil audit records v1 ", writer),
            heads: self.derive("pgveil audit heads v1 ", writer),
        }
    }

    fn derive(&self, label: &str, writer: &str) -> Keyed {
        let input = [label.as_bytes(), self.algorithm.name().as_bytes(), &[0], writer.as_bytes()];
        let derived = Zeroizing::new(self.mac.over(&input).0);
        // A key of 32 bytes is accepted by HMAC whatever the hash; the parent key stands in for the impossible.
        Keyed::new(self.algorithm, derived.as_slice()).unwrap_or_else(|| self.mac.clone())
    }
}

impl Keyed {
    fn new(algorithm: Algorithm, key: &[u8]) -> Option<Self> {
        match algorithm {
            Algorithm::HmacSha256 => Hmac::new_from_slice(key).ok().map(|mac| Self::Sha256(Box::new(mac))),
            Algorithm::HmacSm3 => Hmac::new_from_slice(key).ok().map(|mac| Self::Sm3(Box::new(mac))),
        }
    }

    fn over(&self, parts: &[&[u8]]) -> Hash {
        match self {
            Self::Sha256(mac) => finish(mac.as_ref().clone(), parts),
            Self::Sm3(mac) => finish(mac.as_ref().clone(), parts),
        }
    }
}

fn finish<M: hmac::Mac<OutputSize = hmac::digest::consts::U32>>(mut mac: M, parts: &[&[u8]]) -> Hash {
    for part in parts {
        mac.update(part);
    }
    Hash(mac.finalize().into_bytes().into())
}

impl WriterKey {
    pub fn record(&self, body: &[u8]) -> Hash {
        self.records.over(&[body])
    }

    pub fn head(&self, body: &[u8]) -> Hash {
        self.heads.over(&[body])
    }
}

impl Hash {
    /// Sixty-four lower-case hexadecimal digits, nothing else.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let mut out = [0; HASH_LEN];
        if text.len() != 2 * HASH_LEN {
            return None;
        }
        for (byte, digits) in out.iter_mut().zip(text.chunks_exact(2)) {
            *byte = (digit(*digits.first()?)? << 4) | digit(*digits.get(1)?)?;
        }
        Some(Self(out))
    }
}

impl std::fmt::Display for Hash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

impl Serialize for Hash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hex(&self.0))
    }
}

fn digit(character: u8) -> Option<u8> {
    match character {
        b'0'..=b'9' => Some(character - b'0'),
        b'a'..=b'f' => Some(character - b'a' + 10),
        _ => None,
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]).map(char::from).collect()
}

/// Where a chain stands: the last record's number and hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub seq: u64,
    pub hash: Hash,
}

impl Head {
    pub const GENESIS: Self = Self { seq: 0, hash: GENESIS };
}

#[derive(Serialize)]
struct Line<'a> {
    v: u8,
    seq: u64,
    writer: &'a str,
    ts: String,
    #[serde(flatten)]
    event: &'a Event,
    prev: Hash,
}

/// Appends the record that follows `head` to `out`, newline included, and moves `head` on.
pub(super) fn append(
    out: &mut Vec<u8>,
    head: &mut Head,
    key: &WriterKey,
    writer: &str,
    at: jiff::Timestamp,
    event: &Event,
) -> serde_json::Result<()> {
    let seq = head.seq + 1;
    let line = Line { v: 1, seq, writer, ts: format!("{at:.6}"), event, prev: head.hash };
    let start = out.len();
    serde_json::to_writer(&mut *out, &line).inspect_err(|_| out.truncate(start))?;
    out.pop();
    let hash = key.record(&out[start..]);
    out.extend_from_slice(HASH_PREFIX);
    out.extend_from_slice(hex(&hash.0).as_bytes());
    out.extend_from_slice(HASH_SUFFIX);
    out.push(b'\n');
    *head = Head { seq, hash };
    Ok(())
}

/// Cuts a line, without its newline, into the bytes that were hashed and the hash it claims.
pub(super) fn split(line: &[u8]) -> Option<(&[u8], Hash)> {
    let rest = line.strip_suffix(HASH_SUFFIX)?;
    let (body, digits) = rest.split_at_checked(rest.len().checked_sub(2 * HASH_LEN)?)?;
    Some((body.strip_suffix(HASH_PREFIX)?, Hash::parse(digits)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(algorithm: Algorithm) -> AuditKey {
        AuditKey::new(algorithm, &[7; 32]).unwrap()
    }

    #[test]
    fn a_line_cuts_into_what_was_hashed() {
        for algorithm in [Algorithm::HmacSha256, Algorithm::HmacSm3] {
            let key = key(algorithm).for_writer("a");
            let (mut out, mut head) = (Vec::new(), Head::GENESIS);
            let at = "2026-01-02T03:04:05Z".parse().unwrap();
            append(&mut out, &mut head, &key, "a", at, &Event::Start { version: "1" }).unwrap();
            let line = out.strip_suffix(b"\n").unwrap();
            let (body, hash) = split(line).unwrap();
            assert_eq!(hash, key.record(body));
            assert_eq!(head, Head { seq: 1, hash });
            let text = std::str::from_utf8(line).unwrap();
            let start = r#"{"v":1,"seq":1,"writer":"a","ts":"2026-01-02T03:04:05.000000Z","event":"start","version":"1","prev":"00"#;
            assert!(text.starts_with(start), "{text}");
            serde_json::from_str::<serde_json::Value>(text).unwrap();
        }
    }

    #[test]
    fn keys_are_separate_by_writer_use_and_algorithm() {
        let (a, b) = (key(Algorithm::HmacSha256).for_writer("a"), key(Algorithm::HmacSha256).for_writer("b"));
        let c = key(Algorithm::HmacSm3).for_writer("a");
        let all = [a.record(b"x"), a.head(b"x"), b.record(b"x"), b.head(b"x"), c.record(b"x"), c.head(b"x")];
        for (i, one) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|other| other != one), "{i}");
        }
    }

    #[test]
    fn short_keys_are_refused() {
        assert!(AuditKey::new(Algorithm::HmacSha256, &[0; 31]).is_err());
    }

    #[test]
    fn a_hash_is_sixty_four_lower_case_digits() {
        let text = "ab".repeat(32);
        assert_eq!(Hash::parse(text.as_bytes()).unwrap().to_string(), text);
        for bad in ["ab".repeat(31), "AB".repeat(32), "zz".repeat(32), "ab".repeat(33)] {
            assert_eq!(Hash::parse(bad.as_bytes()), None, "{bad}");
        }
    }
}

//! Sealing and opening under a key of the value's own.

use aes_gcm::AesGcm;
use aes_gcm::aead::inout::InOutBuf;
use aes_gcm::aead::{AeadInOut, KeyInit as _};
use aes_gcm::aes::cipher::consts::U12;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use sm3::Sm3;
use sm4::Sm4;
use zeroize::{Zeroize as _, Zeroizing};

use super::format::{self, AROUND_LEN, HEADER_MAX_LEN, LONGEST_VALUE_BYTES, RANDOM_LEN, TAG_LEN};
use super::{Header, TermPrefix, random};
use crate::plan::{Algorithm, MAGIC_PLAIN, TERM_CHARS};
use crate::value::Plaintext;
use crate::wire::{PgError, SqlState};

/// RFC 8998's AEAD_SM4_GCM.
pub(super) type Sm4Gcm = AesGcm<Sm4, U12>;

const LABEL: &[u8] = b"pgveil value v1";
/// The length in bits of what is derived.
const DERIVED_BITS: u32 = 256;

/// A seal key, ready to derive from: one version of one domain. No Debug, no Clone; wiped on drop.
pub struct SealKey {
    sha256: Hmac<Sha256>,
    sm3: Hmac<Sm3>,
}

impl SealKey {
    pub fn new(key: &[u8; 32]) -> Self {
        let block = padded(key);
        Self { sha256: Hmac::new((&*block).into()), sm3: Hmac::new((&*block).into()) }
    }

    /// The value's own key and nonce: see the module's page.
    fn derive(&self, algorithm: Algorithm, random: &[u8; RANDOM_LEN]) -> Zeroizing<[u8; 32]> {
        fn counter_mode(mac: impl Mac, algorithm: Algorithm, random: &[u8]) -> Zeroizing<[u8; 32]> {
            let mac = mac.chain_update(1u32.to_be_bytes()).chain_update(LABEL);
            let mac = mac.chain_update([0, format::number_of(algorithm)]).chain_update(random);
            let mut output = mac.chain_update(DERIVED_BITS.to_be_bytes()).finalize().into_bytes();
            let mut derived = Zeroizing::new([0; 32]);
            derived.iter_mut().zip(&output).for_each(|(to, from)| *to = *from);
            output.as_mut_slice().zeroize();
            derived
        }
        match algorithm {
            Algorithm::Aes256Gcm => counter_mode(self.sha256.clone(), algorithm, random),
            Algorithm::Sm4Gcm => counter_mode(self.sm3.clone(), algorithm, random),
        }
    }
}

/// HMAC pads short keys with zeros to its block, so that this is HMAC under the 32 bytes.
pub(super) fn padded(key: &[u8; 32]) -> Zeroizing<[u8; 64]> {
    let mut block = Zeroizing::new([0; 64]);
    block[..32].copy_from_slice(key);
    block
}

/// A fresh sealed value, searchable where it has a term.
///
/// # Errors
/// 54000 where the value is longer than [`LONGEST_VALUE_BYTES`]; 58000 where the system has no randomness.
pub fn seal(key: &SealKey, header: &Header, term: Option<&TermPrefix>, value: &Plaintext) -> Result<String, PgError> {
    seal_with(key, header, term, value, &random::fresh()?)
}

/// The same with given random bytes. They must never be used twice.
pub(super) fn seal_with(
    key: &SealKey,
    header: &Header,
    term: Option<&TermPrefix>,
    value: &Plaintext,
    random: &[u8; RANDOM_LEN],
) -> Result<String, PgError> {
    let value = value.expose().as_bytes();
    if value.len() > LONGEST_VALUE_BYTES {
        return Err(too_long(value.len()));
    }
    // Of its final size: a vector that grows leaves copies of the value behind
    let mut body = Zeroizing::new(Vec::with_capacity(HEADER_MAX_LEN + AROUND_LEN + value.len()));
    header.write(&mut body);
    let aad = additional_data(term.map_or(MAGIC_PLAIN, TermPrefix::as_str), &body);
    body.extend_from_slice(random);
    let start = body.len();
    body.extend_from_slice(value);
    let derived = key.derive(header.algorithm, random);
    let tag = encrypt(header.algorithm, &derived, &aad, body.get_mut(start..).unwrap_or_default())?;
    body.extend_from_slice(&tag);
    Ok(format::assemble(term, &body))
}

/// Authenticates a sealed value and decrypts it. `key` is asked for by the header; whether the column is the right
/// one is the caller's to check.
///
/// # Errors
/// 22000 where the text is no sealed value or does not authenticate; what `key` says.
pub fn open<'k>(sealed: &str, key: impl FnOnce(&Header) -> Result<&'k SealKey, PgError>) -> Result<Plaintext, PgError> {
    let parts = format::split(sealed)?;
    let mut body = Zeroizing::new(parts.decode_body()?);
    let (header, header_len) = Header::parse(&body).ok_or_else(format::malformed)?;
    let key = key(&header)?;
    let aad = additional_data(parts.prefix, body.get(..header_len).unwrap_or_default());
    let sealed_part = body.get_mut(header_len..).unwrap_or_default();
    let (random, rest) = sealed_part.split_first_chunk_mut::<RANDOM_LEN>().ok_or_else(format::malformed)?;
    if rest.len() < TAG_LEN {
        return Err(format::malformed());
    }
    decrypt(header.algorithm, &key.derive(header.algorithm, random), &aad, rest)?;
    let end = body.len() - TAG_LEN;
    body.truncate(end);
    body.drain(..header_len + RANDOM_LEN);
    into_text(std::mem::take(&mut *body))
}

fn into_text(bytes: Vec<u8>) -> Result<Plaintext, PgError> {
    String::from_utf8(bytes).map(Plaintext::new).map_err(|error| {
        error.into_bytes().zeroize();
        unauthentic()
    })
}

/// The whole header, as it is written.
fn additional_data(prefix: &str, header: &[u8]) -> Vec<u8> {
    let mut aad = Vec::with_capacity(TERM_CHARS + HEADER_MAX_LEN);
    aad.extend_from_slice(prefix.as_bytes());
    aad.extend_from_slice(header);
    aad
}

fn encrypt(algorithm: Algorithm, derived: &[u8; 32], aad: &[u8], buffer: &mut [u8]) -> Result<[u8; TAG_LEN], PgError> {
    let tag = match algorithm {
        Algorithm::Aes256Gcm => aes(derived).and_then(|(cipher, nonce)| {
            let tag = cipher.seal_in_place_separate_tag(nonce, Aad::from(aad), buffer).ok()?;
            tag.as_ref().try_into().ok()
        }),
        Algorithm::Sm4Gcm => {
            let (cipher, nonce) = sm4(derived);
            cipher.encrypt_inout_detached(&nonce.into(), aad, InOutBuf::from(buffer)).ok().map(Into::into)
        }
    };
    tag.ok_or_else(|| PgError::new(SqlState::INTERNAL_ERROR, "could not seal"))
}

/// `sealed` is ciphertext and tag; the ciphertext becomes the value.
fn decrypt(algorithm: Algorithm, derived: &[u8; 32], aad: &[u8], sealed: &mut [u8]) -> Result<(), PgError> {
    let opened = match algorithm {
        Algorithm::Aes256Gcm => aes(derived)
            .and_then(|(cipher, nonce)| cipher.open_in_place(nonce, Aad::from(aad), sealed).ok().map(|_| ())),
        Algorithm::Sm4Gcm => sealed.split_last_chunk_mut::<TAG_LEN>().and_then(|(ciphertext, tag)| {
            let (cipher, nonce) = sm4(derived);
            cipher.decrypt_inout_detached(&nonce.into(), aad, InOutBuf::from(ciphertext), (&*tag).into()).ok()
        }),
    };
    opened.ok_or_else(unauthentic)
}

/// AWS-LC's: a key that serves one value costs more than the value, and it is ready in half the time that the crate beside
/// it takes. It wipes its key schedule when freed.
fn aes(derived: &[u8; 32]) -> Option<(LessSafeKey, Nonce)> {
    let key = UnboundKey::new(&AES_256_GCM, derived).ok()?;
    Some((LessSafeKey::new(key), Nonce::assume_unique_for_key([0; 12])))
}

fn sm4(derived: &[u8; 32]) -> (Sm4Gcm, [u8; 12]) {
    let (mut key, mut nonce) = (Zeroizing::new([0; 16]), [0; 12]);
    key.copy_from_slice(&derived[..16]);
    nonce.copy_from_slice(&derived[16..28]);
    (Sm4Gcm::new((&*key).into()), nonce)
}

fn unauthentic() -> PgError {
    PgError::new(SqlState::DATA_EXCEPTION, "a sealed value does not authenticate")
        .with_hint("It was changed, moved or sealed under other keys.")
}

fn too_long(len_bytes: usize) -> PgError {
    PgError::new(
        SqlState::PROGRAM_LIMIT_EXCEEDED,
        format!("a value of {len_bytes} bytes cannot be sealed: the limit is {LONGEST_VALUE_BYTES}"),
    )
}

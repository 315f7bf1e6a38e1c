//! The values that proofs are made of.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

/// SHA-256's length; every key, proof and signature of the mechanism has it.
pub(super) const KEY_LEN: usize = 32;
const BLOCK_LEN: usize = 64;

/// What a client proves with; worth as much as the password until that changes.
pub struct ClientKey(Zeroizing<[u8; KEY_LEN]>);

/// What a server proves with.
#[derive(Clone)]
pub struct ServerKey(Zeroizing<[u8; KEY_LEN]>);

/// H(ClientKey): what a proof is checked against.
#[derive(Clone)]
pub(super) struct StoredKey(Zeroizing<[u8; KEY_LEN]>);

impl ClientKey {
    pub(super) fn new(bytes: [u8; KEY_LEN]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(super) fn stored(&self) -> StoredKey {
        StoredKey(Zeroizing::new(Sha256::digest(self.0.as_slice()).into()))
    }

    /// ClientProof = ClientKey XOR HMAC(StoredKey, AuthMessage). Public once sent.
    pub(super) fn proof(&self, auth_message: &[u8]) -> [u8; KEY_LEN] {
        xor(&self.0, &self.stored().signature(auth_message))
    }
}

impl ServerKey {
    pub(super) fn new(bytes: [u8; KEY_LEN]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// ServerSignature. Public once sent.
    pub(super) fn signature(&self, auth_message: &[u8]) -> [u8; KEY_LEN] {
        hmac(&self.0, auth_message)
    }
}

impl StoredKey {
    pub(super) fn new(bytes: [u8; KEY_LEN]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    fn signature(&self, auth_message: &[u8]) -> [u8; KEY_LEN] {
        hmac(&self.0, auth_message)
    }

    /// The ClientKey inside a proof, if the proof is right.
    pub(super) fn recover(&self, proof: &[u8; KEY_LEN], auth_message: &[u8]) -> Option<ClientKey> {
        let candidate = ClientKey::new(xor(proof, &self.signature(auth_message)));
        let is_right = candidate.stored().0.as_slice().ct_eq(self.0.as_slice());
        bool::from(is_right).then_some(candidate)
    }
}

fn xor(left: &[u8; KEY_LEN], right: &[u8; KEY_LEN]) -> [u8; KEY_LEN] {
    let mut result = *left;
    for (byte, other) in result.iter_mut().zip(right) {
        *byte ^= other;
    }
    result
}

pub(super) fn hmac(key: &[u8; KEY_LEN], message: &[u8]) -> [u8; KEY_LEN] {
    // HMAC pads a key with zeros to the hash's block
    let mut block = Zeroizing::new([0; BLOCK_LEN]);
    for (place, byte) in block.iter_mut().zip(key) {
        *place = *byte;
    }
    let mut mac = Hmac::<Sha256>::new((&*block).into());
    mac.update(message);
    mac.finalize().into_bytes().into()
}

pub(super) fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Strict: padding and all, no spaces.
pub(super) fn unbase64(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).ok()
}

pub(super) fn unbase64_key(text: &str) -> Option<[u8; KEY_LEN]> {
    let bytes = Zeroizing::new(unbase64(text)?);
    bytes.as_slice().try_into().ok()
}

//! The attributes of SCRAM messages: `r=…,s=…,i=…`, in the order that the standard fixes.

use super::{MAX_MESSAGE_LEN, MAX_NONCE_LEN, ScramError};

/// Reads one message from front to back.
pub(super) struct Attributes<'a> {
    rest: Option<&'a str>,
}

impl<'a> Attributes<'a> {
    /// # Errors
    /// [`ScramError::Malformed`] where the message is too long, no UTF-8, or holds a NUL.
    pub(super) fn new(message: &'a [u8]) -> Result<Self, ScramError> {
        if message.len() > MAX_MESSAGE_LEN || message.contains(&0) {
            return Err(ScramError::Malformed);
        }
        let text = std::str::from_utf8(message).map_err(|_| ScramError::Malformed)?;
        Ok(Self { rest: Some(text) })
    }

    /// The text up to the next comma, which is taken too.
    pub(super) fn part(&mut self) -> Result<&'a str, ScramError> {
        let rest = self.rest.ok_or(ScramError::Malformed)?;
        let (part, rest) = rest.split_once(',').map_or((rest, None), |(part, rest)| (part, Some(rest)));
        self.rest = rest;
        Ok(part)
    }

    /// The value of the next attribute, which must have this name.
    pub(super) fn value(&mut self, name: char) -> Result<&'a str, ScramError> {
        let part = self.part()?;
        part.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')).ok_or(ScramError::Malformed)
    }

    /// As [`Self::value`], of printable ASCII and bounded.
    pub(super) fn nonce(&mut self) -> Result<&'a str, ScramError> {
        let nonce = self.value('r')?;
        let is_printable = nonce.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
        let is_nonce = is_printable && (1..=MAX_NONCE_LEN).contains(&nonce.len());
        if is_nonce { Ok(nonce) } else { Err(ScramError::Malformed) }
    }

    /// What has not been read yet.
    pub(super) fn rest(&self) -> &'a str {
        self.rest.unwrap_or_default()
    }

    /// Takes optional extensions, which the standard lets a receiver ignore. `m=` is a mandatory one: unknown.
    pub(super) fn extensions(mut self) -> Result<(), ScramError> {
        while self.rest.is_some() {
            let part = self.part()?;
            let mut letters = part.chars();
            let is_attribute = letters.next().is_some_and(|name| name.is_ascii_alphabetic() && name != 'm');
            if !is_attribute || letters.next() != Some('=') {
                return Err(ScramError::Malformed);
            }
        }
        Ok(())
    }
}

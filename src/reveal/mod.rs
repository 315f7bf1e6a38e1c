//! Carries out plans on messages: seals what goes up, reveals what comes down.
//!
//! Architecture invariant: nothing here decides. A [`crate::plan::Plan`] says what becomes of each parameter and column;
//! where bytes are not what it says they are, the message is refused and nothing of it written.

mod bind;
mod copy_in;
mod copy_out;
pub mod encoding;
mod frames;
mod input;
mod notice;
mod parameters;
mod row;
mod row_description;
mod sealed;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use bind::bind;
pub use copy_in::CopyIn;
pub use copy_out::CopyOut;
pub use notice::notice;
pub use parameters::{check_declared, parameter_description, upstream_types};
pub use row::{check_unsealed, row, watched_row};
pub use row_description::row_description;

use crate::keys::Keyring;
use crate::value::Style;

/// What values are read, shown and sealed with: one per session, replaced when a setting is reported.
#[derive(Clone)]
pub struct Values {
    pub keys: Arc<Keyring>,
    pub style: Style,
    /// `client_encoding` as reported; values of protected columns are transcoded, or refused where it is not known.
    pub encoding: String,
}

/// How many protected values a row or message showed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    pub clear: u64,
    pub masked: u64,
}

//! The random bytes of a seal.

use super::format::RANDOM_LEN;
use crate::wire::{PgError, SqlState};

/// Fresh bytes from the operating system: one call a value, though it is a third of a seal's time. Bytes drawn ahead would
/// be used by both copies of a virtual machine that is restored twice; the kernel's generator notices that.
///
/// # Errors
/// 58000 where it has none: nothing is sealed then.
pub(super) fn fresh() -> Result<[u8; RANDOM_LEN], PgError> {
    let mut bytes = [0; RANDOM_LEN];
    getrandom::fill(&mut bytes).map_err(|_| PgError::new(SqlState::SYSTEM_ERROR, "the system has no randomness"))?;
    Ok(bytes)
}

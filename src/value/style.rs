//! The session settings that the text forms of values depend on.

use crate::wire::PgError;

/// DateStyle and TimeZone as the server reported them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Style {}

impl Style {
    /// From the values of ParameterStatus.
    ///
    /// # Errors
    /// 0A000 for a setting that is not known.
    pub fn new(_date_style: &str, _time_zone: &str) -> Result<Self, PgError> {
        Ok(Self {})
    }
}

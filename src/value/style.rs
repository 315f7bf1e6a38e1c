//! The session settings that the text forms of values depend on.

use super::datetime::Zone;
use crate::wire::{PgError, SqlState};

/// DateStyle and TimeZone as the server reported them. The default is `ISO, MDY` and `UTC`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Style {
    pub(super) output: DateOutput,
    pub(super) order: DateOrder,
    pub(super) zone: Zone,
}

/// How dates are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DateOutput {
    Iso,
    Sql,
    Postgres,
    German,
}

/// How the fields of a date stand where the spelling alone does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DateOrder {
    Mdy,
    Dmy,
    Ymd,
}

impl Style {
    /// From the values of ParameterStatus: `ISO, MDY` and `Asia/Shanghai` (or `<+08>-08`, as the server names an offset).
    ///
    /// # Errors
    /// 0A000 for a setting that is not known.
    pub fn new(date_style: &str, time_zone: &str) -> Result<Self, PgError> {
        let unknown =
            |setting| PgError::new(SqlState::FEATURE_NOT_SUPPORTED, format!("this {setting} is not supported"));
        let (output, order) = parse_date_style(date_style).ok_or_else(|| unknown("DateStyle"))?;
        let zone = Zone::parse(time_zone).ok_or_else(|| unknown("TimeZone"))?;
        Ok(Self { output, order, zone })
    }
}

impl Default for Style {
    fn default() -> Self {
        Self { output: DateOutput::Iso, order: DateOrder::Mdy, zone: Zone::utc() }
    }
}

fn parse_date_style(written: &str) -> Option<(DateOutput, DateOrder)> {
    let (output, order) = written.split_once(", ")?;
    let output = match output {
        "ISO" => DateOutput::Iso,
        "SQL" => DateOutput::Sql,
        "Postgres" => DateOutput::Postgres,
        "German" => DateOutput::German,
        _ => return None,
    };
    let order = match order {
        "MDY" => DateOrder::Mdy,
        "DMY" => DateOrder::Dmy,
        "YMD" => DateOrder::Ymd,
        _ => return None,
    };
    Some((output, order))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_settings_only() {
        assert_eq!(Style::new("ISO, MDY", "UTC").unwrap(), Style::default());
        assert!(Style::new("German, DMY", "<-03:30>+03:30").is_ok());
        for (style, zone) in [("ISO", "UTC"), ("iso, mdy", "UTC"), ("ISO, MDY", "Nowhere/At_all"), ("ISO, MDY", "XYZ5")]
        {
            assert_eq!(Style::new(style, zone).unwrap_err().code.0, *b"0A000", "{style} {zone}");
        }
    }
}

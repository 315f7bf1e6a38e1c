//! date, timestamp, timestamp with time zone: one family, read from each other where PostgreSQL's cast is certain.
//!
//! Source: `date.c`, `timestamp.c`, `datetime.c`.

mod calendar;
mod print;
mod spelling;
mod zone;

pub(super) use zone::Zone;
pub use zone::zone_offsets;

use self::calendar::{DATES, DAY_US, TIMESTAMPS};
use self::print::PrintedZone;
use self::spelling::{Fields, Spelling, WrittenZone};
use super::errors::{not_canonical, unknown_conversion};
use super::style::DateOutput;
use super::{Format, Kind, LogicalType, Plaintext, Purpose, Style, input};
use crate::wire::{PgError, SqlState};

/// A value in PostgreSQL's own units and with its own sentinels: the least and the greatest integer are the infinities.
#[derive(Clone, Copy)]
enum Moment {
    /// Days since 2000-01-01.
    Date(i32),
    /// Microseconds since 2000-01-01 on an unnamed clock.
    Timestamp(i64),
    /// Microseconds since 2000-01-01 UTC.
    Timestamptz(i64),
}

/// Reads a value that was declared as `from`.
///
/// # Errors
/// 22007, 22008, 22009, 08P01, 22P03 as PostgreSQL; 0A000 for other spellings and for uncertain comparisons.
pub(super) fn read(
    ty: LogicalType,
    from: Kind,
    format: Format,
    bytes: &[u8],
    style: &Style,
    purpose: Purpose,
) -> Result<Plaintext, PgError> {
    let written = match format {
        Format::Text => Moment::parse(from, input::text(bytes)?, style)?,
        Format::Binary => Moment::from_binary(from, bytes)?,
    };
    let converted = match purpose {
        Purpose::Assign => written.assign(ty.kind, style)?.rounded(ty.typmod)?,
        Purpose::Compare => written.compare(ty.kind, style)?,
    };
    Ok(Plaintext::new(converted.print(&Style::default())?))
}

impl Moment {
    fn parse(kind: Kind, text: &str, style: &Style) -> Result<Self, PgError> {
        match (kind, spelling::parse(text, style.order, name(kind))?) {
            (Kind::Date, Spelling::Infinity) => Ok(Self::Date(i32::MAX)),
            (Kind::Date, Spelling::NegativeInfinity) => Ok(Self::Date(i32::MIN)),
            (Kind::Date, Spelling::At(fields)) => date(fields.days),
            (Kind::Timestamp, Spelling::Infinity) => Ok(Self::Timestamp(i64::MAX)),
            (Kind::Timestamp, Spelling::NegativeInfinity) => Ok(Self::Timestamp(i64::MIN)),
            (Kind::Timestamp, Spelling::At(fields)) => in_range(local_us(&fields)).map(Self::Timestamp),
            (_, Spelling::Infinity) => Ok(Self::Timestamptz(i64::MAX)),
            (_, Spelling::NegativeInfinity) => Ok(Self::Timestamptz(i64::MIN)),
            (_, Spelling::At(fields)) => instant(&fields, &style.zone),
        }
    }

    fn from_binary(kind: Kind, bytes: &[u8]) -> Result<Self, PgError> {
        match kind {
            Kind::Date => input::fixed_checked(bytes, |form| match i32::from_be_bytes(form) {
                days @ (i32::MIN | i32::MAX) => Ok(Self::Date(days)),
                days => date(days.into()),
            }),
            Kind::Timestamp => input::fixed_checked(bytes, received_us).map(Self::Timestamp),
            _ => input::fixed_checked(bytes, received_us).map(Self::Timestamptz),
        }
    }

    /// PostgreSQL's assignment casts within the family.
    fn assign(self, target: Kind, style: &Style) -> Result<Self, PgError> {
        match (self, target) {
            (Self::Date(days), Kind::Timestamp) => midnight(days).map(Self::Timestamp),
            (Self::Date(days), Kind::Timestamptz) => to_instant(midnight(days)?, &style.zone).map(Self::Timestamptz),
            (Self::Timestamp(us), Kind::Timestamptz) => to_instant(us, &style.zone).map(Self::Timestamptz),
            (Self::Timestamp(us), Kind::Date) => day_of(us),
            (Self::Timestamptz(us), Kind::Timestamp) => to_local(us, &style.zone).map(Self::Timestamp),
            (Self::Timestamptz(us), Kind::Date) => {
                // Before its first timestamp PostgreSQL makes a date that it would not read.
                day_of(to_local(us, &style.zone).map_err(|_| unknown_conversion())?)
            }
            (same, _) => Ok(same),
        }
    }

    /// The value of the column's type that equals this one, where comparing them is comparing with that value.
    fn compare(self, target: Kind, style: &Style) -> Result<Self, PgError> {
        match (self, target) {
            (Self::Date(_), Kind::Timestamp | Kind::Timestamptz) | (Self::Timestamp(_), Kind::Timestamptz) => {
                self.assign(target, style)
            }
            (Self::Timestamp(us), Kind::Date) if is_infinite(us) || us.rem_euclid(DAY_US) == 0 => day_of(us),
            // The column would be moved into the session's zone: two of its values can be one instant.
            (Self::Timestamp(_), Kind::Date) | (Self::Timestamptz(_), Kind::Date | Kind::Timestamp) => {
                Err(unknown_conversion())
            }
            (same, _) => Ok(same),
        }
    }

    /// Rounds to the digits of `timestamp(p)`, half away from the epoch. Source: `AdjustTimestampForTypmod`.
    fn rounded(self, typmod: i32) -> Result<Self, PgError> {
        let (Ok(digits), Self::Timestamp(us) | Self::Timestamptz(us)) = (u32::try_from(typmod), self) else {
            return Ok(self);
        };
        if digits >= 6 || is_infinite(us) {
            return Ok(self);
        }
        let unit = 10i128.pow(6 - digits);
        let magnitude = (i128::from(us).abs() + unit / 2) / unit * unit;
        // PostgreSQL rounds past the type's last microsecond, to a value that it would not read.
        let us = in_range(if us < 0 { -magnitude } else { magnitude }).map_err(|_| unknown_conversion())?;
        Ok(if matches!(self, Self::Timestamp(_)) { Self::Timestamp(us) } else { Self::Timestamptz(us) })
    }

    fn print(self, style: &Style) -> Result<String, PgError> {
        let (output, order) = (style.output, style.order);
        match self {
            Self::Date(i32::MAX) | Self::Timestamp(i64::MAX) | Self::Timestamptz(i64::MAX) => Ok("infinity".to_owned()),
            Self::Date(i32::MIN) | Self::Timestamp(i64::MIN) | Self::Timestamptz(i64::MIN) => {
                Ok("-infinity".to_owned())
            }
            Self::Date(days) => Ok(print::date(days.into(), output, order)),
            Self::Timestamp(us) => Ok(print::timestamp(us, output, order, None)),
            Self::Timestamptz(us) => {
                let (east_s, abbreviation) = style.zone.at(us).ok_or_else(timestamp_out_of_range)?;
                let local = us.saturating_add(i64::from(east_s) * 1_000_000);
                Ok(print::timestamp(local, output, order, Some(&PrintedZone { east_s, abbreviation })))
            }
        }
    }

    /// The value of a canonical text.
    fn canonical(kind: Kind, text: &str) -> Result<Self, PgError> {
        let style = Style::default();
        let value = Self::parse(kind, text, &style).map_err(|_| not_canonical())?;
        if value.print(&style)? == text { Ok(value) } else { Err(not_canonical()) }
    }
}

const fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Date => "date",
        Kind::Timestamp => "timestamp",
        _ => "timestamp with time zone",
    }
}

const fn is_infinite(us: i64) -> bool {
    us == i64::MAX || us == i64::MIN
}

fn date(days: i64) -> Result<Moment, PgError> {
    match i32::try_from(days) {
        Ok(fitting) if DATES.contains(&days) => Ok(Moment::Date(fitting)),
        _ => Err(PgError::new(SqlState::DATETIME_FIELD_OVERFLOW, "date out of range")),
    }
}

fn received_us(form: [u8; 8]) -> Result<i64, PgError> {
    let us = i64::from_be_bytes(form);
    if is_infinite(us) { Ok(us) } else { in_range(us.into()) }
}

fn local_us(fields: &Fields) -> i128 {
    i128::from(fields.days) * i128::from(DAY_US) + i128::from(fields.time_us)
}

fn in_range(us: i128) -> Result<i64, PgError> {
    i64::try_from(us).ok().filter(|us| TIMESTAMPS.contains(us)).ok_or_else(timestamp_out_of_range)
}

fn instant(fields: &Fields, session: &Zone) -> Result<Moment, PgError> {
    let local = local_us(fields);
    let zone = match &fields.zone {
        WrittenZone::Offset(east_s) => {
            return in_range(local - i128::from(*east_s) * 1_000_000).map(Moment::Timestamptz);
        }
        WrittenZone::Named(zone) => zone,
        WrittenZone::Absent => session,
    };
    to_instant(i64::try_from(local).map_err(|_| timestamp_out_of_range())?, zone).map(Moment::Timestamptz)
}

fn to_instant(local_us: i64, zone: &Zone) -> Result<i64, PgError> {
    if is_infinite(local_us) {
        return Ok(local_us);
    }
    let east_s = zone.at_local(local_us).ok_or_else(timestamp_out_of_range)?;
    in_range(i128::from(local_us) - i128::from(east_s) * 1_000_000)
}

fn to_local(instant_us: i64, zone: &Zone) -> Result<i64, PgError> {
    if is_infinite(instant_us) {
        return Ok(instant_us);
    }
    let (east_s, _) = zone.at(instant_us).ok_or_else(timestamp_out_of_range)?;
    in_range(i128::from(instant_us) + i128::from(east_s) * 1_000_000)
}

fn midnight(days: i32) -> Result<i64, PgError> {
    match days {
        i32::MAX => Ok(i64::MAX),
        i32::MIN => Ok(i64::MIN),
        days => in_range(i128::from(days) * i128::from(DAY_US))
            .map_err(|_| PgError::new(SqlState::DATETIME_FIELD_OVERFLOW, "date out of range for timestamp")),
    }
}

fn day_of(local_us: i64) -> Result<Moment, PgError> {
    match local_us {
        i64::MAX => Ok(Moment::Date(i32::MAX)),
        i64::MIN => Ok(Moment::Date(i32::MIN)),
        us => date(us.div_euclid(DAY_US)),
    }
}

fn timestamp_out_of_range() -> PgError {
    PgError::new(SqlState::DATETIME_FIELD_OVERFLOW, "timestamp out of range")
}

/// The text form under a session's settings.
///
/// # Errors
/// 22000 where the text is not canonical.
pub(super) fn write_text(kind: Kind, text: &str, style: &Style, output: &mut bytes::BytesMut) -> Result<(), PgError> {
    let is_canonical_style = style.output == DateOutput::Iso && (kind != Kind::Timestamptz || style.zone.is_utc());
    match is_canonical_style {
        true => output.extend_from_slice(text.as_bytes()),
        false => output.extend_from_slice(Moment::canonical(kind, text)?.print(style)?.as_bytes()),
    }
    Ok(())
}

/// Appends the binary form.
///
/// # Errors
/// 22000 where the text is not canonical.
pub(super) fn write_binary(kind: Kind, text: &str, output: &mut bytes::BytesMut) -> Result<(), PgError> {
    match Moment::canonical(kind, text)? {
        Moment::Date(days) => output.extend_from_slice(&days.to_be_bytes()),
        Moment::Timestamp(us) | Moment::Timestamptz(us) => output.extend_from_slice(&us.to_be_bytes()),
    }
    Ok(())
}

/// The canonical form itself: each value has one.
///
/// # Errors
/// 22000 where the text is not canonical.
pub(super) fn comparison_form(kind: Kind, text: &str) -> Result<String, PgError> {
    Moment::canonical(kind, text).map(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(kind: Kind, from: Kind, input: &str, purpose: Purpose, expect: Result<&str, &[u8; 5]>) {
        let style = Style::new("ISO, MDY", "Asia/Shanghai").unwrap();
        let got = read(LogicalType { kind, typmod: 0 }, from, Format::Text, input.as_bytes(), &style, purpose);
        let got = got.as_ref().map(Plaintext::expose).map_err(|error| &error.code.0);
        assert_eq!(got, expect, "{input:?} as {from:?} for {kind:?}");
    }

    #[test]
    fn the_family_converts_in_the_sessions_zone() {
        use Kind::{Date, Timestamp, Timestamptz};
        let assign = Purpose::Assign;
        check(Timestamptz, Timestamptz, "2024-01-05 07:00", assign, Ok("2024-01-04 23:00:00+00"));
        check(Timestamptz, Date, "2024-01-05", assign, Ok("2024-01-04 16:00:00+00"));
        check(Timestamp, Timestamptz, "2024-01-05 07:00:00.5Z", assign, Ok("2024-01-05 15:00:01"));
        check(Date, Timestamptz, "2024-01-05 17:00Z", assign, Ok("2024-01-06"));
        check(Date, Timestamp, "infinity", assign, Ok("infinity"));
        check(Timestamp, Date, "5874897-12-31", assign, Err(b"22008"));
    }

    #[test]
    fn comparisons_across_the_family_are_certain_or_refused() {
        use Kind::{Date, Timestamp, Timestamptz};
        let compare = Purpose::Compare;
        check(Timestamp, Timestamp, "2024-01-05 07:00:00.5", compare, Ok("2024-01-05 07:00:00.5"));
        check(Date, Timestamp, "2024-01-05 00:00", compare, Ok("2024-01-05"));
        check(Date, Timestamp, "2024-01-05 00:01", compare, Err(b"0A000"));
        check(Timestamp, Timestamptz, "2024-01-05 00:00", compare, Err(b"0A000"));
        check(Timestamptz, Timestamp, "2024-01-05 08:00", compare, Ok("2024-01-05 00:00:00+00"));
    }

    #[test]
    fn only_canonical_text_is_printed_anew() {
        let style = Style::new("SQL, DMY", "UTC").unwrap();
        let mut output = bytes::BytesMut::new();
        for text in ["2024-1-5", "05/01/2024", "", "2024-01-05 00:00:00", "Infinity"] {
            assert_eq!(write_text(Kind::Date, text, &style, &mut output).unwrap_err().code.0, *b"22000", "{text}");
        }
        write_text(Kind::Date, "2024-01-05", &style, &mut output).unwrap();
        assert_eq!(output[..], *b"05/01/2024");
    }
}

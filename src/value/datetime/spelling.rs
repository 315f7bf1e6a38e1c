//! The spellings of dates and times that are read: numeric dates, times, offsets and zones.
//!
//! Each is read as `ParseDateTime` and `DecodeDateTime` (`datetime.c`) read it, errors in the order of theirs. Month
//! names, `now`, `epoch`, Julian days and the like are refused: they are rare, or depend on the clock.

use super::calendar::{DAY_US, Day, month_length};
use super::zone::Zone;
use crate::value::errors::unknown_spelling;
use crate::value::input::is_space;
use crate::value::style::DateOrder;
use crate::wire::{PgError, SqlState};

/// Words that mean a date or a time by themselves.
const SPECIAL_WORDS: &[&str] =
    &["infinity", "epoch", "now", "today", "tomorrow", "yesterday", "allballs", "current", "invalid", "undefined"];
/// Longer digit runs are left to PostgreSQL's own limits.
const MAX_DIGITS: usize = 10;
const MAX_FRACTION_DIGITS: usize = 20;

/// What a text says.
pub(super) enum Spelling {
    Infinity,
    NegativeInfinity,
    At(Fields),
}

/// A valid day and time of day.
pub(super) struct Fields {
    /// Since 2000-01-01; any year, the types' ranges are the caller's.
    pub days: i64,
    /// From 0 up to and including 24:00.
    pub time_us: i64,
    pub zone: WrittenZone,
}

pub(super) enum WrittenZone {
    Absent,
    /// Seconds east of Greenwich.
    Offset(i32),
    Named(Zone),
}

/// Reads a text.
///
/// # Errors
/// 22007 for what is certainly no date, 22008 and 22009 for fields out of range, 0A000 for all other spellings.
pub(super) fn parse(text: &str, order: DateOrder, type_name: &'static str) -> Result<Spelling, PgError> {
    let text = text.trim_matches(is_space);
    if text.eq_ignore_ascii_case("infinity") {
        return Ok(Spelling::Infinity);
    }
    if text.eq_ignore_ascii_case("-infinity") {
        return Ok(Spelling::NegativeInfinity);
    }
    if text.chars().all(|c| c.is_ascii_alphabetic() || is_space(c)) {
        return Err(words(text, type_name));
    }
    let mut scanner = Scanner(text);
    let written = scanner.written(order).ok_or_else(|| unknown_spelling(type_name))?;
    written.validate(type_name).map(Spelling::At)
}

/// No digits: wrong, unless a word means something by itself.
fn words(text: &str, type_name: &'static str) -> PgError {
    let is_special = |word: &str| SPECIAL_WORDS.iter().any(|special| special.eq_ignore_ascii_case(word));
    if text.split(is_space).any(is_special) {
        return unknown_spelling(type_name);
    }
    PgError::new(SqlState::INVALID_DATETIME_FORMAT, format!("invalid input syntax for type {type_name}"))
}

/// The fields as they stand in the text.
struct Written<'a> {
    date: WrittenDate<'a>,
    time: Option<WrittenTime<'a>>,
    zone: Option<&'a str>,
    is_bc: bool,
}

struct WrittenDate<'a> {
    year: &'a str,
    month: &'a str,
    day: &'a str,
    /// A year of one or two digits means one from 1970 to 2069.
    may_be_short: bool,
}

struct WrittenTime<'a> {
    hour: &'a str,
    minute: &'a str,
    second: &'a str,
    fraction: &'a str,
}

/// The part of the text that is not yet read. Every method takes what it names off the front, or leaves all in place.
struct Scanner<'a>(&'a str);

impl<'a> Scanner<'a> {
    fn written(&mut self, order: DateOrder) -> Option<Written<'a>> {
        let date = self.date(order)?;
        let time = self.time()?;
        self.spaces();
        let zone = self.zone();
        self.spaces();
        let is_bc = match self.0 {
            "" => false,
            era if era.eq_ignore_ascii_case("BC") => true,
            era if era.eq_ignore_ascii_case("AD") => false,
            _ => return None,
        };
        Some(Written { date, time, zone, is_bc })
    }

    fn date(&mut self, order: DateOrder) -> Option<WrittenDate<'a>> {
        let first = self.digits(1, MAX_DIGITS)?;
        let Some(delimiter) = self.0.chars().next().filter(|c| matches!(c, '-' | '/' | '.')) else {
            return run_together(first);
        };
        self.take(delimiter)?;
        let second = self.digits(1, 2)?;
        self.take(delimiter)?;
        let third = self.digits(1, MAX_DIGITS)?;
        if self.0.starts_with(['-', '/', '.']) {
            return None;
        }
        let (year, month, day) = match order {
            _ if first.len() > 2 => (first, second, third),
            DateOrder::Ymd => (first, second, third),
            DateOrder::Mdy => (third, first, second),
            DateOrder::Dmy => (third, second, first),
        };
        (day.len() <= 2).then_some(WrittenDate { year, month, day, may_be_short: true })
    }

    /// `Some(None)` where no time follows, `None` where something else does.
    fn time(&mut self) -> Option<Option<WrittenTime<'a>>> {
        let is_labelled = self.take('T').or_else(|| self.take('t')).is_some();
        let has_gap = self.spaces();
        if !self.0.starts_with(|c: char| c.is_ascii_digit()) {
            return (!is_labelled).then_some(None);
        }
        if is_labelled == has_gap {
            return None;
        }
        let hour = self.digits(1, 2)?;
        self.take(':')?;
        let minute = self.digits(1, 2)?;
        let second = if self.take(':').is_some() { self.digits(1, 2)? } else { "0" };
        let fraction = if self.take('.').is_some() { self.digits(1, MAX_FRACTION_DIGITS)? } else { "" };
        let is_fraction_of_minute = second == "0" && !fraction.is_empty();
        let is_complete = !self.0.starts_with([':', '.']) && !is_fraction_of_minute;
        is_complete.then_some(Some(WrittenTime { hour, minute, second, fraction }))
    }

    /// An offset or a zone's name; BC and AD are neither.
    fn zone(&mut self) -> Option<&'a str> {
        let len = match self.0.chars().next()? {
            '+' | '-' => 1 + self.0[1..].bytes().take_while(|b| b.is_ascii_digit() || *b == b':').count(),
            c if c.is_ascii_alphabetic() => self.0.bytes().take_while(|b| is_name(*b)).count(),
            _ => return None,
        };
        let (zone, rest) = self.0.split_at(len);
        if zone.eq_ignore_ascii_case("BC") || zone.eq_ignore_ascii_case("AD") {
            return None;
        }
        self.0 = rest;
        Some(zone)
    }

    fn digits(&mut self, min: usize, max: usize) -> Option<&'a str> {
        let len = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.0.split_at(len);
        if !(min..=max).contains(&len) {
            return None;
        }
        self.0 = rest;
        Some(digits)
    }

    fn take(&mut self, c: char) -> Option<()> {
        self.0 = self.0.strip_prefix(c)?;
        Some(())
    }

    fn spaces(&mut self) -> bool {
        let rest = self.0.trim_start_matches(is_space);
        let found = rest.len() < self.0.len();
        self.0 = rest;
        found
    }
}

const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'+' | b'-')
}

/// `YYYYMMDD`.
fn run_together(digits: &str) -> Option<WrittenDate<'_>> {
    let (year, rest) = digits.split_at_checked(4)?;
    let (month, day) = rest.split_at_checked(2)?;
    (day.len() == 2).then_some(WrittenDate { year, month, day, may_be_short: false })
}

impl Written<'_> {
    fn validate(&self, type_name: &'static str) -> Result<Fields, PgError> {
        // strtoint gives up on a number that is no int before anything else is looked at.
        let year = i64::from(number::<i32>(self.date.year)?);
        let time_us = self.time.as_ref().map_or(Ok(0), WrittenTime::validate)?;
        let zone = self.zone.map_or(Ok(WrittenZone::Absent), |zone| parse_zone(zone, type_name))?;
        let days = self.date.validate(year, self.is_bc)?;
        Ok(Fields { days, time_us, zone })
    }
}

impl WrittenDate<'_> {
    fn validate(&self, year: i64, is_bc: bool) -> Result<i64, PgError> {
        let is_short = self.may_be_short && self.year.len() <= 2;
        let year = match year {
            year if is_bc && year > 0 => 1 - year,
            0..70 if is_short && !is_bc => year + 2000,
            70..100 if is_short && !is_bc => year + 1900,
            year if year > 0 => year,
            _ => return Err(out_of_range()),
        };
        let (month, day) = (number::<i64>(self.month)?, number::<i64>(self.day)?);
        if !(1..=12).contains(&month) || !(1..=month_length(year, month)).contains(&day) {
            return Err(out_of_range());
        }
        Ok(Day { year, month, day }.to_days())
    }
}

impl WrittenTime<'_> {
    /// Second 60 and hour 24:00:00 are the next minute and day, as `DecodeTime` has them.
    fn validate(&self) -> Result<i64, PgError> {
        let [hour, minute, second] = [self.hour, self.minute, self.second].map(number::<i64>);
        let (hour, minute, second) = (hour?, minute?, second?);
        let time_us = ((hour * 60 + minute) * 60 + second) * 1_000_000 + fraction_us(self.fraction)?;
        if minute > 59 || second > 60 || time_us > DAY_US {
            return Err(out_of_range());
        }
        Ok(time_us)
    }
}

/// `rint(strtod(…) * 1000000)`, with the rounding of doubles and all.
fn fraction_us(digits: &str) -> Result<i64, PgError> {
    if digits.is_empty() {
        return Ok(0);
    }
    let fraction: f64 = format!("0.{digits}").parse().map_err(|_| out_of_range())?;
    // Between 0 and 1000000 by construction.
    #[allow(clippy::cast_possible_truncation)]
    Ok((fraction * 1_000_000.0).round_ties_even() as i64)
}

fn parse_zone(zone: &str, type_name: &'static str) -> Result<WrittenZone, PgError> {
    let unknown = || unknown_spelling(type_name);
    if let Some(offset) = zone.strip_prefix(['+', '-']) {
        let east_s = parse_offset(offset).ok_or_else(unknown)??;
        return Ok(WrittenZone::Offset(if zone.starts_with('-') { -east_s } else { east_s }));
    }
    // Abbreviations other than these depend on a setting.
    if ["Z", "UTC", "GMT"].iter().any(|utc| utc.eq_ignore_ascii_case(zone)) {
        return Ok(WrittenZone::Offset(0));
    }
    let named = if zone.contains('/') { Zone::named(zone) } else { None };
    named.map(WrittenZone::Named).ok_or_else(unknown)
}

/// `8`, `08`, `800`, `0800`, `08:00`, `08:00:00`, in seconds; `None` for other forms.
fn parse_offset(written: &str) -> Option<Result<i32, PgError>> {
    let parts: Vec<&str> = written.splitn(4, ':').collect();
    if parts.iter().any(|part| part.is_empty()) {
        return None;
    }
    let (hour, minute, second) = match *parts.as_slice() {
        [hour] if hour.len() <= 2 => (hour, "0", "0"),
        [run] if run.len() <= 4 => {
            let (hour, minute) = run.split_at_checked(run.len() - 2)?;
            (hour, minute, "0")
        }
        [hour, minute] if hour.len() <= 2 && minute.len() <= 2 => (hour, minute, "0"),
        [hour, minute, second] if parts.iter().all(|part| part.len() <= 2) => (hour, minute, second),
        _ => return None,
    };
    let [hour, minute, second] = [hour, minute, second].map(|part| part.parse::<i32>().ok());
    let (hour, minute, second) = (hour?, minute?, second?);
    // MAX_TZDISP_HOUR
    if hour > 15 || minute > 59 || second > 59 {
        // ERRCODE_INVALID_TIME_ZONE_DISPLACEMENT_VALUE
        return Some(Err(PgError::new(SqlState(*b"22009"), "time zone displacement out of range")));
    }
    Some(Ok((hour * 60 + minute) * 60 + second))
}

fn number<T: std::str::FromStr>(digits: &str) -> Result<T, PgError> {
    digits.parse().map_err(|_| out_of_range())
}

fn out_of_range() -> PgError {
    PgError::new(SqlState::DATETIME_FIELD_OVERFLOW, "date/time field value out of range")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::datetime::print;
    use crate::value::style::DateOutput::Iso;

    fn read(text: &str, order: DateOrder) -> Result<String, [u8; 5]> {
        match parse(text, order, "date").map_err(|error| error.code.0)? {
            Spelling::Infinity => Ok("infinity".to_owned()),
            Spelling::NegativeInfinity => Ok("-infinity".to_owned()),
            Spelling::At(at) => {
                let zone = match at.zone {
                    WrittenZone::Absent => String::new(),
                    WrittenZone::Offset(east_s) => format!(" {east_s}"),
                    WrittenZone::Named(zone) => format!(" {zone:?}"),
                };
                Ok(print::timestamp(at.days * DAY_US + at.time_us, Iso, DateOrder::Mdy, None) + &zone)
            }
        }
    }

    fn check(text: &str, expect: &str) {
        assert_eq!(read(text, DateOrder::Mdy).as_deref(), Ok(expect), "{text:?}");
    }

    #[test]
    fn spellings_that_are_read() {
        check(" 2024-1-5\n", "2024-01-05 00:00:00");
        check("20240105T010203Z".replace("010203", "01:02:03").as_str(), "2024-01-05 01:02:03 0");
        check("2024/01/05 1:2", "2024-01-05 01:02:00");
        check("2024.01.05  01:02:03.5 +0530", "2024-01-05 01:02:03.5 19800");
        check("1/5/2024", "2024-01-05 00:00:00");
        check("1/5/69", "2069-01-05 00:00:00");
        check("1/5/70", "1970-01-05 00:00:00");
        check("0044-03-15 bc", "0044-03-15 00:00:00 BC");
        check("0044-03-15 10:00:00+08:00 BC", "0044-03-15 10:00:00 BC 28800");
        check("2024-01-05 +08", "2024-01-05 00:00:00 28800");
        check("2024-01-05 23:59:60", "2024-01-06 00:00:00");
        check("2024-01-05 24:00", "2024-01-06 00:00:00");
        check("2024-01-05 00:00:00.0000005", "2024-01-05 00:00:00");
        check("2024-01-05 00:00:00.0000015", "2024-01-05 00:00:00.000002");
        check("-Infinity", "-infinity");
    }

    #[test]
    fn order_decides_where_the_spelling_does_not() {
        for (order, expect) in
            [(DateOrder::Mdy, "2003-01-02"), (DateOrder::Dmy, "2003-02-01"), (DateOrder::Ymd, "2001-02-03")]
        {
            assert_eq!(read("01-02-03", order).unwrap(), format!("{expect} 00:00:00"));
            assert_eq!(read("2001-02-03", order).unwrap(), "2001-02-03 00:00:00");
        }
    }

    #[test]
    fn everything_else_is_an_error() {
        let cases: [(&[u8; 5], &[&str]); 4] = [
            (b"22007", &["", " ", "garbage", "jan", "a b"]),
            (
                b"22008",
                &["2023-02-29", "2024-13-01", "0000-01-01", "2024-01-00", "13/1/2024", "9999999999-01-01", "20240230"],
            ),
            (b"22009", &["2024-01-05 00:00+16", "2023-02-30 00:00+00:60", "2024-01-05+9900"]),
            (
                b"0A000",
                &[
                    "now",
                    "epoch",
                    "2024-01",
                    "Jan 5 2024",
                    "2024-01-05 10:00 AM",
                    "2024-01-05-08",
                    "2024-060",
                    "240105",
                    "2024-01/05",
                    "2024-01-05 T10:00",
                    "2024-01-05T 10:00",
                    "2024-01-05 10:20.5",
                    "2024-01-05 10",
                    "2024-01-05 10:00 EST",
                    "10:00",
                    "２０２４-01-05",
                    "2024-01-05 é",
                ],
            ),
        ];
        for (state, texts) in cases {
            for text in texts {
                assert_eq!(read(text, DateOrder::Mdy), Err(*state), "{text:?}");
            }
        }
        assert_eq!(read("2024-01-05 24:00:01", DateOrder::Mdy), Err(*b"22008"));
    }
}

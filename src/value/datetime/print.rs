//! Dates and times as `EncodeDateOnly` and `EncodeDateTime` (`datetime.c`) print them.

use super::calendar::{DAY_US, Day};
use crate::value::style::{DateOrder, DateOutput};

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
/// `MAXTZLEN`: what is printed of an abbreviation.
const ABBREVIATION_CHARS: usize = 10;

/// The offset from UTC that a time is printed with.
pub(super) struct PrintedZone {
    pub east_s: i32,
    pub abbreviation: String,
}

/// A date, days since 2000-01-01.
pub(super) fn date(days: i64, output: DateOutput, order: DateOrder) -> String {
    let at = Day::from_days(days);
    let (year, month, day) = (printed_year(at), at.month, at.day);
    let text = match (output, order) {
        (DateOutput::Iso, _) => format!("{year:04}-{month:02}-{day:02}"),
        (DateOutput::Sql, DateOrder::Dmy) => format!("{day:02}/{month:02}/{year:04}"),
        (DateOutput::Sql, _) => format!("{month:02}/{day:02}/{year:04}"),
        (DateOutput::German, _) => format!("{day:02}.{month:02}.{year:04}"),
        (DateOutput::Postgres, DateOrder::Dmy) => format!("{day:02}-{month:02}-{year:04}"),
        (DateOutput::Postgres, _) => format!("{month:02}-{day:02}-{year:04}"),
    };
    text + era(at)
}

/// A time on the local clock, microseconds since 2000-01-01.
pub(super) fn timestamp(local_us: i64, output: DateOutput, order: DateOrder, zone: Option<&PrintedZone>) -> String {
    let days = local_us.div_euclid(DAY_US);
    let at = Day::from_days(days);
    let (year, day) = (printed_year(at), at.day);
    let time = time(local_us.rem_euclid(DAY_US));
    let text = match output {
        DateOutput::Iso => format!("{year:04}-{:02}-{day:02} {time}", at.month),
        DateOutput::Postgres => {
            let weekday = name(&WEEKDAYS, (days + 6).rem_euclid(7));
            let month = name(&MONTHS, at.month - 1);
            let date = match order {
                DateOrder::Dmy => format!("{day:02} {month}"),
                DateOrder::Mdy | DateOrder::Ymd => format!("{month} {day:02}"),
            };
            format!("{weekday} {date} {time} {year:04}")
        }
        DateOutput::Sql if order == DateOrder::Dmy => format!("{day:02}/{:02}/{year:04} {time}", at.month),
        DateOutput::Sql => format!("{:02}/{day:02}/{year:04} {time}", at.month),
        DateOutput::German => format!("{day:02}.{:02}.{year:04} {time}", at.month),
    };
    let zone = match (zone, output) {
        (None, _) => String::new(),
        (Some(zone), DateOutput::Iso) => offset(zone.east_s),
        (Some(zone), _) => format!(" {}", zone.abbreviation.chars().take(ABBREVIATION_CHARS).collect::<String>()),
    };
    text + &zone + era(at)
}

const fn printed_year(at: Day) -> i64 {
    if at.year > 0 { at.year } else { 1 - at.year }
}

const fn era(at: Day) -> &'static str {
    if at.year > 0 { "" } else { " BC" }
}

fn name(names: &[&'static str], index: i64) -> &'static str {
    usize::try_from(index).ok().and_then(|index| names.get(index)).copied().unwrap_or_default()
}

fn time(time_us: i64) -> String {
    let (seconds, fraction) = (time_us / 1_000_000, time_us % 1_000_000);
    let text = format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if fraction == 0 {
        return text;
    }
    format!("{text}.{fraction:06}").trim_end_matches('0').to_owned()
}

fn offset(east_s: i32) -> String {
    let sign = if east_s < 0 { '-' } else { '+' };
    let west = east_s.unsigned_abs();
    match (west / 3_600, west / 60 % 60, west % 60) {
        (hours, 0, 0) => format!("{sign}{hours:02}"),
        (hours, minutes, 0) => format!("{sign}{hours:02}:{minutes:02}"),
        (hours, minutes, seconds) => format!("{sign}{hours:02}:{minutes:02}:{seconds:02}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use DateOrder::{Dmy, Mdy, Ymd};
    use DateOutput::{German, Iso, Postgres, Sql};

    #[test]
    fn dates_in_every_style() {
        let cases = [
            (Iso, Mdy, "2024-02-29"),
            (Sql, Mdy, "02/29/2024"),
            (Sql, Dmy, "29/02/2024"),
            (Sql, Ymd, "02/29/2024"),
            (Postgres, Dmy, "29-02-2024"),
            (Postgres, Mdy, "02-29-2024"),
            (German, Mdy, "29.02.2024"),
        ];
        for (output, order, expect) in cases {
            assert_eq!(date(8_825, output, order), expect);
        }
        assert_eq!(date(-746_000, Iso, Mdy), "0044-07-03 BC");
    }

    #[test]
    fn times_in_every_style() {
        let zone = PrintedZone { east_s: 19_800, abbreviation: "IST".to_owned() };
        let us = 8_825 * DAY_US + 3_661_000_100;
        let cases = [
            (Iso, Mdy, "2024-02-29 01:01:01.0001+05:30"),
            (Sql, Dmy, "29/02/2024 01:01:01.0001 IST"),
            (Postgres, Mdy, "Thu Feb 29 01:01:01.0001 2024 IST"),
            (Postgres, Dmy, "Thu 29 Feb 01:01:01.0001 2024 IST"),
            (German, Dmy, "29.02.2024 01:01:01.0001 IST"),
        ];
        for (output, order, expect) in cases {
            assert_eq!(timestamp(us, output, order, Some(&zone)), expect);
        }
    }

    #[test]
    fn offsets_are_as_short_as_they_can_be() {
        let cases = [(0, "+00"), (-18_000, "-05"), (19_800, "+05:30"), (29_143, "+08:05:43"), (-1, "-00:00:01")];
        for (east_s, expect) in cases {
            assert_eq!(offset(east_s), expect);
        }
    }
}

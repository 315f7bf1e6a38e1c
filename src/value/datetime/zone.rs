//! Time zones as PostgreSQL applies them.
//!
//! Named zones come from the machine's tz database, as PostgreSQL's do where a distribution builds it, and where there is
//! none, from the one that is built in. Where the server's is of another release, the two can differ for rules that changed
//! in between: `policy check` compares them.

use std::sync::LazyLock;

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};

use super::calendar::{DAY_US, Day, EPOCH_DAYS};

/// The Gregorian calendar, and with it every zone's future, repeats after 400 years.
const CYCLE_DAYS: i64 = 146_097;
/// Later years are looked up as their like before this one: jiff ends in 9999.
const LAST_YEAR: i64 = 9_000;

/// A time zone of a session or of a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::value) enum Zone {
    Fixed { east_s: i32, abbreviation: String },
    Named(TimeZone),
}

impl Zone {
    pub(in crate::value) fn utc() -> Self {
        Self::Fixed { east_s: 0, abbreviation: "UTC".to_owned() }
    }

    /// Whether every instant shows as UTC does.
    pub(super) const fn is_utc(&self) -> bool {
        matches!(self, Self::Fixed { east_s: 0, .. })
    }

    /// A setting of TimeZone: a name of the tz database, or the form in which PostgreSQL names an offset (`<+08>-08`).
    pub(in crate::value) fn parse(setting: &str) -> Option<Self> {
        if setting == "UTC" {
            return Some(Self::utc());
        }
        match setting.strip_prefix('<') {
            Some(posix) => fixed(posix),
            None => Self::named(setting),
        }
    }

    /// A zone of the tz database, whatever the case of its name. Those with leap seconds are none of PostgreSQL's.
    pub(super) fn named(name: &str) -> Option<Self> {
        static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::from_env);
        let has_leap_seconds = name.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("right/"));
        if has_leap_seconds { None } else { DATABASE.get(name).ok().map(Self::Named) }
    }

    /// Seconds east of Greenwich and the zone's abbreviation at an instant (microseconds since 2000-01-01 UTC).
    pub(super) fn at(&self, instant_us: i64) -> Option<(i32, String)> {
        match self {
            Self::Fixed { east_s, abbreviation } => Some((*east_s, abbreviation.clone())),
            Self::Named(zone) => {
                let seconds = instant_us.div_euclid(1_000_000);
                let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
                let unix_s = (within_tables(days) + EPOCH_DAYS) * 86_400 + second;
                let info = zone.to_offset_info(jiff::Timestamp::from_second(unix_s).ok()?);
                Some((info.offset().seconds(), info.abbreviation().to_owned()))
            }
        }
    }

    /// Seconds east of Greenwich at a local time (microseconds since 2000-01-01 on the zone's own clock).
    ///
    /// A time that the clock skips counts with the offset before the change, one that it shows twice with the offset
    /// after it. Source: `DetermineTimeZoneOffsetInternal` in `datetime.c`.
    pub(super) fn at_local(&self, local_us: i64) -> Option<i32> {
        let zone = match self {
            Self::Fixed { east_s, .. } => return Some(*east_s),
            Self::Named(zone) => zone,
        };
        let offset = match zone.to_ambiguous_timestamp(civil(local_us)?).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset,
            AmbiguousOffset::Gap { before, .. } => before,
            AmbiguousOffset::Fold { after, .. } => after,
        };
        Some(offset.seconds())
    }
}

/// Seconds east of Greenwich that a named zone has at each instant (seconds since 1970-01-01 UTC); `None` where it is not
/// known.
pub fn zone_offsets(name: &str, instants: &[i64]) -> Option<Vec<i32>> {
    let zone = Zone::parse(name)?;
    let offset = |unix_s: &i64| zone.at((unix_s - EPOCH_DAYS * 86_400) * 1_000_000).map(|(east_s, _)| east_s);
    instants.iter().map(offset).collect()
}

/// The same day of the calendar's cycle, within the years that jiff knows.
fn within_tables(days: i64) -> i64 {
    let excess = Day::from_days(days).year - LAST_YEAR;
    if excess <= 0 { days } else { days - (excess / 400 + 1) * CYCLE_DAYS }
}

fn civil(local_us: i64) -> Option<DateTime> {
    let day = Day::from_days(within_tables(local_us.div_euclid(DAY_US)));
    let second = local_us.rem_euclid(DAY_US) / 1_000_000;
    let (year, month, date) = (day.year.try_into().ok()?, day.month.try_into().ok()?, day.day.try_into().ok()?);
    let [hour, minute, second] = [second / 3_600, second / 60 % 60, second % 60].map(|part| i8::try_from(part).ok());
    DateTime::new(year, month, date, hour?, minute?, second?, 0).ok()
}

/// `+08>-08`: the abbreviation, then the offset *west* of Greenwich.
fn fixed(posix: &str) -> Option<Zone> {
    let (abbreviation, west) = posix.split_once('>')?;
    let (sign, digits) = match west.strip_prefix('-') {
        Some(digits) => (1, digits),
        None => (-1, west.strip_prefix('+').unwrap_or(west)),
    };
    let mut parts = digits.split(':').map(|part| part.parse::<i32>().ok().filter(|_| part.len() == 2));
    let hours = parts.next()??;
    let [minutes, seconds] = [parts.next().unwrap_or(Some(0))?, parts.next().unwrap_or(Some(0))?];
    let is_known = parts.next().is_none() && hours < 24 && minutes < 60 && seconds < 60;
    let east_s = sign * (hours * 3_600 + minutes * 60 + seconds);
    is_known.then(|| Zone::Fixed { east_s, abbreviation: abbreviation.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn us(year: i64, month: i64, day: i64, hour: i64) -> i64 {
        Day { year, month, day }.to_days() * DAY_US + hour * 3_600_000_000
    }

    #[test]
    fn gaps_count_with_the_offset_before_and_folds_with_the_one_after() {
        let zone = Zone::parse("America/New_York").unwrap();
        let half_past_one = 1_800_000_000;
        assert_eq!(zone.at_local(us(2024, 3, 10, 2)), Some(-18_000), "skipped");
        assert_eq!(zone.at_local(us(2024, 11, 3, 1) + half_past_one), Some(-18_000), "twice");
        assert_eq!(zone.at_local(us(2024, 7, 1, 0)), Some(-14_400));
        assert_eq!(zone.at_local(us(200_024, 7, 1, 0)), Some(-14_400), "rules go on for ever");
        assert_eq!(zone.at(us(2024, 7, 1, 0)), Some((-14_400, "EDT".to_owned())));
    }

    #[test]
    fn offsets_are_zones() {
        for (setting, east_s) in [("<+08>-08", 28_800), ("<-03:30>+03:30", -12_600), ("UTC", 0), ("Etc/GMT+5", -18_000)]
        {
            assert_eq!(Zone::parse(setting).unwrap().at_local(0), Some(east_s), "{setting}");
        }
        for setting in ["<+08>", "<+08>-8", "<+08>-08:1", "", "<", "EST5EDT6,x"] {
            assert_eq!(Zone::parse(setting), None, "{setting}");
        }
    }
}

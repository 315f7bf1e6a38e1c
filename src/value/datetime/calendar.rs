//! Days and the proleptic Gregorian calendar, for the whole range of PostgreSQL's dates.
//!
//! Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms"; the ranges are `datatype/timestamp.h`'s.

/// From 1970-01-01 to 2000-01-01, where PostgreSQL counts from.
pub(super) const EPOCH_DAYS: i64 = 10_957;
pub(super) const DAY_US: i64 = 86_400_000_000;
/// 4714-11-24 BC to 5874897-12-31.
pub(super) const DATES: std::ops::RangeInclusive<i64> = -2_451_545..=2_145_031_948;
/// 4714-11-24 00:00:00 BC up to, not including, 294277-01-01 00:00:00.
pub(super) const TIMESTAMPS: std::ops::Range<i64> = -211_813_488_000_000_000..9_223_371_331_200_000_000;

/// A day of the calendar; the year before 1 is 0 (1 BC).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Day {
    pub year: i64,
    pub month: i64,
    pub day: i64,
}

impl Day {
    /// Days since 2000-01-01. Month and day must be within their ranges.
    pub(super) const fn to_days(self) -> i64 {
        let year = if self.month <= 2 { self.year - 1 } else { self.year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let day_of_year = (153 * ((self.month + 9) % 12) + 2) / 5 + self.day - 1;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        era * 146_097 + day_of_era - 719_468 - EPOCH_DAYS
    }

    /// From days since 2000-01-01.
    pub(super) const fn from_days(days: i64) -> Self {
        let shifted = days + EPOCH_DAYS + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * day_of_year + 2) / 153;
        let month = (shifted_month + 2) % 12 + 1;
        let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
        Self { year, month, day: day_of_year - (153 * shifted_month + 2) / 5 + 1 }
    }
}

/// How many days a month has.
pub(super) const fn month_length(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_days() {
        let cases = [(2000, 1, 1, 0), (1970, 1, 1, -10_957), (2024, 2, 29, 8_825), (-4713, 11, 24, -2_451_545)];
        for (year, month, day, days) in cases {
            assert_eq!(Day { year, month, day }.to_days(), days);
        }
        assert_eq!(Day { year: 5_874_897, month: 12, day: 31 }.to_days(), *DATES.end());
    }

    #[test]
    fn every_day_goes_there_and_back() {
        for days in (-2_451_545..3_000_000).step_by(7).chain(2_145_000_000..2_145_001_000) {
            let day = Day::from_days(days);
            assert_eq!(day.to_days(), days);
            assert!((1..=month_length(day.year, day.month)).contains(&day.day));
        }
    }
}

//! Birth dates: the year stays. Date types show its first of January, texts star what follows the year.

use super::sql::{call, concat, if_else, length, literal, stars};
use crate::value::Kind;

/// What a written date may hold; anything else is no date and is hidden whole. The star is an earlier mask's.
const DATE_CHARS: &str = "0123456789-/. 年月日*";
const DIGITS: &str = "0123456789";
const YEAR_CHARS: usize = 4;
/// `19900517`; the shortest date with a year of four digits.
const SHORTEST: usize = 8;
const CENTURIES: [&str; 3] = ["18", "19", "20"];

/// 1990-05-17 and 1990年5月17日 as 1990-**-** and 1990年*月**日.
pub(super) fn apply_text(text: &str) -> String {
    let count = text.chars().count();
    let is_date = count >= SHORTEST
        && text.chars().all(|c| DATE_CHARS.contains(c))
        && text.chars().take(YEAR_CHARS).all(|c| c.is_ascii_digit())
        && CENTURIES.iter().any(|century| text.starts_with(century));
    text.chars()
        .enumerate()
        .map(|(at, c)| match is_date && (at < YEAR_CHARS || !c.is_ascii_digit()) {
            true => c,
            false => '*',
        })
        .collect()
}

pub(super) fn sql_text(text: &str) -> String {
    let n = length(text);
    let without = |expression: &str, set: &str| call("translate", &[expression, &literal(set), "''"]);
    let is_empty = |expression: &str| call("int4eq", &[&length(expression), "0"]);
    let year = call("left", &[text, "4"]);
    let century = call("left", &[text, "2"]);
    let conditions = [
        call("int4ge", &[&n, &SHORTEST.to_string()]),
        is_empty(&without(text, DATE_CHARS)),
        is_empty(&without(&year, DIGITS)),
        super::sql::in_list(&century, &format!("|{}|", CENTURIES.join("|"))),
    ];
    let rest = call("translate", &[&call("substr", &[text, "5"]), &literal(DIGITS), "'**********'"]);
    if_else(&conditions.join(" AND "), &concat(&year, &rest), &stars(&n))
}

/// The first of January of the year, in PostgreSQL's ISO output form. Infinities stay.
pub(super) fn apply_date(kind: Kind, canonical: &str) -> String {
    if canonical.contains("infinity") {
        return canonical.to_owned();
    }
    let (body, era) = match canonical.strip_suffix(" BC") {
        Some(body) => (body, " BC"),
        None => (canonical, ""),
    };
    let year: String = body.chars().take_while(char::is_ascii_digit).collect();
    match kind {
        Kind::Timestamp => format!("{year}-01-01 00:00:00{era}"),
        Kind::Timestamptz => format!("{year}-01-01 00:00:00+00{era}"),
        Kind::Date
        | Kind::Text
        | Kind::Varchar
        | Kind::Char
        | Kind::Int2
        | Kind::Int4
        | Kind::Int8
        | Kind::Numeric
        | Kind::Bool
        | Kind::Uuid
        | Kind::Jsonb
        | Kind::Bytea => format!("{year}-01-01{era}"),
    }
}

pub(super) fn sql_date(kind: Kind, column: &str) -> String {
    let in_utc = || call("timezone", &["'UTC'", column]);
    let first = match kind {
        Kind::Timestamp => call("date_trunc", &["'year'", column]),
        // By way of UTC: date_trunc over timestamptz follows the session's TimeZone
        Kind::Timestamptz => call("timezone", &["'UTC'", &call("date_trunc", &["'year'", &in_utc()])]),
        // Not through timestamp, whose range is smaller than date's
        Kind::Date
        | Kind::Text
        | Kind::Varchar
        | Kind::Char
        | Kind::Int2
        | Kind::Int4
        | Kind::Int8
        | Kind::Numeric
        | Kind::Bool
        | Kind::Uuid
        | Kind::Jsonb
        | Kind::Bytea => {
            let day_of_year = format!("CAST(EXTRACT(doy FROM {column}) AS pg_catalog.int4)");
            call("date_mii", &[column, &call("int4mi", &[&day_of_year, "1"])])
        }
    };
    if_else(&call("isfinite", &[column]), &first, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_keep_the_year() {
        let cases = [
            ("1990-05-17", "1990-**-**"),
            ("19900517", "1990****"),
            ("1990年5月17日", "1990年*月**日"),
            ("1990-**-**", "1990-**-**"),
            ("17/05/1990", "**********"),
            ("1990-05-17x", "***********"),
            ("1990", "****"),
            ("", ""),
        ];
        for (input, expect) in cases {
            assert_eq!(apply_text(input), expect, "{input}");
        }
    }

    #[test]
    fn dates_become_the_first_of_january() {
        let cases = [
            (Kind::Date, "1990-05-17", "1990-01-01"),
            (Kind::Date, "0044-03-15 BC", "0044-01-01 BC"),
            (Kind::Date, "5874897-12-31", "5874897-01-01"),
            (Kind::Date, "-infinity", "-infinity"),
            (Kind::Timestamp, "1990-05-17 10:11:12.5", "1990-01-01 00:00:00"),
            (Kind::Timestamptz, "1990-05-17 10:11:12+00", "1990-01-01 00:00:00+00"),
        ];
        for (kind, input, expect) in cases {
            assert_eq!(apply_date(kind, input), expect, "{input}");
        }
    }
}

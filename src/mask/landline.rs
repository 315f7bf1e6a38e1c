//! Fixed-line numbers: the area code stays, the subscriber is hidden.

use super::sql::{call, concat, if_else, length, stars};

/// Fewer characters after the area code than this are no subscriber number.
const SUBSCRIBER_CHARS: usize = 7;

/// 010 and 02x have three digits, other area codes four; without a leading zero there is none.
fn area_chars(text: &str) -> usize {
    match text.as_bytes() {
        [b'0', b'1' | b'2', ..] => 3,
        [b'0', ..] => 4,
        _ => 0,
    }
}

pub(super) fn apply(text: &str) -> String {
    let count = text.chars().count();
    let area = Some(area_chars(text)).filter(|area| count >= area + SUBSCRIBER_CHARS).unwrap_or(0);
    text.chars().enumerate().map(|(at, c)| if at < area { c } else { '*' }).collect()
}

pub(super) fn sql(text: &str) -> String {
    let n = length(text);
    let starts = |prefix: &str| {
        let chars = prefix.chars().count().to_string();
        call("texteq", &[&call("left", &[text, &chars]), &format!("'{prefix}'")])
    };
    let area = format!("CASE WHEN {} OR {} THEN 3 WHEN {} THEN 4 ELSE 0 END", starts("01"), starts("02"), starts("0"));
    let long = call("int4ge", &[&call("int4mi", &[&n, &area]), &SUBSCRIBER_CHARS.to_string()]);
    let shown = concat(&call("left", &[text, &area]), &stars(&call("int4mi", &[&n, &area])));
    if_else(&long, &shown, &stars(&n))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_area_code() {
        let cases = [
            ("01062345678", "010********"),
            ("010-62345678", "010*********"),
            ("0512-62345678", "0512*********"),
            ("62345678", "********"),
            ("0101234", "*******"),
            ("", ""),
        ];
        for (input, expect) in cases {
            assert_eq!(apply(input), expect, "{input}");
        }
    }
}

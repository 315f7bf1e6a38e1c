//! Card numbers: the first six digits (the issuer) stay, the check digit is right again.
//! Source: ISO/IEC 7812-1 Annex B (Luhn).

use super::permute::Permutation;

const ISSUER_DIGITS: usize = 6;

/// Thirteen to nineteen digits that pass Luhn's test, grouped by blanks or dashes or not; the grouping stays.
pub(super) fn permute(text: &str, key: &[u8; 32]) -> Option<String> {
    if !text.bytes().all(|b| b.is_ascii_digit() || b == b' ' || b == b'-') {
        return None;
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if !(13..=19).contains(&digits.len()) || luhn(&digits) != 0 {
        return None;
    }
    let (issuer, rest) = digits.split_at_checked(ISSUER_DIGITS)?;
    let account = rest.get(..rest.len() - 1)?;
    let size = 10u128.checked_pow(u32::try_from(account.len()).ok()?)?;
    let mapped = Permutation::new(key, &format!("pan-valid-{issuer}")).index(account.parse().ok()?, size);
    let body = format!("{issuer}{mapped:0width$}", width = account.len());
    let check = (10 - luhn(&format!("{body}0"))) % 10;
    let mut shown = body.chars().chain(char::from_digit(check, 10));
    text.chars().map(|c| if c.is_ascii_digit() { shown.next() } else { Some(c) }).collect()
}

/// Luhn's sum modulo 10: 0 for a valid number.
fn luhn(digits: &str) -> u32 {
    let weigh = |(at, digit): (usize, u8)| match (at % 2, u32::from(digit - b'0')) {
        (0, value) => value,
        (_, value) if value > 4 => value * 2 - 9,
        (_, value) => value * 2,
    };
    digits.bytes().rev().enumerate().map(weigh).sum::<u32>() % 10
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_a_valid_card_number() {
        let key = [3; 32];
        let plain = permute("6216261000000000018", &key).unwrap();
        assert!(plain.starts_with("621626") && luhn(&plain) == 0 && plain != "6216261000000000018", "{plain}");
        let grouped = permute("6216 2610 0000 0000 018", &key).unwrap();
        assert_eq!(grouped.replace(' ', ""), plain);
        for invalid in ["6216261000000000019", "621626100000", "", "6216x"] {
            assert_eq!(permute(invalid, &key), None, "{invalid}");
        }
    }
}

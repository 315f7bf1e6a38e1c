//! Resident identity numbers: province, birth date and check digit are valid again.
//! Source: GB 11643-1999 (18 digits, ISO 7064 MOD 11-2); 15 digits before it, without a check digit.

use jiff::civil::{Date, date};

use super::permute::Permutation;

const PROVINCES: [u32; 34] = [
    11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43, 44, 45, 46, 50, 51, 52, 53, 54, 61, 62, 63,
    64, 65, 71, 81, 82,
];
const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK: &[u8; 11] = b"10X98765432";
/// Births are exchanged within an era, so that a pseudonym is not born in the future before its original was.
const ERAS: [(Date, Date); 2] = [(date(1900, 1, 1), date(2025, 12, 31)), (date(2026, 1, 1), date(2099, 12, 31))];
const OLD_ERA: (Date, Date) = (date(1900, 1, 1), date(1999, 12, 31));

pub(super) fn permute(text: &str, key: &[u8; 32]) -> Option<String> {
    match text.len() {
        18 => {
            let (body, check) = text.split_at_checked(17)?;
            let (place, birth, sequence) = split(body, 8)?;
            if check != check_digit(body)?.to_string() {
                return None;
            }
            let era = ERAS.into_iter().find(|(from, to)| (*from..=*to).contains(&birth))?;
            let (place, birth, sequence) = exchange(place, birth, sequence, era, key, "identity-18")?;
            let body = format!("{place:06}{:04}{:02}{:02}{sequence:03}", birth.year(), birth.month(), birth.day());
            Some(format!("{body}{}", check_digit(&body)?))
        }
        15 => {
            let (place, birth, sequence) = split(text, 6)?;
            let (place, birth, sequence) = exchange(place, birth, sequence, OLD_ERA, key, "identity-15")?;
            Some(format!("{place:06}{:02}{:02}{:02}{sequence:03}", birth.year() % 100, birth.month(), birth.day()))
        }
        _ => None,
    }
}

/// Place (six digits), birth date and sequence number of a valid body without its check digit.
fn split(body: &str, date_len: usize) -> Option<(u32, Date, u32)> {
    if !body.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let place: u32 = body.get(..6)?.parse().ok()?;
    let born = body.get(6..6 + date_len)?;
    let (year, month_day) = born.split_at_checked(date_len - 4)?;
    let year: i16 = year.parse().ok()?;
    let (month, day) = month_day.split_at_checked(2)?;
    let birth = Date::new(if date_len == 6 { 1900 + year } else { year }, month.parse().ok()?, day.parse().ok()?);
    let sequence = body.get(6 + date_len..)?.parse().ok()?;
    PROVINCES.contains(&(place / 10_000)).then_some((place, birth.ok()?, sequence))
}

fn exchange(
    place: u32,
    birth: Date,
    sequence: u32,
    era: (Date, Date),
    key: &[u8; 32],
    tweak: &str,
) -> Option<(u32, Date, u32)> {
    let province = PROVINCES.iter().position(|province| *province == place / 10_000)?;
    let days = u128::try_from(days_between(era.0, era.1)).ok()? + 1;
    let day = u128::try_from(days_between(era.0, birth)).ok()?;
    let place_index = u128::try_from(province).ok()? * 10_000 + u128::from(place % 10_000);
    let size = 34 * 10_000 * days * 1000;
    let index = (place_index * days + day) * 1000 + u128::from(sequence);
    let mapped = Permutation::new(key, &format!("{tweak}-{}", era.0.year())).index(index, size);
    let (rest, sequence) = (mapped / 1000, u32::try_from(mapped % 1000).ok()?);
    let birth = era.0.checked_add(jiff::Span::new().days(i64::try_from(rest % days).ok()?)).ok()?;
    let place_index = rest / days;
    let province = PROVINCES.get(usize::try_from(place_index / 10_000).ok()?)?;
    Some((province * 10_000 + u32::try_from(place_index % 10_000).ok()?, birth, sequence))
}

fn days_between(from: Date, to: Date) -> i64 {
    from.duration_until(to).as_secs() / 86_400
}

fn check_digit(body: &str) -> Option<char> {
    let sum: u32 = body.bytes().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    CHECK.get(usize::try_from(sum % 11).ok()?).map(|digit| char::from(*digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_a_valid_identity_number() {
        let key = [3; 32];
        for valid in ["11010519491231002X", "110105491231002"] {
            let shown = permute(valid, &key).unwrap();
            assert_ne!(shown, valid);
            assert_eq!(shown.len(), valid.len());
            assert!(permute(&shown, &key).is_some(), "{shown}");
        }
        for invalid in ["110105194912310021", "11010519491331002X", "00010519491231002X", "11010519491231002x", ""] {
            assert_eq!(permute(invalid, &key), None, "{invalid}");
        }
    }
}

//! Chinese mobile numbers: 1, then 3 to 9, then nine digits, with or without a country code.

use super::permute::Permutation;

const PREFIXES: [&str; 7] = ["", "+86", "+86 ", "+86-", "86", "0086", "0086-"];
const SIZE: u128 = 7 * 1_000_000_000;

pub(super) fn permute(text: &str, key: &[u8; 32]) -> Option<String> {
    let (prefix, number) = PREFIXES.iter().find_map(|prefix| Some((prefix, parse(text.strip_prefix(prefix)?)?)))?;
    // One permutation for all prefixes, so that +8613… and 13… remain the same person's
    let mapped = Permutation::new(key, "phone-valid").index(number, SIZE);
    Some(format!("{prefix}1{:010}", mapped + 3_000_000_000))
}

fn parse(text: &str) -> Option<u128> {
    let is_mobile = text.len() == 11 && text.starts_with('1') && text.bytes().all(|b| b.is_ascii_digit());
    let number: u128 = text.get(1..).filter(|_| is_mobile)?.parse().ok()?;
    number.checked_sub(3_000_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_a_mobile_number() {
        let key = [3; 32];
        let plain = permute("13812345678", &key).unwrap();
        assert!(parse(&plain).is_some() && plain != "13812345678");
        assert_eq!(permute("+8613812345678", &key), Some(format!("+86{plain}")));
        for invalid in ["12812345678", "1381234567", "138123456789", "1381234567x", ""] {
            assert_eq!(permute(invalid, &key), None, "{invalid}");
        }
    }
}

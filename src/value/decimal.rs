//! Decimal numbers as PostgreSQL's numeric keeps them: exact, with their scale.
//!
//! Source: `numeric.c` (`set_var_from_str`, `apply_typmod`, `make_result`, `numeric_recv`, `numeric_send`).

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::errors::{binary_too_short, invalid_binary, invalid_syntax, unknown_spelling};
use super::input;
use crate::wire::{PgError, SqlState};

/// `(NUMERIC_WEIGHT_MAX + 1) * DEC_DIGITS`: digits before the point.
const MAX_INTEGER_DIGITS: usize = 131_072;
/// `NUMERIC_DSCALE_MAX`: digits behind the point.
const MAX_SCALE: usize = 16_383;
/// The exponent from which on `numeric_in` gives up at once.
const EXPONENT_LIMIT: i64 = i32::MAX as i64 / 2;

const BASE_DIGITS: usize = 4;
const SIGN_NEGATIVE: u16 = 0x4000;
const SIGN_NAN: u16 = 0xC000;
const SIGN_INFINITY: u16 = 0xD000;
const SIGN_NEGATIVE_INFINITY: u16 = 0xF000;

/// A value of type numeric.
pub(super) enum Number {
    NaN,
    Infinity,
    NegativeInfinity,
    Finite(Decimal),
}

/// A finite number: decimal digits and where the point stands among them.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(super) struct Decimal {
    is_negative: bool,
    /// ASCII digits; no leading zeros before the point.
    digits: Vec<u8>,
    /// How many digits stand before the point.
    point: usize,
    /// Digits were left out behind the greatest scale: fine where a typmod rounds, else an overflow.
    is_too_fine: bool,
}

impl Number {
    /// Reads the text form.
    ///
    /// # Errors
    /// 22P02, 22003; 0A000 for spellings that PostgreSQL's versions disagree on.
    pub(super) fn parse(text: &str) -> Result<Self, PgError> {
        let trimmed = text.trim_start_matches(input::is_space);
        let word = trimmed.trim_end_matches(input::is_space);
        let is = |known: &[&str]| known.iter().any(|known| known.eq_ignore_ascii_case(word));
        if is(&["nan"]) {
            Ok(Self::NaN)
        } else if is(&["infinity", "+infinity", "inf", "+inf"]) {
            Ok(Self::Infinity)
        } else if is(&["-infinity", "-inf"]) {
            Ok(Self::NegativeInfinity)
        } else {
            Decimal::parse(trimmed).map(Self::Finite)
        }
    }

    /// Reads the binary form: counts, then digits of base 10000.
    ///
    /// # Errors
    /// 08P01, 22P03, 22003 as PostgreSQL.
    pub(super) fn from_binary(bytes: &[u8]) -> Result<Self, PgError> {
        let (head, groups) = bytes.split_first_chunk::<8>().ok_or_else(binary_too_short)?;
        let [count, weight, sign, scale] = [0, 2, 4, 6].map(|at| half(head, at));
        if !matches!(sign, 0 | SIGN_NEGATIVE | SIGN_NAN | SIGN_INFINITY | SIGN_NEGATIVE_INFINITY) {
            return Err(invalid_binary("invalid sign in external \"numeric\" value"));
        }
        if usize::from(scale) > MAX_SCALE {
            return Err(invalid_binary("invalid scale in external \"numeric\" value"));
        }
        let groups = base_10000(groups, usize::from(count))?;
        match sign {
            SIGN_NAN => Ok(Self::NaN),
            SIGN_INFINITY => Ok(Self::Infinity),
            SIGN_NEGATIVE_INFINITY => Ok(Self::NegativeInfinity),
            _ => {
                let decimal = Decimal::from_groups(sign == SIGN_NEGATIVE, weight.cast_signed(), scale.into(), &groups);
                Ok(Self::Finite(decimal))
            }
        }
    }

    /// Fits the number into its type, as `apply_typmod` and `make_result` do; a typmod below 4 sets no precision.
    ///
    /// # Errors
    /// 22003.
    pub(super) fn fit(mut self, typmod: i32) -> Result<Self, PgError> {
        match (&mut self, Precision::of(typmod)) {
            (Self::Finite(decimal), Some(precision)) => decimal.fit(precision)?,
            (Self::Infinity | Self::NegativeInfinity, Some(_)) => return Err(field_overflow()),
            (Self::NaN, _) | (_, None) => {}
        }
        match &self {
            Self::Finite(decimal) if decimal.is_too_fine || decimal.point > MAX_INTEGER_DIGITS => Err(overflow()),
            _ => Ok(self),
        }
    }

    /// Prints as `numeric_out`.
    pub(super) fn print(&self) -> String {
        match self {
            Self::NaN => "NaN".to_owned(),
            Self::Infinity => "Infinity".to_owned(),
            Self::NegativeInfinity => "-Infinity".to_owned(),
            Self::Finite(decimal) => decimal.print(decimal.digits.len()),
        }
    }

    /// Prints without zeros at the end of the fraction.
    pub(super) fn print_shortest(&self) -> String {
        match self {
            Self::Finite(decimal) => decimal.print(decimal.significant_end()),
            other => other.print(),
        }
    }

    /// Appends the binary form, as `numeric_send`.
    pub(super) fn write_binary(&self, output: &mut bytes::BytesMut) {
        let special = |sign: u16| [0, 0, sign, 0];
        let head = match self {
            Self::NaN => special(SIGN_NAN),
            Self::Infinity => special(SIGN_INFINITY),
            Self::NegativeInfinity => special(SIGN_NEGATIVE_INFINITY),
            Self::Finite(decimal) => return decimal.write_binary(output),
        };
        head.iter().for_each(|half| output.extend_from_slice(&half.to_be_bytes()));
    }
}

/// `numeric(precision, scale)` as a typmod packs it; the scale can be negative since PostgreSQL 15.
struct Precision {
    digits: i32,
    scale: i32,
}

impl Precision {
    const fn of(typmod: i32) -> Option<Self> {
        if typmod < 4 {
            return None;
        }
        let packed = typmod - 4;
        Some(Self { digits: (packed >> 16) & 0xffff, scale: ((packed & 0x7ff) ^ 1024) - 1024 })
    }
}

impl Decimal {
    fn parse(text: &str) -> Result<Self, PgError> {
        let invalid = || invalid_syntax("numeric");
        let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
        let (integer, rest) = leading_digits(unsigned);
        let (fraction, rest) = rest.strip_prefix('.').map_or(("", rest), leading_digits);
        if integer.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let (exponent, rest) = parse_exponent(rest)?;
        if !rest.chars().all(input::is_space) {
            let is_newer = fraction.is_empty() && input::is_newer_number(integer, rest) || rest.starts_with('_');
            return Err(if is_newer { unknown_spelling("numeric") } else { invalid() });
        }
        Self::from_parts(text.starts_with('-'), integer, fraction, exponent)
    }

    /// The number `integer.fraction × 10^exponent`, without ever holding more digits than a numeric can.
    fn from_parts(is_negative: bool, integer: &str, fraction: &str, exponent: i64) -> Result<Self, PgError> {
        let scale =
            usize::try_from(i64::try_from(fraction.len()).unwrap_or(i64::MAX).saturating_sub(exponent)).unwrap_or(0);
        let written = [integer, fraction].map(str::as_bytes);
        let zeros = written.iter().copied().flatten().take_while(|digit| **digit == b'0').count();
        let count = integer.len() + fraction.len() - zeros;
        // Digits of weight 10^0 and more, counted from the first that is not zero; negative: zeros behind the point.
        let weight = i64::try_from(integer.len()).unwrap_or(i64::MAX) - i64::try_from(zeros).unwrap_or(0) + exponent;
        let point = if count == 0 { 0 } else { usize::try_from(weight).unwrap_or(0) };
        if point > MAX_INTEGER_DIGITS {
            return Err(overflow());
        }
        let kept_scale = scale.min(MAX_SCALE + 1);
        let leading = usize::try_from(-weight).unwrap_or(0).min(kept_scale);
        let len = point + kept_scale;
        let mut digits = Vec::with_capacity(len);
        digits.resize(leading, b'0');
        digits.extend(written.iter().copied().flatten().skip(zeros).take(len - leading));
        digits.resize(len, b'0');
        Ok(Self { is_negative, digits, point, is_too_fine: scale > MAX_SCALE })
    }

    fn from_groups(is_negative: bool, weight: i16, scale: usize, groups: &[u16]) -> Self {
        let point = usize::try_from(i32::from(weight) + 1).unwrap_or(0) * BASE_DIGITS;
        let leading = usize::try_from(-1 - i32::from(weight)).unwrap_or(0) * BASE_DIGITS;
        let len = point + scale;
        let mut digits = vec![b'0'; leading.min(len)];
        for group in groups.iter().take((len - digits.len()).div_ceil(BASE_DIGITS)) {
            digits.extend([1000, 100, 10, 1].map(|unit| b'0' + u8::try_from(group / unit % 10).unwrap_or(0)));
        }
        digits.resize(len, b'0');
        let mut decimal = Self { is_negative, digits, point, is_too_fine: false };
        decimal.strip_leading_zeros();
        decimal
    }

    pub(super) fn from_i64(value: i64) -> Self {
        let digits = match value {
            0 => Vec::new(),
            value => value.unsigned_abs().to_string().into_bytes(),
        };
        Self { is_negative: value < 0, point: digits.len(), digits, is_too_fine: false }
    }

    /// The number, where it has no fraction and fits.
    pub(super) fn to_i64(&self) -> Option<i64> {
        let text = self.print(self.significant_end());
        text.parse().ok()
    }

    pub(super) fn is_integral(&self) -> bool {
        !self.is_too_fine && self.significant_end() <= self.point
    }

    /// Rounds half away from zero to `scale` digits behind the point (before it, where negative).
    pub(super) fn round(&mut self, scale: i32) {
        self.is_too_fine = false;
        let end = i64::try_from(self.point).unwrap_or(i64::MAX).saturating_add(scale.into());
        let Ok(end) = usize::try_from(end) else {
            // Even the first digit is too small to be rounded up.
            self.digits.clear();
            self.point = 0;
            return;
        };
        let rounds_up = self.digits.get(end).is_some_and(|digit| *digit >= b'5');
        self.digits.truncate(end);
        if rounds_up {
            self.increment();
        }
        let len = self.point + usize::try_from(scale).unwrap_or(0);
        self.digits.resize(len, b'0');
        self.strip_leading_zeros();
    }

    /// Adds one to the last digit.
    fn increment(&mut self) {
        for digit in self.digits.iter_mut().rev() {
            if *digit < b'9' {
                *digit += 1;
                return;
            }
            *digit = b'0';
        }
        self.digits.insert(0, b'1');
        self.point += 1;
    }

    fn strip_leading_zeros(&mut self) {
        let zeros = self.digits.iter().take(self.point).take_while(|digit| **digit == b'0').count();
        self.digits.drain(..zeros);
        self.point -= zeros;
    }

    fn fit(&mut self, precision: Precision) -> Result<(), PgError> {
        self.round(precision.scale);
        let leading = self.digits.iter().take_while(|digit| **digit == b'0').count();
        let is_zero = leading == self.digits.len();
        let width = i64::try_from(self.point).unwrap_or(i64::MAX) - i64::try_from(leading).unwrap_or(0);
        if !is_zero && width > i64::from(precision.digits - precision.scale) {
            return Err(field_overflow());
        }
        Ok(())
    }

    /// The end of the digits that matter: no zeros at the end of the fraction.
    fn significant_end(&self) -> usize {
        let zeros = self.digits.iter().skip(self.point).rev().take_while(|digit| **digit == b'0').count();
        self.digits.len() - zeros
    }

    fn print(&self, end: usize) -> String {
        let mut text = String::with_capacity(end + 3);
        if self.is_negative && self.digits.iter().any(|digit| *digit != b'0') {
            text.push('-');
        }
        if self.point == 0 {
            text.push('0');
        }
        for (at, digit) in self.digits.iter().take(end).enumerate() {
            if at == self.point {
                text.push('.');
            }
            text.push(char::from(*digit));
        }
        text
    }

    fn write_binary(&self, output: &mut bytes::BytesMut) {
        let lead = (BASE_DIGITS - self.point % BASE_DIGITS) % BASE_DIGITS;
        let aligned = std::iter::repeat_n(b'0', lead).chain(self.digits.iter().copied());
        let mut groups = vec![0u16; (lead + self.digits.len()).div_ceil(BASE_DIGITS)];
        let units = [1000, 100, 10, 1].into_iter().cycle();
        for ((at, digit), unit) in aligned.enumerate().zip(units) {
            if let Some(group) = groups.get_mut(at / BASE_DIGITS) {
                *group += u16::from(digit - b'0') * unit;
            }
        }
        let leading = groups.iter().take_while(|group| **group == 0).count();
        let trailing = groups.iter().skip(leading).rev().take_while(|group| **group == 0).count();
        let end = groups.len() - trailing;
        let kept = groups.get(leading..end).unwrap_or_default();
        let weight =
            i64::try_from((lead + self.point) / BASE_DIGITS).unwrap_or(0) - i64::try_from(leading).unwrap_or(0) - 1;
        let (weight, sign) = match kept.is_empty() {
            true => (0, 0),
            false => (i16::try_from(weight).unwrap_or(0), if self.is_negative { SIGN_NEGATIVE } else { 0 }),
        };
        let count = u16::try_from(kept.len()).unwrap_or(0);
        let scale = u16::try_from(self.digits.len() - self.point).unwrap_or(0);
        for half in [count, weight.cast_unsigned(), sign, scale].iter().chain(kept) {
            output.extend_from_slice(&half.to_be_bytes());
        }
    }
}

fn leading_digits(text: &str) -> (&str, &str) {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    text.split_at(end)
}

/// The exponent and what follows it.
fn parse_exponent(text: &str) -> Result<(i64, &str), PgError> {
    let Some(written) = text.strip_prefix(['e', 'E']) else { return Ok((0, text)) };
    if written.starts_with(input::is_space) {
        // strtol skips blanks, PostgreSQL 16 does not.
        return Err(unknown_spelling("numeric"));
    }
    let unsigned = written.strip_prefix(['-', '+']).unwrap_or(written);
    let (digits, rest) = leading_digits(unsigned);
    if digits.is_empty() {
        return Err(invalid_syntax("numeric"));
    }
    let size = digits.bytes().fold(0i64, |sum, digit| sum.saturating_mul(10).saturating_add((digit - b'0').into()));
    if size >= EXPONENT_LIMIT {
        return Err(overflow());
    }
    Ok((if written.starts_with('-') { -size } else { size }, rest))
}

fn base_10000(bytes: &[u8], count: usize) -> Result<Vec<u16>, PgError> {
    let (halves, _) = bytes.as_chunks::<2>();
    let mut groups = Vec::with_capacity(count.min(halves.len()));
    for half in halves.iter().take(count) {
        let group = u16::from_be_bytes(*half);
        if group > 9999 {
            return Err(invalid_binary("invalid digit in external \"numeric\" value"));
        }
        groups.push(group);
    }
    match groups.len() * 2 {
        len if groups.len() < count || len > bytes.len() => Err(binary_too_short()),
        len if len < bytes.len() => Err(invalid_binary("incorrect binary data format in bind parameter")),
        _ => Ok(groups),
    }
}

fn half(head: &[u8; 8], at: usize) -> u16 {
    head.get(at..).and_then(|rest| rest.first_chunk()).map_or(0, |bytes| u16::from_be_bytes(*bytes))
}

fn overflow() -> PgError {
    PgError::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "value overflows numeric format")
}

fn field_overflow() -> PgError {
    PgError::new(SqlState::NUMERIC_VALUE_OUT_OF_RANGE, "numeric field overflow")
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn typmod(precision: i32, scale: i32) -> i32 {
        ((precision << 16) | (scale & 0x7ff)) + 4
    }

    fn check(input: &str, typmod: i32, expect: Result<&str, &[u8; 5]>) {
        let got = Number::parse(input).and_then(|number| number.fit(typmod)).map(|number| number.print());
        assert_eq!(got.as_deref().map_err(|error| &error.code.0), expect, "{input:?}");
    }

    #[test]
    fn text_keeps_its_scale() {
        let cases = [
            ("1.50", "1.50"),
            (" +001.50 ", "1.50"),
            ("-0.00", "0.00"),
            (".5", "0.5"),
            ("5.", "5"),
            ("1e5", "100000"),
            ("1.5e-3", "0.0015"),
            ("12.345e1", "123.45"),
            ("0e-3", "0.000"),
            ("0e9000", "0"),
            ("nan", "NaN"),
            ("-INF", "-Infinity"),
        ];
        for (input, expect) in cases {
            check(input, -1, Ok(expect));
        }
    }

    #[test]
    fn a_typmod_rounds_half_away_from_zero() {
        check("2.345", typmod(10, 2), Ok("2.35"));
        check("-2.345", typmod(10, 2), Ok("-2.35"));
        check("9.995", typmod(3, 2), Err(b"22003"));
        check("99.5", typmod(3, 0), Ok("100"));
        check("1550", typmod(2, -2), Ok("1600"));
        check("50", typmod(2, -2), Ok("100"));
        check("49", typmod(2, -2), Ok("0"));
        check("0.00123", typmod(3, 5), Ok("0.00123"));
        check("0.0123", typmod(3, 5), Err(b"22003"));
        check("1e-1000000000", typmod(5, 2), Ok("0.00"));
        check("NaN", typmod(5, 2), Ok("NaN"));
        check("Infinity", typmod(5, 2), Err(b"22003"));
    }

    #[test]
    fn numbers_past_the_format_overflow_without_being_built() {
        check("1e131071", -1, Ok(&format!("1{}", "0".repeat(131_071))));
        for input in ["1e131072", "1e1000000000", "1e-16384", "0e-16384", "1e99999999999999999999x"] {
            check(input, -1, Err(b"22003"));
        }
        for input in ["", " ", ".", "+", "1e", "1e+", "1.2.3", "--1", "1 2", "+nan", "e5"] {
            check(input, -1, Err(b"22P02"));
        }
        for input in ["1e 5", "1_000", "0x1F", "1.0_1"] {
            check(input, -1, Err(b"0A000"));
        }
    }

    #[test]
    fn binary_forms_go_there_and_back() {
        for input in ["0", "0.00", "1", "-1", "10000", "12345678.90", "0.00001", "0.10", "-99990000", "1e20", "NaN"] {
            let number = Number::parse(input).unwrap();
            let mut output = bytes::BytesMut::new();
            number.write_binary(&mut output);
            let back = Number::from_binary(&output).unwrap();
            assert_eq!(back.print(), number.print(), "{input}");
        }
        let mut output = bytes::BytesMut::new();
        Number::parse("-12345.6").unwrap().write_binary(&mut output);
        assert_eq!(output[..], [0, 3, 0, 1, 0x40, 0, 0, 1, 0, 1, 9, 0x29, 0x17, 0x70]);
    }

    #[test]
    fn the_shortest_form_is_equal_for_equal_numbers() {
        for (a, b) in [("1.50", "1.5"), ("-0.0", "0"), ("1e2", "100"), ("100.000", "1e2")] {
            let [a, b] = [a, b].map(|text| Number::parse(text).unwrap().print_shortest());
            assert_eq!(a, b);
        }
    }
}

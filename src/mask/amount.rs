//! Amounts and balances in numeric types: nothing, or only their magnitude.

use super::sql::{call, numeric_modifier};
use crate::value::{Kind, LogicalType};

/// What is left of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Amount {
    Zero,
    /// Cut towards zero to a multiple of 10 to this power.
    Bucket(u8),
}

impl Amount {
    /// `canonical` in PostgreSQL's output form. NaN and infinities stay under a bucket.
    pub(super) fn apply(self, ty: LogicalType, canonical: &str) -> String {
        let whole = match self {
            Self::Zero => "0".to_owned(),
            Self::Bucket(_) if !canonical.ends_with(|c: char| c.is_ascii_digit()) => return canonical.to_owned(),
            Self::Bucket(exponent) => bucket(canonical, usize::from(exponent)),
        };
        match (ty.kind, numeric_modifier(ty.typmod)) {
            (Kind::Numeric, Some((_, scale))) if scale > 0 => {
                format!("{whole}.{}", "0".repeat(usize::try_from(scale).unwrap_or(0)))
            }
            _ => whole,
        }
    }

    pub(super) fn sql(self, column: &str) -> String {
        match self {
            Self::Zero => format!("CASE WHEN {column} IS NULL THEN NULL ELSE 0 END"),
            Self::Bucket(exponent) => {
                call("trunc", &[&format!("CAST({column} AS pg_catalog.numeric)"), &format!("(-{exponent})")])
            }
        }
    }
}

fn bucket(number: &str, exponent: usize) -> String {
    let (sign, magnitude) = match number.strip_prefix('-') {
        Some(magnitude) => ("-", magnitude),
        None => ("", number),
    };
    let whole = magnitude.split('.').next().unwrap_or(magnitude);
    match whole.len().checked_sub(exponent).and_then(|kept| whole.get(..kept)) {
        Some(kept) if kept.bytes().any(|digit| digit != b'0') => format!("{sign}{kept}{}", "0".repeat(exponent)),
        Some(_) | None => "0".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_cut_towards_zero() {
        let plain = LogicalType { kind: Kind::Numeric, typmod: -1 };
        let money = LogicalType { kind: Kind::Numeric, typmod: (18 << 16 | 2) + 4 };
        let cases = [
            (Amount::Bucket(3), plain, "12345.67", "12000"),
            (Amount::Bucket(3), money, "12345.67", "12000.00"),
            (Amount::Bucket(3), money, "-1999.99", "-1000.00"),
            (Amount::Bucket(3), money, "-999.99", "0.00"),
            (Amount::Bucket(0), plain, "0.5", "0"),
            (Amount::Bucket(3), plain, "NaN", "NaN"),
            (Amount::Bucket(3), plain, "-Infinity", "-Infinity"),
            (Amount::Zero, money, "5.00", "0.00"),
            (Amount::Zero, LogicalType { kind: Kind::Int4, typmod: -1 }, "5", "0"),
        ];
        for (amount, ty, input, expect) in cases {
            assert_eq!(amount.apply(ty, input), expect, "{amount:?} of {input}");
        }
    }
}

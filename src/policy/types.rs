//! Type names in policy files: `varchar(20)`, `numeric(18,2)`, `timestamp with time zone`.

use crate::value::{Kind, LogicalType};

const NAMES: &[(&str, Kind)] = &[
    ("text", Kind::Text),
    ("varchar", Kind::Varchar),
    ("character varying", Kind::Varchar),
    ("char", Kind::Char),
    ("character", Kind::Char),
    ("bpchar", Kind::Char),
    ("smallint", Kind::Int2),
    ("int2", Kind::Int2),
    ("integer", Kind::Int4),
    ("int", Kind::Int4),
    ("int4", Kind::Int4),
    ("bigint", Kind::Int8),
    ("int8", Kind::Int8),
    ("numeric", Kind::Numeric),
    ("decimal", Kind::Numeric),
    ("date", Kind::Date),
    ("timestamp", Kind::Timestamp),
    ("timestamp without time zone", Kind::Timestamp),
    ("timestamptz", Kind::Timestamptz),
    ("timestamp with time zone", Kind::Timestamptz),
    ("boolean", Kind::Bool),
    ("bool", Kind::Bool),
    ("uuid", Kind::Uuid),
    ("jsonb", Kind::Jsonb),
    ("bytea", Kind::Bytea),
];

/// Reads a type as SQL writes it.
///
/// # Errors
/// What is wrong with it, with the nearest name.
pub fn parse_type(written: &str) -> Result<LogicalType, String> {
    let lower = written.trim().to_lowercase();
    let (name, numbers) = match (lower.find('('), lower.find(')')) {
        (Some(open), Some(close)) if open < close => {
            let name = format!("{}{}", lower[..open].trim_end(), &lower[close + 1..]);
            (name, Some(lower[open + 1..close].to_owned()))
        }
        _ => (lower, None),
    };
    let Some((_, kind)) = NAMES.iter().find(|(known, _)| *known == name) else {
        let proposal = super::located::did_you_mean(&name, NAMES.iter().map(|(known, _)| *known));
        return Err(format!("type `{written}` cannot be sealed{}", proposal.unwrap_or_default()));
    };
    let numbers: Vec<i32> = match numbers {
        Some(list) => list.split(',').map(|n| n.trim().parse()).collect::<Result<_, _>>().map_err(|_| bad(written))?,
        None => Vec::new(),
    };
    typmod(*kind, &numbers).map(|typmod| LogicalType { kind: *kind, typmod }).ok_or_else(|| bad(written))
}

fn bad(written: &str) -> String {
    format!("type `{written}`: the numbers in parentheses are not ones that PostgreSQL takes")
}

/// The limits are PostgreSQL's own: `MaxAttrSize`, `NUMERIC_MAX_PRECISION`, `MAX_TIMESTAMP_PRECISION`.
fn typmod(kind: Kind, numbers: &[i32]) -> Option<i32> {
    match (kind, numbers) {
        (Kind::Varchar | Kind::Char, [n @ 1..=10_485_760]) => Some(n + 4),
        // char without a length is char(1)
        (Kind::Char, []) => Some(5),
        (Kind::Numeric, [precision @ 1..=1000]) => Some((precision << 16) + 4),
        (Kind::Numeric, [precision @ 1..=1000, scale @ -1000..=1000]) => {
            Some(((precision << 16) | (scale & 0x7ff)) + 4)
        }
        (Kind::Timestamp | Kind::Timestamptz, [precision @ 0..=6]) => Some(*precision),
        (_, []) => Some(-1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        let cases = [
            ("varchar(20)", "character varying(20)"),
            ("CHARACTER VARYING ( 20 )", "character varying(20)"),
            ("char", "character(1)"),
            ("numeric(18,2)", "numeric(18,2)"),
            ("decimal", "numeric"),
            ("timestamp(3) with time zone", "timestamp(3) with time zone"),
            ("int", "integer"),
        ];
        for (written, shown) in cases {
            assert_eq!(parse_type(written).map(|ty| ty.to_string()), Ok(shown.to_owned()), "{written}");
        }
        for wrong in ["varchr(20)", "varchar(0)", "text(5)", "money", "numeric(1,2,3)", "varchar(x)", "varchar)("] {
            assert!(parse_type(wrong).is_err(), "{wrong}");
        }
        assert!(parse_type("varchr(20)").unwrap_err().contains("did you mean `varchar`"));
    }
}

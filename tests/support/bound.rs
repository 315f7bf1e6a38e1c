//! Statements with parameters as drivers send them: typed or left open, in text or binary, in one go or by portions of a
//! named portal, or written into the text by the driver itself.

use super::wire::{Client, Reply};

/// A parameter: its type as the driver declares it (0: left open), and its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bound {
    pub type_oid: u32,
    pub value: Option<String>,
}

/// How a driver sends a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The Query message, with the parameters written into the text as psycopg2 and JDBC's simple mode do.
    Interpolated,
    /// Parse with the declared types, Describe, Bind and results in text.
    Text,
    /// The same in binary where the type has a binary form here.
    Binary,
    /// A named statement and a named portal, two rows at a time, without Describe of the statement.
    Portions,
}

pub const WAYS: [Way; 4] = [Way::Interpolated, Way::Text, Way::Binary, Way::Portions];

const TYPES: [(&str, u32); 17] = [
    ("bool", 16),
    ("bytea", 17),
    ("int8", 20),
    ("int2", 21),
    ("int4", 23),
    ("text", 25),
    ("varchar", 1043),
    ("date", 1082),
    ("timestamp", 1114),
    ("timestamptz", 1184),
    ("numeric", 1700),
    ("uuid", 2950),
    ("jsonb", 3802),
    ("int4[]", 1007),
    ("int8[]", 1016),
    ("text[]", 1009),
    ("varchar[]", 1015),
];

pub fn type_oid(name: &str) -> u32 {
    TYPES.iter().find(|(known, _)| *known == name).unwrap_or_else(|| panic!("unknown type {name}")).1
}

/// Reads `"int8:5"`, `"left open"` or null.
pub fn bound(written: Option<String>) -> Bound {
    let Some(written) = written else { return Bound { type_oid: 0, value: None } };
    let typed = written.split_once(':').and_then(|(name, value)| {
        let (_, oid) = TYPES.iter().find(|(known, _)| *known == name)?;
        Some(Bound { type_oid: *oid, value: (value != "null").then(|| value.to_owned()) })
    });
    typed.unwrap_or(Bound { type_oid: 0, value: Some(written) })
}

impl Client {
    pub fn bound(&mut self, way: Way, sql: &str, params: &[Bound]) -> Reply {
        match way {
            Way::Interpolated => self.simple(&interpolated(sql, params), None),
            Way::Text => self.described(sql, params, false),
            Way::Binary => self.described(sql, params, true),
            Way::Portions => self.by_portions(sql, params),
        }
    }

    fn described(&mut self, sql: &str, params: &[Bound], is_binary: bool) -> Reply {
        let described = self.exchange(&[(b'P', parse("", sql, params)), (b'D', b"S\0".to_vec())]);
        if described.failure.is_some() || self.closed {
            return described;
        }
        let formats: Vec<_> = params
            .iter()
            .zip(&described.parameter_types)
            .map(|(param, described)| is_binary.then(|| param.value.as_deref().and_then(|v| binary(*described, v))))
            .map(Option::flatten)
            .collect();
        let bind = bind("", "", params, &formats, is_binary);
        let mut reply = self.exchange(&[(b'B', bind), (b'D', b"P\0".to_vec()), (b'E', b"\0\0\0\0\0".to_vec())]);
        reply.parameter_types = described.parameter_types;
        reply
    }

    fn by_portions(&mut self, sql: &str, params: &[Bound]) -> Reply {
        const LIMIT: u32 = 2;
        let execute = [b"C_1\0".as_slice(), &LIMIT.to_be_bytes()].concat();
        let open = [
            (b'P', parse("S_1", sql, params)),
            (b'B', bind("C_1", "S_1", params, &vec![None; params.len()], false)),
            (b'D', b"PC_1\0".to_vec()),
            (b'E', execute.clone()),
        ];
        let mut reply = self.exchange(&open);
        // No tag: there are more rows
        while reply.failure.is_none() && !self.closed && reply.tags.is_empty() && !reply.rows.is_empty() {
            let next = self.exchange(&[(b'E', execute.clone())]);
            reply.rows.extend(next.rows);
            (reply.tags, reply.failure, reply.status) = (next.tags, next.failure, next.status);
        }
        if reply.failure.is_none() && !self.closed {
            self.exchange(&[(b'C', b"PC_1\0".to_vec()), (b'C', b"SS_1\0".to_vec())]);
        }
        reply
    }
}

fn parse(name: &str, sql: &str, params: &[Bound]) -> Vec<u8> {
    let mut body = [name.as_bytes(), b"\0", sql.as_bytes(), b"\0"].concat();
    body.extend_from_slice(&(params.len() as u16).to_be_bytes());
    params.iter().for_each(|param| body.extend_from_slice(&param.type_oid.to_be_bytes()));
    body
}

/// `forms`: the binary form of each parameter that is sent in binary.
fn bind(portal: &str, name: &str, params: &[Bound], forms: &[Option<Vec<u8>>], is_binary: bool) -> Vec<u8> {
    let count = (params.len() as u16).to_be_bytes();
    let mut body = [portal.as_bytes(), b"\0", name.as_bytes(), b"\0"].concat();
    body.extend_from_slice(&count);
    forms.iter().for_each(|form| body.extend_from_slice(&[0, u8::from(form.is_some())]));
    body.extend_from_slice(&count);
    for (param, form) in params.iter().zip(forms) {
        match (form, &param.value) {
            (Some(bytes), _) => sized(&mut body, bytes),
            (None, Some(value)) => sized(&mut body, value.as_bytes()),
            (None, None) => body.extend_from_slice(&(-1i32).to_be_bytes()),
        }
    }
    body.extend_from_slice(&[0, 1, 0, u8::from(is_binary)]);
    body
}

fn sized(body: &mut Vec<u8>, bytes: &[u8]) {
    body.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    body.extend_from_slice(bytes);
}

/// As the driver's own client-side binding writes values.
fn interpolated(sql: &str, params: &[Bound]) -> String {
    params
        .iter()
        .enumerate()
        .rev()
        .fold(sql.to_owned(), |sql, (at, param)| sql.replace(&format!("${}", at + 1), &literal(param)))
}

fn literal(param: &Bound) -> String {
    let Some(value) = &param.value else { return "NULL".to_owned() };
    match param.type_oid {
        16 | 20 | 21 | 23 | 1700 => value.clone(),
        17 => format!("'{value}'::bytea"),
        1082 => format!("'{value}'::date"),
        1114 => format!("'{value}'::timestamp"),
        1184 => format!("'{value}'::timestamptz"),
        2950 => format!("'{value}'::uuid"),
        1007 | 1016 => format!("ARRAY[{}]", elements(value).join(", ")),
        1009 | 1015 => format!("ARRAY[{}]", elements(value).iter().map(|v| quoted(v)).collect::<Vec<_>>().join(", ")),
        _ => quoted(value),
    }
}

fn quoted(value: &str) -> String {
    match value.contains('\\') {
        true => format!("E'{}'", value.replace('\\', "\\\\").replace('\'', "''")),
        false => format!("'{}'", value.replace('\'', "''")),
    }
}

/// Of `{a,b}`, without quotes or nesting.
fn elements(array: &str) -> Vec<&str> {
    array.trim_matches(['{', '}']).split(',').collect()
}

/// The binary form that drivers send of a type.
/// Source: the types' receive functions, <https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-FORMAT-CODES>
fn binary(type_oid: u32, value: &str) -> Option<Vec<u8>> {
    match type_oid {
        16 => Some(vec![u8::from(value.starts_with('t'))]),
        17 => (0..value.len() / 2 - 1).map(|at| u8::from_str_radix(&value[at * 2 + 2..at * 2 + 4], 16).ok()).collect(),
        20 => Some(value.parse::<i64>().ok()?.to_be_bytes().to_vec()),
        21 => Some(value.parse::<i16>().ok()?.to_be_bytes().to_vec()),
        23 => Some(value.parse::<i32>().ok()?.to_be_bytes().to_vec()),
        25 | 1042 | 1043 => Some(value.as_bytes().to_vec()),
        1082 => Some(days_since_2000(value)?.to_be_bytes().to_vec()),
        1114 | 1184 => {
            let time: Vec<i64> = value.get(11..19)?.split(':').filter_map(|part| part.parse().ok()).collect();
            let [hours, minutes, seconds] = time.as_slice() else { return None };
            let seconds =
                i64::from(days_since_2000(value.get(..10)?)?) * 86_400 + hours * 3600 + minutes * 60 + seconds;
            Some((seconds * 1_000_000).to_be_bytes().to_vec())
        }
        2950 => {
            let digits = value.replace('-', "");
            (0..16).map(|at| u8::from_str_radix(digits.get(at * 2..at * 2 + 2)?, 16).ok()).collect()
        }
        3802 => Some([b"\x01", value.as_bytes()].concat()),
        1007 => array(23, value),
        1016 => array(20, value),
        1009 => array(25, value),
        1015 => array(1043, value),
        _ => None,
    }
}

fn array(element_oid: u32, value: &str) -> Option<Vec<u8>> {
    let elements = elements(value);
    let mut bytes = [1u32, 0, element_oid, elements.len() as u32, 1].map(u32::to_be_bytes).concat();
    for element in elements {
        sized(&mut bytes, &binary(element_oid, element)?);
    }
    Some(bytes)
}

/// Source: H. Hinnant, `days_from_civil`.
fn days_since_2000(date: &str) -> Option<i32> {
    let parts: Vec<i32> = date.split('-').filter_map(|part| part.parse().ok()).collect();
    let [year, month, day] = *parts.as_slice() else { return None };
    let year = if month <= 2 { year - 1 } else { year };
    let (era, month) = (year.div_euclid(400), (month + 9) % 12);
    let of_era = year - era * 400;
    let of_year = (153 * month + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 730_425)
}

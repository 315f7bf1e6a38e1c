//! One text for every value: not even the length is told.

use super::sql::{call, length, literal};

/// Shown where the policy names no text.
pub(super) const STARS: &str = "******";

pub(super) fn apply(shown: &str, text: &str) -> String {
    if text.is_empty() { String::new() } else { shown.to_owned() }
}

pub(super) fn sql(shown: &str, text: &str) -> String {
    let empty = call("int4eq", &[&length(text), "0"]);
    format!("CASE WHEN {text} IS NULL THEN NULL WHEN {empty} THEN '' ELSE {} END", literal(shown))
}

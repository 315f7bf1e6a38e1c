//! What roles may do, compiled: from words and presets to grants per column.

use std::collections::HashMap;
use std::sync::Arc;

use super::check::mentions;
use super::filter::Filter;
use super::located::{PolicyError, Source, did_you_mean};
use super::raw::{At, RawColumnRight, RawGrant, RawRight, RawTableGrant, WordOr};
use super::{ColumnGrant, Places, ReadRight, RelationGrant};
use crate::mask::Mask;
use crate::plan::{Reveal, SealedColumn};
use crate::value::{Kind, LogicalType};

/// What the table's own section says of a column.
pub(super) struct NamedColumn {
    pub(super) name: String,
    pub(super) sealed: Option<Arc<SealedColumn>>,
    pub(super) mask: Option<Arc<Mask>>,
    pub(super) open: bool,
}

impl NamedColumn {
    fn ty(&self) -> Option<LogicalType> {
        self.sealed.as_ref().map(|sealed| sealed.ty)
    }
}

const WORDS: [&str; 4] = ["clear", "mask", "null", "deny"];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Clear,
    Mask,
    Null,
    Deny,
}

/// Compiles one role's grant on one table. Every column that the table's section names gets an entry.
pub(super) fn grant(
    source: &Source,
    raw: &RawGrant,
    name: &str,
    columns: &[NamedColumn],
    errors: &mut Vec<PolicyError>,
) -> RelationGrant {
    let nothing = RawTableGrant { default: None, columns: super::raw::Entries::default(), filter: None };
    let (table, default) = match &raw.value {
        WordOr::Word(word) => (&nothing, parse_word(source, raw, word.as_deref(), errors)),
        WordOr::More(table) => (table, default_word(source, table, errors)),
    };
    let mut compiled: HashMap<String, ColumnGrant> = HashMap::new();
    for (name, right) in &table.columns.0 {
        match columns.iter().find(|column| column.name == name.value) {
            Some(column) => {
                compiled.insert(name.value.clone(), column_grant(source, right, column, errors));
            }
            None => {
                let known = columns.iter().map(|column| column.name.as_str());
                let proposal = did_you_mean(&name.value, known).unwrap_or_default();
                let message = format!("the table's own section does not name a column `{}`{proposal}", name.value);
                errors.push(source.error(name.line, name.column, message));
            }
        }
    }
    for column in columns {
        let word = if column.open && default != Word::Deny { Word::Clear } else { default };
        compiled.entry(column.name.clone()).or_insert_with(|| of_word(word, column));
    }
    let default = match default {
        Word::Clear => clear(),
        Word::Mask => ColumnGrant { read: ReadRight::DefaultMask, look_up: false, write: false },
        Word::Null => null(),
        Word::Deny => deny(),
    };
    let places = Places {
        grant: source.place(raw.line),
        columns: table.columns.0.iter().map(|(name, _)| (name.value.clone(), source.place(name.line))).collect(),
    };
    let filter = filter(source, table.filter.as_ref(), name, columns, errors);
    RelationGrant { default, columns: compiled, filter, places }
}

fn default_word(source: &Source, table: &RawTableGrant, errors: &mut Vec<PolicyError>) -> Word {
    match &table.default {
        None => Word::Mask,
        Some(right) => match &right.value {
            WordOr::Word(word) => parse_word(source, right, word.as_deref(), errors),
            WordOr::More(_) => {
                let message = "a table's default is one word: `clear`, `mask`, `null` or `deny`";
                errors.push(source.error(right.line, right.column, message));
                Word::Deny
            }
        },
    }
}

/// An unknown word is an error; what stands in for it is the strictest.
fn parse_word<T>(source: &Source, at: &At<T>, word: Option<&str>, errors: &mut Vec<PolicyError>) -> Word {
    match word {
        Some("clear") => Word::Clear,
        Some("mask") => Word::Mask,
        Some("null") | None => Word::Null,
        Some("deny") => Word::Deny,
        Some(other) => {
            let proposal = match Mask::parse(other) {
                Ok(_) => format!("; did you mean `{{mask: {other}}}`?"),
                Err(_) => did_you_mean(other, WORDS).unwrap_or_default(),
            };
            let message = format!("unknown right `{other}`, expected one of `clear`, `mask`, `null`, `deny`{proposal}");
            errors.push(source.error(at.line, at.column, message));
            Word::Deny
        }
    }
}

fn column_grant(source: &Source, right: &RawRight, column: &NamedColumn, errors: &mut Vec<PolicyError>) -> ColumnGrant {
    let more = match &right.value {
        WordOr::Word(word) => return of_word(parse_word(source, right, word.as_deref(), errors), column),
        WordOr::More(more) => more,
    };
    let mut granted = shown(source, right, more, column, errors);
    let mut refuse = |message: String| errors.push(source.error(right.line, right.column, message));
    if granted.read == ReadRight::Deny && (more.look_up == Some(true) || more.write == Some(true)) {
        refuse(format!("`{}` is denied: it cannot be looked up or written", column.name));
        return deny();
    }
    if let Some(look_up) = more.look_up {
        if look_up && column.sealed.as_ref().is_some_and(|sealed| !sealed.equality) {
            refuse(format!("look_up on `{}` needs `search: [equality]` in its seal", column.name));
        }
        granted.look_up = look_up;
    }
    match more.write {
        Some(true) if is_legal_output(&granted.read, column.ty()) => refuse(format!(
            "`{}` cannot be written by this role: what it sees is itself a legal value, and saving it would overwrite the stored one",
            column.name
        )),
        Some(write) => granted.write = write,
        None => {}
    }
    granted
}

fn shown(
    source: &Source,
    right: &RawRight,
    more: &RawColumnRight,
    column: &NamedColumn,
    errors: &mut Vec<PolicyError>,
) -> ColumnGrant {
    match (&more.mask, &more.show) {
        (Some(spec), None) => match mask(source, spec, column.ty(), errors) {
            Some(mask) => masked(Reveal::Mask(mask), column.ty()),
            None => deny(),
        },
        (None, Some(word)) => of_word(parse_word(source, word, word.value.as_deref(), errors), column),
        (Some(_), Some(_)) | (None, None) => {
            let message = "write either `mask: preset` or `show: clear|mask|null|deny`";
            errors.push(source.error(right.line, right.column, message));
            deny()
        }
    }
}

/// Reads a preset and holds it against the type where the policy knows it.
pub(super) fn mask(
    source: &Source,
    spec: &At<String>,
    ty: Option<LogicalType>,
    errors: &mut Vec<PolicyError>,
) -> Option<Arc<Mask>> {
    let parsed = Mask::parse(&spec.value).and_then(|mask| match ty {
        Some(ty) => mask.fits(ty).map(|()| mask),
        // A column in clear is masked by the server, which computes no pseudonyms
        None if mask.needs_key() => Err(format!("`{}` needs a sealed column: the server cannot compute it", mask.name)),
        None => Ok(mask),
    });
    parsed.map(Arc::new).map_err(|message| errors.push(source.error(spec.line, spec.column, message))).ok()
}

fn of_word(word: Word, column: &NamedColumn) -> ColumnGrant {
    match word {
        Word::Clear => clear(),
        Word::Null => null(),
        Word::Deny => deny(),
        Word::Mask => match (&column.mask, column.ty()) {
            (Some(mask), ty) => masked(Reveal::Mask(Arc::clone(mask)), ty),
            (None, Some(ty)) => match Mask::default_for(ty) {
                Some(mask) => masked(Reveal::Mask(Arc::new(mask)), Some(ty)),
                None => null(),
            },
            // The type is the catalog's to know
            (None, None) => ColumnGrant { read: ReadRight::DefaultMask, look_up: false, write: false },
        },
    }
}

fn masked(reveal: Reveal, ty: Option<LogicalType>) -> ColumnGrant {
    let read = ReadRight::Reveal(reveal);
    let write = !is_legal_output(&read, ty);
    ColumnGrant { read, look_up: false, write }
}

/// Whether a caller who saves what it sees could not be told from one who means it.
fn is_legal_output(read: &ReadRight, ty: Option<LogicalType>) -> bool {
    match read {
        ReadRight::Reveal(Reveal::Clear) => false,
        ReadRight::Reveal(Reveal::Null) | ReadRight::DefaultMask | ReadRight::Deny => true,
        // A type nobody knows yet may be the one that makes it legal
        ReadRight::Reveal(Reveal::Mask(mask)) => match ty {
            Some(ty) => mask.output_is_legal_value(ty),
            None => {
                [Kind::Text, Kind::Date].iter().any(|kind| {
                    let ty = LogicalType { kind: *kind, typmod: -1 };
                    mask.fits(ty).is_ok() && mask.output_is_legal_value(ty)
                }) || mask.fits(LogicalType { kind: Kind::Text, typmod: -1 }).is_err()
            }
        },
    }
}

fn clear() -> ColumnGrant {
    ColumnGrant { read: ReadRight::Reveal(Reveal::Clear), look_up: true, write: true }
}

fn null() -> ColumnGrant {
    ColumnGrant { read: ReadRight::Reveal(Reveal::Null), look_up: false, write: false }
}

fn deny() -> ColumnGrant {
    ColumnGrant { read: ReadRight::Deny, look_up: false, write: false }
}

/// A filter has to be one condition over columns that the server can read.
fn filter(
    source: &Source,
    filter: Option<&At<String>>,
    table: &str,
    columns: &[NamedColumn],
    errors: &mut Vec<PolicyError>,
) -> Option<Filter> {
    let filter = filter?;
    let mut refuse = |message: String| errors.push(source.error(filter.line, filter.column, message));
    // By the word wherever it stands: refusing a text that holds it is better than missing a reference
    let (written, folded) = (&filter.value, filter.value.to_lowercase());
    let is_used = |column: &&NamedColumn| mentions(written, &column.name) || mentions(&folded, &column.name);
    for column in columns.iter().filter(|column| column.sealed.is_some()).filter(is_used) {
        // Compared as ciphertext `<>` would be true of every row
        refuse(format!("the filter uses `{}`, which is sealed: the server cannot read it", column.name));
    }
    let is_column = |name: &str| columns.iter().any(|column| column.name == name);
    Filter::parse(written, table, is_column).map_err(refuse).ok()
}

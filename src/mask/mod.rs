//! Mask presets: what a caller sees in place of a value it may not see.
//!
//! Pure. A preset exists twice, as Rust for sealed columns and as SQL for columns that are only masked; the
//! integration test `mask` holds the two against each other on a real server. Masks count characters, never
//! bytes; a value too short for its preset is hidden whole; NULL and the empty text stay what they are.

mod address;
mod amount;
mod birth;
mod email;
mod fixed;
mod keep;
mod landline;
mod name;
mod presets;
mod pseudonym;
mod sql;

pub use presets::{PRESETS, PresetInfo};
pub use sql::{type_name, typed_null};

use crate::value::{Kind, LogicalType};
use amount::Amount;
use email::Email;
use keep::Keep;
use name::Name;
use pseudonym::Pseudonym;

/// A preset with its parameters, ready to apply.
#[derive(Clone, Debug, PartialEq)]
pub struct Mask {
    /// The preset's canonical name with its parameters, for example `phone-3-4` or `keep:3,4`.
    pub name: String,
    preset: Preset,
}

#[derive(Clone, Debug, PartialEq)]
enum Preset {
    Keep(Keep),
    Landline,
    Name(Name),
    Address,
    Email(Email),
    Birth,
    Amount(Amount),
    Fixed(String),
    Pseudonym(Pseudonym),
}

impl Mask {
    /// Reads a preset as a policy writes it: `phone-3-4`, `keep:3,4`, `fixed:n/a`,
    /// `KEEP_FIRST_N_LAST_M(first-n=3,last-m=4)`.
    ///
    /// # Errors
    /// What is wrong, with the nearest preset's name.
    pub fn parse(spec: &str) -> Result<Self, String> {
        presets::parse(spec)
    }

    /// The mask for columns of a protected relation that the policy does not name: one fixed text for
    /// character types, `None` (a typed NULL) for all others.
    pub fn default_for(ty: LogicalType) -> Option<Self> {
        ty.is_text().then(Self::stars)
    }

    fn stars() -> Self {
        Self { name: "fixed".to_owned(), preset: Preset::Fixed(fixed::STARS.to_owned()) }
    }

    /// Whether the preset can be applied to a column of the type.
    ///
    /// # Errors
    /// Why not, and what to write instead.
    pub fn fits(&self, ty: LogicalType) -> Result<(), String> {
        let fits = match &self.preset {
            Preset::Keep(_)
            | Preset::Landline
            | Preset::Name(_)
            | Preset::Address
            | Preset::Email(_)
            | Preset::Fixed(_)
            | Preset::Pseudonym(_) => ty.is_text(),
            Preset::Birth => ty.is_text() || matches!(ty.kind, Kind::Date | Kind::Timestamp | Kind::Timestamptz),
            Preset::Amount(_) => matches!(ty.kind, Kind::Int2 | Kind::Int4 | Kind::Int8 | Kind::Numeric),
        };
        if !fits {
            return Err(format!("preset `{}` does not fit type {ty}; {}", self.name, suggestion(ty.kind)));
        }
        match (&self.preset, max_chars(ty)) {
            // The stars of `fixed` are cut; a text of the policy's own would be cut to something else
            (Preset::Fixed(text), Some(max)) if text != fixed::STARS && text.chars().count() > max => {
                Err(format!("the text of `{}` is longer than type {ty}", self.name))
            }
            (_, Some(max)) if max < self.least_chars() => {
                Err(format!("type {ty} has no room for what `{}` shows; use `fixed` or `keep:n-m`", self.name))
            }
            _ => Ok(()),
        }
    }

    /// Presets that add stars need room for them: cut off, they would leave what looks like a value.
    fn least_chars(&self) -> usize {
        match &self.preset {
            Preset::Name(Name::Surname | Name::Given) => 4,
            Preset::Email(_) => 8,
            Preset::Address => address::MAX_CHARS,
            Preset::Name(Name::Thirds)
            | Preset::Keep(_)
            | Preset::Landline
            | Preset::Birth
            | Preset::Amount(_)
            | Preset::Fixed(_)
            | Preset::Pseudonym(_) => 0,
        }
    }

    /// The masked form of a value in its canonical text, valid input for the type. `key` serves the
    /// pseudonym presets; without one they hide the value whole.
    pub fn apply(&self, ty: LogicalType, canonical: &str, key: Option<&[u8; 32]>) -> String {
        let text = match ty.kind {
            // Only padding, by the type's own rule
            Kind::Char => canonical.trim_end_matches(' '),
            _ => canonical,
        };
        let masked = match &self.preset {
            Preset::Keep(keep) => keep.apply(text),
            Preset::Landline => landline::apply(text),
            Preset::Name(name) => name.apply(text),
            Preset::Address => address::apply(text),
            Preset::Email(email) => email.apply(text),
            Preset::Birth if ty.is_text() => birth::apply_text(text),
            Preset::Birth => return birth::apply_date(ty.kind, text),
            Preset::Amount(amount) => return amount.apply(ty, text),
            Preset::Fixed(shown) => fixed::apply(shown, text),
            Preset::Pseudonym(pseudonym) => match key {
                Some(key) => pseudonym.apply(text, key),
                None => fixed::apply(fixed::STARS, text),
            },
        };
        fit(ty, masked)
    }

    /// The same mask as an expression over PostgreSQL's own immutable functions, of the column's type and
    /// modifier; `column` stands in it as it is given. `None` where the server cannot compute it or the preset
    /// does not fit the type.
    ///
    /// Assumes a database in UTF8: some presets tell scripts apart by the length of their characters.
    pub fn sql(&self, ty: LogicalType, column: &str) -> Option<String> {
        self.fits(ty).ok()?;
        let text = sql::text_of(column);
        let expression = match &self.preset {
            Preset::Keep(keep) => keep.sql(&text),
            Preset::Landline => landline::sql(&text),
            Preset::Name(name) => name.sql(&text),
            Preset::Address => address::sql(&text),
            Preset::Email(email) => email.sql(&text),
            Preset::Birth if ty.is_text() => birth::sql_text(&text),
            Preset::Birth => birth::sql_date(ty.kind, column),
            Preset::Amount(amount) => amount.sql(column),
            Preset::Fixed(shown) => fixed::sql(shown, &text),
            Preset::Pseudonym(_) => return None,
        };
        Some(sql::cast(&expression, ty))
    }

    /// Whether the empty text, and no other, is shown as the empty text.
    pub fn shows_empty(&self) -> bool {
        !matches!(&self.preset, Preset::Fixed(shown) if shown.trim().is_empty())
    }

    /// Whether two values that differ never look alike, so that what is shown tells them apart as they themselves do.
    pub const fn tells_apart(&self) -> bool {
        matches!(self.preset, Preset::Pseudonym(_))
    }

    /// Whether a value that a caller writes has the shape of what this mask shows: then it is not the caller's
    /// own, and must not overwrite what is stored. Never true of a preset whose output is a legal value.
    pub fn looks_masked(&self, ty: LogicalType, value: &str) -> bool {
        // A blank at the end may be the value's own, the type's padding or what a form added
        let trimmed = value.trim_end_matches(' ');
        if trimmed.is_empty() || self.output_is_legal_value(ty) {
            return false;
        }
        self.has_shape(ty, trimmed) || (!matches!(ty.kind, Kind::Char) && self.has_shape(ty, value))
    }

    fn has_shape(&self, ty: LogicalType, text: &str) -> bool {
        match &self.preset {
            Preset::Name(name) => name.looks_masked(text),
            Preset::Address => address::looks_masked(text) || self.unchanged(ty, text),
            Preset::Fixed(shown) => fit(ty, shown.clone()).trim_end_matches(' ') == text,
            Preset::Email(email) => email.looks_masked(text) || self.unchanged(ty, text),
            Preset::Keep(_) | Preset::Landline | Preset::Birth => self.unchanged(ty, text),
            Preset::Amount(_) | Preset::Pseudonym(_) => false,
        }
    }

    /// These masks leave their own output as it is, and change everything else.
    fn unchanged(&self, ty: LogicalType, text: &str) -> bool {
        let again = self.apply(ty, text, None);
        text.contains('*') && (again == text || again.trim_end_matches(' ') == text)
    }

    /// Whether what the mask shows could as well be somebody's value, so that a write-back cannot be told
    /// from a change: the column is then read-only for the role.
    pub fn output_is_legal_value(&self, ty: LogicalType) -> bool {
        match &self.preset {
            Preset::Amount(_) | Preset::Pseudonym(_) => true,
            Preset::Birth => !ty.is_text(),
            Preset::Fixed(shown) => !shown.contains('*'),
            Preset::Keep(_) | Preset::Landline | Preset::Name(_) | Preset::Address | Preset::Email(_) => false,
        }
    }

    /// Whether applying the mask takes the pseudonym key.
    pub fn needs_key(&self) -> bool {
        matches!(self.preset, Preset::Pseudonym(_))
    }
}

fn suggestion(kind: Kind) -> &'static str {
    match kind {
        Kind::Date | Kind::Timestamp | Kind::Timestamptz => "use `birth-year` or `null`",
        Kind::Int2 | Kind::Int4 | Kind::Int8 | Kind::Numeric => "use `amount-bucket:1000`, `amount-zero` or `null`",
        Kind::Bool | Kind::Uuid | Kind::Jsonb | Kind::Bytea => "use `null`",
        Kind::Text | Kind::Varchar | Kind::Char => "use a preset for text",
    }
}

fn max_chars(ty: LogicalType) -> Option<usize> {
    match ty.kind {
        Kind::Varchar | Kind::Char => usize::try_from(ty.typmod.checked_sub(4)?).ok(),
        _ => None,
    }
}

/// Cuts and pads as an explicit cast to the type does.
fn fit(ty: LogicalType, masked: String) -> String {
    let Some(max) = max_chars(ty) else { return masked };
    let count = masked.chars().count();
    let mut fitted = if count > max { masked.chars().take(max).collect() } else { masked };
    if ty.kind == Kind::Char {
        fitted.extend(std::iter::repeat_n(' ', max.saturating_sub(count)));
    }
    fitted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text() -> LogicalType {
        LogicalType { kind: Kind::Text, typmod: -1 }
    }

    fn varchar(n: i32) -> LogicalType {
        LogicalType { kind: Kind::Varchar, typmod: n + 4 }
    }

    #[test]
    fn examples_in_the_table_hold() {
        for preset in PRESETS {
            let mask = Mask::parse(preset.spec).unwrap();
            let ty = preset.ty();
            mask.fits(ty).unwrap();
            if mask.needs_key() {
                continue;
            }
            assert_eq!(mask.apply(ty, preset.input, None), preset.output, "{}", preset.spec);
            assert_eq!(mask.apply(ty, "", None), if ty.is_text() { "" } else { continue }, "{}", preset.spec);
        }
    }

    #[test]
    fn nothing_but_the_empty_text_is_shown_as_the_empty_text() {
        let specs = PRESETS.iter().filter(|preset| preset.ty().is_text()).map(|preset| preset.spec);
        for spec in specs.chain(["keep:0-0", "keep:0,0", "fixed:n/a"]) {
            let Ok(mask) = Mask::parse(spec) else { continue };
            assert!(mask.shows_empty());
            for ty in [text(), varchar(40)] {
                assert_eq!(mask.apply(ty, "", Some(&[7; 32])), "", "{spec}");
                for value in [" ", "  ", "a", "0", "-", ".", "@", "a@", "@b", "\u{3000}", "王", "13812345678", "北京市"]
                {
                    assert_ne!(mask.apply(ty, value, Some(&[7; 32])), "", "{spec} of {value:?}");
                }
            }
        }
        assert!(!Mask::parse("fixed: ").is_ok_and(|mask| mask.shows_empty()));
    }

    #[test]
    fn guards_know_their_own_output() {
        for preset in PRESETS.iter().filter(|preset| preset.ty().is_text()) {
            let mask = Mask::parse(preset.spec).unwrap();
            assert!(!mask.looks_masked(text(), preset.input), "{} of a clear value", preset.spec);
            assert_eq!(
                mask.looks_masked(text(), preset.output),
                !mask.output_is_legal_value(text()),
                "{} of its own output",
                preset.spec
            );
        }
    }

    #[test]
    fn results_fit_their_type() {
        let email = Mask::parse("email-3").unwrap();
        assert_eq!(email.apply(varchar(8), "a@bank.cn", None), "***@bank");
        let stars = Mask::default_for(varchar(3)).unwrap();
        assert_eq!(stars.apply(varchar(3), "abc", None), "***");
        let fixed_width = LogicalType { kind: Kind::Char, typmod: 14 };
        assert_eq!(Mask::parse("pan-last4").unwrap().apply(fixed_width, "123456789 ", None), "*****6789 ");
        assert!(Mask::parse("fixed:hidden").unwrap().fits(varchar(3)).is_err());
        let date = LogicalType { kind: Kind::Date, typmod: -1 };
        assert!(Mask::parse("phone-3-4").unwrap().fits(date).unwrap_err().contains("birth-year"));
        assert_eq!(Mask::default_for(date), None);
    }

    #[test]
    fn without_a_key_a_pseudonym_hides() {
        assert_eq!(Mask::parse("pseudonym-phone").unwrap().apply(text(), "13812345678", None), "******");
    }
}

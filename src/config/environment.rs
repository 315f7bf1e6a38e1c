//! The file's values with the environment's over them, and libpq's variables under them.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize as _;
use toml::{Table, Value};

use super::located::{ConfigError, ConfigErrors, Place, Places, did_you_mean};
use super::raw::{KEYS, Kind, Raw};

/// No configuration is larger; a larger file is refused unread.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// libpq's variables and the keys of `[upstream]` that they fill.
const LIBPQ: &[(&str, &str)] = &[
    ("PGHOST", "host"),
    ("PGPORT", "port"),
    ("PGTARGETSESSIONATTRS", "target_session_attrs"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLNEGOTIATION", "sslnegotiation"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
];

/// Read by the commands themselves.
const OTHER_VARIABLES: &[&str] = &["PGVEIL_CONFIG", "PGVEIL_AUDIT_KEY_REF"];

/// The raw configuration, and where each part of it stands.
pub(super) fn read(file: &Path, environment: &BTreeMap<String, String>) -> Result<(Raw, Places), ConfigErrors> {
    let mut places = Places::new(file, text(file)?);
    let (table, raw) = parse(&places)?;
    let mut overlay = Overlay { table, raw, places: &mut places, errors: Vec::new() };
    overlay.own(environment);
    overlay.libpq(environment);
    overlay.refuse_unknown(environment);
    let Overlay { raw, errors, .. } = overlay;
    if errors.is_empty() { Ok((raw, places)) } else { Err(ConfigErrors(errors)) }
}

fn text(file: &Path) -> Result<String, ConfigError> {
    let whole = |message: String| ConfigError { place: Place::File(file.to_owned()), message, snippet: None };
    let size = std::fs::metadata(file).map_err(|error| whole(error.to_string()))?.len();
    if size > MAX_FILE_BYTES {
        return Err(whole(format!("larger than {MAX_FILE_BYTES} bytes")));
    }
    std::fs::read_to_string(file).map_err(|error| whole(error.to_string()))
}

fn parse(places: &Places) -> Result<(Table, Raw), ConfigError> {
    let located = |error: toml::de::Error| places.parse_error(&error);
    let raw = toml::from_str(places.text()).map_err(located)?;
    let table = toml::from_str(places.text()).map_err(located)?;
    Ok((table, raw))
}

struct Overlay<'a> {
    table: Table,
    /// The table as it is now, deserialised.
    raw: Raw,
    places: &'a mut Places,
    errors: Vec<ConfigError>,
}

impl Overlay<'_> {
    fn own(&mut self, environment: &BTreeMap<String, String>) {
        for (table, key, kind) in KEYS {
            let name = variable(table, key);
            if let Some(value) = environment.get(&name) {
                self.set(table, key, *kind, &name, value);
            }
        }
    }

    /// A file or variable of ours that names a CA has spoken about TLS: `PGSSLMODE` does not weaken that.
    fn libpq(&mut self, environment: &BTreeMap<String, String>) {
        let decided = self.has("upstream", "sslrootcert");
        for (name, key) in LIBPQ {
            let is_decided = self.has("upstream", key) || (*key == "sslmode" && decided);
            match environment.get(*name) {
                Some(value) if !is_decided && !value.is_empty() => self.set("upstream", key, Kind::Text, name, value),
                Some(_) | None => {}
            }
        }
    }

    /// A misspelt variable would otherwise leave, say, `tls_required` off in silence.
    fn refuse_unknown(&mut self, environment: &BTreeMap<String, String>) {
        let known: Vec<String> = KEYS.iter().map(|(table, key, _)| variable(table, key)).collect();
        let raw = &self.raw;
        let secrets = [&raw.catalog.password, &raw.keys.kek, &raw.audit.key];
        let holds_secret = |name: &str| secrets.iter().any(|secret| secret.as_deref() == Some(&format!("env:{name}")));
        for name in environment.keys().filter(|name| belongs_to_table(name)) {
            if known.contains(name) || OTHER_VARIABLES.contains(&name.as_str()) || holds_secret(name) {
                continue;
            }
            let proposal = did_you_mean(name, known.iter().map(String::as_str)).unwrap_or_default();
            let message = format!("no such setting{proposal}");
            self.errors.push(ConfigError { place: Place::Variable(name.clone()), message, snippet: None });
        }
    }

    fn has(&self, table: &str, key: &str) -> bool {
        self.table.get(table).and_then(Value::as_table).is_some_and(|inner| inner.contains_key(key))
    }

    /// One variable at a time, so that a value of the wrong type is blamed on its own variable.
    fn set(&mut self, table: &str, key: &str, kind: Kind, name: &str, value: &str) {
        self.places.variable(table, key, name);
        let Some(value) = typed(kind, value) else {
            let expected = if kind == Kind::Flag { "expected true or false" } else { "expected a whole number" };
            self.errors.push(self.places.error(table, key, expected));
            return;
        };
        let mut changed = self.table.clone();
        insert(&mut changed, table, key, value);
        match Raw::deserialize(changed.clone()) {
            Ok(raw) => (self.table, self.raw) = (changed, raw),
            Err(error) => {
                let message = self.places.parse_error(&error).message;
                self.errors.push(self.places.error(table, key, message));
            }
        }
    }
}

fn variable(table: &str, key: &str) -> String {
    let joined = if table.is_empty() { format!("PGVEIL_{key}") } else { format!("PGVEIL_{table}_{key}") };
    joined.to_uppercase()
}

fn belongs_to_table(name: &str) -> bool {
    KEYS.iter().any(|(table, _, _)| !table.is_empty() && name.starts_with(&variable(table, "")))
}

fn typed(kind: Kind, value: &str) -> Option<Value> {
    match kind {
        Kind::Text | Kind::Secret => Some(Value::String(value.to_owned())),
        Kind::Number => value.trim().parse().ok().map(Value::Integer),
        Kind::Flag => value.trim().parse().ok().map(Value::Boolean),
    }
}

fn insert(root: &mut Table, table: &str, key: &str, value: Value) {
    if table.is_empty() {
        root.insert(key.to_owned(), value);
        return;
    }
    let inner = root.entry(table).or_insert_with(|| Value::Table(Table::new()));
    if let Value::Table(inner) = inner {
        inner.insert(key.to_owned(), value);
    }
}

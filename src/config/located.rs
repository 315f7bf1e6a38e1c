//! Errors that say where the wrong thing stands: a place in the file, a variable or a flag.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use super::raw::{KEYS, Kind};

/// Everything that is wrong with the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<ConfigError>);

/// One mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    pub place: Place,
    pub message: String,
    /// The line in question, without its value where that may be a secret.
    pub snippet: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Line and column are one-based, the column in characters.
    Line {
        file: PathBuf,
        line: usize,
        column: usize,
    },
    File(PathBuf),
    Variable(String),
    Flag(&'static str),
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Place::Line { file, line, column } => {
                write!(f, "{}:{line}:{column}: {}", file.display(), self.message)?;
                let Some(snippet) = &self.snippet else { return Ok(()) };
                let margin = " ".repeat(line.to_string().len());
                write!(f, "\n{margin} |\n{line} | {snippet}\n{margin} | {}^", " ".repeat(column.saturating_sub(1)))
            }
            Place::File(file) => write!(f, "{}: {}", file.display(), self.message),
            Place::Variable(name) => write!(f, "environment variable {name}: {}", self.message),
            Place::Flag(name) => write!(f, "{name}: {}", self.message),
        }
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(ConfigError::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for ConfigError {}
impl std::error::Error for ConfigErrors {}

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self(vec![error])
    }
}

/// Where each key got its value.
pub(super) struct Places {
    file: PathBuf,
    text: String,
    overridden: HashMap<(String, String), Place>,
}

impl Places {
    pub(super) fn new(file: &Path, text: String) -> Self {
        Self { file: file.to_owned(), text, overridden: HashMap::new() }
    }

    pub(super) fn variable(&mut self, table: &str, key: &str, name: &str) {
        self.overridden.insert((table.to_owned(), key.to_owned()), Place::Variable(name.to_owned()));
    }

    pub(super) fn flag(&mut self, table: &str, key: &str, name: &'static str) {
        self.overridden.insert((table.to_owned(), key.to_owned()), Place::Flag(name));
    }

    /// An error about one key. `table` may be dotted.
    pub(super) fn error(&self, table: &str, key: &str, message: impl Into<String>) -> ConfigError {
        if let Some(place) = self.overridden.get(&(table.to_owned(), key.to_owned())) {
            return ConfigError { place: place.clone(), message: message.into(), snippet: None };
        }
        match self.offset(table, key) {
            Some(offset) => self.at(offset, message),
            None if table.is_empty() => self.whole(message),
            None => self.whole(format!("[{table}]: {}", message.into())),
        }
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn whole(&self, message: impl Into<String>) -> ConfigError {
        ConfigError { place: Place::File(self.file.clone()), message: message.into(), snippet: None }
    }

    /// The parser's own error, without the value that it quotes, and with the nearest name for an unknown one.
    pub(super) fn parse_error(&self, error: &toml::de::Error) -> ConfigError {
        let message = without_value(error.message());
        let message = format!("{message}{}", proposal_for(&message).unwrap_or_default());
        match error.span() {
            Some(span) => self.at(span.start, message),
            None => self.whole(message),
        }
    }

    fn at(&self, offset: usize, message: impl Into<String>) -> ConfigError {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        let place = Place::Line { file: self.file.clone(), line, column };
        let snippet = self.text.lines().nth(line - 1).map(showable);
        ConfigError { place, message: message.into(), snippet }
    }

    /// Where a value stands in the file.
    fn offset(&self, table: &str, key: &str) -> Option<usize> {
        let document = DeTable::parse(&self.text).ok()?;
        let mut inner = document.get_ref();
        for name in table.split('.').filter(|name| !name.is_empty()) {
            inner = inner.get(name)?.get_ref().as_table()?;
        }
        Some(inner.get(key)?.span().start)
    }
}

/// The line as an error may show it: only known keys are known to hold no secret.
fn showable(line: &str) -> String {
    let (key, value) = line.split_once('=').unwrap_or((line, ""));
    let is_public = |name: &str| KEYS.iter().any(|(_, known, kind)| *known == name && *kind != Kind::Secret);
    if line.trim_start().starts_with('[') || is_public(key.trim()) || line.trim().is_empty() {
        return line.to_owned();
    }
    if value.is_empty() { "…".to_owned() } else { format!("{key}= …") }
}

/// "invalid type: integer `12`, expected a string" becomes "expected a string".
fn without_value(message: &str) -> String {
    let quotes_value = message.starts_with("invalid type") || message.starts_with("invalid value");
    match message.split_once(", expected ") {
        Some((_, expected)) if quotes_value => format!("expected {expected}"),
        Some(_) | None => message.trim_end().to_owned(),
    }
}

/// serde's message is "unknown field `x`, expected one of `a`, `b`".
fn proposal_for(message: &str) -> Option<String> {
    let (unknown, known) = message.strip_prefix("unknown ")?.split_once(", expected")?;
    let unknown = unknown.split('`').nth(1)?;
    did_you_mean(unknown, known.split('`').skip(1).step_by(2))
}

/// `; did you mean …?` where one of the known names is near enough.
pub(super) fn did_you_mean<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let lower = wanted.to_lowercase();
    let scored = known.into_iter().map(|name| (strsim::jaro_winkler(&lower, &name.to_lowercase()), name));
    let (score, name) = scored.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (score > 0.75).then(|| format!("; did you mean `{name}`?"))
}

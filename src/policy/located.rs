//! Errors that say where in which file, show the line, and propose what was meant.

use std::fmt;
use std::path::{Path, PathBuf};

/// Everything that is wrong with a policy directory, in the order of files and lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyErrors(pub Vec<PolicyError>);

/// One mistake in a policy file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyError {
    pub file: PathBuf,
    /// One-based; 0 where the file as a whole is meant.
    pub line: u64,
    /// One-based, in characters.
    pub column: u64,
    pub message: String,
    /// The line in question.
    pub snippet: Option<String>,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line == 0 {
            return write!(f, "{}: {}", self.file.display(), self.message);
        }
        write!(f, "{}:{}:{}: {}", self.file.display(), self.line, self.column, self.message)?;
        let Some(snippet) = &self.snippet else { return Ok(()) };
        let margin = " ".repeat(self.line.to_string().len());
        // Wide characters take two cells in a terminal
        let caret: String = snippet
            .chars()
            .take(usize::try_from(self.column.saturating_sub(1)).unwrap_or(0))
            .map(|c| if c.len_utf8() > 2 { "  " } else { " " })
            .collect();
        write!(f, "\n{margin} |\n{} | {snippet}\n{margin} | {caret}^", self.line)
    }
}

impl fmt::Display for PolicyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, error) in self.0.iter().enumerate() {
            write!(f, "{}{error}", if at > 0 { "\n" } else { "" })?;
        }
        Ok(())
    }
}

impl std::error::Error for PolicyError {}
impl std::error::Error for PolicyErrors {}

/// A file's text, to point into.
pub(super) struct Source {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

impl Source {
    pub(super) fn error(&self, line: u64, column: u64, message: impl Into<String>) -> PolicyError {
        let snippet = line.checked_sub(1).and_then(|at| self.text.lines().nth(usize::try_from(at).ok()?));
        PolicyError {
            file: self.path.clone(),
            line,
            column,
            message: message.into(),
            snippet: snippet.map(str::to_owned),
        }
    }

    /// `file:line`.
    pub(super) fn place(&self, line: u64) -> String {
        let file = self.path.file_name().unwrap_or(self.path.as_os_str());
        format!("{}:{line}", file.to_string_lossy())
    }

    /// The parser's own error, with the nearest allowed key for an unknown one.
    pub(super) fn parse_error(&self, error: &serde_saphyr::Error) -> PolicyError {
        let (line, column) = error.location().map_or((0, 0), |at| (at.line(), at.column()));
        let rendered = error.without_snippet().to_string();
        let message = rendered.split(" at line ").next().unwrap_or(&rendered).to_owned();
        let proposal = proposal_for(&message).unwrap_or_default();
        self.error(line, column, message + &proposal)
    }
}

/// An error about the file or directory as a whole.
pub(super) fn whole_file(path: &Path, message: impl Into<String>) -> PolicyError {
    PolicyError { file: path.to_owned(), line: 0, column: 0, message: message.into(), snippet: None }
}

/// serde's message is "unknown field `x`, expected one of a, b, c", the names with or without backticks.
fn proposal_for(message: &str) -> Option<String> {
    let (_, rest) = message.split_once("unknown ")?;
    let (unknown, known) = rest.split_once(", expected")?;
    let unknown = unknown.split('`').nth(1)?;
    let words = known.trim_start_matches(" one of").split([',', ' ']).map(|name| name.trim_matches('`'));
    did_you_mean(unknown, words.filter(|name| !name.is_empty()))
}

/// `; did you mean …?` where one of the known names is near enough.
pub(super) fn did_you_mean<'a>(wanted: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let lower = wanted.to_lowercase();
    known
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&lower, &name.to_lowercase()), name))
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .filter(|(score, _)| *score > 0.75)
        .map(|(_, name)| format!("; did you mean `{name}`?"))
}

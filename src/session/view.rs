//! What a decider may know of the session when it is asked about a statement.

use std::sync::Arc;

use crate::plan::{Change, PreparedSql};

/// The session as a decider sees it: names that SQL can refer to, and settings that change how text is read.
pub trait SessionView {
    /// A statement prepared under the name, by SQL or by Parse: both share one name space in PostgreSQL.
    fn prepared(&self, name: &str) -> Option<&Arc<PreparedSql>>;
    /// An open cursor, declared by SQL or bound as a portal: both share one name space in PostgreSQL.
    fn cursor(&self, name: &str) -> Option<&Arc<PreparedSql>>;
    /// A view that the open transaction has made over protected relations.
    fn view(&self, name: &str) -> Option<&Arc<PreparedSql>>;
    /// What the open transaction has done to relations of this name.
    fn changed(&self, name: &str) -> Option<Change>;
    fn transaction(&self) -> TransactionStatus;
    fn parameters(&self) -> &Parameters;
    /// DDL or opaque code ran in the open transaction: a catalog read by another login does not see it.
    fn catalog_unsure(&self) -> bool;
    /// Something ran that may have changed search_path or role, which servers before 18 do not report.
    fn settings_unsure(&self) -> bool;
}

/// As in ReadyForQuery. Statements in flight may have changed it since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TransactionStatus {
    #[default]
    Idle,
    InTransaction,
    Failed,
}

/// The settings that the server reports by ParameterStatus and that reading or showing a value depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
    pub standard_conforming_strings: bool,
    pub client_encoding: String,
    pub date_style: String,
    pub interval_style: String,
    pub time_zone: String,
    pub session_authorization: String,
    pub application_name: String,
    /// Reported from PostgreSQL 18 on.
    pub search_path: Option<String>,
}

impl Default for Parameters {
    /// Before anything is reported: the reading under which a text is least trusted.
    fn default() -> Self {
        Self {
            standard_conforming_strings: false,
            client_encoding: String::new(),
            date_style: String::new(),
            interval_style: String::new(),
            time_zone: String::new(),
            session_authorization: String::new(),
            application_name: String::new(),
            search_path: None,
        }
    }
}

impl Parameters {
    /// Takes one ParameterStatus; names that nothing here depends on are ignored.
    pub fn report(&mut self, name: &str, value: &str) {
        match name {
            "standard_conforming_strings" => self.standard_conforming_strings = value == "on",
            "client_encoding" => value.clone_into(&mut self.client_encoding),
            "DateStyle" => value.clone_into(&mut self.date_style),
            "IntervalStyle" => value.clone_into(&mut self.interval_style),
            "TimeZone" => value.clone_into(&mut self.time_zone),
            "session_authorization" => value.clone_into(&mut self.session_authorization),
            "application_name" => value.clone_into(&mut self.application_name),
            "search_path" => self.search_path = Some(value.to_owned()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_replace_what_was_known() {
        let mut parameters = Parameters::default();
        assert!(!parameters.standard_conforming_strings);
        for (name, value) in [("standard_conforming_strings", "on"), ("TimeZone", "Asia/Shanghai"), ("other", "x")] {
            parameters.report(name, value);
        }
        assert!(parameters.standard_conforming_strings);
        assert_eq!(parameters.time_zone, "Asia/Shanghai");
        parameters.report("standard_conforming_strings", "off");
        assert!(!parameters.standard_conforming_strings);
    }
}

//! The search_path under which a session's names are read, as far as it is known.

use crate::catalog::{Catalog, parse_search_path};
use crate::session::SessionView;

/// What a session's path is until something changes it.
const POSTGRES_DEFAULT: &str = "\"$user\", public";

/// A session's path at login, and what it is now.
pub struct SearchPath {
    user: String,
    /// `None` where the setting cannot be read: nothing is inferred from it then.
    at_login: Option<Vec<String>>,
    /// The last reported setting and what it says.
    reported: Option<(String, Option<Vec<String>>)>,
}

impl SearchPath {
    /// `asked`: what the startup packet sets, which goes before the role's and the database's own setting.
    pub fn at_login(user: &str, asked: Option<&str>, catalog: Option<&Catalog>) -> Self {
        let setting = match (asked, catalog) {
            (Some(asked), _) => Some(asked),
            (None, Some(catalog)) => Some(catalog.search_path_of(user).unwrap_or(POSTGRES_DEFAULT)),
            (None, None) => None,
        };
        let at_login = setting.and_then(|setting| parse_search_path(setting, user));
        Self { user: user.to_owned(), at_login, reported: None }
    }

    /// The path now; `None` where the session may have another one.
    pub fn now(&mut self, view: &dyn SessionView) -> Option<&[String]> {
        let parameters = view.parameters();
        // `"$user"` follows SET ROLE and SET SESSION AUTHORIZATION.
        let is_same_user = !view.settings_unsure()
            && (parameters.session_authorization.is_empty() || parameters.session_authorization == self.user);
        match &parameters.search_path {
            Some(setting) if is_same_user || !setting.contains("$user") => self.read(setting),
            Some(_) => None,
            None if is_same_user => self.at_login.as_deref(),
            None => None,
        }
    }

    fn read(&mut self, setting: &str) -> Option<&[String]> {
        if self.reported.as_ref().is_none_or(|(known, _)| known != setting) {
            self.reported = Some((setting.to_owned(), parse_search_path(setting, &self.user)));
        }
        self.reported.as_ref().and_then(|(_, path)| path.as_deref())
    }
}

/// The search_path that a startup packet sets: by itself, or as `-c search_path=…` or `--search_path=…` in `options`.
/// Source: PostgreSQL `process_startup_options`, which takes the options first, and `process_postgres_switches`.
pub fn asked_at_startup(search_path: Option<&str>, options: Option<&str>) -> Option<String> {
    search_path.map(str::to_owned).or_else(|| in_options(options?))
}

fn in_options(options: &str) -> Option<String> {
    let mut found = None;
    let mut words = split_options(options).into_iter();
    while let Some(word) = words.next() {
        let setting = match word.as_str() {
            "-c" => words.next(),
            word => word.strip_prefix("--").or_else(|| word.strip_prefix("-c")).map(str::to_owned),
        };
        if let Some((name, value)) = setting.as_deref().and_then(|setting| setting.split_once('='))
            // `ParseLongOption` reads dashes as underscores.
            && name.replace('-', "_").eq_ignore_ascii_case("search_path")
        {
            found = Some(value.to_owned());
        }
    }
    found
}

/// As `pg_split_opts`: words end at white space that no backslash stands before.
fn split_options(options: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut characters = options.chars().peekable();
    while characters.next_if(char::is_ascii_whitespace).is_some() || characters.peek().is_some() {
        let mut word = String::new();
        while let Some(character) = characters.next_if(|character| !character.is_ascii_whitespace()) {
            match character {
                '\\' => word.extend(characters.next()),
                other => word.push(other),
            }
        }
        if !word.is_empty() {
            words.push(word);
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn startup_options() {
        let cases = [
            (None, Some("-c search_path=a,b -c x=1"), Some("a,b")),
            (None, Some("-csearch_path=a"), Some("a")),
            (None, Some("--search_path=a\\ ,\\ b"), Some("a , b")),
            (None, Some("-c SEARCH_PATH=a -c search_path=b"), Some("b")),
            (None, Some("--search-path=a"), Some("a")),
            (Some("own"), Some("-c search_path=a"), Some("own")),
            (None, Some("-c work_mem=1MB"), None),
            (None, None, None),
        ];
        for (search_path, options, expect) in cases {
            assert_eq!(asked_at_startup(search_path, options).as_deref(), expect, "{search_path:?} {options:?}");
        }
    }

    #[test]
    fn the_startup_packet_goes_before_the_roles_own() {
        let mut catalog = Catalog::default();
        catalog.search_paths.insert("teller".to_owned(), "bank".to_owned());
        let at_login = |user: &str, asked: Option<&str>| SearchPath::at_login(user, asked, Some(&catalog)).at_login;
        assert_eq!(at_login("teller", None), Some(vec!["bank".to_owned()]));
        assert_eq!(at_login("teller", Some("a, \"$user\"")), Some(vec!["a".to_owned(), "teller".to_owned()]));
        assert_eq!(at_login("other", None), Some(vec!["other".to_owned(), "public".to_owned()]));
        assert_eq!(SearchPath::at_login("teller", None, None).at_login, None, "nothing is inferred");
    }
}

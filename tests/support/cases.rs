//! Reads the corpora: see `tests/corpus/README.md`.

use std::path::Path;

use pgveil::demo::bank;

use super::wire::Mode;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Equal to PostgreSQL on the virtual database.
    Answer,
    /// Equal, or refused.
    MayRefuse,
    /// This SQLSTATE on both sides.
    Error(String),
}

#[derive(Clone, Debug, Default)]
pub struct Step {
    pub sql: String,
    pub params: Vec<Option<String>>,
    /// Type OIDs that Parse declares for them.
    pub types: Vec<u32>,
    pub copy: Option<String>,
    /// What to ask the masked twin in its place, and with which data.
    pub twin: Option<String>,
    pub twin_copy: Option<String>,
    /// In place of `sql`: a FunctionCall message with this function's OID and arguments as text.
    pub call: Option<(u32, Vec<String>)>,
}

#[derive(Clone, Debug)]
pub struct Case {
    pub name: String,
    pub roles: Vec<String>,
    pub expect: Expect,
    pub modes: Vec<Mode>,
    pub steps: Vec<Step>,
    /// Whether the steps run in a transaction that is rolled back.
    pub in_transaction: bool,
    pub oracle: bool,
    /// Further parameters of the startup message.
    pub startup: Vec<(String, String)>,
    /// What `app` has just run on a session of its own, which stays open beside the case.
    pub beside: Option<String>,
    /// The last major version of PostgreSQL that runs the statements.
    pub until: Option<u32>,
    /// The first that does.
    pub since: Option<u32>,
}

impl Case {
    /// The corpus file it stands in.
    pub fn family(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }
}

/// Every case of a corpus directory, in order; `default_roles` for cases that name none.
pub fn load(corpus: &str, default_roles: &[&str]) -> Vec<Case> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus").join(corpus);
    let mut files: Vec<_> =
        std::fs::read_dir(&directory).expect("corpus directory").map(|entry| entry.expect("entry").path()).collect();
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let stem = file.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).expect("readable corpus");
        for block in text.split("\n\n").filter(|block| !block.trim().is_empty()) {
            cases.push(case(&stem, &expand(block), default_roles));
        }
    }
    let mut names: Vec<_> = cases.iter().map(|case| case.name.clone()).collect();
    names.sort();
    names.windows(2).for_each(|pair| assert_ne!(pair[0], pair[1], "two cases of one name"));
    let major = super::postgres::major();
    cases.retain(|case| case.until.is_none_or(|last| major <= last) && case.since.is_none_or(|first| first <= major));
    cases
}

fn case(file: &str, block: &str, default_roles: &[&str]) -> Case {
    let mut case = Case {
        name: String::new(),
        roles: default_roles.iter().map(|role| (*role).to_owned()).collect(),
        expect: Expect::Answer,
        modes: vec![Mode::Simple, Mode::Text, Mode::Binary],
        steps: Vec::new(),
        in_transaction: true,
        oracle: false,
        startup: Vec::new(),
        beside: None,
        until: None,
        since: None,
    };
    let (mut sql, mut next) = (String::new(), Step::default());
    for line in block.trim().lines() {
        if let Some((key, value)) = line.strip_prefix("# ").and_then(|header| header.split_once(": ")) {
            match key {
                "name" => case.name = format!("{file}/{value}"),
                "roles" => case.roles = value.split_whitespace().map(str::to_owned).collect(),
                "expect" => case.expect = expectation(value),
                "modes" => case.modes = value.split_whitespace().map(mode).collect(),
                "params" => next.params = serde_json::from_str(value).unwrap_or_else(|e| panic!("{line}: {e}")),
                "types" => next.types = value.split_whitespace().map(super::bound::type_oid).collect(),
                "copy" => next.copy = Some(serde_json::from_str(value).unwrap_or_else(|e| panic!("{line}: {e}"))),
                "twin" => next.twin = Some(value.to_owned()),
                "twin_copy" => {
                    next.twin_copy = Some(serde_json::from_str(value).unwrap_or_else(|e| panic!("{line}: {e}")))
                }
                "startup" => case.startup.extend(value.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned()))),
                "since" => case.since = Some(value.parse().unwrap_or_else(|e| panic!("{line}: {e}"))),
                "until" => case.until = Some(value.parse().unwrap_or_else(|e| panic!("{line}: {e}"))),
                "beside" => case.beside = Some(value.to_owned()),
                "call" => {
                    let call = serde_json::from_str(value).unwrap_or_else(|e| panic!("{line}: {e}"));
                    case.steps.push(Step { call: Some(call), ..Step::default() });
                }
                "transaction" => case.in_transaction = value != "no",
                "oracle" => case.oracle = true,
                "note" => {}
                other => panic!("unknown key {other} in {block}"),
            }
            continue;
        }
        sql.push_str(line);
        sql.push('\n');
        let ends = line.ends_with(';') && !line.ends_with("\\;");
        // A statement may end inside a comment or string that only PostgreSQL sees: those are last lines.
        if ends {
            let text = sql.trim().trim_end_matches(';').replace("\\;", ";");
            case.steps.push(Step { sql: text, ..std::mem::take(&mut next) });
            sql.clear();
        }
    }
    if !sql.trim().is_empty() {
        case.steps.push(Step { sql: sql.trim().to_owned(), ..next });
    }
    assert!(!case.name.is_empty() && !case.steps.is_empty(), "{block}");
    case
}

fn expectation(value: &str) -> Expect {
    match value.split_once(' ') {
        Some(("error", sqlstate)) => Expect::Error(sqlstate.to_owned()),
        None if value == "answer" => Expect::Answer,
        None if value == "refuse" => Expect::MayRefuse,
        _ => panic!("unknown expectation {value}"),
    }
}

fn mode(word: &str) -> Mode {
    match word {
        "simple" => Mode::Simple,
        "text" => Mode::Text,
        "binary" => Mode::Binary,
        _ => panic!("unknown mode {word}"),
    }
}

/// Writes `{phone:5}` and the like out.
pub fn expand(block: &str) -> String {
    let mut text = block.to_owned();
    for field in ["phone", "id_number", "email", "birth_date", "account_no", "pan", "name"] {
        let open = format!("{{{field}:");
        while let Some(at) = text.find(&open) {
            let end = at + text[at..].find('}').expect("a closing brace");
            let id: u64 = text[at + open.len()..end].parse().expect("a customer's number");
            let customer = bank::customer(id);
            let value = match field {
                "phone" => customer.phone,
                "id_number" => customer.id_number,
                "email" => customer.email,
                "birth_date" => customer.birth_date,
                "account_no" => bank::account_no(id),
                "pan" => bank::pan(id),
                _ => customer.name.replace('\'', "''"),
            };
            text.replace_range(at..=end, &value);
        }
    }
    text
}

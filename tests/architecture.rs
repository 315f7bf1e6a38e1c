//! The shape of the code, checked: which room may know which, what the pure rooms must not touch, and what stands
//! at the top level.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Which of the other rooms each room may use. Reading order is bottom up: nothing points to a later line, except
/// where a comment says why.
const MAY_USE: &[(&str, &[&str])] = &[
    ("wire", &[]),
    ("value", &["wire"]),
    ("mask", &["value"]),
    ("plan", &["mask", "value", "wire"]),
    ("crypto", &["plan", "value", "wire"]),
    ("keys", &["crypto", "plan", "value", "wire"]),
    ("catalog", &["wire"]),
    ("sql", &["wire"]),
    ("policy", &["catalog", "mask", "plan", "sql", "value", "wire"]),
    ("copy", &["plan", "value", "wire"]),
    ("analyze", &["catalog", "crypto", "mask", "plan", "policy", "sql", "value", "wire"]),
    ("explain", &["analyze", "catalog", "mask", "plan", "policy", "sql", "wire"]),
    ("audit", &["crypto", "plan", "sql", "wire"]),
    ("reveal", &["copy", "crypto", "keys", "mask", "plan", "value", "wire"]),
    ("metrics", &["audit"]),
];

/// Sockets, files, time and the command line: these may use every room and each other, no room above uses them.
const EDGE: &[&str] =
    &["admin", "auth", "cli", "config", "demo", "lib", "log", "main", "server", "session", "upstream"];

/// Rooms without IO, clock or globals: the same input always gives the same answer.
const PURE: &[&str] = &["wire", "sql", "analyze", "plan", "mask", "crypto", "value", "copy"];

const IMPURE: &[&str] = &[
    "std::net",
    "std::fs",
    "std::time",
    "std::env",
    "std::process",
    "std::thread",
    "tokio::",
    "Instant::now",
    "SystemTime",
];

const TOP_LEVEL: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "README.md",
    "CHANGELOG.md",
    "LICENSE",
    "src",
    "policies",
    "bench",
    "tests",
    "deploy",
    "target",
];

const LONGEST_FILE: usize = 700;

/// What may only stand in tests: each ends the process or prints where a value could be.
const TESTS_ONLY: &[&str] = &[".unwrap()", ".unwrap_err()", ".expect(\"", "todo!(", "unimplemented!(", "dbg!("];

struct Source {
    path: PathBuf,
    /// The first component below `src`, without `.rs`.
    room: String,
    /// Code lines with their numbers: no comments, nothing from `#[cfg(test)]` on.
    code: Vec<(usize, String)>,
    length: usize,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sources() -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(source(path));
            }
        }
    }
    assert!(found.len() > 10, "only {} source files found", found.len());
    found
}

fn source(path: PathBuf) -> Source {
    let text = fs::read_to_string(&path).unwrap();
    let below = path.strip_prefix(root().join("src")).unwrap().to_path_buf();
    let room = below.components().next().unwrap().as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned();
    Source { room, code: code(&below, &text), length: text.lines().count(), path: below }
}

fn code(path: &Path, text: &str) -> Vec<(usize, String)> {
    let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
    let in_tests = path.components().any(|part| part.as_os_str() == "tests");
    if in_tests || stem == "tests" || stem.ends_with("_tests") {
        return Vec::new();
    }
    let numbered = text.lines().enumerate().map(|(index, line)| (index + 1, line.to_owned()));
    let code = numbered.take_while(|(_, line)| line.trim_start() != "#[cfg(test)]");
    code.filter(|(_, line)| !line.trim_start().starts_with("//")).collect()
}

/// Rooms that a line names through `crate::`.
fn named_rooms(line: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for after in line.split("crate::").skip(1) {
        let names = match after.strip_prefix('{') {
            Some(group) => group.split([',', '}']).map(str::trim).collect(),
            None => vec![after],
        };
        for name in names {
            let room: String = name.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
            // A capital begins a type, a macro's `$crate` or a constant at the crate's root.
            if room.starts_with(|c: char| c.is_ascii_lowercase()) {
                rooms.push(room);
            }
        }
    }
    rooms
}

fn report(findings: &[String]) {
    assert!(findings.is_empty(), "\n{}\n", findings.join("\n"));
}

#[test]
fn dependencies_point_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let mut findings = Vec::new();
    for source in sources() {
        if EDGE.contains(&source.room.as_str()) {
            continue;
        }
        let Some(allowed) = allowed.get(source.room.as_str()) else {
            findings.push(format!("src/{}: {} is not in the table", source.path.display(), source.room));
            continue;
        };
        for (number, line) in &source.code {
            for used in named_rooms(line) {
                if used != source.room && !allowed.contains(&used.as_str()) {
                    findings.push(format!(
                        "src/{}:{number}: {} may not use {used}",
                        source.path.display(),
                        source.room
                    ));
                }
            }
        }
    }
    report(&findings);
}

#[test]
fn the_table_of_dependencies_has_no_cycle() {
    let mut settled = BTreeSet::new();
    for (room, uses) in MAY_USE {
        for used in *uses {
            assert!(settled.contains(used), "{room} may use {used}, which stands below it");
        }
        settled.insert(room);
    }
}

#[test]
fn pure_rooms_do_no_io() {
    let mut findings = Vec::new();
    for source in sources().into_iter().filter(|source| PURE.contains(&source.room.as_str())) {
        for (number, line) in &source.code {
            for impure in IMPURE.iter().filter(|impure| line.contains(**impure)) {
                findings.push(format!("src/{}:{number}: {impure} in a pure room", source.path.display()));
            }
        }
    }
    report(&findings);
}

#[test]
fn nothing_outside_tests_unwraps() {
    let mut findings = Vec::new();
    for source in sources() {
        for (number, line) in &source.code {
            for banned in TESTS_ONLY.iter().filter(|banned| line.contains(**banned)) {
                findings.push(format!("src/{}:{number}: {banned}", source.path.display()));
            }
        }
    }
    report(&findings);
}

#[test]
fn files_are_short() {
    let long = sources().into_iter().filter(|source| source.length > LONGEST_FILE);
    let findings: Vec<String> =
        long.map(|source| format!("src/{}: {} lines", source.path.display(), source.length)).collect();
    report(&findings);
}

#[test]
fn the_top_level_holds_only_what_was_agreed() {
    let mut findings = Vec::new();
    for entry in fs::read_dir(root()).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        if !name.starts_with('.') && !TOP_LEVEL.contains(&name.as_str()) {
            findings.push(format!("{name} does not belong at the top level"));
        }
    }
    report(&findings);
}

#[test]
fn unsafe_code_is_forbidden() {
    let text = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    assert!(text.contains("#![forbid(unsafe_code)]"), "src/lib.rs lacks the lint");
}

#[test]
fn the_checks_see_what_they_look_for() {
    assert_eq!(named_rooms("use crate::plan::Plan;"), ["plan"]);
    assert_eq!(named_rooms("use crate::{plan::Plan, wire::PgError, Top};"), ["plan", "wire"]);
    assert_eq!(named_rooms("let x = crate::mask::Mask::new(crate::value::y());"), ["mask", "value"]);
    let text = "use std::fs;\n// std::net\n/// .unwrap()\nfn a() {}\n#[cfg(test)]\nmod tests { x.unwrap() }\n";
    let lines: Vec<usize> = code(Path::new("wire/a.rs"), text).into_iter().map(|(number, _)| number).collect();
    assert_eq!(lines, [1, 4]);
    assert!(code(Path::new("wire/tests/a.rs"), text).is_empty());
}

/// The page of past bugs names the tests that hold each row: they are all there.
#[test]
fn the_tests_that_past_bugs_are_held_by_exist() {
    let page = fs::read_to_string(root().join("tests/past-bugs.md")).unwrap();
    let (mut named, mut missing) = (0, Vec::new());
    for row in page.lines().filter(|line| line.starts_with("| ")) {
        let held_by = row.trim_end_matches(" |").rsplit(" | ").next().unwrap_or_default();
        for part in held_by.split("; ").flat_map(|part| part.split(". ")) {
            let Some((place, names)) = part.split_once(": ") else { continue };
            let Some((file, before, after)) = tests_at(place) else { continue };
            let text = fs::read_to_string(root().join(&file)).unwrap_or_default() + "\n";
            let names: Vec<&str> = names.split(", ").collect();
            named += names.len();
            missing.extend(
                names
                    .iter()
                    .filter(|name| !text.contains(&format!("{before}{name}{after}")))
                    .map(|name| format!("{file}: {name}")),
            );
        }
    }
    assert!(named > 200, "{named} tests are named");
    report(&missing);
}

/// The file that a place on the page means, and what stands around a test's name in it.
fn tests_at(place: &str) -> Option<(String, &'static str, &'static str)> {
    let is_corpus = place.starts_with("bypass/") || place.starts_with("differential/");
    match place.ends_with(".rs") {
        true if place.starts_with("src/") => Some((place.to_owned(), "fn ", "(")),
        true => Some((format!("tests/{place}"), "fn ", "(")),
        // Cases of bad_peer.rs have quoted names
        false => (is_corpus && !place.contains('"')).then(|| (format!("tests/corpus/{place}.sql"), "# name: ", "\n")),
    }
}

//! The policies in force: loaded from a directory, swapped as a whole, never half.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use arc_swap::ArcSwap;
use notify::{RecursiveMode, Watcher};

use super::located::{PolicyError, PolicyErrors, Source, whole_file};
use super::raw::RawFile;
use super::{Policy, compile};

/// No policy file is larger; a larger one is refused unread.
const MAX_FILE_BYTES: u64 = 8 << 20;
/// How long the directory has to be quiet before it is read: editors and config maps write in steps.
const SETTLE: Duration = Duration::from_millis(200);

/// The policies of a directory, by database.
#[derive(Default)]
pub struct PolicySet {
    databases: BTreeMap<String, Arc<Policy>>,
}

impl PolicySet {
    /// Reads every `.yaml` and `.yml` file under a directory. Names that begin with a dot are skipped.
    ///
    /// # Errors
    /// Everything that is wrong, with file, line and column. A directory without a policy is an error.
    pub fn load(directory: &Path) -> Result<Self, PolicyErrors> {
        let mut paths = Vec::new();
        collect(directory, 0, &mut paths).map_err(|error| PolicyErrors(vec![error]))?;
        paths.sort();
        if paths.is_empty() {
            return Err(PolicyErrors(vec![whole_file(directory, "no policy file (*.yaml) in this directory")]));
        }
        let texts = paths.iter().map(|path| read(path)).collect::<Vec<_>>();
        Self::from_sources(texts)
    }

    /// The same from texts, each with the name that errors give it.
    ///
    /// # Errors
    /// As [`PolicySet::load`].
    pub fn from_texts<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, PolicyErrors> {
        let source = |(name, text): (&str, &str)| Ok(Source { path: PathBuf::from(name), text: text.to_owned() });
        Self::from_sources(texts.into_iter().map(source).collect())
    }

    fn from_sources(sources: Vec<Result<Source, PolicyError>>) -> Result<Self, PolicyErrors> {
        let mut errors = Vec::new();
        let mut by_database: BTreeMap<String, Vec<(Source, RawFile)>> = BTreeMap::new();
        for source in sources {
            match source.and_then(parse) {
                Ok((source, file)) => {
                    by_database.entry(file.database.value.clone()).or_default().push((source, file));
                }
                Err(error) => errors.push(error),
            }
        }
        let mut databases = BTreeMap::new();
        for (database, files) in by_database {
            match compile::compile(&files) {
                Ok(policy) => {
                    databases.insert(database, Arc::new(policy));
                }
                Err(found) => errors.extend(found),
            }
        }
        if errors.is_empty() { Ok(Self { databases }) } else { Err(PolicyErrors(errors)) }
    }

    /// The policy of a database. `None` is a policy that denies, not one that allows.
    pub fn get(&self, database: &str) -> Option<&Arc<Policy>> {
        self.databases.get(database)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Arc<Policy>> {
        self.databases.values()
    }

    fn hashes(&self) -> Vec<&str> {
        self.databases.values().map(|policy| policy.hash.as_str()).collect()
    }
}

fn parse(source: Source) -> Result<(Source, RawFile), PolicyError> {
    match serde_saphyr::from_str::<RawFile>(&source.text) {
        Ok(file) => Ok((source, file)),
        Err(error) => Err(source.parse_error(&error)),
    }
}

fn collect(directory: &Path, depth: usize, paths: &mut Vec<PathBuf>) -> Result<(), PolicyError> {
    let entries = std::fs::read_dir(directory).map_err(|error| whole_file(directory, error.to_string()))?;
    for entry in entries {
        let path = entry.map_err(|error| whole_file(directory, error.to_string()))?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() && depth < 3 {
            collect(&path, depth + 1, paths)?;
        } else if name.ends_with(".yaml") || name.ends_with(".yml") {
            paths.push(path);
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Source, PolicyError> {
    let size = std::fs::metadata(path).map_err(|error| whole_file(path, error.to_string()))?.len();
    if size > MAX_FILE_BYTES {
        return Err(whole_file(path, format!("larger than {MAX_FILE_BYTES} bytes")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| whole_file(path, error.to_string()))?;
    // The start of a policy is a policy too, one that protects less
    if !text.ends_with('\n') {
        return Err(whole_file(path, "does not end with a line break: is it half written?"));
    }
    Ok(Source { path: path.to_owned(), text })
}

/// The policies in force. Readers take a snapshot per statement; a reload replaces it as a whole.
pub struct PolicyStore {
    directory: PathBuf,
    current: ArcSwap<PolicySet>,
    epoch: AtomicU64,
}

impl PolicyStore {
    /// Loads a directory for the first time.
    ///
    /// # Errors
    /// As [`PolicySet::load`]; a proxy without a policy does not start.
    pub fn load(directory: &Path) -> Result<Self, PolicyErrors> {
        let set = PolicySet::load(directory)?;
        Ok(Self { directory: directory.to_owned(), current: ArcSwap::from_pointee(set), epoch: AtomicU64::new(1) })
    }

    /// Reads the directory again and swaps when everything in it is right. Whether anything changed.
    ///
    /// # Errors
    /// As [`PolicySet::load`]; then the policies in force stay.
    pub fn reload(&self) -> Result<bool, PolicyErrors> {
        let set = PolicySet::load(&self.directory)?;
        if set.hashes() == self.current.load().hashes() {
            return Ok(false);
        }
        self.current.store(Arc::new(set));
        self.epoch.fetch_add(1, Ordering::Release);
        Ok(true)
    }

    /// A snapshot of all policies.
    pub fn current(&self) -> Arc<PolicySet> {
        self.current.load_full()
    }

    /// The policy of one database now.
    pub fn policy(&self, database: &str) -> Option<Arc<Policy>> {
        self.current.load().get(database).map(Arc::clone)
    }

    /// Grows with every swap: whoever kept a decision compares this number, and decides again.
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Reloads whenever the directory changes and tells the outcome, on a thread of its own, for as long as the
    /// returned guard lives.
    ///
    /// # Errors
    /// Where the operating system cannot watch the directory.
    pub fn watch(
        self: &Arc<Self>,
        tell: impl Fn(Result<bool, PolicyErrors>) + Send + 'static,
    ) -> Result<WatchGuard, notify::Error> {
        let (sender, changes) = mpsc::channel();
        let mut watcher = notify::recommended_watcher(move |event: Result<notify::Event, notify::Error>| {
            // Reading the files is an event too, and must not make us read them again
            if !matches!(&event, Ok(event) if event.kind.is_access()) {
                let _ = sender.send(());
            }
        })?;
        watcher.watch(&self.directory, RecursiveMode::Recursive)?;
        let store = Arc::clone(self);
        std::thread::Builder::new().name("policy-watch".to_owned()).spawn(move || {
            // Ends when the guard drops the watcher and with it the sender
            while changes.recv().is_ok() {
                while changes.recv_timeout(SETTLE).is_ok() {}
                tell(store.reload());
            }
        })?;
        Ok(WatchGuard { _watcher: watcher })
    }
}

/// Keeps the watch alive.
pub struct WatchGuard {
    _watcher: notify::RecommendedWatcher,
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: &str = "database: bank\ntables:\n  public.c:\n    columns:\n      phone: {mask: phone-3-4}\n";

    #[test]
    fn a_bad_file_changes_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("bank.yaml");
        std::fs::write(&file, SMALL).unwrap();
        let store = PolicyStore::load(directory.path()).unwrap();
        let before = store.policy("bank").unwrap().hash.clone();
        assert!(!store.reload().unwrap(), "nothing changed");

        std::fs::write(&file, SMALL.replace("phone-3-4", "phone34")).unwrap();
        let error = store.reload().unwrap_err().to_string();
        assert!(error.contains("bank.yaml:5:21: unknown mask preset `phone34`; did you mean `phone-3-4`?"), "{error}");
        assert_eq!(store.policy("bank").unwrap().hash, before);
        assert_eq!(store.epoch(), 1);

        std::fs::write(&file, SMALL.trim_end()).unwrap();
        assert!(store.reload().unwrap_err().to_string().contains("half written"));
        std::fs::write(&file, format!("# a comment\n{SMALL}")).unwrap();
        assert!(!store.reload().unwrap(), "a comment is no change");
        std::fs::write(&file, SMALL.replace("phone:", "mobile:")).unwrap();
        assert!(store.reload().unwrap());
        assert_eq!(store.epoch(), 2);
        std::fs::remove_file(&file).unwrap();
        assert!(store.reload().is_err(), "an empty directory is no policy");
        assert!(store.policy("bank").is_some());
        assert!(store.policy("other").is_none());
    }

    #[test]
    fn changes_are_noticed() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("bank.yaml");
        std::fs::write(&file, SMALL).unwrap();
        let store = Arc::new(PolicyStore::load(directory.path()).unwrap());
        let (sender, told) = mpsc::channel();
        let guard = store
            .watch(move |outcome| {
                let _ = sender.send(outcome);
            })
            .unwrap();
        std::fs::write(&file, SMALL.replace("phone:", "mobile:")).unwrap();
        assert_eq!(told.recv_timeout(Duration::from_secs(20)).unwrap(), Ok(true));
        assert_eq!(store.epoch(), 2);
        drop(guard);
    }
}

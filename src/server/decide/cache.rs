//! Verdicts that are kept: a repeated statement costs one hash and one look-up.
//!
//! The key is a keyed hash over everything that a verdict rests on. Keyed, because whoever could make two statements
//! collide would have one judged by the other's verdict.

use std::sync::Arc;

use quick_cache::Weighter;
use quick_cache::sync::Cache;
use sha2::{Digest as _, Sha256};

use crate::analyze::Template;
use crate::plan::{Effect, Verdict};
use crate::session::StatementDecision;

/// A longer text is analysed each time: such texts are loads of data, and seldom come twice.
pub const MAX_TEXT_LEN: usize = 32 * 1024;
/// Bytes of texts and plans kept, about.
const CAPACITY_BYTES: u64 = 64 << 20;
const EXPECTED_ENTRIES: usize = 32 * 1024;
/// What an entry takes besides its texts.
const ENTRY_BYTES: u64 = 512;

/// Of everything a verdict rests on.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key([u8; 16]);

/// Makes keys that nobody outside the process can foresee.
#[derive(Clone)]
pub struct Keyed(Sha256);

impl Keyed {
    /// # Errors
    /// The operating system gives no randomness.
    pub fn new() -> Result<Self, getrandom::Error> {
        let mut secret = zeroize::Zeroizing::new([0; 64]);
        getrandom::fill(secret.as_mut_slice())?;
        Ok(Self(Sha256::new_with_prefix(&secret)))
    }

    /// Adds one part; its length too, so that two lists of parts never read alike.
    #[must_use]
    pub fn with(mut self, part: &[u8]) -> Self {
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
        self
    }

    pub fn key(self) -> Key {
        let digest = self.0.finalize();
        let mut key = [0; 16];
        key.iter_mut().zip(digest).for_each(|(to, from)| *to = from);
        Key(key)
    }
}

/// What is kept of a decision.
#[derive(Clone)]
pub enum Kept {
    /// Of one text, by its statements.
    Text(Arc<[StatementDecision]>),
    /// A text of so many statements, all of them queries or transaction control that touch nothing protected.
    Passed(usize),
    /// Of a shape: one statement, rewritten.
    Template(Arc<Template>),
    /// Of a shape whose texts are each judged by themselves.
    Singular,
}

#[derive(Clone)]
struct Weight;

impl Weighter<Key, Kept> for Weight {
    fn weight(&self, _: &Key, kept: &Kept) -> u64 {
        match kept {
            Kept::Passed(_) | Kept::Singular => ENTRY_BYTES,
            Kept::Template(template) => ENTRY_BYTES + template.len_bytes() as u64,
            Kept::Text(decisions) => decisions.iter().map(|decision| weight(&decision.verdict)).sum::<u64>(),
        }
    }
}

fn weight(verdict: &Verdict) -> u64 {
    let texts = match verdict {
        Verdict::Pass(_) => 0,
        Verdict::Rewrite(plan) => plan.sql.len() + 64 * plan.params.len(),
        Verdict::Refuse(refusal) => {
            refusal.error.message.len() + refusal.objects.iter().map(String::len).sum::<usize>()
        }
    };
    ENTRY_BYTES + texts as u64
}

/// Whether the same text may be given the same verdict again.
pub fn is_reusable(verdict: &Verdict) -> bool {
    match verdict {
        Verdict::Pass(effect) => matches!(effect, Effect::None),
        Verdict::Rewrite(plan) => plan.reusable && matches!(plan.effect, Effect::None),
        Verdict::Refuse(_) => true,
    }
}

/// The verdicts of all sessions.
pub struct Verdicts {
    keyed: Keyed,
    kept: Cache<Key, Kept, Weight>,
    /// Texts whose answer was described and came from nothing protected.
    verified: Cache<Key, ()>,
}

impl Verdicts {
    /// # Errors
    /// As [`Keyed::new`].
    pub fn new() -> Result<Self, getrandom::Error> {
        Ok(Self {
            keyed: Keyed::new()?,
            kept: Cache::with_weighter(EXPECTED_ENTRIES, CAPACITY_BYTES, Weight),
            verified: Cache::new(EXPECTED_ENTRIES),
        })
    }

    /// The beginning of a key.
    pub fn keyed(&self) -> Keyed {
        self.keyed.clone()
    }

    pub fn get(&self, key: Key) -> Option<Kept> {
        self.kept.get(&key)
    }

    pub fn keep(&self, key: Key, kept: Kept) {
        self.kept.insert(key, kept);
    }

    pub fn is_verified(&self, key: Key) -> bool {
        self.verified.get(&key).is_some()
    }

    pub fn set_verified(&self, key: Key) {
        self.verified.insert(key, ());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Refusal;
    use crate::wire::{PgError, SqlState};

    fn refusal(message: String) -> Verdict {
        let error = PgError::new(SqlState::FEATURE_NOT_SUPPORTED, message);
        Verdict::Refuse(Arc::new(Refusal { error, reason: "test", objects: Vec::new() }))
    }

    #[test]
    fn keys_tell_every_part_apart() {
        let keyed = Keyed::new().unwrap();
        let key = |parts: &[&[u8]]| parts.iter().fold(keyed.clone(), |keyed, part| keyed.with(part)).key();
        assert!(key(&[b"a", b"b"]) == key(&[b"a", b"b"]));
        for other in [&[&b"ab"[..]][..], &[b"a", b"b", b""], &[b"b", b"a"], &[b"", b"ab"], &[b"a\0", b"b"]] {
            assert!(key(&[b"a", b"b"]) != key(other), "{other:?}");
        }
        assert!(Keyed::new().unwrap().with(b"a").key() != keyed.with(b"a").key(), "another process, another key");
    }

    #[test]
    fn what_changes_the_session_is_not_kept() {
        assert!(is_reusable(&Verdict::Pass(Effect::None)));
        assert!(is_reusable(&refusal("no".to_owned())));
        for effect in [Effect::CatalogChanged, Effect::SettingsChanged, Effect::DiscardAll] {
            assert!(!is_reusable(&Verdict::Pass(effect)));
        }
        assert!(!is_reusable(&Verdict::Pass(Effect::Deallocate { name: None })));
    }

    #[test]
    fn the_cache_is_bounded() {
        let verdicts = Verdicts::new().unwrap();
        let text = "x".repeat(1 << 20);
        let keys: Vec<Key> = (0..200_u32).map(|n| verdicts.keyed().with(&n.to_le_bytes()).key()).collect();
        for key in &keys {
            let decision = StatementDecision { range: 0..0, verdict: refusal(text.clone()) };
            verdicts.keep(*key, Kept::Text([decision].into()));
        }
        let kept = keys.iter().filter(|key| verdicts.get(**key).is_some()).count();
        assert!((1..=64).contains(&kept), "{kept}");
    }
}

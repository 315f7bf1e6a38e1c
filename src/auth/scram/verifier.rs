//! Verifiers as PostgreSQL keeps them in `pg_authid.rolpassword`, and the file that holds them.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use zeroize::Zeroizing;

use super::keys::{KEY_LEN, StoredKey, hmac, unbase64, unbase64_key};
use super::{MAX_SALT_LEN, ServerKey};

/// PostgreSQL's default (`scram_iterations`).
const DEFAULT_ITERATIONS: u32 = 4096;
/// PostgreSQL's `SCRAM_DEFAULT_SALT_LEN`.
const MOCK_SALT_LEN: usize = 16;

/// What a proof is checked against. Not the password, but enough to guess it at leisure: never shown.
#[derive(Clone)]
pub struct Verifier {
    pub(super) salt: Vec<u8>,
    pub(super) iterations: u32,
    pub(super) stored_key: StoredKey,
    pub(super) server_key: ServerKey,
}

impl Verifier {
    /// `SCRAM-SHA-256$<iterations>:<salt>$<StoredKey>:<ServerKey>`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Self> {
        let (parameters, keys) = text.strip_prefix("SCRAM-SHA-256$")?.split_once('$')?;
        let (iterations, salt) = parameters.split_once(':')?;
        let (stored_key, server_key) = keys.split_once(':')?;
        let salt = unbase64(salt).filter(|salt| (1..=MAX_SALT_LEN).contains(&salt.len()))?;
        Some(Self {
            salt,
            iterations: iterations.parse().ok().filter(|iterations| *iterations > 0)?,
            stored_key: StoredKey::new(unbase64_key(stored_key)?),
            server_key: ServerKey::new(unbase64_key(server_key)?),
        })
    }
}

/// The verifiers of all users, and believable ones for everybody else.
pub struct Verifiers {
    by_user: HashMap<String, Verifier>,
    /// Of this process: what a made-up verifier is derived from, so that a name always gets the same salt.
    mock_key: Zeroizing<[u8; KEY_LEN]>,
}

/// Why the file is refused. Never shows what stands in it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifiersError {
    #[error("line {0}: expected \"user\" \"SCRAM-SHA-256$iterations:salt$StoredKey:ServerKey\"")]
    BadLine(usize),
    #[error("line {0}: a second verifier for the same user")]
    Twice(usize),
    #[error("the system has no randomness")]
    NoRandomness,
}

impl Verifiers {
    /// Reads lines of `"user" "verifier"`, as PgBouncer's `auth_file` has them: a quote inside is doubled, `;` and `#`
    /// begin a comment line. From PostgreSQL: `SELECT format('"%s" "%s"', replace(rolname, '"', '""'), rolpassword) FROM
    /// pg_authid WHERE rolpassword LIKE 'SCRAM-SHA-256$%'`.
    ///
    /// # Errors
    /// [`VerifiersError`].
    pub fn parse(text: &str) -> Result<Self, VerifiersError> {
        let mut by_user = HashMap::new();
        for (number, line) in (1..).zip(text.lines().map(str::trim)) {
            if line.is_empty() || line.starts_with([';', '#']) {
                continue;
            }
            let (user, verifier) = entry(line).ok_or(VerifiersError::BadLine(number))?;
            match by_user.entry(user) {
                Entry::Vacant(place) => place.insert(verifier),
                Entry::Occupied(_) => return Err(VerifiersError::Twice(number)),
            };
        }
        let mut mock_key = Zeroizing::new([0; KEY_LEN]);
        getrandom::fill(mock_key.as_mut_slice()).map_err(|_| VerifiersError::NoRandomness)?;
        Ok(Self { by_user, mock_key })
    }

    /// The user's verifier; for an unknown user one that looks the same and that no proof satisfies, so that an
    /// exchange does not tell who exists.
    pub fn get(&self, user: &str) -> Verifier {
        let mock = self.mock(user);
        self.by_user.get(user).cloned().unwrap_or(mock)
    }

    fn mock(&self, user: &str) -> Verifier {
        let derived = |purpose: &str| hmac(&self.mock_key, format!("{purpose}\0{user}").as_bytes());
        let iterations = self.by_user.values().map(|verifier| verifier.iterations).min();
        Verifier {
            salt: derived("salt").into_iter().take(MOCK_SALT_LEN).collect(),
            iterations: iterations.unwrap_or(DEFAULT_ITERATIONS),
            stored_key: StoredKey::new(derived("stored key")),
            server_key: ServerKey::new(derived("server key")),
        }
    }
}

fn entry(line: &str) -> Option<(String, Verifier)> {
    let (user, rest) = quoted(line)?;
    let (verifier, rest) = quoted(rest.trim_start())?;
    if !rest.trim().is_empty() || user.is_empty() {
        return None;
    }
    Some((user, Verifier::parse(&verifier)?))
}

/// A quoted text at the start, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut rest = text.strip_prefix('"')?;
    let mut content = String::new();
    loop {
        let (part, after) = rest.split_once('"')?;
        content.push_str(part);
        match after.strip_prefix('"') {
            Some(more) => {
                content.push('"');
                rest = more;
            }
            None => return Some((content, after)),
        }
    }
}

//! A key-encryption key in an environment variable.

use zeroize::Zeroizing;

use super::local::LocalKek;
use super::{KekError, KekProvider};

pub struct EnvKek {
    name: String,
    kek: LocalKek,
}

impl EnvKek {
    /// Reads the key.
    ///
    /// # Errors
    /// [`KekError`].
    pub fn load(name: &str) -> Result<Self, KekError> {
        let text = std::env::var(name).map(Zeroizing::new).map_err(|_| KekError::NoVariable(name.to_owned()))?;
        let kek = LocalKek::parse(&text).ok_or_else(|| KekError::Malformed(format!("env:{name}")))?;
        Ok(Self { name: name.to_owned(), kek })
    }
}

impl KekProvider for EnvKek {
    fn name(&self) -> String {
        format!("env:{}", self.name)
    }

    fn wrap_key(&self, key: &[u8; 32], context: &[u8]) -> Result<Vec<u8>, KekError> {
        self.kek.wrap(key, context)
    }

    fn unwrap_key(&self, wrapped: &[u8], context: &[u8]) -> Result<Zeroizing<[u8; 32]>, KekError> {
        self.kek.unwrap(wrapped, context).ok_or_else(|| KekError::WrongKey(self.name()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_key() {
        assert!(matches!(EnvKek::load("PGVEIL_NO_SUCH_VARIABLE"), Err(KekError::NoVariable(_))));
        let error = EnvKek::load("PATH").err().unwrap().to_string();
        assert!(error.starts_with("env:PATH: expected a key of 32 bytes"), "{error}");
        assert!(!error.contains(&std::env::var("PATH").unwrap()));
    }
}

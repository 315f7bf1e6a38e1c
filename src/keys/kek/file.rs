//! A key-encryption key in a file that only its owner may read.

use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::local::LocalKek;
use super::{KekError, KekProvider};

pub struct FileKek {
    path: PathBuf,
    kek: LocalKek,
}

impl FileKek {
    /// Reads the key.
    ///
    /// # Errors
    /// [`KekError`]: also where group or others may read the file.
    pub fn load(path: &Path) -> Result<Self, KekError> {
        let failed = |source| KekError::File { path: path.to_owned(), source };
        let mode = std::fs::metadata(path).map_err(failed)?.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(KekError::Exposed { path: path.to_owned(), mode });
        }
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(failed)?);
        let kek = LocalKek::parse(&text).ok_or_else(|| KekError::Malformed(path.display().to_string()))?;
        Ok(Self { path: path.to_owned(), kek })
    }

    /// Makes a new random key in a new file.
    ///
    /// # Errors
    /// [`KekError`]: also where the file is there already.
    pub fn create(path: &Path) -> Result<(), KekError> {
        let failed = |source| KekError::File { path: path.to_owned(), source };
        let mut key = Zeroizing::new([0_u8; 32]);
        getrandom::fill(key.as_mut_slice()).map_err(|_| KekError::NoRandomness)?;
        let mut text = Zeroizing::new(String::with_capacity(2 * key.len() + 1));
        for byte in key.iter() {
            text.extend([byte >> 4, byte & 0xf].map(|digit| char::from_digit(u32::from(digit), 16).unwrap_or('0')));
        }
        text.push('\n');
        write_new(path, text.as_bytes()).map_err(failed)
    }
}

fn write_new(path: &Path, text: &[u8]) -> io::Result<()> {
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text)?;
    file.sync_all()?;
    crate::keys::file::sync_parent(path)
}

impl KekProvider for FileKek {
    fn name(&self) -> String {
        format!("file:{}", self.path.display())
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
    fn a_new_key_is_private_and_never_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("kek");
        FileKek::create(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let kek = FileKek::load(&path).unwrap();
        assert_eq!(*kek.unwrap_key(&kek.wrap_key(&[1; 32], b"").unwrap(), b"").unwrap(), [1; 32]);
        assert!(FileKek::create(&path).unwrap_err().to_string().contains("File exists"));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        let error = FileKek::load(&path).err().unwrap().to_string();
        assert!(error.contains("mode 640") && error.contains("chmod 600"), "{error}");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o400)).unwrap();
        assert!(FileKek::load(&path).is_ok(), "as systemd's credentials are");
    }
}

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use super::domain::DomainKeys;
use super::*;
use crate::crypto::{Header, Sealer as _};
use crate::plan::{Algorithm, SealedColumn, TERM_CHARS, TermHash};
use crate::value::{Kind, LogicalType, Plaintext};

fn column(id: u32, equality: bool) -> SealedColumn {
    SealedColumn {
        id,
        domain: Arc::from("phone"),
        algorithm: Algorithm::Aes256Gcm,
        equality,
        fold_case: false,
        ty: LogicalType { kind: Kind::Text, typmod: -1 },
        name: Arc::from("public.customers.phone"),
    }
}

fn plain(text: &str) -> Plaintext {
    Plaintext::new(text.to_owned())
}

struct Files {
    directory: tempfile::TempDir,
    kek: FileKek,
}

fn files() -> Files {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kek");
    FileKek::create(&path).unwrap();
    Files { kek: FileKek::load(&path).unwrap(), directory }
}

fn keyring(kek: &FileKek) -> KeyringFile {
    let mut file = KeyringFile::empty();
    for database in ["bank", "archive"] {
        file.add_domain(database, "phone", TermHash::HmacSha256, kek).unwrap();
    }
    file
}

fn code(error: Option<crate::wire::PgError>) -> String {
    error.map(|error| error.code.as_str().to_owned()).unwrap_or_default()
}

#[test]
fn a_database_has_keys_of_its_own() {
    let files = files();
    let keyrings = keyring(&files.kek).open(&files.kek).unwrap();
    let (bank, archive) = (keyrings.database("bank"), keyrings.database("archive"));
    let sealed = bank.seal(&column(7, false), &plain("138")).unwrap();
    assert_eq!(bank.open(&column(7, false), &sealed).unwrap().expose(), "138");
    assert_eq!(code(archive.open(&column(7, false), &sealed).err()), "22000");
    assert_ne!(bank.pseudonym_key("phone"), archive.pseudonym_key("phone"));
    let nowhere = keyrings.database("other");
    assert_eq!(code(nowhere.open(&column(7, false), &sealed).err()), "58000");
    assert_eq!(code(nowhere.seal(&column(7, false), &plain("138")).err()), "58000");
    assert_eq!(code(bank.pseudonym_key("card").err()), "58000");
}

#[test]
fn a_value_opens_for_its_own_column_only() {
    let keys = DomainKeys::fresh(TermHash::HmacSha256).unwrap();
    let (value, form) = (plain("138"), plain("138"));
    let searchable = keys.seal(&column(7, true), &value, Some(&form)).unwrap();
    let bare = keys.seal(&column(7, false), &value, None).unwrap();
    let cases = [
        (column(7, true), &searchable, ""),
        (column(7, false), &searchable, ""),
        (column(8, true), &searchable, "22000"),
        (column(7, false), &bare, ""),
        (column(7, true), &bare, "22000"),
    ];
    for (column, sealed, expect) in cases {
        assert_eq!(code(keys.open(&column, sealed).err()), expect, "{sealed} in {}", column.id);
    }
    assert_eq!(&searchable[..TERM_CHARS], keys.term(&form).as_str());
}

#[test]
fn a_column_without_equality_has_no_terms() {
    let keyring = Keyring::ephemeral(&BTreeMap::from([("phone".to_owned(), TermHash::HmacSm3)])).unwrap();
    assert_eq!(code(keyring.term(&column(7, false), &plain("138")).err()), "0A000");
    let sealed = keyring.seal(&column(7, false), &plain("")).unwrap();
    assert_eq!(keyring.open(&column(7, false), &sealed).unwrap().expose(), "");
}

#[test]
fn rotation_keeps_old_values_and_all_terms() {
    let files = files();
    let mut file = keyring(&files.kek);
    let column = column(7, false);
    let before = file.open(&files.kek).unwrap().database("bank");
    let old = before.seal(&column, &plain("138")).unwrap();
    let equality = serde_json::to_string(&file.get("bank", "phone").unwrap().equality).unwrap();
    assert_eq!(file.add_seal_key("bank", "phone", &files.kek).unwrap(), 2);
    assert_eq!(serde_json::to_string(&file.get("bank", "phone").unwrap().equality).unwrap(), equality);

    let after = file.open(&files.kek).unwrap().database("bank");
    let new = after.seal(&column, &plain("138")).unwrap();
    assert_eq!(Header::read(&new).unwrap().key_version, 2);
    assert_eq!(after.open(&column, &old).unwrap().expose(), "138");
    assert_eq!(code(before.open(&column, &new).err()), "58000", "a proxy without the new key says so");
    assert_eq!(before.pseudonym_key("phone"), after.pseudonym_key("phone"));
    assert!(matches!(file.add_seal_key("bank", "card", &files.kek), Err(KeyringError::Missing { .. })));
    assert!(matches!(
        file.add_domain("bank", "phone", TermHash::HmacSha256, &files.kek),
        Err(KeyringError::Exists { .. })
    ));
}

#[test]
fn no_wrapped_key_serves_elsewhere() {
    let files = files();
    let mut file = keyring(&files.kek);
    file.add_seal_key("bank", "phone", &files.kek).unwrap();
    let good = serde_json::to_value(&file).unwrap();
    let bank = "/databases/bank/phone";
    let swaps = [
        (format!("{bank}/seal/0/wrapped"), format!("{bank}/seal/1/wrapped")),
        (format!("{bank}/equality/wrapped"), format!("{bank}/pseudonym/wrapped")),
        (format!("{bank}/equality/wrapped"), "/databases/archive/phone/equality/wrapped".to_owned()),
        (format!("{bank}/seal/0/version"), format!("{bank}/seal/1/version")),
    ];
    for (a, b) in swaps {
        let mut changed = good.clone();
        let value = changed.pointer(&a).unwrap().clone();
        *changed.pointer_mut(&a).unwrap() = good.pointer(&b).unwrap().clone();
        *changed.pointer_mut(&b).unwrap() = value;
        let changed: KeyringFile = serde_json::from_value(changed).unwrap();
        assert!(changed.open(&files.kek).is_err(), "{a} for {b}");
    }
    let mut changed = good;
    *changed.pointer_mut("/databases/bank/phone/hash").unwrap() = "hmac-sm3".into();
    let changed: KeyringFile = serde_json::from_value(changed).unwrap();
    assert!(changed.open(&files.kek).is_err(), "the hash is authenticated");
}

#[test]
fn the_file_is_private_and_written_as_a_whole() {
    let files = files();
    let path = files.directory.path().join("keyring");
    let mut file = keyring(&files.kek);
    file.create(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let first = std::fs::read(&path).unwrap();
    file.add_seal_key("bank", "phone", &files.kek).unwrap();
    assert!(file.create(&path).is_err(), "never over another");
    assert_eq!(std::fs::read(&path).unwrap(), first);
    file.replace(&path).unwrap();
    assert_eq!(KeyringFile::load(&path).unwrap().get("bank", "phone").unwrap().seal.len(), 2);
    let left: Vec<_> =
        std::fs::read_dir(files.directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "no temporary file stays: {left:?}");
}

#[test]
fn what_is_no_keyring() {
    let files = files();
    let path = files.directory.path().join("keyring");
    let cases = [
        ("", "not a keyring (line 1, column 0)"),
        ("{\"format\": 2, \"new\": true}", "format 2 is not known"),
        ("{\"format\": 1, \"databases\": {}, \"more\": 1}", "not a keyring (line 1"),
    ];
    for (text, expect) in cases {
        std::fs::write(&path, text).unwrap();
        let error = KeyringFile::load(&path).err().unwrap().to_string();
        assert!(error.contains(expect), "{error}");
    }
}

#[test]
fn a_policy_is_checked_against_the_keyring() {
    let files = files();
    let keyrings = keyring(&files.kek).open(&files.kek).unwrap();
    let wanted = |domain: &str, hash| BTreeMap::from([(domain.to_owned(), hash)]);
    assert!(keyrings.check("bank", &wanted("phone", TermHash::HmacSha256)).is_ok());
    let other = keyrings.check("bank", &wanted("phone", TermHash::HmacSm3));
    assert!(matches!(other, Err(KeyringError::OtherHash { .. })));
    for (database, domain) in [("bank", "card"), ("nowhere", "phone")] {
        let missing = keyrings.check(database, &wanted(domain, TermHash::HmacSha256));
        assert!(matches!(missing, Err(KeyringError::Missing { .. })));
    }
}

//! Verifies the demo's answers: right values for those who may see them, right masks for the others, and no
//! plaintext where the database keeps its files.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use super::bank::{self, Customer};
use super::setup::{self, SetupError};
use super::show::SHOWN_CUSTOMER;

/// Customers whose values are looked for in the database's files.
const CANARIES: u64 = 100;

/// One promise and whether it held.
pub struct Finding {
    pub promise: &'static str,
    /// `None` where it held, else what was seen instead. Never a value that was to stay hidden.
    pub broken: Option<String>,
}

/// Asks every question of the demo again and judges the answers.
///
/// # Errors
/// Somebody cannot log in.
pub async fn answers(proxy: u16, server: u16) -> Result<Vec<Finding>, SetupError> {
    let who = bank::customer(SHOWN_CUSTOMER);
    let by_id = format!("SELECT phone, id_number FROM customers WHERE id = {}", who.id);
    let by_phone = format!("SELECT id FROM customers WHERE phone = '{}'", who.phone);
    let masked = [mask(&who.phone, 3, 4), mask(&who.id_number, 6, 4)];
    let id = who.id.to_string();
    let hidden = format!("SELECT id FROM customers WHERE branch_id <> 1 AND id = {}", who.id + 1);
    let mut findings = Vec::new();
    for (promise, login, sql, expected) in [
        ("the application sees clear values", "app", &by_id, Some(vec![who.phone.clone(), who.id_number.clone()])),
        ("a manager sees clear values", "manager", &by_id, Some(vec![who.phone.clone(), who.id_number.clone()])),
        ("a teller sees masks", "teller", &by_id, Some(masked.to_vec())),
        ("a teller finds a customer by the exact phone number", "teller", &by_phone, Some(vec![id.clone()])),
        ("the application finds a customer by the phone number", "app", &by_phone, Some(vec![id])),
        ("an auditor does not see other branches", "auditor", &hidden, Some(Vec::new())),
        ("a dba is refused", "dba", &by_id, None),
    ] {
        let client = setup::connect(proxy, login, "bank").await?;
        let broken = judge(&setup::rows(&client, sql).await, expected.as_deref());
        findings.push(Finding { promise, broken });
    }
    findings.push(sealed_in_database(server, &by_id, &who).await?);
    Ok(findings)
}

/// `None` for the expected answer; `expected` is `None` where a refusal is due.
fn judge(
    answer: &Result<Vec<Vec<Option<String>>>, tokio_postgres::Error>,
    expected: Option<&[String]>,
) -> Option<String> {
    match (answer, expected) {
        (Ok(rows), Some(expected)) => {
            let seen: Vec<_> = rows.iter().flatten().map(|value| value.as_deref().unwrap_or("NULL")).collect();
            let same = seen.len() == expected.len() && seen.iter().zip(expected).all(|(seen, due)| seen == due);
            (!same).then(|| format!("{} values, not the expected ones", seen.len()))
        }
        (Ok(rows), None) => Some(format!("answered with {} rows", rows.len())),
        (Err(error), None) => match error.as_db_error() {
            Some(error) if error.code().code() == "42501" => None,
            _ => Some(format!("failed otherwise: {error}")),
        },
        (Err(error), Some(_)) => Some(format!("refused: {error}")),
    }
}

async fn sealed_in_database(server: u16, sql: &str, who: &Customer) -> Result<Finding, SetupError> {
    let direct = setup::connect(server, "postgres", "bank").await?;
    let broken = match setup::rows(&direct, sql).await {
        Err(error) => Some(error.to_string()),
        Ok(rows) => {
            let values: Vec<String> = rows.into_iter().flatten().flatten().collect();
            let sealed = values.len() == 2 && values.iter().all(|value| value.starts_with("~pv1:"));
            let clear = values.iter().any(|value| value.contains(&who.phone) || value.contains(&who.id_number));
            (!sealed || clear).then(|| "the database holds something else".to_owned())
        }
    };
    Ok(Finding { promise: "the database holds sealed values", broken })
}

/// Searches the data directory (tables, indexes, write-ahead log, server log) for values that are sealed.
/// To be called after a clean stop: everything is in the files then.
///
/// # Errors
/// A file cannot be read.
pub fn files(data: &Path) -> io::Result<Finding> {
    let canaries: Vec<Vec<u8>> = (1..=CANARIES)
        .flat_map(|id| {
            let customer = bank::customer(id);
            [customer.phone, customer.id_number, customer.email, bank::account_no(id), bank::pan(id)]
        })
        .map(String::into_bytes)
        .collect();
    let finders: Vec<_> = canaries.iter().map(memchr::memmem::Finder::new).collect();
    let mut found = 0;
    let mut directories = vec![data.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                directories.push(entry.path());
            } else if kind.is_file() {
                let mut bytes = Vec::new();
                fs::File::open(entry.path())?.read_to_end(&mut bytes)?;
                found += finders.iter().filter(|finder| finder.find(&bytes).is_some()).count();
            }
        }
    }
    let broken = (found > 0).then(|| format!("{found} values found in clear"));
    Ok(Finding { promise: "no sealed value stands in the database's files or log in clear", broken })
}

/// First and last characters kept, the others starred.
fn mask(value: &str, first: usize, last: usize) -> String {
    let length = value.chars().count();
    value.chars().enumerate().map(|(i, c)| if i < first || i + last >= length { c } else { '*' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_in_a_file_is_found() {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("base")).unwrap();
        fs::write(directory.path().join("base/1"), "nothing here").unwrap();
        assert!(files(directory.path()).unwrap().broken.is_none());
        fs::write(directory.path().join("base/2"), format!("x{}y", bank::customer(3).phone)).unwrap();
        assert!(files(directory.path()).unwrap().broken.is_some());
    }

    #[test]
    fn masks_are_as_the_policy_says() {
        assert_eq!(mask("13812345678", 3, 4), "138****5678");
        assert_eq!(mask("11010519491231002X", 6, 4), "110105********002X");
    }
}

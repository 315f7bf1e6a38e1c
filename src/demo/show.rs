//! One question, asked by everyone: what each role sees of the same rows, and what the database holds.

use super::setup::{self, SetupError};
use super::table::Table;

/// Who is shown, in this order; `None` is the database itself, seen by its superuser.
const VIEWERS: [(&str, Option<&str>); 6] = [
    ("app", Some("app")),
    ("teller", Some("teller")),
    ("auditor", Some("auditor")),
    ("dev", Some("dev")),
    ("dba", Some("dba")),
    ("in the database", None),
];

/// The customer in the heading: in the auditors' branch, and with no column NULL.
pub const SHOWN_CUSTOMER: u64 = 8;

const CELL_CHARS: usize = 26;

/// The question.
pub fn question() -> String {
    format!("SELECT name, phone, id_number, birth_date, address FROM customers WHERE id = {SHOWN_CUSTOMER}")
}

/// A table with a line for every viewer. A refusal is shown as what the client was told.
///
/// # Errors
/// Somebody cannot log in.
pub async fn side_by_side(proxy: u16, server: u16) -> Result<Table, SetupError> {
    let mut table = Table::new(&["seen by", "name", "phone", "id_number", "birth_date", "address"]);
    for (title, login) in VIEWERS {
        let client = match login {
            Some(login) => setup::connect(proxy, login, "bank").await?,
            None => setup::connect(server, "postgres", "bank").await?,
        };
        let mut line = vec![title.to_owned()];
        match setup::rows(&client, &question()).await {
            Ok(rows) => line
                .extend(rows.into_iter().next().unwrap_or_else(|| vec![Some("(no row)".into())]).into_iter().map(cell)),
            Err(error) => line.push(refusal(&error)),
        }
        table.push(line);
    }
    Ok(table)
}

fn cell(value: Option<String>) -> String {
    let value = value.unwrap_or_else(|| "NULL".to_owned());
    if value.chars().count() <= CELL_CHARS {
        return value;
    }
    value.chars().take(CELL_CHARS - 1).chain(['…']).collect()
}

fn refusal(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(error) => format!("refused: {}", error.code().code()),
        None => "connection lost".to_owned(),
    }
}

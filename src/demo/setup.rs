//! Roles, database, schema and rows of the sample bank.

use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

use super::{bank, schema};

/// Logins of the demo. Each one's password is its name.
pub const LOGINS: [&str; 6] = ["app", "manager", "teller", "auditor", "dev", "dba"];

/// Anything that goes wrong while talking to the database, with what was tried.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {source}")]
pub struct SetupError {
    what: String,
    source: tokio_postgres::Error,
}

fn tried(what: impl Into<String>) -> impl FnOnce(tokio_postgres::Error) -> SetupError {
    move |source| SetupError { what: what.into(), source }
}

/// Opens a session; its other half runs as a task of the current runtime.
///
/// # Errors
/// The server is not there or refuses the login.
pub async fn connect(port: u16, login: &str, database: &str) -> Result<Client, SetupError> {
    let mut config = Config::new();
    config.host("127.0.0.1").port(port).user(login).password(login).dbname(database).application_name("pgveil-demo");
    let (client, connection) = config.connect(NoTls).await.map_err(tried(format!("log in as {login}")))?;
    tokio::spawn(async move {
        // Its end is seen by whoever uses the client
        let _ended = connection.await;
    });
    Ok(client)
}

/// Creates logins, the database and the protected schema, directly on the server.
///
/// # Errors
/// The server refuses a statement.
pub async fn create_bank(server: u16) -> Result<(), SetupError> {
    let admin = connect(server, "postgres", "postgres").await?;
    admin.batch_execute(&logins_sql()).await.map_err(tried("create the logins"))?;
    admin.batch_execute("CREATE DATABASE bank OWNER app").await.map_err(tried("create the database"))?;
    let owner = connect(server, "postgres", "bank").await?;
    let sql = format!("GRANT ALL ON SCHEMA public TO app; SET ROLE app; {}; {GRANTS}", schema::PROTECTED);
    owner.batch_execute(&sql).await.map_err(tried("create the schema"))
}

/// The database lets everyone at everything: what each may see is the proxy's to say.
const GRANTS: &str =
    "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO manager, teller, auditor, dev";

fn logins_sql() -> String {
    let mut sql = String::from("CREATE ROLE veil_catalog LOGIN;");
    for login in LOGINS {
        let superuser = if login == "dba" { " SUPERUSER" } else { "" };
        sql.push_str(&format!("CREATE ROLE {login} LOGIN{superuser} PASSWORD '{login}';"));
    }
    sql
}

/// Loads the bank by COPY through the proxy, as the application does; the number of rows.
///
/// # Errors
/// The proxy or the server refuses a row.
pub async fn load(proxy: u16, customers: u64) -> Result<u64, SetupError> {
    use bytes::Bytes;
    let app = connect(proxy, "app", "bank").await?;
    let mut total = 0;
    for rows in bank::tables(customers) {
        let what = || tried(format!("load {}", rows.table));
        let sink = app.copy_in(&format!("COPY {} FROM STDIN", rows.table)).await.map_err(what())?;
        let mut sink = std::pin::pin!(sink);
        send(sink.as_mut(), Bytes::from(rows.copy_text)).await.map_err(tried(rows.table))?;
        total += sink.finish().await.map_err(tried(rows.table))?;
    }
    Ok(total)
}

/// What one CopyData message carries, as `psql` and drivers send it: rows end anywhere in it.
const CHUNK_BYTES: usize = 64 * 1024;

async fn send(
    mut sink: std::pin::Pin<&mut tokio_postgres::CopyInSink<bytes::Bytes>>,
    data: bytes::Bytes,
) -> Result<(), tokio_postgres::Error> {
    use futures_sink::Sink as _;
    let mut rest = data;
    while !rest.is_empty() {
        let chunk = rest.split_to(rest.len().min(CHUNK_BYTES));
        std::future::poll_fn(|context| sink.as_mut().poll_ready(context)).await?;
        sink.as_mut().start_send(chunk)?;
    }
    std::future::poll_fn(|context| sink.as_mut().poll_flush(context)).await
}

/// A statement's rows as text; NULL is `None`. A refusal is an error of the server's kind.
///
/// # Errors
/// The statement is refused or fails.
pub async fn rows(client: &Client, sql: &str) -> Result<Vec<Vec<Option<String>>>, tokio_postgres::Error> {
    let messages = client.simple_query(sql).await?;
    let text = |row: &tokio_postgres::SimpleQueryRow| (0..row.len()).map(|i| row.get(i).map(str::to_owned)).collect();
    Ok(messages
        .iter()
        .filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(text(row)),
            _ => None,
        })
        .collect())
}

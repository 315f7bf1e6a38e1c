//! A PostgreSQL client that keeps every byte: what the harnesses compare is what arrived.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How a statement is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// The Query message.
    Simple,
    /// Parse, Bind, Execute with text parameters and results.
    Text,
    /// The same with binary results, and binary parameters where the type has an easy binary form.
    Binary,
}

/// One column of RowDescription, without the origin (relation OIDs differ between databases).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub has_origin: bool,
    pub type_oid: u32,
    pub size: i16,
    pub typmod: i32,
    pub format: i16,
}

/// An ErrorResponse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub sqlstate: String,
    pub message: String,
    pub hint: String,
}

/// Everything that one statement brought back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    pub parameter_types: Vec<u32>,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Option<Vec<u8>>>>,
    pub copied: Vec<u8>,
    pub tags: Vec<String>,
    pub failure: Option<Failure>,
    /// `I`, `T` or `E` from ReadyForQuery; 0 where the connection ended first.
    pub status: u8,
}

pub struct Client {
    stream: TcpStream,
    /// Every byte received since the last [`Client::forget`].
    pub received: Vec<u8>,
    pub closed: bool,
}

impl Client {
    /// Logs in without a password (trust).
    pub fn connect(port: u16, user: &str, database: &str) -> Result<Self, String> {
        Self::connect_with(port, user, database, &[])
    }

    /// Logs in with further parameters in the startup message.
    pub fn connect_with(port: u16, user: &str, database: &str, more: &[(String, String)]) -> Result<Self, String> {
        let stream = TcpStream::connect(("127.0.0.1", port)).map_err(|e| e.to_string())?;
        stream.set_read_timeout(Some(Duration::from_secs(30))).map_err(|e| e.to_string())?;
        stream.set_nodelay(true).map_err(|e| e.to_string())?;
        let mut client = Self { stream, received: Vec::new(), closed: false };
        let mut body = 196_608u32.to_be_bytes().to_vec();
        let more = more.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
        for word in ["user", user, "database", database, "client_encoding", "UTF8"].into_iter().chain(more) {
            body.extend_from_slice(word.as_bytes());
            body.push(0);
        }
        body.push(0);
        let mut packet = (body.len() as u32 + 4).to_be_bytes().to_vec();
        packet.extend(body);
        client.send(&packet);
        let reply = client.read_reply(None);
        match (reply.status, reply.failure) {
            (b'I', None) => Ok(client),
            (_, failure) => Err(format!("no session for {user} at {database}: {failure:?}")),
        }
    }

    pub fn forget(&mut self) {
        self.received.clear();
    }

    /// Runs a statement, or fails the test.
    pub fn must(&mut self, sql: &str) -> Reply {
        let reply = self.simple(sql, None);
        assert!(reply.failure.is_none(), "{sql}: {:?}", reply.failure);
        reply
    }

    pub fn run(&mut self, mode: Mode, sql: &str, params: &[Option<String>], copy: Option<&[u8]>) -> Reply {
        self.run_typed(mode, sql, &[], params, copy)
    }

    /// `types`: type OIDs that Parse declares.
    pub fn run_typed(
        &mut self,
        mode: Mode,
        sql: &str,
        types: &[u32],
        params: &[Option<String>],
        copy: Option<&[u8]>,
    ) -> Reply {
        match mode {
            Mode::Simple => self.simple(&inline(sql, params), copy),
            Mode::Text => self.extended(sql, types, params, copy, false),
            Mode::Binary => self.extended(sql, types, params, copy, true),
        }
    }

    pub fn simple(&mut self, sql: &str, copy: Option<&[u8]>) -> Reply {
        let mut body = sql.as_bytes().to_vec();
        body.push(0);
        self.send(&message(b'Q', &body));
        self.read_reply(Some(&copy_data(copy.unwrap_or_default())))
    }

    fn extended(
        &mut self,
        sql: &str,
        types: &[u32],
        params: &[Option<String>],
        copy: Option<&[u8]>,
        binary: bool,
    ) -> Reply {
        let mut parse = vec![0];
        parse.extend_from_slice(sql.as_bytes());
        parse.push(0);
        parse.extend_from_slice(&(types.len() as u16).to_be_bytes());
        types.iter().for_each(|oid| parse.extend_from_slice(&oid.to_be_bytes()));
        let mut batch = message(b'P', &parse);
        batch.extend(message(b'D', b"S\0"));
        batch.extend(message(b'S', b""));
        self.send(&batch);
        let described = self.read_reply(None);
        if described.failure.is_some() || self.closed {
            return described;
        }
        let mut batch = message(b'B', &bind("", "", &described.parameter_types, params, binary));
        batch.extend(message(b'D', b"P\0"));
        batch.extend(message(b'E', b"\0\0\0\0\0"));
        batch.extend(message(b'S', b""));
        self.send(&batch);
        // The server skips the Sync that it reads in the middle of a COPY
        let data = [copy_data(copy.unwrap_or_default()), message(b'S', b"")].concat();
        let mut reply = self.read_reply(Some(&data));
        reply.parameter_types = described.parameter_types;
        reply
    }

    /// A Query of any bytes.
    pub fn query(&mut self, sql: &[u8]) -> Reply {
        self.send(&message(b'Q', &[sql, b"\0"].concat()));
        self.read_reply(None)
    }

    /// Parse, Bind and Execute with text values of any bytes.
    pub fn execute_bytes(&mut self, sql: &str, values: &[Vec<u8>]) -> Reply {
        let mut bind = [b"\0\0\0\0".as_slice(), &(values.len() as u16).to_be_bytes()].concat();
        for value in values {
            bind.extend_from_slice(&(value.len() as u32).to_be_bytes());
            bind.extend_from_slice(value);
        }
        bind.extend_from_slice(&[0, 0]);
        let parse = [b"\0".as_slice(), sql.as_bytes(), b"\0\0\0"].concat();
        self.exchange(&[(b'P', parse), (b'B', bind), (b'E', b"\0\0\0\0\0".to_vec())])
    }

    /// Parses under a name, to be run by [`Client::execute`].
    pub fn prepare(&mut self, name: &str, sql: &str) -> Reply {
        let parse = [name.as_bytes(), b"\0", sql.as_bytes(), b"\0\0\0"].concat();
        self.exchange(&[(b'P', parse)])
    }

    /// Runs a prepared statement with text parameters.
    pub fn execute(&mut self, name: &str, params: &[Option<String>]) -> Reply {
        let messages =
            [(b'B', bind("", name, &[], params, false)), (b'D', b"P\0".to_vec()), (b'E', b"\0\0\0\0\0".to_vec())];
        self.exchange(&messages)
    }

    /// Opens a portal on a prepared statement; it lives as long as the transaction.
    pub fn open(&mut self, portal: &str, name: &str) -> Reply {
        self.exchange(&[(b'B', bind(portal, name, &[], &[], false))])
    }

    /// The next rows of a portal.
    pub fn fetch(&mut self, portal: &str, rows: u32) -> Reply {
        self.exchange(&[(b'E', [portal.as_bytes(), b"\0", &rows.to_be_bytes()].concat())])
    }

    /// The FunctionCall message, with arguments and result as text.
    pub fn call(&mut self, function_oid: u32, arguments: &[String]) -> Reply {
        let mut body = function_oid.to_be_bytes().to_vec();
        body.extend_from_slice(&[0, 0]);
        body.extend_from_slice(&(arguments.len() as u16).to_be_bytes());
        for argument in arguments {
            body.extend_from_slice(&(argument.len() as u32).to_be_bytes());
            body.extend_from_slice(argument.as_bytes());
        }
        body.extend_from_slice(&[0, 0]);
        self.send(&message(b'F', &body));
        self.read_reply(None)
    }

    pub fn exchange(&mut self, messages: &[(u8, Vec<u8>)]) -> Reply {
        let mut batch: Vec<u8> = messages.iter().flat_map(|(kind, body)| message(*kind, body)).collect();
        batch.extend(message(b'S', b""));
        self.send(&batch);
        self.read_reply(None)
    }

    /// Sends all Queries at once and reads their answers.
    pub fn pipeline(&mut self, texts: &[String]) -> Vec<Reply> {
        let queries = texts.iter().flat_map(|sql| message(b'Q', &[sql.as_bytes(), b"\0"].concat()));
        let batch: Vec<u8> = queries.collect();
        self.send(&batch);
        self.forget();
        texts.iter().map(|_| self.read_reply(None)).collect()
    }

    /// Sends a Query and leaves its answer unread in the socket.
    pub fn ask(mut self, sql: &str) -> TcpStream {
        self.send(&message(b'Q', &[sql.as_bytes(), b"\0"].concat()));
        self.stream
    }

    fn send(&mut self, bytes: &[u8]) {
        if self.stream.write_all(bytes).is_err() {
            self.closed = true;
        }
    }

    /// Reads up to and including ReadyForQuery. `copy`: the messages to answer a COPY FROM STDIN with.
    fn read_reply(&mut self, copy: Option<&[u8]>) -> Reply {
        let mut reply = Reply::default();
        while let Some((kind, body)) = self.read_message() {
            match kind {
                b'T' => reply.columns = columns(&body),
                b'D' => reply.rows.push(row(&body)),
                b'd' => reply.copied.extend_from_slice(&body),
                b'C' => reply.tags.push(text(&body)),
                b't' => {
                    reply.parameter_types =
                        body[2..].chunks_exact(4).map(|b| u32::from_be_bytes([b[0], b[1], b[2], b[3]])).collect();
                }
                b'E' => reply.failure = Some(failure(&body)),
                b'G' => self.send(copy.unwrap_or_default()),
                b'R' => assert_eq!(body, [0, 0, 0, 0], "the server asks for a password"),
                b'Z' => {
                    reply.status = body[0];
                    return reply;
                }
                _ => {}
            }
        }
        self.closed = true;
        reply
    }

    fn read_message(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut head = [0; 5];
        self.stream.read_exact(&mut head).ok()?;
        let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
        let mut body = vec![0; length.checked_sub(4)?];
        self.stream.read_exact(&mut body).ok()?;
        self.received.extend_from_slice(&head);
        self.received.extend_from_slice(&body);
        Some((head[0], body))
    }
}

/// All of a COPY's data, and its end.
fn copy_data(data: &[u8]) -> Vec<u8> {
    [message(b'd', data), message(b'c', b"")].concat()
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind];
    bytes.extend_from_slice(&(body.len() as u32 + 4).to_be_bytes());
    bytes.extend_from_slice(body);
    bytes
}

fn bind(portal: &str, name: &str, types: &[u32], params: &[Option<String>], binary: bool) -> Vec<u8> {
    let encoded: Vec<(u16, Option<Vec<u8>>)> = params
        .iter()
        .enumerate()
        .map(|(i, value)| match value {
            None => (0, None),
            Some(value) => match binary.then(|| binary_form(*types.get(i)?, value)).flatten() {
                Some(bytes) => (1, Some(bytes)),
                None => (0, Some(value.clone().into_bytes())),
            },
        })
        .collect();
    let count = (params.len() as u16).to_be_bytes();
    let mut body = [portal.as_bytes(), b"\0", name.as_bytes(), b"\0"].concat();
    body.extend_from_slice(&count);
    for (format, _) in &encoded {
        body.extend_from_slice(&format.to_be_bytes());
    }
    body.extend_from_slice(&count);
    for (_, value) in &encoded {
        match value {
            None => body.extend_from_slice(&(-1i32).to_be_bytes()),
            Some(bytes) => {
                body.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
                body.extend_from_slice(bytes);
            }
        }
    }
    body.extend_from_slice(&[0, 1, 0, u8::from(binary)]);
    body
}

/// The binary form of the types for which it is easy to write down.
fn binary_form(type_oid: u32, value: &str) -> Option<Vec<u8>> {
    match type_oid {
        25 | 1042 | 1043 => Some(value.as_bytes().to_vec()),
        21 => Some(value.parse::<i16>().ok()?.to_be_bytes().to_vec()),
        23 => Some(value.parse::<i32>().ok()?.to_be_bytes().to_vec()),
        20 => Some(value.parse::<i64>().ok()?.to_be_bytes().to_vec()),
        16 => Some(vec![u8::from(value.parse::<bool>().ok()?)]),
        _ => None,
    }
}

/// Parameters written into the text, for the simple protocol.
fn inline(sql: &str, params: &[Option<String>]) -> String {
    params.iter().enumerate().rev().fold(sql.to_owned(), |sql, (i, value)| {
        let literal = match value {
            None => "NULL".to_owned(),
            Some(value) if value.contains('\\') => {
                format!("E'{}'", value.replace('\\', "\\\\").replace('\'', "''"))
            }
            Some(value) => format!("'{}'", value.replace('\'', "''")),
        };
        sql.replace(&format!("${}", i + 1), &literal)
    })
}

fn columns(body: &[u8]) -> Vec<Column> {
    let mut rest = &body[2..];
    let mut found = Vec::new();
    while let Some(end) = rest.iter().position(|b| *b == 0) {
        let name = text(&rest[..=end]);
        let fixed = &rest[end + 1..end + 19];
        let int = |at: usize| u32::from_be_bytes([fixed[at], fixed[at + 1], fixed[at + 2], fixed[at + 3]]);
        let short = |at: usize| i16::from_be_bytes([fixed[at], fixed[at + 1]]);
        found.push(Column {
            name,
            has_origin: int(0) != 0,
            type_oid: int(6),
            size: short(10),
            typmod: int(12) as i32,
            format: short(16),
        });
        rest = &rest[end + 19..];
    }
    found
}

fn row(body: &[u8]) -> Vec<Option<Vec<u8>>> {
    let mut rest = &body[2..];
    let mut values = Vec::new();
    while let Some((head, tail)) = rest.split_at_checked(4) {
        let length = i32::from_be_bytes([head[0], head[1], head[2], head[3]]);
        let length = usize::try_from(length).ok();
        let taken = length.unwrap_or(0);
        values.push(length.map(|_| tail[..taken].to_vec()));
        rest = &tail[taken..];
    }
    values
}

fn failure(body: &[u8]) -> Failure {
    let field = |code: u8| {
        body.split(|b| *b == 0)
            .find(|part| part.first() == Some(&code))
            .map(|part| text(&part[1..]))
            .unwrap_or_default()
    };
    Failure { sqlstate: field(b'C'), message: field(b'M'), hint: field(b'H') }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned()
}

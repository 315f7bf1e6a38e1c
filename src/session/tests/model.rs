//! A model of PostgreSQL's protocol loop: extended and simple protocol, implicit and explicit transactions, skipping
//! to Sync, portals with row limits, COPY both ways, output that is held back until a flush.
//!
//! Source: PostgreSQL `src/backend/tcop/postgres.c`, `src/backend/commands/copyfromparse.c`.

use std::collections::{HashMap, VecDeque};

use bytes::{BufMut, BytesMut};

use crate::wire::backend::{self, Column};
use crate::wire::frame::{self, HEADER_LEN, Sender};
use crate::wire::frontend::{Frontend, Target};

/// The statements that the model knows, beside `SELECT n`, which returns n rows.
pub(super) const PLANNED: &str = "PLANNED";
pub(super) const PLANNED_UPSTREAM: &str = "SELECT planned";
pub(super) const REFUSED: &str = "REFUSED";

/// Functions. Others are passed too.
pub(super) const CALL_REFUSED: u32 = 0;
pub(super) const CALL_PASSED: u32 = 1;
pub(super) const CALL_FAILS: u32 = 2;
pub(super) const CALL_LONG: u32 = 3;
pub(super) const CALL_PLANNED: u32 = 4;
pub(super) const CALL_SEALED: u32 = 5;

pub(super) const PUBLIC_TABLE: u32 = 1;
pub(super) const PROTECTED_TABLE: u32 = 2;

#[derive(Default)]
pub(super) struct Model {
    statements: HashMap<Vec<u8>, String>,
    portals: HashMap<Vec<u8>, (String, usize)>,
    in_block: bool,
    is_failed: bool,
    skips: bool,
    copy: Option<CopyFrom>,
    buffer: BytesMut,
    /// Part of a message.
    pub held: BytesMut,
    /// What has been flushed to the client.
    pub output: BytesMut,
    /// The texts that have run.
    pub ran: Vec<String>,
}

struct CopyFrom {
    /// The rest of a simple Query; `None` in the extended protocol.
    rest: Option<VecDeque<String>>,
}

type Ran<T> = Result<T, &'static str>;

enum Run {
    Complete,
    Copying,
}

impl Model {
    pub fn read(&mut self, input: &mut BytesMut) {
        while let Some((kind, frame)) = frame::take(input, Sender::Client).unwrap() {
            let message = Frontend::parse(kind, &frame[HEADER_LEN..]).unwrap();
            if self.copy.is_some() {
                self.copied(message);
            } else if !self.skips || matches!(message, Frontend::Sync) {
                self.message(message);
            }
        }
    }

    fn message(&mut self, message: Frontend<'_>) {
        match message {
            Frontend::Sync => {
                self.skips = false;
                self.ready();
            }
            Frontend::Flush => self.flush(),
            Frontend::Query { sql } => self.query(sql),
            Frontend::CopyData(_) | Frontend::CopyDone | Frontend::CopyFail { .. } | Frontend::Terminate => {}
            Frontend::FunctionCall { function } => {
                match self.call(function) {
                    Ok(()) => {}
                    Err(code) => self.error(code),
                }
                self.ready();
            }
            extended => {
                if let Err(code) = self.extended(extended) {
                    self.error(code);
                    self.skips = true;
                }
            }
        }
    }

    fn extended(&mut self, message: Frontend<'_>) -> Ran<()> {
        match message {
            Frontend::Parse(parse) => {
                let sql = std::str::from_utf8(parse.sql).unwrap();
                if parse.name.is_empty() {
                    self.statements.remove(parse.name);
                }
                if sql.starts_with("pgveil") {
                    return Err("42601");
                }
                self.check_block(sql)?;
                match sql {
                    REFUSED => return Err("42501"),
                    "NO SQL" => return Err("42601"),
                    _ if sql.contains("pgveil") => return Err("42883"),
                    _ => {}
                }
                if !parse.name.is_empty() && self.statements.contains_key(parse.name) {
                    return Err("42P05");
                }
                self.statements.insert(parse.name.to_vec(), sql.to_owned());
                self.put(b'1', b"");
            }
            Frontend::Bind(bind) => {
                let sql = self.statements.get(bind.statement).ok_or("26000")?.clone();
                self.check_block(&sql)?;
                if !bind.portal.is_empty() && self.portals.contains_key(bind.portal) {
                    return Err("42P03");
                }
                self.portals.insert(bind.portal.to_vec(), (sql, 0));
                self.put(b'2', b"");
            }
            Frontend::Describe { target: Target::Statement, name } => {
                let sql = self.statements.get(name).ok_or("26000")?.clone();
                backend::write_parameter_description(&mut self.buffer, &[]).unwrap();
                self.describe(&sql);
            }
            Frontend::Describe { target: Target::Portal, name } => {
                let (sql, _) = self.portals.get(name).ok_or("34000")?.clone();
                self.describe(&sql);
            }
            Frontend::Execute { portal, max_rows } => {
                let (sql, position) = self.portals.get(portal).ok_or("34000")?.clone();
                self.check_block(&sql)?;
                if let Some(rows) = rows(&sql) {
                    self.fetch(portal, &sql, position, rows, max_rows);
                } else if let Run::Copying = self.run(&sql)? {
                    self.copy = Some(CopyFrom { rest: None });
                }
            }
            Frontend::Close { target, name } => {
                match target {
                    Target::Statement => drop(self.statements.remove(name)),
                    Target::Portal => drop(self.portals.remove(name)),
                }
                self.put(b'3', b"");
            }
            _ => unreachable!("handled before"),
        }
        Ok(())
    }

    fn call(&mut self, function: u32) -> Ran<()> {
        self.check_block("")?;
        let value: &[u8] = match function {
            CALL_REFUSED => return Err("42501"),
            CALL_FAILS => return Err("XX001"),
            CALL_LONG => &[b'x'; 70_000],
            CALL_SEALED => b"~pv1:",
            _ => b"clear",
        };
        let value = [&u32::try_from(value.len()).unwrap().to_be_bytes(), value].concat();
        self.put(b'V', &value);
        Ok(())
    }

    fn fetch(&mut self, portal: &[u8], sql: &str, position: usize, rows: usize, max_rows: i32) {
        let left = rows.saturating_sub(position);
        let limit = usize::try_from(max_rows).ok().filter(|limit| *limit > 0);
        let count = left.min(limit.unwrap_or(left));
        (0..count).for_each(|_| self.row(sql));
        self.portals.insert(portal.to_vec(), (sql.to_owned(), position + count));
        self.ran.push(sql.to_owned());
        if limit == Some(count) {
            self.put(b's', b"");
        } else {
            self.complete(&format!("SELECT {count}"));
        }
    }

    fn query(&mut self, sql: &[u8]) {
        self.statements.remove(&b""[..]);
        self.portals.remove(&b""[..]);
        let sql = std::str::from_utf8(sql).unwrap();
        let statements: VecDeque<String> =
            sql.split(';').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect();
        if statements.is_empty() {
            self.put(b'I', b"");
        }
        self.simple(statements);
    }

    fn simple(&mut self, mut statements: VecDeque<String>) {
        while let Some(sql) = statements.pop_front() {
            match self.simple_statement(&sql) {
                Ok(Run::Complete) => {}
                Ok(Run::Copying) => {
                    self.copy = Some(CopyFrom { rest: Some(statements) });
                    return;
                }
                Err(code) => {
                    self.error(code);
                    break;
                }
            }
        }
        self.ready();
    }

    fn simple_statement(&mut self, sql: &str) -> Ran<Run> {
        self.check_block(sql)?;
        if sql == REFUSED {
            return Err("42501");
        }
        let Some(rows) = rows(sql) else { return self.run(sql) };
        self.describe(sql);
        (0..rows).for_each(|_| self.row(sql));
        self.ran.push(sql.to_owned());
        self.complete(&format!("SELECT {rows}"));
        Ok(Run::Complete)
    }

    fn run(&mut self, sql: &str) -> Ran<Run> {
        self.ran.push(sql.to_owned());
        match sql {
            "" => self.put(b'I', b""),
            "BEGIN" => {
                self.in_block = true;
                self.complete("BEGIN");
            }
            "COMMIT" => {
                let tag = if self.is_failed { "ROLLBACK" } else { "COMMIT" };
                (self.in_block, self.is_failed) = (false, false);
                self.portals.clear();
                self.complete(tag);
            }
            "NOTICE" => {
                self.put(b'N', b"SNOTICE\0VNOTICE\0C00000\0Mhello\0\0");
                self.put(b'S', b"application_name\0x\0");
                self.complete("NOTICE");
            }
            "DDL" => self.complete("CREATE TABLE"),
            "COPY IN" => {
                self.put(b'G', b"\0\0\x01\0\0");
                self.flush();
                return Ok(Run::Copying);
            }
            "COPY OUT" => {
                self.put(b'H', b"\0\0\x01\0\0");
                self.put(b'd', b"1\n");
                self.put(b'd', b"2\n");
                self.put(b'c', b"");
                self.complete("COPY 2");
            }
            _ => return Err("XX001"),
        }
        Ok(Run::Complete)
    }

    fn copied(&mut self, message: Frontend<'_>) {
        let error = match message {
            Frontend::CopyData(_) | Frontend::Flush | Frontend::Sync => return,
            Frontend::CopyDone => None,
            Frontend::CopyFail { .. } => Some("57014"),
            _ => panic!("the server would close the connection"),
        };
        let rest = self.copy.take().unwrap().rest;
        match (error, rest) {
            (None, None) => self.complete("COPY 1"),
            (None, Some(rest)) => {
                self.complete("COPY 1");
                self.simple(rest);
            }
            (Some(code), None) => {
                self.error(code);
                self.skips = true;
            }
            (Some(code), Some(_)) => {
                self.error(code);
                self.ready();
            }
        }
    }

    fn check_block(&self, sql: &str) -> Ran<()> {
        if self.is_failed && sql != "COMMIT" { Err("25P02") } else { Ok(()) }
    }

    fn describe(&mut self, sql: &str) {
        if rows(sql).is_none() {
            return self.put(b'n', b"");
        }
        let type_oid = if sql == PLANNED { 1082 } else { 25 };
        let table_oid = if sql == "SELECT secret" { PROTECTED_TABLE } else { PUBLIC_TABLE };
        let column = Column { name: b"a", table_oid, column_number: 1, type_oid, type_size: -1, typmod: -1, format: 0 };
        backend::write_row_description(&mut self.buffer, &[column]).unwrap();
    }

    /// What a passed statement returns would end a planned one.
    fn row(&mut self, sql: &str) {
        let value: &[u8] = if matches!(sql, PLANNED | PLANNED_UPSTREAM) { b"clear" } else { b"~pv1:" };
        frame::write(&mut self.buffer, b'D', |body| {
            body.put_u16(1);
            body.put_u32(u32::try_from(value.len()).unwrap());
            body.put_slice(value);
        })
        .unwrap();
    }

    fn complete(&mut self, tag: &str) {
        self.put(b'C', format!("{tag}\0").as_bytes());
    }

    fn error(&mut self, code: &str) {
        self.put(b'E', format!("SERROR\0VERROR\0C{code}\0Mno\0P1\0\0").as_bytes());
        self.is_failed = self.in_block;
        self.portals.clear();
        self.flush();
    }

    fn ready(&mut self) {
        let status = match (self.in_block, self.is_failed) {
            (false, _) => b"I",
            (true, false) => b"T",
            (true, true) => b"E",
        };
        if !self.in_block {
            self.portals.clear();
        }
        self.put(b'Z', status);
        self.flush();
    }

    fn put(&mut self, kind: u8, body: &[u8]) {
        frame::write(&mut self.buffer, kind, |frame| frame.put_slice(body)).unwrap();
    }

    fn flush(&mut self) {
        self.output.extend_from_slice(&self.buffer.split());
    }
}

fn rows(sql: &str) -> Option<usize> {
    match sql {
        PLANNED | PLANNED_UPSTREAM => Some(2),
        "SELECT secret" => Some(1),
        _ => sql.strip_prefix("SELECT ")?.parse().ok(),
    }
}

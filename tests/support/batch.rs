//! Random batches of messages, as a client may pipeline them: seeded, so that each can be sent again.

use super::frames;
use super::rng::Rng;

/// The table that the server does not have: stands for what the proxy refuses, where PostgreSQL is asked alone.
pub const REFUSED_TABLE: &str = "refused_here";
/// Likewise for a Parse: no SQL at all, as the proxy's own.
pub const REFUSED_TEXT: &str = "refused_here";

/// Likewise for a FunctionCall.
pub const NO_FUNCTION: u32 = 0;

/// The large object that is there: `lo_open`, `lo_lseek`, `loread`, `lo_tell`, `lo_close`, and calls that fail.
pub const LARGE_OBJECT: i32 = 4711;
const CALLS: [(u32, &[i32]); 9] = [
    (952, &[LARGE_OBJECT, 0x4_0000]),
    (952, &[LARGE_OBJECT, 0x4_0000]),
    (956, &[0, 1, 1]),
    (954, &[0, 10]),
    (954, &[0, 10]),
    (958, &[0]),
    (953, &[0]),
    (952, &[1, 0x4_0000]),
    (954, &[0]),
];

/// One message of a client.
#[derive(Clone, Debug)]
pub enum Say {
    Query(String),
    Parse {
        name: &'static str,
        sql: String,
        types: Vec<u32>,
    },
    Bind {
        portal: &'static str,
        name: &'static str,
        formats: Vec<i16>,
        values: Vec<Option<Vec<u8>>>,
        results: Vec<i16>,
    },
    Describe(u8, &'static str),
    Execute(&'static str, i32),
    Close(u8, &'static str),
    Flush,
    Sync,
    Data(&'static str),
    Done,
    Fail,
    /// The FunctionCall message: a function on large objects and numbers for it.
    Call(u32, Vec<i32>),
    /// A FunctionCall that the proxy refuses.
    RefusedCall,
    /// A Parse of what the proxy refuses.
    RefusedParse {
        name: &'static str,
        sql: &'static str,
    },
    /// A Query of several statements, the one in the middle refused.
    RefusedQuery {
        before: String,
        sql: &'static str,
        after: String,
    },
}

/// Who is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    Proxy,
    /// PostgreSQL itself: what the proxy would refuse fails there too.
    Server,
}

impl Say {
    pub fn bytes(&self, to: To) -> Vec<u8> {
        match self {
            Self::Query(sql) => frames::query(sql),
            Self::Parse { name, sql, types } => frames::parse(name, sql, types),
            Self::Bind { portal, name, formats, values, results } => {
                frames::bind(portal, name, formats, values, results)
            }
            Self::Describe(target, name) => frames::named(b'D', *target, name),
            Self::Execute(portal, max_rows) => frames::execute(portal, *max_rows),
            Self::Close(target, name) => frames::named(b'C', *target, name),
            Self::Flush => frames::message(b'H', b""),
            Self::Sync => frames::message(b'S', b""),
            Self::Data(data) => frames::message(b'd', data.as_bytes()),
            Self::Done => frames::message(b'c', b""),
            Self::Fail => frames::message(b'f', b"enough\0"),
            Self::Call(function, arguments) => call(*function, arguments),
            // now()
            Self::RefusedCall => call(if to == To::Proxy { 1299 } else { NO_FUNCTION }, &[]),
            Self::RefusedParse { name, sql } => {
                frames::parse(name, if to == To::Proxy { sql } else { REFUSED_TEXT }, &[])
            }
            Self::RefusedQuery { before, sql, after } => {
                let alone = format!("SELECT FROM {REFUSED_TABLE}");
                frames::query(&format!("{before}{}{after}", if to == To::Proxy { sql } else { alone.as_str() }))
            }
        }
    }
}

/// With binary arguments and result.
fn call(function: u32, arguments: &[i32]) -> Vec<u8> {
    let count = u16::try_from(arguments.len()).expect("few arguments").to_be_bytes();
    let values = arguments.iter().flat_map(|number| [4_i32.to_be_bytes(), number.to_be_bytes()].concat());
    let values: Vec<u8> = values.collect();
    frames::message(b'F', &[&function.to_be_bytes()[..], b"\0\x01\0\x01", &count, &values, b"\0\x01"].concat())
}

/// How a parameter of a statement is made up.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    Int,
    Text,
    Phone,
    Date,
}

impl Kind {
    const fn oid(self) -> u32 {
        match self {
            Self::Int => 23,
            Self::Text | Self::Phone => 25,
            Self::Date => 1082,
        }
    }
}

/// What a random client may say.
pub struct Words {
    /// Statements of the extended protocol with their parameters.
    pub texts: &'static [(&'static str, &'static [Kind])],
    /// Statements of a simple Query, one or several.
    pub queries: &'static [&'static str],
    /// COPY FROM STDIN, with data that it takes and data that it does not.
    pub copies: &'static [(&'static str, &'static [&'static str])],
    /// What the proxy refuses.
    pub refused: &'static [&'static str],
}

const NAMES: [&str; 4] = ["", "", "s", "t"];
const PORTALS: [&str; 5] = ["", "", "p", "q", "cur"];
const PHONES: [&str; 4] = ["13800138000", "13911112222", "no number", ""];

/// Makes one batch; the client ends it with a Sync of its own.
pub struct Generator<'a> {
    rng: Rng,
    words: &'a Words,
    /// What each name was last parsed to, so that most Binds fit.
    named: [(&'static str, &'static [Kind]); 3],
    batch: Vec<Say>,
}

impl<'a> Generator<'a> {
    pub fn batch(seed: u64, words: &'a Words) -> Vec<Say> {
        let mut generator =
            Self { rng: Rng::new(seed), words, named: [("", &[]), ("s", &[]), ("t", &[])], batch: Vec::new() };
        let parts = generator.rng.below(1..18);
        for _ in 0..parts {
            generator.part();
        }
        generator.batch
    }

    fn part(&mut self) {
        match self.rng.below(0..100) {
            0..12 => self.parse(),
            12..24 => self.bind(),
            24..37 => self.execute(),
            37..55 => self.run(),
            55..61 => self.describe(),
            61..65 => self.close(),
            65..69 => self.batch.push(Say::Flush),
            69..78 => self.batch.push(Say::Sync),
            78..90 => {
                let sql = self.queries();
                self.batch.push(Say::Query(sql));
            }
            90..94 => self.copy(),
            94..97 => self.refused(),
            97 => self.batch.push(Say::RefusedCall),
            _ => self.calls(),
        }
    }

    fn parse(&mut self) {
        let name = self.rng.pick(&NAMES);
        let (sql, params) = self.rng.pick(self.words.texts);
        let types = match self.rng.below(0..12) {
            0 => params.iter().map(|kind| kind.oid()).collect(),
            1 => vec![0; params.len() + 1],
            _ => Vec::new(),
        };
        self.batch.push(Say::Parse { name, sql: sql.to_owned(), types });
        if let Some(named) = self.named.iter_mut().find(|(known, _)| *known == name) {
            named.1 = params;
        }
    }

    fn bind(&mut self) {
        let (portal, name) = (self.rng.pick(&PORTALS), self.rng.pick(&NAMES));
        self.bind_to(portal, name);
    }

    fn bind_to(&mut self, portal: &'static str, name: &'static str) {
        let params = self.named.iter().find(|(known, _)| *known == name).map_or(&[][..], |(_, params)| params);
        let mut values: Vec<_> = params.iter().map(|kind| self.value(*kind)).collect();
        let mut formats = Vec::new();
        let mut results = if self.rng.once_in(4) { vec![1] } else { Vec::new() };
        match self.rng.below(0..40) {
            0 => values.push(None),
            1 => drop(values.pop()),
            2 => formats = vec![0; values.len() + 2],
            3 => formats = vec![2],
            4 => results = vec![0, 1, 0, 1, 0, 1, 0],
            5 => formats = vec![1],
            _ => {}
        }
        self.batch.push(Say::Bind { portal, name, formats, values, results });
    }

    fn value(&mut self, kind: Kind) -> Option<Vec<u8>> {
        let text = match kind {
            _ if self.rng.once_in(20) => return None,
            Kind::Int if self.rng.once_in(15) => "many".to_owned(),
            Kind::Int => self.rng.below(0..8).to_string(),
            Kind::Text => ["a", "张三", "", "x'y"][self.rng.below(0..4)].to_owned(),
            Kind::Date => ["2001-02-28", "2001-02-30"][self.rng.below(0..2)].to_owned(),
            Kind::Phone => self.rng.pick(&PHONES).to_owned(),
        };
        Some(text.into_bytes())
    }

    fn execute(&mut self) {
        let portal = self.rng.pick(&PORTALS);
        let max_rows = self.rng.pick(&[0, 0, 0, 1, 2, -1]);
        self.batch.push(Say::Execute(portal, max_rows));
    }

    /// As drivers do it: all of one statement at once.
    fn run(&mut self) {
        self.parse();
        let Some(Say::Parse { name, .. }) = self.batch.last() else { return };
        let (name, portal) = (*name, if self.rng.once_in(4) { self.rng.pick(&PORTALS) } else { "" });
        self.bind_to(portal, name);
        if self.rng.once_in(2) {
            self.batch.push(Say::Describe(b'P', portal));
        }
        let max_rows = self.rng.pick(&[0, 0, 0, 1, 2]);
        self.batch.push(Say::Execute(portal, max_rows));
        if self.rng.once_in(3) {
            self.batch.push(Say::Sync);
        }
    }

    fn describe(&mut self) {
        let say = match self.rng.below(0..2) {
            0 => Say::Describe(b'S', self.rng.pick(&NAMES)),
            _ => Say::Describe(b'P', self.rng.pick(&PORTALS)),
        };
        self.batch.push(say);
    }

    fn close(&mut self) {
        let say = match self.rng.below(0..2) {
            0 => Say::Close(b'S', self.rng.pick(&NAMES)),
            _ => Say::Close(b'P', self.rng.pick(&PORTALS)),
        };
        self.batch.push(say);
    }

    /// One to three statements.
    fn queries(&mut self) -> String {
        let count = self.rng.pick(&[1, 1, 1, 2, 3]);
        let statements: Vec<_> = (0..count).map(|_| self.rng.pick(self.words.queries)).collect();
        statements.join("; ")
    }

    /// A whole COPY, so that what follows is read as messages again. Some clients send Sync before they know that it
    /// is one.
    fn copy(&mut self) {
        let (sql, data) = self.rng.pick(self.words.copies);
        match self.rng.below(0..3) {
            0 => {
                let after = if self.rng.once_in(2) { "; SELECT 1" } else { "" };
                self.batch.push(Say::Query(format!("{sql}{after}")));
            }
            way => {
                self.batch.push(Say::Parse { name: "", sql: sql.to_owned(), types: Vec::new() });
                self.batch.push(Say::Bind {
                    portal: "",
                    name: "",
                    formats: Vec::new(),
                    values: Vec::new(),
                    results: Vec::new(),
                });
                self.batch.push(Say::Execute("", 0));
                if way == 1 {
                    self.batch.push(Say::Sync);
                }
            }
        }
        for _ in 0..self.rng.below(0..3) {
            let data = self.rng.pick(data);
            self.batch.push(Say::Data(data));
        }
        let end = if self.rng.once_in(4) { Say::Fail } else { Say::Done };
        // Nor may it be run once more without its data
        self.batch.extend([end, Say::Sync, Say::Close(b'S', ""), Say::Close(b'P', "")]);
    }

    /// Descriptors live as long as their transaction.
    fn calls(&mut self) {
        if self.rng.once_in(2) {
            self.batch.push(Say::Query("BEGIN".to_owned()));
        }
        for _ in 0..self.rng.below(1..4) {
            let (function, arguments) = self.rng.pick(&CALLS);
            self.batch.push(Say::Call(function, arguments.to_vec()));
        }
    }

    fn refused(&mut self) {
        if self.words.refused.is_empty() {
            return self.batch.push(Say::Sync);
        }
        let sql = self.rng.pick(self.words.refused);
        if self.rng.once_in(2) {
            let name = self.rng.pick(&NAMES);
            self.batch.push(Say::RefusedParse { name, sql });
            self.bind_to("", name);
            self.batch.push(Say::Execute("", 0));
            return;
        }
        let part = |generator: &mut Self| if generator.rng.once_in(2) { generator.queries() } else { String::new() };
        let (mut before, mut after) = (part(self), part(self));
        if !before.is_empty() {
            before.push_str("; ");
        }
        if !after.is_empty() {
            after.insert_str(0, "; ");
        }
        self.batch.push(Say::RefusedQuery { before, sql, after });
    }
}

//! Changes to statements: of bytes, of tokens, and of one statement with another.

use pgveil::sql;

use crate::dice::Dice;

/// What is put in somewhere: whatever has misled a reader of SQL before, and names that matter.
const PIECES: &[&str] = &[
    "'",
    "''",
    "\"",
    "\"\"",
    "--",
    "-- x\n",
    "/*",
    "*/",
    "/* x */",
    "/* /* */",
    "$$",
    "$a$",
    "$1",
    "$2",
    "\\",
    "\\'",
    "E'",
    "E'\\''",
    "U&'",
    "U&'\\0031'",
    "U&\"\\0063ustomers\"",
    "UESCAPE '!'",
    "B'1'",
    "X'1f'",
    "N'x'",
    ";",
    ",",
    "(",
    ")",
    "[",
    "]",
    "::",
    "::text",
    ".",
    "..",
    "*",
    "=",
    "<>",
    "&>",
    "@>",
    "||",
    "->>",
    "OPERATOR(pg_catalog.=)",
    "~pv1:",
    "~pv",
    "\0",
    "\r",
    "\u{a0}",
    "é",
    "张",
    "SELECT",
    "FROM",
    "WHERE",
    "AS",
    "END",
    "CASE",
    "NOT",
    "NULL",
    "IN",
    "ANY",
    "ALL",
    "DISTINCT",
    "ONLY",
    "LATERAL",
    "NATURAL JOIN",
    "LEFT JOIN",
    "FULL JOIN",
    "CROSS JOIN",
    "USING (phone)",
    "ON true",
    "UNION",
    "UNION ALL",
    "EXCEPT",
    "INTERSECT",
    "ORDER BY 1",
    "GROUP BY phone",
    "GROUP BY 1",
    "HAVING true",
    "LIMIT 1",
    "OFFSET 1",
    "FETCH FIRST 1 ROWS WITH TIES",
    "FOR UPDATE",
    "RETURNING *",
    "ON CONFLICT DO NOTHING",
    "WITH x AS",
    "RECURSIVE",
    "OVER ()",
    "FILTER (WHERE true)",
    "WITHIN GROUP",
    "TABLESAMPLE system (9)",
    "ARRAY[phone]",
    "ROW(phone, 1)",
    "(SELECT phone FROM customers LIMIT 1)",
    "EXISTS (TABLE customers)",
    "(TABLE cards)",
    "CURRENT OF c",
    "customers",
    "public.customers",
    "\"customers\"",
    "\"Customers\"",
    "accounts",
    "cards",
    "kyc",
    "employees",
    "customer_contacts",
    "vip_contacts",
    "pg_stats",
    "pg_catalog",
    "information_schema",
    "scratch",
    "phone",
    "id_number",
    "name",
    "balance",
    "pan",
    "c.*",
    "customers.*",
    "phone = '13900000001'",
    "name LIKE '张%'",
    "left(phone, 27)",
    "lower(name)",
    "row_to_json(customers)",
    "query_to_xml('select 1', true, true, '')",
    "pg_read_file('x')",
    "set_config('search_path', 'x', false)",
    "current_setting('x')",
    "EXPLAIN",
    "COPY",
    "TO STDOUT",
    "PREPARE p AS",
    "EXECUTE p",
    "DECLARE c CURSOR FOR",
    "CREATE VIEW v AS",
    "CREATE TABLE n AS",
    "DO $$ BEGIN END $$",
    "INTO n",
    "SET search_path = x",
    "BEGIN",
    "COMMIT",
];

/// A statement cut into tokens, each with what stands between it and the next.
pub struct Seed {
    pub text: String,
    tokens: Vec<String>,
}

impl Seed {
    pub fn new(text: &str) -> Self {
        let mut cuts: Vec<usize> = sql::scan(text)
            .unwrap_or_default()
            .iter()
            .filter_map(|token| usize::try_from(token.start).ok())
            .filter(|at| text.is_char_boundary(*at))
            .collect();
        cuts.retain(|at| *at > 0);
        cuts.push(text.len());
        let mut from = 0;
        let mut tokens = Vec::new();
        for at in cuts {
            tokens.push(text[from..at].to_owned());
            from = at;
        }
        Self { text: text.to_owned(), tokens }
    }
}

/// One mutant; a few changes, mostly of one or two tokens.
pub fn mutant(seeds: &[Seed], dice: &mut Dice) -> String {
    let seed = dice.pick(seeds);
    let other = dice.pick(seeds);
    if dice.percent(10) {
        return bytes(&seed.text, dice);
    }
    let mut tokens = seed.tokens.clone();
    for _ in 0..1 + dice.below(3) / 2 {
        change(&mut tokens, other, dice);
    }
    tokens.concat()
}

fn change(tokens: &mut Vec<String>, other: &Seed, dice: &mut Dice) {
    let at = dice.below(tokens.len());
    let with = dice.below(tokens.len());
    match dice.below(14) {
        0 if tokens.len() > 1 => {
            tokens.remove(at);
        }
        1 => tokens.swap(at, with),
        2 => tokens.insert(at, tokens[with].clone()),
        3 | 4 => tokens[at] = format!("{} ", dice.pick(PIECES)),
        5 => tokens.insert(at, format!(" {} ", dice.pick(PIECES))),
        6 => tokens.insert(at, (*dice.pick(PIECES)).to_owned()),
        7 => tokens[at] = dice.pick(&other.tokens).clone(),
        8 => tokens.insert(at, dice.pick(&other.tokens).clone()),
        // The other's end behind this one's beginning
        9 => {
            tokens.truncate(at);
            tokens.extend(other.tokens.iter().skip(dice.below(other.tokens.len())).cloned());
        }
        // A name for a name, a literal for a literal
        11 | 12 => {
            let kind = |token: &str| token.chars().next().map(|c| c.is_alphabetic() as u8 + 2 * (c == '\'') as u8);
            let same: Vec<_> = other.tokens.iter().filter(|token| kind(token) == kind(&tokens[at])).collect();
            if let Some(token) = dice.pick_opt(&same) {
                tokens[at] = (*token).clone();
            }
        }
        // The other as a subquery, a WITH query, a second statement
        10 => match dice.below(4) {
            0 => tokens.insert(at, format!(" ({}) ", other.text)),
            1 => tokens.insert(0, format!("WITH customers AS ({}) ", other.text)),
            2 => tokens.push(format!(" UNION ALL {}", other.text)),
            _ => tokens.push(format!("; {}", other.text)),
        },
        _ => tokens[at] = recased(&tokens[at], dice),
    }
}

/// The same name in another spelling, mostly.
fn recased(token: &str, dice: &mut Dice) -> String {
    match dice.below(3) {
        0 => token.to_uppercase(),
        1 => format!("\"{}\" ", token.trim()),
        _ => format!("{}/**/ ", token.trim()),
    }
}

fn bytes(text: &str, dice: &mut Dice) -> String {
    let mut changed = text.as_bytes().to_vec();
    for _ in 0..1 + dice.below(3) {
        if changed.is_empty() {
            break;
        }
        let at = dice.below(changed.len());
        match dice.below(4) {
            0 => {
                changed.remove(at);
            }
            1 => changed.insert(at, changed[dice.below(changed.len())]),
            2 => changed[at] = 32 + u8::try_from(dice.below(95)).unwrap_or(0),
            _ => changed[at] ^= 1 << dice.below(7),
        }
    }
    String::from_utf8_lossy(&changed).into_owned()
}

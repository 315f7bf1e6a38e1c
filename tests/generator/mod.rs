//! Statements on the sample bank, made from a seed: queries, changes of rows and transaction control, with literals and
//! parameters, as an application, a report or a clumsy programmer would write them.
//!
//! What is generated has one answer: aggregates and windows are ordered where order shows, LIMIT stands behind a total
//! order, and an error does not depend on which row is looked at first.

mod dice;
mod expression;
pub mod model;
mod predicate;
mod query;
mod scope;
mod slots;
mod write;

use std::collections::BTreeSet;

use dice::Dice;
use model::Bank;
use slots::Slots;

pub use slots::Side;

/// One statement in its two forms.
pub struct Generated {
    pub proxy: Side,
    pub twin: Side,
    /// Whether the order of the rows is fixed by the statement.
    pub is_ordered: bool,
    /// What it is made of, for the rates.
    pub constructs: BTreeSet<&'static str>,
}

impl Generated {
    /// A statement that is wrong on purpose, in one way.
    pub fn mistaken() -> Self {
        let constructs = BTreeSet::from([MISTAKE]);
        Self { proxy: Side::default(), twin: Side::default(), is_ordered: false, constructs }
    }

    pub fn has_one_mistake(&self) -> bool {
        self.constructs.contains(MISTAKE)
    }
}

const MISTAKE: &str = "mistake";

/// Makes the statements of one batch: a transaction's.
pub struct Generator<'a> {
    bank: &'a Bank,
    dice: Dice,
    slots: Slots,
    constructs: BTreeSet<&'static str>,
    aliases: usize,
    /// For keys that no row has yet.
    next_id: usize,
    savepoints: usize,
    /// Whether rows are changed and locked too.
    changes: bool,
    /// Whether the statement has a value that is none of its column's.
    is_mistaken: bool,
}

impl<'a> Generator<'a> {
    pub fn new(bank: &'a Bank, seed: u64, changes: bool) -> Self {
        let next_id = 700_000 + (seed % 1000) as usize * 200;
        Self {
            bank,
            dice: Dice::new(seed),
            slots: Slots::default(),
            constructs: BTreeSet::new(),
            aliases: 0,
            next_id,
            savepoints: 0,
            changes,
            is_mistaken: false,
        }
    }

    pub fn statement(&mut self) -> Generated {
        self.slots = Slots::default();
        self.constructs.clear();
        self.aliases = 0;
        self.is_mistaken = false;
        let (text, is_ordered) = match (self.changes, self.dice.below(100)) {
            (true, 0..35) | (false, 0..95) => self.top_query(),
            (true, 35..58) => (self.insert(), false),
            (true, 58..78) => (self.update(), false),
            (true, 78..83) => (self.delete(), false),
            (true, 83..88) => (self.with_change(), false),
            (true, 88..91) => self.locking(),
            (true, 91..96) => (self.savepoint(), false),
            _ => (self.mistake(), false),
        };
        let (proxy, twin) = self.slots.fill(&text);
        Generated { proxy, twin, is_ordered, constructs: std::mem::take(&mut self.constructs) }
    }

    fn note(&mut self, construct: &'static str) {
        self.constructs.insert(construct);
    }

    fn alias(&mut self) -> String {
        self.aliases += 1;
        format!("{}{}", ["t", "c", "x", "r"][self.aliases % 4], self.aliases)
    }

    fn fresh_id(&mut self) -> usize {
        self.next_id += 1;
        self.next_id
    }

    fn savepoint(&mut self) -> String {
        self.note("savepoint");
        let name = format!("mark{}", self.dice.below(self.savepoints + 2));
        match self.dice.below(4) {
            0 | 1 => {
                self.savepoints += 1;
                format!("SAVEPOINT mark{}", self.savepoints)
            }
            2 => format!("ROLLBACK TO SAVEPOINT {name}"),
            _ => format!("RELEASE SAVEPOINT {name}"),
        }
    }

    /// What PostgreSQL answers with an error, whatever the rows are.
    fn mistake(&mut self) -> String {
        self.note(MISTAKE);
        let mistakes = [
            "SELECT nope FROM customers",
            "SELECT c.nope, c.phone FROM customers c",
            "SELECT id FROM customers JOIN accounts ON customers.id = accounts.customer_id",
            "SELECT x.phone FROM customers c",
            "SELECT phone, count(*) FROM customers",
            "SELECT c.branch_id, c.vip, count(*) FROM customers c GROUP BY c.branch_id",
            "SELECT id FROM customers WHERE phone = 5",
            "SELECT id FROM customers WHERE birth_date = 'never'",
            "SELECT id FROM customers WHERE credit_limit = 'much'",
            "SELECT id FROM customers WHERE birth_date IN ('1990-01-01', '1990-13-01')",
            "SELECT name + 1 FROM customers",
            "SELECT no_such_function(id) FROM customers",
            "SELECT id FROM customers WHERE count(*) > 1",
            "SELECT id FROM nowhere",
            "SELECT phone FRM customers",
            "SELECT id FROM customers WHERE id = 'x'",
            "SELECT (SELECT phone, email FROM customers WHERE id = 3)",
            "SELECT (SELECT phone FROM customers)",
            "SELECT id FROM customers UNION SELECT id, phone FROM customers",
            "SELECT id FROM customers UNION SELECT phone FROM customers",
            "SELECT id FROM customers ORDER BY 4",
            "SELECT phone FROM customers LIMIT -1",
            "SELECT 1 / 0 FROM branches",
            "INSERT INTO customers (id, nope) VALUES (1, 2)",
            "INSERT INTO customers (id, id) VALUES (1, 2)",
            "INSERT INTO branches (id, code) VALUES (1, 2, 3)",
            "INSERT INTO branches VALUES (1, 'x')",
            "INSERT INTO branches (id, code, name, city) VALUES (1, 'B900', 'x', 'y')",
            "INSERT INTO accounts (id, account_no, customer_id, branch_id) VALUES (1, '77', 1, 1)",
            "UPDATE customers SET nope = 1",
            "UPDATE customers SET branch_id = 1, branch_id = 2",
            "UPDATE customers SET birth_date = '2024-02-30' WHERE id = 3",
            "UPDATE customers SET branch_id = 99 WHERE id = 8",
            "DELETE FROM branches WHERE id = 1",
            "DELETE FROM customers USING customers WHERE customers.id = 1",
            "SELECT c.id FROM customers c, LATERAL (SELECT d.id FROM accounts d WHERE d.id = e.id) x",
            "SELECT phone FROM customers GROUP BY phone HAVING name = 'x'",
            "SELECT row_number() FROM customers",
            "SELECT id FROM customers FOR UPDATE OF x",
            "SELECT DISTINCT id FROM customers ORDER BY name",
            "WITH x AS (SELECT phone FROM customers) SELECT nope FROM x",
            "WITH x AS (SELECT 1), x AS (SELECT 2) SELECT * FROM x",
            "SELECT phone AS a FROM customers WHERE a = 'x'",
            "TABLE nowhere",
            "VALUES (1, 2), (3)",
            "EXECUTE nothing",
            "FETCH ALL FROM nothing",
        ];
        (*self.dice.pick(&mistakes)).to_owned()
    }
}

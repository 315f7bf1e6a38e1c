//! What a role may see of the sample bank, value by value, worked out from the policy and the plain bank.

use pgveil::demo::bank;
use pgveil::demo::schema::{self, BankColumn, Kept};
use pgveil::keys::Keyring;
use pgveil::mask::Mask;
use pgveil::plan::Reveal;
use pgveil::policy::{Policy, Principal, ReadRight, RelationGrant, RolePolicy, parse_type};

use super::wire::Client;

/// One table of the plain bank beside what a role sees of it.
pub struct SeenTable {
    pub table: &'static str,
    pub columns: Vec<BankColumn<'static>>,
    pub rows: Vec<SeenRow>,
}

/// Values in PostgreSQL's text form; `None` is NULL.
pub struct SeenRow {
    pub clear: Vec<Option<String>>,
    /// Whether the row exists for the role at all.
    pub is_visible: bool,
    pub seen: Vec<Option<String>>,
}

/// A login under the policy of the sample bank.
pub struct Viewer<'a> {
    policy: &'a Policy,
    role: &'a RolePolicy,
    keys: &'a Keyring,
}

impl<'a> Viewer<'a> {
    /// `keys`: what pseudonyms are made with.
    pub fn new(policy: &'a Policy, login: &str, keys: &'a Keyring) -> Self {
        let principal = Principal { user: login.to_owned(), database: policy.database.clone(), ..Principal::default() };
        Self { policy, role: policy.role_for(&principal).expect("a role"), keys }
    }

    pub fn has_row_filter(&self) -> bool {
        self.role.grants.values().any(|grant| grant.filter.is_some())
    }

    /// Every table, read from a session on the plain bank.
    pub fn tables(&self, clear: &mut Client) -> Vec<SeenTable> {
        bank::tables(1).iter().map(|rows| self.table(clear, rows.table)).collect()
    }

    fn table(&self, clear: &mut Client, table: &'static str) -> SeenTable {
        let columns: Vec<_> = schema::columns(schema::PLAIN).into_iter().filter(|c| c.table == table).collect();
        let filter = self.grant(table).and_then(|grant| grant.filter.as_ref()).map_or("true", |filter| &filter.sql);
        let reply = clear.must(&format!("SELECT *, ({filter}) IS TRUE FROM ONLY {table} ORDER BY 1"));
        let rows = reply.rows.into_iter().map(|values| {
            let mut clear: Vec<_> = values.into_iter().map(|value| value.map(utf8)).collect();
            let is_visible = clear.pop().flatten().is_some_and(|visible| visible == "t");
            let seen = columns.iter().zip(&clear).map(|(c, value)| self.value(c, value.as_deref()?)).collect();
            SeenRow { clear, is_visible, seen }
        });
        SeenTable { table, rows: rows.collect(), columns }
    }

    fn value(&self, column: &BankColumn<'_>, value: &str) -> Option<String> {
        let rights = self.grant(column.table).map(|grant| grant.columns.get(column.name).unwrap_or(&grant.default));
        let ty = parse_type(column.ty).unwrap_or_else(|e| panic!("{}: {e}", column.ty));
        let masked = |mask: &Mask| Some(mask.apply(ty, value, self.pseudonym_key(column)));
        match rights.map(|right| &right.read) {
            Some(ReadRight::Reveal(Reveal::Clear)) => Some(value.to_owned()),
            Some(ReadRight::Reveal(Reveal::Mask(mask))) => masked(mask),
            Some(ReadRight::DefaultMask) => Mask::default_for(ty).and_then(|mask| masked(&mask)),
            Some(ReadRight::Reveal(Reveal::Null)) => None,
            // Keys stay, so that the rows load; statements on a denied relation are refused whole.
            Some(ReadRight::Deny) | None => matches!(column.kept, Kept::Plain).then(|| value.to_owned()),
        }
    }

    /// Absent where the role may not use the table at all. Every table of the bank is in the policy.
    fn grant(&self, table: &str) -> Option<&'a RelationGrant> {
        let index = self.policy.relations.iter().position(|r| r.schema == "public" && r.name == table);
        self.role.grants.get(&index.expect("a protected table"))
    }

    fn pseudonym_key(&self, column: &BankColumn<'_>) -> Option<&'a [u8; 32]> {
        let relation = self.policy.relations.iter().find(|r| r.schema == "public" && r.name == column.table)?;
        let sealed = relation.columns.get(column.name)?.sealed.as_ref()?;
        Some(self.keys.pseudonym_key(&sealed.domain).expect("keys for every domain"))
    }
}

fn utf8(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("UTF-8 from the server")
}

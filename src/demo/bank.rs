//! The sample bank's rows: deterministic, made up, and valid to the check digit.
//!
//! Rows are written as COPY's text format, one table at a time, in an order that satisfies the foreign keys.

use std::fmt::Write as _;

use super::names::{CARD_PREFIXES, GIVEN, LATIN, MAIL_HOSTS, MOBILE, PLACES, STREETS, SURNAMES};

/// Customers in the full bank.
pub const CUSTOMERS: u64 = 10_000;
/// Branches, numbered from 1.
pub const BRANCHES: u64 = 8;
/// Employees, numbered from 1.
pub const EMPLOYEES: u64 = 40;

/// One table's rows.
pub struct TableRows {
    pub table: &'static str,
    /// COPY text format: tabs between columns, one row a line, `\N` for NULL.
    pub copy_text: String,
    pub rows: u64,
}

/// What the demo and the tests look for: values that must never be seen where they are not allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Customer {
    pub id: u64,
    pub name: String,
    pub id_number: String,
    pub phone: String,
    pub email: String,
    /// `YYYY-MM-DD`.
    pub birth_date: String,
    pub address: String,
    pub branch_id: u64,
    pub manager_id: u64,
}

/// All tables for `customers` customers, parents before children.
pub fn tables(customers: u64) -> Vec<TableRows> {
    let people = || (1..=customers).map(customer);
    vec![
        rows("branches", (1..=BRANCHES).map(branch_row)),
        rows("employees", (1..=EMPLOYEES).map(employee_row)),
        rows("customers", people().map(|c| customer_row(&c))),
        rows("accounts", (1..=customers).map(account_row)),
        rows("cards", people().map(|c| card_row(&c))),
        rows("transactions", (1..=customers * 2).map(|id| transaction_row(id, customers))),
        rows("kyc", (1..=customers.min(500)).map(kyc_row)),
    ]
}

/// The customer with this number, from 1. Always the same one.
pub fn customer(id: u64) -> Customer {
    let mut dice = Dice::new(id);
    let (region, city, districts) = *dice.pick(PLACES);
    let birth = (1950 + dice.below(55), 1 + dice.below(12), 1 + dice.below(28));
    let name = if id.is_multiple_of(10) {
        (*dice.pick(LATIN)).to_owned()
    } else {
        format!("{}{}", dice.pick(SURNAMES), dice.pick(GIVEN))
    };
    let street = dice.pick(STREETS);
    Customer {
        id,
        id_number: id_number(region, birth, id),
        phone: phone(&mut dice, id),
        email: format!("c{id}.{}@{}", dice.below(1000), dice.pick(MAIL_HOSTS)),
        birth_date: format!("{}-{:02}-{:02}", birth.0, birth.1, birth.2),
        address: format!("{city}{}{street}{}号{}室", dice.pick(districts), 1 + dice.below(300), 101 + dice.below(2000)),
        branch_id: 1 + id % BRANCHES,
        manager_id: 1 + id % EMPLOYEES,
        name,
    }
}

/// The number of the customer's account: 24 characters at most, bank-wide unique.
pub fn account_no(id: u64) -> String {
    format!("6013{:02}00{:010}", id % 97, id * 7919 % 10_000_000_000)
}

/// The number of the customer's card: an issuer's prefix and a Luhn check digit.
pub fn pan(id: u64) -> String {
    let (prefix, length) = CARD_PREFIXES[id as usize % CARD_PREFIXES.len()];
    let middle = length - prefix.len() - 1;
    let body = format!("{prefix}{:0middle$}", id * 31_337 % 10u64.pow(middle as u32));
    let digit = luhn_digit(&body);
    format!("{body}{digit}")
}

fn rows(table: &'static str, lines: impl Iterator<Item = Vec<String>>) -> TableRows {
    let mut copy_text = String::new();
    let mut rows = 0;
    for line in lines {
        copy_text.push_str(&line.join("\t"));
        copy_text.push('\n');
        rows += 1;
    }
    TableRows { table, copy_text, rows }
}

fn branch_row(id: u64) -> Vec<String> {
    let city = PLACES[(id as usize - 1) % PLACES.len()].1;
    vec![id.to_string(), format!("B{id:03}"), format!("{city}分行"), city.to_owned()]
}

fn employee_row(id: u64) -> Vec<String> {
    let mut dice = Dice::new(id + 900_000);
    // The first employees are customers too: their phones join.
    let phone = if id <= 5 { customer(id).phone } else { phone(&mut dice, 2_000_000 + id) };
    let name = format!("{}{}", dice.pick(SURNAMES), dice.pick(GIVEN));
    let title = if id <= BRANCHES { "行长" } else { "客户经理" };
    vec![id.to_string(), format!("emp{id:03}"), name, title.into(), (1 + id % BRANCHES).to_string(), phone]
}

fn customer_row(c: &Customer) -> Vec<String> {
    let optional = |present: bool, value: String| if present { value } else { NULL.to_owned() };
    vec![
        c.id.to_string(),
        c.name.clone(),
        c.id_number.clone(),
        optional(!c.id.is_multiple_of(17), c.phone.clone()),
        optional(!c.id.is_multiple_of(7), c.email.clone()),
        optional(!c.id.is_multiple_of(23), c.birth_date.clone()),
        c.address.clone(),
        format!("{}.00", 1000 * (1 + c.id % 50)),
        match c.id % 5 {
            0 => NULL.to_owned(),
            1 => String::new(),
            _ => format!("第{}次回访\\n客户{} 偏好电话联系", c.id % 4, c.id),
        },
        bool_text(c.id.is_multiple_of(11)),
        format!("2023-{:02}-{:02} 09:{:02}:00+08", 1 + c.id % 12, 1 + c.id % 28, c.id % 60),
        c.branch_id.to_string(),
        c.manager_id.to_string(),
    ]
}

fn account_row(id: u64) -> Vec<String> {
    vec![
        id.to_string(),
        account_no(id),
        id.to_string(),
        (1 + id % BRANCHES).to_string(),
        if id.is_multiple_of(20) { "USD" } else { "CNY" }.into(),
        format!("{}.{:02}", id * 7907 % 5_000_000, id % 100),
        format!("2020-{:02}-{:02}", 1 + id % 12, 1 + id % 28),
        if id.is_multiple_of(50) { "frozen" } else { "open" }.into(),
    ]
}

fn card_row(c: &Customer) -> Vec<String> {
    let id = c.id;
    vec![
        id.to_string(),
        pan(id),
        id.to_string(),
        id.to_string(),
        format!("{}-{:02}-01", 2027 + id % 5, 1 + id % 12),
        c.name.clone(),
        if id.is_multiple_of(40) { "blocked" } else { "active" }.into(),
    ]
}

fn transaction_row(id: u64, customers: u64) -> Vec<String> {
    let account = 1 + id % customers;
    let counterparty = if id.is_multiple_of(6) { NULL.to_owned() } else { account_no(1 + id * 13 % customers) };
    vec![
        id.to_string(),
        account.to_string(),
        format!("2024-{:02}-{:02} {:02}:30:00+08", 1 + id % 12, 1 + id % 28, id % 24),
        ["transfer", "cash", "card", "salary"][id as usize % 4].into(),
        format!("{}.{:02}", id * 37 % 90_000, id % 100),
        counterparty,
        format!("交易{id}"),
    ]
}

fn kyc_row(id: u64) -> Vec<String> {
    let optional = |n: u64, value: String| if id.is_multiple_of(n) { NULL.to_owned() } else { value };
    vec![
        id.to_string(),
        optional(9, (id as i64 % 200 - 100).to_string()),
        optional(10, (id * 110_105).to_string()),
        optional(11, (9_000_000_000_000_000_000 + id).to_string()),
        optional(12, format!("{}.{}", id * 1000, ["50", "5", "00", "125"][id as usize % 4])),
        format!("2019-{:02}-{:02}", 1 + id % 12, 1 + id % 28),
        format!("2021-{:02}-01 10:00:{:02}.5", 1 + id % 12, id % 60),
        format!("2021-{:02}-01 10:00:00+00", 1 + id % 12),
        bool_text(id.is_multiple_of(33)),
        format!("00000000-0000-4000-8000-{id:012x}"),
        format!(r#"{{"pep": {}, "source": "工资", "score": {}.5}}"#, id.is_multiple_of(33), id % 10),
        format!("\\\\x{id:016x}"),
        ["CN", "HK", "DE", "FR"][id as usize % 4].into(),
        format!("TAX{:09}", id * 271),
        optional(4, format!("备注 {id}")),
    ]
}

const NULL: &str = "\\N";

fn bool_text(value: bool) -> String {
    if value { "t" } else { "f" }.to_owned()
}

/// A mobile number: a prefix in service and eight digits that no other person has.
fn phone(dice: &mut Dice, id: u64) -> String {
    format!("{}{:08}", dice.pick(MOBILE), id * 7_654_321 % 100_000_000)
}

/// GB 11643: region, birth date, serial, check character.
fn id_number(region: &str, birth: (u64, u64, u64), id: u64) -> String {
    let mut number = String::with_capacity(18);
    let _ = write!(number, "{region}{}{:02}{:02}{:03}", birth.0, birth.1, birth.2, id % 1000);
    number.push(id_check_char(&number));
    number
}

/// ISO 7064 MOD 11-2 over the first 17 digits.
fn id_check_char(digits: &str) -> char {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHARS: [char; 11] = ['1', '0', 'X', '9', '8', '7', '6', '5', '4', '3', '2'];
    let sum: u32 = digits.bytes().zip(WEIGHTS).map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    CHARS[sum as usize % 11]
}

/// The digit that makes `body` followed by it pass the Luhn test.
fn luhn_digit(body: &str) -> u32 {
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let value = u32::from(digit - b'0') * if place % 2 == 0 { 2 } else { 1 };
            value / 10 + value % 10
        })
        .sum();
    (10 - sum % 10) % 10
}

/// SplitMix64: the same numbers on every machine and with every version of every crate.
struct Dice(u64);

impl Dice {
    fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x7067_7665_696c)
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len() as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn check_digits_match_published_numbers() {
        assert_eq!(id_check_char("11010519491231002"), 'X');
        assert_eq!(luhn_digit("621626100000000001"), 8);
        assert_eq!(luhn_digit("620000000000000"), 5);
    }

    #[test]
    fn identifying_values_are_unique() {
        for (what, of) in [
            ("id_number", (|id| customer(id).id_number) as fn(u64) -> String),
            ("phone", |id| customer(id).phone),
            ("email", |id| customer(id).email),
            ("account_no", account_no),
            ("pan", pan),
        ] {
            let distinct: HashSet<String> = (1..=CUSTOMERS).map(of).collect();
            assert_eq!(distinct.len() as u64, CUSTOMERS, "{what}");
        }
    }

    #[test]
    fn every_row_has_its_tables_columns() {
        let columns = crate::demo::schema::columns(crate::demo::schema::PLAIN);
        for table in tables(600) {
            let expected = columns.iter().filter(|c| c.table == table.table).count();
            for line in table.copy_text.lines() {
                assert_eq!(line.split('\t').count(), expected, "{}: {line}", table.table);
            }
        }
    }
}

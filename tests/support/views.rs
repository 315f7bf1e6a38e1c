//! Views as reports are built on, made by the bank's owner in every database that is compared.

use super::twins::Twins;

/// Each with what its query reads by name.
pub const VIEWS: [(&str, &str, &[&str]); 29] = [
    ("plain_people", "SELECT id, name, phone, branch_id, vip FROM customers", &["customers"]),
    ("named_people (no, who, tel)", "SELECT id, name, phone FROM customers", &["customers"]),
    ("all_of_people", "SELECT * FROM customers", &["customers"]),
    ("vips", "SELECT id, name FROM customers WHERE vip", &["customers"]),
    ("nested_people", "SELECT id, name, phone FROM plain_people WHERE id > 20", &["customers"]),
    ("by_branch", "SELECT branch_id, count(*) AS n, max(id) AS top FROM customers GROUP BY branch_id", &["customers"]),
    ("names_by_branch", "SELECT branch_id, min(name) AS first FROM customers GROUP BY branch_id", &["customers"]),
    ("over_by_branch", "SELECT branch_id, n FROM by_branch WHERE n > 1", &["customers"]),
    ("newest", "SELECT id, name FROM customers ORDER BY id DESC LIMIT 5", &["customers"]),
    ("first_names", "SELECT id, name FROM customers ORDER BY name COLLATE \"C\", id LIMIT 5", &["customers"]),
    ("different_names", "SELECT DISTINCT name FROM customers", &["customers"]),
    (
        "with_accounts",
        "SELECT c.id, c.name, a.balance, a.account_no FROM customers c JOIN accounts a ON a.customer_id = c.id",
        &["customers", "accounts"],
    ),
    (
        "with_cities",
        "SELECT c.id, c.name, b.city FROM customers c JOIN branches b ON b.id = c.branch_id",
        &["customers", "branches"],
    ),
    (
        "totals",
        "SELECT c.id, c.name, count(a.id) AS n, sum(a.balance) AS total FROM customers c
         LEFT JOIN accounts a ON a.customer_id = c.id GROUP BY c.id",
        &["customers", "accounts"],
    ),
    ("computed", "SELECT id, upper(name) AS name, id + 1 AS next, created_at::date AS day FROM customers", &["customers"]),
    (
        "chosen",
        "SELECT id, CASE branch_id WHEN 1 THEN 'one' ELSE 'other' END AS b, COALESCE(name, 'none') AS name, id IN (1, 8, 16) AS few,
                extract(year FROM created_at) AS y, name LIKE '张%' AS zh, NULLIF(name, '') AS nn, (id, vip) IN (SELECT 8, false) AS sub
         FROM customers",
        &["customers"],
    ),
    (
        "literals",
        "SELECT id, 'it''s ' || name AS x, E'a\\\\b' AS bs, DATE '2024-02-03' AS d, '-1 day 02:00'::interval AS iv,
                '\\xdead'::bytea AS by, 1.50::numeric(10,2) AS n, 'x'::char(5) AS c
         FROM customers",
        &["customers"],
    ),
    ("by_cte", "WITH x AS (SELECT id, branch_id FROM customers) SELECT branch_id, count(*) AS n FROM x GROUP BY branch_id", &["customers", "x"]),
    (
        "stepped",
        "WITH RECURSIVE r(n, id) AS (SELECT 1, min(id) FROM customers UNION ALL SELECT n + 1, r.id + 8 FROM r WHERE n < 5)
         SELECT r.n, c.id, c.name FROM r JOIN customers c ON c.id = r.id",
        &["customers", "r"],
    ),
    ("numbered", "SELECT id, row_number() OVER (PARTITION BY branch_id ORDER BY id) AS nr FROM customers", &["customers"]),
    (
        "both_kinds",
        "SELECT id, branch_id FROM customers UNION ALL SELECT id, branch_id FROM accounts",
        &["customers", "accounts"],
    ),
    (
        "counted",
        "SELECT c.id, x.n FROM customers c CROSS JOIN LATERAL (SELECT count(*) AS n FROM accounts a WHERE a.customer_id = c.id) x",
        &["customers", "accounts"],
    ),
    (
        "rich",
        "SELECT id, name FROM customers c WHERE EXISTS (SELECT 1 FROM accounts a WHERE a.customer_id = c.id AND a.balance > 100000)",
        &["customers", "accounts"],
    ),
    ("sets", "SELECT branch_id, vip, count(*) AS n FROM customers GROUP BY GROUPING SETS ((branch_id), (vip), ())", &["customers"]),
    ("typed", "SELECT c.id, t.typname FROM customers c JOIN pg_type t ON t.oid = (c.branch_id + 15)::oid", &["customers", "pg_type"]),
    ("failing", "SELECT id, 1 / (branch_id - 2) AS q FROM customers", &["customers"]),
    ("reachable", "SELECT id, phone, email FROM customers WHERE phone IS NOT NULL", &["customers"]),
    ("same_phones", "SELECT c.id, e.id AS employee FROM customers c JOIN employees e ON e.phone = c.phone", &["customers", "employees"]),
    ("phones", "SELECT phone, count(*) AS n FROM customers GROUP BY phone", &["customers"]),
];

/// As the bank's owner, with two that differ in whose rights they run by, and one that nobody may read.
pub fn build(twins: &Twins, database: &str) {
    let mut session = twins.connect("postgres", database);
    session.must("SET ROLE bank_owner");
    for (name, query, _) in VIEWS {
        session.must(&format!("CREATE VIEW {name} AS {query}"));
    }
    session.must("CREATE VIEW invoked WITH (security_invoker = true) AS SELECT id, name, phone FROM customers");
    session.must("CREATE VIEW fenced WITH (security_barrier = true) AS SELECT id, name FROM customers WHERE id < 100");
    session.must(
        "CREATE VIEW over_invoked AS SELECT i.id, i.name, w.balance FROM invoked i JOIN with_accounts w USING (id)",
    );
    session.must("RESET ROLE");
    session.must("CREATE VIEW withheld AS SELECT id FROM customers");
}

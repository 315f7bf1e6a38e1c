//! What a grown database has beside its tables, and what may lead to the rows behind it: relatives, copies, code.
//! Made by the bank's owner before any client comes, in every database that the bypass cases run on.

use super::postgres;
use super::twins::Twins;
use super::wire::Client;

/// As old dumps have it; servers from 16 on make no view of a table.
const VIEW_OF_A_TABLE: &str = "
CREATE RULE \"_RETURN\" AS ON SELECT TO was_table DO INSTEAD SELECT id, address::text AS v FROM customers;";
const VIEW_INSTEAD: &str = "
DROP TABLE was_table; CREATE VIEW was_table AS SELECT id, address::text AS v FROM customers;";

const STRUCTURE: &str = "
CREATE TABLE customers_archive () INHERITS (customers);
CREATE TABLE all_cards (LIKE cards) PARTITION BY LIST (status);
ALTER TABLE all_cards ATTACH PARTITION cards DEFAULT;
CREATE TABLE movements (LIKE transactions);
ALTER TABLE transactions INHERIT movements;

CREATE MATERIALIZED VIEW contact_sheet AS SELECT id, name, address, phone, email FROM customers WITH NO DATA;
CREATE VIEW contact_sheet_view AS SELECT id, address || '' AS address FROM contact_sheet;
CREATE VIEW invoker_contacts WITH (security_invoker = true) AS SELECT id, address, phone AS mobile FROM customers;
CREATE VIEW barrier_contacts WITH (security_barrier = true) AS SELECT id, address AS a FROM customers WHERE id < 100;
CREATE VIEW union_contacts AS SELECT id, address AS v FROM customers UNION ALL SELECT id, name FROM branches;
CREATE VIEW nested_contacts AS SELECT i.id, i.address AS v FROM invoker_contacts i JOIN barrier_contacts b USING (id);
CREATE VIEW account_book AS SELECT a.id, a.balance, a.branch_id, c.name FROM accounts a JOIN customers c ON c.id = a.customer_id;
CREATE VIEW invoker_book WITH (security_invoker = true) AS SELECT id, balance, branch_id FROM account_book;
CREATE VIEW barrier_book WITH (security_barrier = true) AS SELECT id, balance, branch_id FROM accounts WHERE id < 150;
CREATE VIEW renamed_accounts AS SELECT id FROM accounts;
CREATE VIEW renamed_book (no, amount) AS SELECT id, balance::text FROM accounts;
CREATE VIEW top_book AS SELECT id, balance FROM account_book ORDER BY balance DESC LIMIT 3;
CREATE VIEW branch_totals AS SELECT branch_id, sum(balance) AS total, count(*) AS n FROM accounts GROUP BY branch_id;
CREATE TABLE was_table (id bigint, v text);

CREATE FUNCTION address_of(bigint) RETURNS text LANGUAGE sql STABLE AS 'SELECT address::text FROM public.customers WHERE id = $1';
CREATE FUNCTION address_of_definer(bigint) RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT address::text FROM public.customers WHERE id = $1';
CREATE FUNCTION addresses() RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT address::text FROM public.customers; END $$;
CREATE FUNCTION ask(q text) RETURNS SETOF text LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY EXECUTE q; END $$;
CREATE FUNCTION customer_row(bigint) RETURNS customers LANGUAGE sql STABLE AS 'SELECT * FROM public.customers WHERE id = $1';
CREATE FUNCTION customer_address(customers) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ($1).address::text';
CREATE PROCEDURE tell_address(bigint, INOUT text) LANGUAGE plpgsql AS $$ BEGIN SELECT address INTO $2 FROM public.customers WHERE id = $1; END $$;
CREATE FUNCTION longer(text, text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT concat($1, '','', $2)';
CREATE AGGREGATE all_of(text) (SFUNC = longer, STYPE = text);
CREATE FUNCTION address_after(text, bigint) RETURNS text LANGUAGE sql STABLE AS 'SELECT $1 || address FROM public.customers WHERE id = $2';
CREATE OPERATOR public.|+| (LEFTARG = text, RIGHTARG = bigint, FUNCTION = address_after);
CREATE VIEW system_files WITH (security_invoker = true) AS SELECT relname, relfilenode FROM pg_class;
CREATE VIEW files_view WITH (security_invoker = true) AS SELECT relname, relfilenode FROM system_files;
CREATE VIEW calls AS SELECT id, address_of(id) AS v FROM branches;

CREATE TABLE drop_box (id bigint, v text);
CREATE FUNCTION fill_box() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.v := public.address_of(NEW.id); RETURN NEW; END $$;
CREATE TRIGGER fill BEFORE INSERT OR UPDATE ON drop_box FOR EACH ROW EXECUTE FUNCTION fill_box();
CREATE VIEW box_view AS SELECT id, v FROM drop_box;
CREATE TABLE relay_box (id bigint, v text);
CREATE RULE relay AS ON INSERT TO relay_box DO ALSO INSERT INTO drop_box VALUES (NEW.id, NEW.v);
CREATE TABLE boxes_owner (id bigint PRIMARY KEY);
CREATE TABLE boxes_owned (id bigint REFERENCES boxes_owner ON DELETE CASCADE ON UPDATE CASCADE);
CREATE FUNCTION note_address() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO scratch2 VALUES (5, public.address_of(5)); RETURN NULL; END $$;
CREATE TRIGGER gone AFTER DELETE OR UPDATE OR TRUNCATE ON boxes_owned FOR EACH STATEMENT EXECUTE FUNCTION note_address();
CREATE FUNCTION tells(bigint) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE NOTICE '%', public.address_of($1); RETURN true; END $$;
CREATE FUNCTION told(bigint) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN public.address_of($1); END $$;
CREATE TABLE checked (id bigint CHECK (tells(id)), v text);
CREATE TABLE indexed (id bigint, v text);
CREATE INDEX ON indexed (tells(id));
CREATE TABLE secured (id bigint, v text);
CREATE POLICY telling ON secured USING (tells(id));
CREATE DOMAIN telling_id AS bigint CHECK (tells(VALUE));
CREATE TABLE of_domain (id telling_id, v text);
CREATE TABLE of_domains (ids telling_id[], v text);
CREATE TYPE held AS (v text);
CREATE FUNCTION hold(varchar) RETURNS held LANGUAGE plpgsql AS $$ BEGIN RAISE NOTICE '%', public.address_of(5); RETURN ROW($1); END $$;
CREATE CAST (varchar AS held) WITH FUNCTION hold(varchar) AS ASSIGNMENT;
CREATE TABLE of_cast (h held);
CREATE TYPE colour AS ENUM ('red');
CREATE FUNCTION paint(colour) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN public.address_of(5); END $$;
CREATE CAST (colour AS text) WITH FUNCTION paint(colour) AS IMPLICIT;
CREATE TABLE painted (c colour);
CREATE VIEW secured_view AS SELECT id FROM secured;
CREATE TABLE by_operator (id bigint, v text);
CREATE POLICY telling ON by_operator USING ('' |+| id LIKE '%1室');
CREATE TABLE by_question (id bigint, v text);
CREATE POLICY asking ON by_question USING (query_to_xml(v, true, false, '') IS NOT NULL) WITH CHECK (true);
CREATE VIEW by_question_view AS SELECT id FROM by_question;
CREATE DOMAIN question AS text CHECK (query_to_xml(VALUE, true, false, '') IS NOT NULL);
CREATE TABLE of_question (q question);
CREATE TABLE generated (id bigint, v text GENERATED ALWAYS AS (told(id)) STORED);
CREATE TABLE letter_box (id bigint, v text);
CREATE RULE copy_of AS ON INSERT TO letter_box DO ALSO INSERT INTO scratch2 SELECT NEW.id, address FROM customers WHERE customers.id = NEW.id;
CREATE TABLE defaulted (id bigint, v text DEFAULT address_of(5));
CREATE TABLE \"Customers\" (id bigint, address text);
CREATE SCHEMA branch_office;
CREATE VIEW branch_office.customers AS SELECT id, address AS name FROM public.customers;
CREATE STATISTICS customers_joint (mcv) ON vip, branch_id, address FROM customers;
";

/// Foreign tables that lead back to the same database, which only a superuser may set up without a password.
const FOREIGN: &str = "
CREATE EXTENSION postgres_fdw;
CREATE EXTENSION dblink;
CREATE SERVER here FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '127.0.0.1', port '{port}', dbname '{database}');
CREATE USER MAPPING FOR PUBLIC SERVER here OPTIONS (user 'app', password_required 'false');
CREATE FOREIGN TABLE far_customers (id bigint, address varchar(200)) SERVER here OPTIONS (table_name 'customers');
ALTER FOREIGN TABLE far_customers OWNER TO bank_owner;
CREATE VIEW far_view AS SELECT address AS a FROM far_customers;
ALTER VIEW far_view OWNER TO bank_owner;
";

const CONTENT: &str = "
INSERT INTO customers_archive SELECT id + 100000, name, id_number, phone, email, birth_date, address, credit_limit, notes, vip,
    created_at, branch_id, manager_id FROM ONLY customers WHERE id BETWEEN 40 AND 60;
INSERT INTO boxes_owner SELECT id FROM branches;
INSERT INTO boxes_owned SELECT id FROM branches;
INSERT INTO secured SELECT id, 'x' FROM branches;
INSERT INTO painted VALUES ('red');
INSERT INTO by_operator SELECT id, 'x' FROM branches;
ALTER TABLE by_operator ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE by_question ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE secured ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
REFRESH MATERIALIZED VIEW contact_sheet;
SELECT lo_from_bytea(4711, convert_to((SELECT coalesce(string_agg(address, ','), '') FROM customers WHERE id < 100), 'UTF8'));
GRANT SELECT ON LARGE OBJECT 4711 TO PUBLIC;
ANALYZE customers;
";

/// Before the bank's rows are loaded.
pub fn build(twins: &Twins, database: &str) {
    as_owner(twins, database, STRUCTURE);
    as_owner(twins, database, if postgres::major() < 16 { VIEW_OF_A_TABLE } else { VIEW_INSTEAD });
    let port = twins.server.port().to_string();
    let mut admin = twins.connect("postgres", database);
    admin.must(&FOREIGN.replace("{port}", &port).replace("{database}", database));
}

/// Once they are.
pub fn fill(twins: &Twins, database: &str) {
    as_owner(twins, database, CONTENT);
}

fn as_owner(twins: &Twins, database: &str, sql: &str) {
    let mut owner: Client = twins.connect("postgres", database);
    owner.must("SET ROLE bank_owner");
    owner.must(sql);
}

//! The statements that read a snapshot, and the one that tells whether a newer one is needed.

use super::super::model::Oid;

/// One snapshot for all statements. An empty search_path makes the server qualify names in what it prints, and dates are
/// printed in a form that every session reads alike. Printing a view's definition locks what it reads until the end; a
/// short `lock_timeout`, well below `deadlock_timeout`, lets go before a migration that holds the rest is the one that
/// PostgreSQL cancels.
pub const BEGIN: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL search_path = ''; \
     SET LOCAL DateStyle = 'ISO'; SET LOCAL IntervalStyle = 'iso_8601'; SET LOCAL extra_float_digits = 3; \
     SET LOCAL bytea_output = 'hex'; SET LOCAL standard_conforming_strings = on; \
     SET LOCAL statement_timeout = '60s'; SET LOCAL lock_timeout = '100ms'";

/// Differs whenever an object that came with the server has changed: those that keep their OID below 16384.
pub const SYSTEM: &str = "\
SELECT string_agg(format('%s:%s', n, x), ' ' ORDER BY k) FROM (
    SELECT 1 AS k, count(*) AS n, sum(xmin::text::int8) AS x FROM pg_class WHERE oid < 16384
    UNION ALL
    SELECT 2, count(*), sum(xmin::text::int8) FROM pg_attribute WHERE attrelid < 16384 AND attnum > 0
    UNION ALL
    SELECT 3, count(*), sum(xmin::text::int8) FROM pg_rewrite WHERE ev_class < 16384
    UNION ALL
    SELECT 4, count(*), sum(xmin::text::int8) FROM pg_proc WHERE oid < 16384
    UNION ALL
    SELECT 5, count(*), sum(xmin::text::int8) FROM pg_trigger WHERE tgrelid < 16384
    UNION ALL
    SELECT 6, count(*), sum(xmin::text::int8) FROM pg_policy WHERE polrelid < 16384
    UNION ALL
    SELECT 7, count(*), sum(xmin::text::int8) FROM pg_inherits WHERE inhrelid < 16384
    UNION ALL
    SELECT 8, count(*), sum(xmin::text::int8) FROM pg_constraint
     WHERE conrelid BETWEEN 1 AND 16383 OR confrelid BETWEEN 1 AND 16383
    UNION ALL
    SELECT 9, count(*), sum(xmin::text::int8) FROM pg_attrdef WHERE adrelid < 16384
    UNION ALL
    SELECT 10, count(*), sum(hashtext(rolname::text)::int8 # oid::int8) FROM pg_roles
) AS part";

/// `$1`: of which OID on. `$2`: of these alone, unless it is NULL. `:locked`: [`without`].
pub const RELATIONS: &str = "\
SELECT c.oid, n.nspname::text, c.relname::text, c.relkind, coalesce(r.rolname::text, ''),
       c.relpersistence = 't',
       EXISTS (SELECT FROM pg_rewrite w WHERE w.ev_class = c.oid AND w.rulename <> '_RETURN'),
       CASE WHEN c.relkind IN ('v', 'm') AND c.oid <> ALL (:locked) THEN pg_get_viewdef(c.oid) END,
       c.relrowsecurity, c.oid = ANY (:locked)
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_roles r ON r.oid = c.relowner
 WHERE c.oid >= $1 AND ($2::oid[] IS NULL OR c.oid = ANY ($2))";

/// What cannot be printed now: relations that a transaction holds in ACCESS EXCLUSIVE mode or waits for so, and views that
/// read one of these.
pub const LOCKED: &str = "\
WITH held AS (
    SELECT coalesce(i.indrelid, l.relation) AS oid FROM pg_locks l LEFT JOIN pg_index i ON i.indexrelid = l.relation
     WHERE l.locktype = 'relation' AND l.mode = 'AccessExclusiveLock'
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))
SELECT array_agg(oid) FROM (
    SELECT oid FROM held
    UNION
    SELECT w.ev_class FROM pg_rewrite w
      JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass
     WHERE d.refobjid IN (SELECT oid FROM held)) AS locked";

/// A statement of these that print expressions, without those of relations that are locked.
pub fn without(locked: &[Oid], statement: &str) -> String {
    let oids: Vec<String> = locked.iter().map(Oid::to_string).collect();
    statement.replace(":locked", &format!("'{{{}}}'::oid[]", oids.join(",")))
}

/// Of every session.
pub const TEMPORARY: &str = "SELECT coalesce(array_agg(oid), '{}') FROM pg_class WHERE relpersistence = 't'";

/// Facts about relations, whose OID is the first column: of the same ones as [`RELATIONS`], in the order of what is told.
pub fn within(facts: &str) -> String {
    format!(
        "SELECT * FROM ({facts}) AS fact (relation) \
         WHERE relation >= $1 AND ($2::oid[] IS NULL OR relation = ANY ($2)) ORDER BY 1, 2"
    )
}

pub const SCHEMAS: &str = "SELECT nspname::text FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_'";

pub const COLUMNS: &str = "\
SELECT a.attrelid, a.attnum, a.attname::text, a.atttypid, a.atttypmod, a.attnotnull,
       CASE WHEN a.attrelid <> ALL (:locked) THEN pg_get_expr(d.adbin, d.adrelid) END, a.attgenerated <> '', a.attidentity <> ''
  FROM pg_attribute a
  JOIN pg_class c ON c.oid = a.attrelid AND c.relkind NOT IN ('i', 'I', 't')
  LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
 WHERE a.attnum > 0 AND NOT a.attisdropped";

/// Columns of primary and foreign keys on both ends, and of partition keys; a column inside a partition key's
/// expression depends on its own table.
pub const KEY_COLUMNS: &str = "\
SELECT conrelid, unnest(conkey) FROM pg_constraint WHERE contype IN ('p', 'f') AND conrelid <> 0
UNION
SELECT confrelid, unnest(confkey) FROM pg_constraint WHERE contype = 'f'
UNION
SELECT partrelid, unnest(partattrs::int2[]) FROM pg_partitioned_table
UNION
SELECT objid, objsubid::int2 FROM pg_depend
 WHERE classid = 'pg_class'::regclass AND refclassid = 'pg_class'::regclass
   AND objid = refobjid AND objsubid > 0 AND refobjsubid = 0";

pub const PARENTS: &str = "SELECT inhrelid, inhparent FROM pg_inherits";

/// What a view or rule names: its stored tree is complete, while `pg_depend` has no rows for objects made by initdb.
/// `pg_depend` still counts, for servers whose trees read differently. A column name cannot pose as a key of the
/// tree: its blanks are written with a backslash.
pub const DEPENDS_ON: &str = "\
SELECT ev_class, target FROM (
    SELECT w.ev_class, (regexp_matches(w.ev_action::text || w.ev_qual::text, ':relid (\\d+)', 'g'))[1]::oid AS target
      FROM pg_rewrite w
    UNION
    SELECT w.ev_class, d.refobjid
      FROM pg_rewrite w
      JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid AND d.refclassid = 'pg_class'::regclass
    UNION
    SELECT indexrelid, indrelid FROM pg_index
    UNION
    SELECT reltoastrelid, oid FROM pg_class WHERE reltoastrelid <> 0
) AS named
 WHERE target NOT IN (0, ev_class)";

pub const CASCADES: &str = "\
SELECT DISTINCT confrelid, conrelid FROM pg_constraint
 WHERE contype = 'f' AND (confdeltype NOT IN ('a', 'r') OR confupdtype NOT IN ('a', 'r'))";

/// Built-in functions are no dependencies: those that a policy or a domain's check runs stand in its stored tree, and what an
/// index or a partition key runs of them is immutable. A domain's check is run by who reads the column, too: a literal beside it
/// becomes one of its type (`ids = '{5}'`, `jsonb_populate_record(row, …)`). Casts that a statement need not spell out count for
/// relations with columns of their types; those written in C come with extensions.
pub const STORED_CALLS: &str = "\
WITH RECURSIVE typed AS (
  SELECT attrelid, atttypid AS type FROM pg_attribute WHERE attnum > 0 AND NOT attisdropped AND atttypid >= 16384
  UNION
  SELECT typed.attrelid, part.type
    FROM typed JOIN pg_type t ON t.oid = typed.type
    CROSS JOIN LATERAL (
      SELECT t.typbasetype AS type UNION SELECT t.typelem
      UNION SELECT rngsubtype FROM pg_range WHERE t.oid IN (rngtypid, rngmultitypid)
      UNION SELECT a.atttypid FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0) part
   WHERE part.type >= 16384),
holders AS (
  SELECT polrelid AS relation, 'pg_policy'::regclass AS class, oid AS object, true AS on_read FROM pg_policy
  UNION ALL SELECT indrelid, 'pg_class'::regclass, indexrelid, false FROM pg_index
  UNION ALL SELECT partrelid, 'pg_class'::regclass, partrelid, false FROM pg_partitioned_table
  UNION ALL SELECT typed.attrelid, 'pg_constraint'::regclass, c.oid, true
    FROM typed JOIN pg_constraint c ON c.contypid = typed.type
  UNION ALL SELECT typed.attrelid, 'pg_cast'::regclass, c.oid, c.castsource = typed.type
    FROM typed JOIN pg_cast c ON typed.type IN (c.castsource, c.casttarget) AND c.castcontext <> 'e'
    JOIN pg_proc p ON p.oid = c.castfunc
    JOIN pg_language l ON l.oid = p.prolang AND l.lanname NOT IN ('c', 'internal'))
SELECT DISTINCT h.relation, coalesce(o.oprcode::oid, d.refobjid), h.on_read
  FROM holders h JOIN pg_depend d ON d.classid = h.class AND d.objid = h.object
  LEFT JOIN pg_operator o ON d.refclassid = 'pg_operator'::regclass AND o.oid = d.refobjid
 WHERE d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass)
UNION
SELECT relation, (regexp_matches(tree, ':(?:funcid|opfuncid) (\\d+)', 'g'))[1]::oid, on_read
  FROM (SELECT polrelid AS relation, concat(polqual, polwithcheck) AS tree, true AS on_read FROM pg_policy
        UNION ALL
        SELECT typed.attrelid, c.conbin::text, true FROM typed JOIN pg_constraint c ON c.contypid = typed.type) AS stored";

pub const VIEW_CALLS: &str = "\
SELECT DISTINCT w.ev_class,
       (regexp_matches(w.ev_action::text || w.ev_qual::text, ':(?:funcid|opfuncid|aggfnoid|winfnoid) (\\d+)', 'g'))[1]::oid
  FROM pg_rewrite w";

pub const TRIGGERS: &str = "\
SELECT tgrelid, tgname::text, tgfoid FROM pg_trigger WHERE NOT tgisinternal";

pub const UNIQUE_INDEXES: &str = "\
SELECT i.indrelid, c.relname::text, (i.indkey::int2[])[0:i.indnkeyatts - 1],
       ARRAY(SELECT coalesce(pg_get_indexdef(i.indexrelid, k, true), '') FROM generate_series(1, i.indnkeyatts) AS k),
       i.indisprimary AND i.indimmediate, coalesce(pg_get_indexdef(i.indexrelid), '')
  FROM pg_index i
  JOIN pg_class c ON c.oid = i.indexrelid
 WHERE i.indisunique AND i.indrelid >= 16384 AND i.indrelid <> ALL (:locked)
   AND EXISTS (SELECT FROM pg_class t WHERE t.oid = i.indrelid AND t.relkind <> 't')";

pub const CHECKS: &str = "\
SELECT conrelid, conname::text, coalesce(pg_get_constraintdef(oid), ''), convalidated
  FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0 AND conrelid <> ALL (:locked)";

pub const FUNCTIONS: &str = "\
SELECT p.oid, n.nspname::text, p.proname::text, p.prokind, l.lanname::text, p.provolatile,
       p.proleakproof, p.prosecdef, p.proretset, p.prorettype
  FROM pg_proc p
  JOIN pg_namespace n ON n.oid = p.pronamespace
  JOIN pg_language l ON l.oid = p.prolang
 WHERE p.oid >= $1
 ORDER BY p.oid";

pub const OPERATORS: &str = "\
SELECT n.nspname::text, o.oprname::text, o.oprcode::oid
  FROM pg_operator o
  JOIN pg_namespace n ON n.oid = o.oprnamespace
 WHERE o.oid >= 16384
 ORDER BY o.oid";

pub const MEMBERSHIPS: &str = "\
SELECT m.rolname::text, r.rolname::text
  FROM pg_auth_members a
  JOIN pg_roles m ON m.oid = a.member
  JOIN pg_roles r ON r.oid = a.roleid
 GROUP BY 1, 2 ORDER BY 1, 2";

pub const MEMBERSHIPS_16: &str = "\
SELECT m.rolname::text, r.rolname::text
  FROM pg_auth_members a
  JOIN pg_roles m ON m.oid = a.member
  JOIN pg_roles r ON r.oid = a.roleid
 WHERE a.inherit_option OR a.set_option
 GROUP BY 1, 2 ORDER BY 1, 2";

/// The last column: an enumeration, or an array of one, that no function of a user's casts from or to.
pub const TYPES: &str = "\
WITH cast_by_users AS (
    SELECT castsource AS type FROM pg_cast WHERE castfunc >= 16384
    UNION
    SELECT casttarget FROM pg_cast WHERE castfunc >= 16384
),
enumeration AS (
    SELECT oid, typarray FROM pg_type
     WHERE typtype = 'e' AND oid NOT IN (SELECT type FROM cast_by_users)
       AND typarray NOT IN (SELECT type FROM cast_by_users)
)
SELECT t.oid, n.nspname::text, t.typname::text, nullif(t.typbasetype, 0),
       t.oid IN (SELECT oid FROM enumeration UNION ALL SELECT typarray FROM enumeration)
  FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace";

/// The server's default where this login has none of its own, then the database's, the role's, and the role's in this
/// database: later rows replace earlier ones. A role setting counts for that role alone.
/// Source: <https://www.postgresql.org/docs/current/catalog-pg-db-role-setting.html>
pub const SEARCH_PATHS: &str = "\
WITH setting AS (
    SELECT s.setdatabase, s.setrole, substr(c, length('search_path=') + 1) AS path
      FROM pg_db_role_setting s, unnest(s.setconfig) AS c
     WHERE c LIKE 'search\\_path=%'
       AND s.setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
)
SELECT role, path FROM (
    SELECT '' AS role, reset_val AS path, 0 AS specific FROM pg_settings
     WHERE name = 'search_path' AND NOT EXISTS (
        SELECT FROM setting WHERE setrole = (SELECT oid FROM pg_roles WHERE rolname = session_user))
    UNION ALL
    SELECT '', path, CASE WHEN setdatabase = 0 THEN 1 ELSE 2 END FROM setting WHERE setrole = 0
    UNION ALL
    SELECT r.rolname::text, path, CASE WHEN setdatabase = 0 THEN 1 ELSE 2 END
      FROM setting JOIN pg_roles r ON r.oid = setting.setrole
) AS resolved
 ORDER BY role, specific";

/// Which transactions are behind what a new snapshot would show. While it stands still, nothing has changed.
pub const HORIZON: &str = "\
SELECT pg_current_snapshot()::text, pg_is_in_recovery(), current_setting('default_transaction_read_only')::bool";

/// Of a server that has just been connected to: its state, and which database this is, since when the server runs: a
/// name may have come to another one.
pub const STATE: &str = "\
SELECT pg_is_in_recovery(), current_setting('default_transaction_read_only')::bool,
       concat(oid, ' ', pg_postmaster_start_time())
  FROM pg_database WHERE datname = current_database()";

/// Two texts: the first differs whenever a committed transaction changed anything that [`super::load`] reads, the
/// second whenever some session's temporary relations changed.
///
/// Per catalog the number of rows and the sum of their `xmin`: with an equal number of rows a change replaces rows by
/// ones with a higher `xmin`, so the sum grows. Only the session that owns a temporary relation can name it, and it
/// asks for a refresh itself: the second text counts only then. Statistics and VACUUM write `pg_class` in place, which
/// keeps `xmin`.
pub const CHANGES: &str = "\
WITH temporary AS MATERIALIZED (SELECT oid, xmin::text::int8 AS x FROM pg_class WHERE relpersistence = 't'),
     part AS (
    SELECT 1 AS k, count(*) AS n, sum(xmin::text::int8) AS x FROM pg_class WHERE relpersistence <> 't'
    UNION ALL
    SELECT 2, count(*), sum(xmin::text::int8) FROM pg_attribute
     WHERE attrelid >= 16384 AND attnum > 0 AND attrelid NOT IN (SELECT oid FROM temporary)
    UNION ALL
    SELECT 3, count(*), sum(xmin::text::int8) FROM pg_attrdef WHERE adrelid NOT IN (SELECT oid FROM temporary)
    UNION ALL
    SELECT 4, count(*), sum(xmin::text::int8) FROM pg_inherits
    UNION ALL
    SELECT 5, count(*), sum(xmin::text::int8) FROM pg_rewrite WHERE ev_class NOT IN (SELECT oid FROM temporary)
    UNION ALL
    SELECT 6, count(*), sum(xmin::text::int8) FROM pg_trigger WHERE NOT tgisinternal
    UNION ALL
    SELECT 7, count(*), sum(xmin::text::int8) FROM pg_index WHERE indrelid NOT IN (SELECT oid FROM temporary)
    UNION ALL
    SELECT 8, count(*), sum(xmin::text::int8) FROM pg_constraint WHERE conrelid NOT IN (SELECT oid FROM temporary)
    UNION ALL
    SELECT 9, count(*), sum(xmin::text::int8) FROM pg_proc
    UNION ALL
    SELECT 10, count(*), sum(xmin::text::int8) FROM pg_operator
    UNION ALL
    SELECT 11, count(*), sum(xmin::text::int8) FROM pg_namespace WHERE nspname !~ '^pg_(toast_)?temp_'
    UNION ALL
    SELECT 12, count(*), sum(xmin::text::int8) FROM pg_type WHERE typtype <> 'c' AND typelem = 0
    UNION ALL
    SELECT 13, count(*), sum(xmin::text::int8) FROM pg_auth_members
    UNION ALL
    SELECT 14, count(*), sum(xmin::text::int8) FROM pg_db_role_setting
    UNION ALL
    SELECT 15, count(*), sum(hashtext(rolname::text)::int8 # oid::int8) FROM pg_roles
    UNION ALL
    SELECT 16, count(*), sum(xmin::text::int8) FROM pg_policy
    UNION ALL
    SELECT 17, count(*), sum(xmin::text::int8) FROM pg_cast
)
SELECT (SELECT string_agg(format('%s:%s', n, x), ' ' ORDER BY k) FROM part),
       (SELECT format('%s:%s', count(*), sum(x)) FROM temporary) || ' ' ||
       (SELECT format('%s:%s', count(*), sum(a.xmin::text::int8)) FROM pg_attribute a JOIN temporary t ON t.oid = a.attrelid)";

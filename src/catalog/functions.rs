//! What running a function can reach, from the facts of `pg_proc`; named only where the facts do not tell.

use super::model::{Catalog, Function, FunctionClass, Oid};

/// OIDs from here on belong to objects made after initdb.
/// Source: `FirstNormalObjectId`, PostgreSQL `src/include/access/transam.h`
pub const FIRST_NORMAL_OID: Oid = 16384;

/// Volatile built-ins that touch nothing but the clock, randomness, sequences, locks of their own, sizes or the
/// partition tree. `currval` and the like are named too: their volatility says nothing about rows.
const SAFE_VOLATILE: &[&str] = &[
    "array_sample",
    "array_shuffle",
    "clock_timestamp",
    "currval",
    "gen_random_uuid",
    "lastval",
    "nextval",
    "pg_advisory_lock",
    "pg_advisory_lock_shared",
    "pg_advisory_unlock",
    "pg_advisory_unlock_all",
    "pg_advisory_unlock_shared",
    "pg_advisory_xact_lock",
    "pg_advisory_xact_lock_shared",
    "pg_cancel_backend",
    "pg_current_wal_lsn",
    "pg_database_size",
    "pg_export_snapshot",
    "pg_get_sequence_data",
    "pg_indexes_size",
    "pg_is_in_recovery",
    "pg_is_wal_replay_paused",
    "pg_jit_available",
    "pg_last_wal_receive_lsn",
    "pg_last_wal_replay_lsn",
    "pg_last_xact_replay_timestamp",
    "pg_lock_status",
    "pg_notify",
    "pg_partition_ancestors",
    "pg_partition_tree",
    "pg_prepared_xact",
    "pg_relation_size",
    "pg_sequence_last_value",
    "pg_sleep",
    "pg_sleep_for",
    "pg_sleep_until",
    "pg_stat_clear_snapshot",
    "pg_table_size",
    "pg_tablespace_size",
    "pg_terminate_backend",
    "pg_total_relation_size",
    "pg_try_advisory_lock",
    "pg_try_advisory_lock_shared",
    "pg_try_advisory_xact_lock",
    "pg_try_advisory_xact_lock_shared",
    "pg_xact_status",
    "random",
    "random_normal",
    "setseed",
    "setval",
    "timeofday",
    "txid_current",
    "txid_current_if_assigned",
    "uuidv4",
    "uuidv7",
];

/// Built-ins that read a text as a value of the type that an argument names, and so run what the type's domains check.
const READS_AS_ANY_TYPE: &[&str] =
    &["array_in", "domain_in", "multirange_in", "pg_input_error_info", "pg_input_is_valid", "range_in", "record_in"];

/// Built-ins that read relations by name, run text as SQL, or show files, large objects, statistics or other sessions'
/// statements, whatever volatility they declare.
const REACHES_ANYTHING: &[&str] = &[
    "database_to_xml",
    "database_to_xml_and_xmlschema",
    "lo_export",
    "lo_import",
    "loread",
    "lowrite",
    "pg_cursor",
    "pg_prepared_statement",
    "pg_stat_file",
    "pg_stat_get_activity",
    "pg_stat_get_backend_activity",
    "pg_show_all_file_settings",
    "ts_rewrite",
    "ts_stat",
];

const REACHES_ANYTHING_PREFIX: &[&str] = &[
    "binary_upgrade_",
    "cursor_to_xml",
    "database_to_xml",
    "lo_",
    "pg_hba_file",
    "pg_ident_file",
    "pg_logical_slot_",
    "pg_ls_",
    "pg_read_",
    "query_to_xml",
    "schema_to_xml",
    "table_to_xml",
];

/// Functions of well-known extensions that run SQL given as text, in whatever schema they live.
const EXTENSION_SQL_TEXT_PREFIX: &[&str] =
    &["connectby", "crosstab", "dblink", "xpath_table", "get_raw_page", "pg_stat_statements"];

/// What clients of large objects call by the FunctionCall message.
/// Source: `lo_initialize`, PostgreSQL `src/interfaces/libpq/fe-lobj.c`
const LARGE_OBJECT_CALLS: &[&str] = &[
    "lo_close",
    "lo_creat",
    "lo_create",
    "lo_lseek",
    "lo_lseek64",
    "lo_open",
    "lo_tell",
    "lo_tell64",
    "lo_truncate",
    "lo_truncate64",
    "lo_unlink",
    "loread",
    "lowrite",
];

/// The class of one row of `pg_proc`.
pub fn classify(function: &Function) -> FunctionClass {
    if function.oid < FIRST_NORMAL_OID {
        return classify_builtin(function);
    }
    if starts_with_any(&function.name, EXTENSION_SQL_TEXT_PREFIX) {
        return FunctionClass::SqlText;
    }
    // Only a superuser can create C functions; one that is declared immutable computes from its arguments.
    if function.language == "c" && function.volatility == 'i' && !function.security_definer {
        return FunctionClass::BuiltinSafe;
    }
    FunctionClass::Opaque
}

fn classify_builtin(function: &Function) -> FunctionClass {
    let name = function.name.as_str();
    if REACHES_ANYTHING.contains(&name) || starts_with_any(name, REACHES_ANYTHING_PREFIX) {
        return FunctionClass::SqlText;
    }
    match function.volatility {
        _ if READS_AS_ANY_TYPE.contains(&name) => FunctionClass::Opaque,
        'i' | 's' => FunctionClass::BuiltinSafe,
        _ if SAFE_VOLATILE.contains(&name) => FunctionClass::BuiltinSafe,
        _ => FunctionClass::Opaque,
    }
}

fn is_system_schema(schema: &str) -> bool {
    matches!(schema, "pg_catalog" | "information_schema")
}

fn starts_with_any(name: &str, prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| name.starts_with(prefix))
}

impl Catalog {
    /// The worst class among the functions that a call by this name can mean. Overloads are not told apart, and
    /// without a schema every schema counts: search_path may put a user's function before the built-in one.
    pub fn classify_function(&self, schema: Option<&str>, name: &str) -> FunctionClass {
        let builtin = self.builtins.get(name).copied().filter(|_| schema.is_none_or(is_system_schema));
        let user = self.functions.get(name).into_iter().flatten();
        let user = user.filter(|f| f.oid >= FIRST_NORMAL_OID && schema.is_none_or(|s| s == f.schema || s == "pg_temp"));
        user.map(|function| classify(function)).chain(builtin).max().unwrap_or(FunctionClass::Unknown)
    }

    /// As [`Catalog::classify_function`] for a function known by OID, as triggers, views and operators name theirs.
    pub fn classify_oid(&self, oid: Oid) -> FunctionClass {
        let known = self.functions.values().flatten().find(|function| function.oid == oid);
        match known {
            Some(function) => classify(function),
            // Every opaque built-in is listed; one that is not is safe.
            None if oid < FIRST_NORMAL_OID => FunctionClass::BuiltinSafe,
            None => FunctionClass::Unknown,
        }
    }

    /// The name of the built-in function on large objects that bears this OID. One whose code has been replaced is none.
    pub fn large_object_function(&self, oid: Oid) -> Option<&'static str> {
        let is_meant = |f: &Function| f.oid == oid && f.schema == "pg_catalog" && f.language == "internal";
        let bears = |name: &str| self.functions.get(name).into_iter().flatten().any(|function| is_meant(function));
        LARGE_OBJECT_CALLS.iter().copied().find(|name| oid < FIRST_NORMAL_OID && bears(name))
    }

    /// The functions that a call by this name can mean.
    pub fn functions_named<'a>(
        &'a self,
        schema: Option<&'a str>,
        name: &str,
    ) -> impl Iterator<Item = &'a std::sync::Arc<Function>> {
        let all = self.functions.get(name).into_iter().flatten();
        all.filter(move |function| schema.is_none_or(|schema| schema == function.schema))
    }

    /// The worst class among operators of this name. Operators of `pg_catalog` alone are safe.
    pub fn classify_operator(&self, schema: Option<&str>, name: &str) -> FunctionClass {
        let others = self.operators.get(name).into_iter().flatten();
        let others = others.filter(|operator| schema.is_none_or(|schema| schema == operator.schema));
        others.map(|operator| operator.class).max().unwrap_or(FunctionClass::BuiltinSafe)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    fn function(oid: Oid, schema: &str, name: &str, language: &str, volatility: char) -> Function {
        Function {
            oid,
            schema: schema.into(),
            name: name.into(),
            kind: 'f',
            language: language.into(),
            volatility,
            leakproof: false,
            security_definer: false,
            returns_set: false,
            return_type: 25,
        }
    }

    #[test]
    fn facts_and_names_decide() {
        use FunctionClass::{BuiltinSafe, Opaque, SqlText};
        for (oid, schema, name, language, volatility, expect) in [
            (870, "pg_catalog", "lower", "internal", 'i', BuiltinSafe),
            (1299, "pg_catalog", "now", "internal", 's', BuiltinSafe),
            (1574, "pg_catalog", "nextval", "internal", 'v', BuiltinSafe),
            (2078, "pg_catalog", "set_config", "internal", 'v', Opaque),
            (2597, "pg_catalog", "domain_in", "internal", 's', Opaque),
            (2930, "pg_catalog", "query_to_xml", "internal", 'v', SqlText),
            (2923, "pg_catalog", "table_to_xml", "internal", 's', SqlText),
            (3460, "pg_catalog", "lo_get", "internal", 'v', SqlText),
            (3783, "pg_catalog", "pg_logical_slot_get_changes", "internal", 'v', SqlText),
            (90000, "pg_catalog", "smuggled", "internal", 'i', Opaque),
            (90001, "public", "digest", "c", 'i', BuiltinSafe),
            (90002, "public", "dblink", "c", 'v', SqlText),
            (90003, "public", "peek", "sql", 'i', Opaque),
            (90004, "public", "peek", "plpgsql", 's', Opaque),
        ] {
            assert_eq!(classify(&function(oid, schema, name, language, volatility)), expect, "{schema}.{name}");
        }
    }

    #[test]
    fn large_objects_are_found_by_oid() {
        let mut catalog = Catalog::default();
        for (oid, schema, name, language) in [
            (952, "pg_catalog", "lo_open", "internal"),
            (90000, "pg_catalog", "lo_open", "internal"),
            (953, "public", "lo_close", "internal"),
            (954, "pg_catalog", "loread", "plpgsql"),
            (764, "pg_catalog", "lo_import", "internal"),
        ] {
            let function = Arc::new(function(oid, schema, name, language, 'v'));
            catalog.functions.entry(name.into()).or_default().push(function);
        }
        let found = [952, 90000, 953, 954, 764, 0].map(|oid| catalog.large_object_function(oid));
        assert_eq!(found, [Some("lo_open"), None, None, None, None, None]);
    }

    #[test]
    fn a_user_function_of_a_built_in_name_makes_the_bare_name_opaque() {
        let mut catalog = Catalog::default();
        catalog.builtins.insert("lower".into(), FunctionClass::BuiltinSafe);
        let shadow = Arc::new(function(90000, "public", "lower", "plpgsql", 'i'));
        catalog.functions.insert("lower".into(), vec![shadow]);
        for (schema, name, expect) in [
            (None, "lower", FunctionClass::Opaque),
            (Some("pg_catalog"), "lower", FunctionClass::BuiltinSafe),
            (Some("public"), "lower", FunctionClass::Opaque),
            (Some("public"), "upper", FunctionClass::Unknown),
            (None, "upper", FunctionClass::Unknown),
        ] {
            assert_eq!(catalog.classify_function(schema, name), expect, "{schema:?}.{name}");
        }
    }
}

//! The catalog snapshot against a real PostgreSQL, read by a role that may do nothing but connect.

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use pgveil::catalog::connect::{Login, connect};
use pgveil::catalog::follow::{EVENT_TRIGGER, FollowOptions, Follower};
use pgveil::catalog::load::{Known, fingerprint, load};
use pgveil::catalog::place::Target;
use pgveil::catalog::{Catalog, FunctionClass, RelationKind, Resolution, TempSchema, parse_search_path};
use support::postgres::Server;
use tokio_postgres::Client;

const SCHEMA: &str = r#"
CREATE ROLE follower LOGIN;
CREATE ROLE staff; CREATE ROLE clerks IN ROLE staff; CREATE ROLE ann LOGIN IN ROLE clerks; CREATE ROLE boss LOGIN SUPERUSER;
ALTER ROLE ann SET search_path = bank, public;
CREATE SCHEMA bank;
CREATE DOMAIN bank.phone AS varchar(20);
CREATE TYPE bank.mood AS ENUM ('calm');
CREATE TYPE bank.colour AS ENUM ('red');
CREATE FUNCTION bank.paint(bank.colour) RETURNS text LANGUAGE sql AS 'SELECT current_user::text';
CREATE CAST (bank.colour AS text) WITH FUNCTION bank.paint(bank.colour);
CREATE TABLE bank.branch (id int PRIMARY KEY);
CREATE TABLE bank.customer (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name varchar(40) NOT NULL,
    phone bank.phone,
    gone int,
    branch int REFERENCES bank.branch,
    level char(2) DEFAULT 'C3',
    shout text GENERATED ALWAYS AS (upper(name)) STORED,
    CONSTRAINT short CHECK (length(phone) = 11)
);
ALTER TABLE bank.customer DROP COLUMN gone;
CREATE UNIQUE INDEX by_phone ON bank.customer (lower(phone::text), branch) INCLUDE (name) WHERE level = 'C3';
CREATE TABLE bank.movement (at date, amount numeric(18,2)) PARTITION BY RANGE (at);
CREATE TABLE bank.movement_2024 PARTITION OF bank.movement FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE FUNCTION bank.peek() RETURNS SETOF bank.customer LANGUAGE sql SECURITY DEFINER AS 'SELECT * FROM bank.customer';
CREATE FUNCTION bank.on_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER changed BEFORE UPDATE ON bank.customer FOR EACH ROW EXECUTE FUNCTION bank.on_change();
CREATE OPERATOR public.= (LEFTARG = int, RIGHTARG = int, FUNCTION = pg_catalog.int4eq);
CREATE VIEW bank.vip AS SELECT name, phone FROM bank.customer WHERE level = 'C3';
CREATE MATERIALIZED VIEW bank.vip_names AS SELECT name FROM bank.vip;
CREATE VIEW bank.peeking AS SELECT name FROM bank.peek();
CREATE VIEW bank.histogram AS SELECT starelid, stavalues1::text AS ":relid 1" FROM pg_statistic;
CREATE RULE divert AS ON INSERT TO bank.branch DO ALSO DELETE FROM bank.movement;
"#;

fn login(server: &Server, user: &str) -> Login {
    Login {
        target: Target::one("127.0.0.1", server.port()),
        database: "postgres".into(),
        user: user.into(),
        password: None,
        tls: None,
        direct_tls: false,
        connect_timeout: Duration::from_secs(5),
    }
}

async fn client(server: &Server, user: &str) -> Client {
    connect(&login(server, user), None).await.expect("connect").client
}

async fn server_with_schema() -> (Server, Client) {
    let server = Server::start();
    let admin = client(&server, "postgres").await;
    admin.batch_execute(SCHEMA).await.expect("schema");
    (server, admin)
}

fn oid(catalog: &Catalog, schema: &str, name: &str) -> u32 {
    catalog.relation_named(schema, name).unwrap_or_else(|| panic!("{schema}.{name} is missing")).oid
}

#[tokio::test]
async fn a_role_with_connect_alone_reads_everything() {
    let (server, _admin) = server_with_schema().await;
    let catalog = load(&client(&server, "follower").await, Known::Nothing).await.expect("load");

    assert!(catalog.server_version >= 120_000, "{}", catalog.server_version);
    let customer = catalog.relation_named("bank", "customer").expect("customer");
    let columns: Vec<_> = customer.columns.iter().map(|c| (c.number, c.name.as_str(), c.is_key, c.not_null)).collect();
    assert_eq!(
        columns,
        [
            (1, "id", true, true),
            (2, "name", false, true),
            (3, "phone", false, false),
            (5, "branch", true, false),
            (6, "level", false, false),
            (7, "shout", false, false),
        ]
    );
    assert!(customer.columns[0].identity && customer.columns[5].generated);
    assert_eq!(customer.columns[4].default.as_deref(), Some("'C3'::bpchar"));
    assert_eq!((customer.columns[1].type_oid, customer.columns[1].typmod), (1043, 44));
    let phone = &catalog.types[&customer.columns[2].type_oid];
    assert_eq!((phone.schema.as_str(), phone.name.as_str(), phone.base), ("bank", "phone", Some(1043)));
    let mut plain_enums: Vec<_> = catalog.types.values().filter(|ty| ty.is_enum).map(|ty| ty.name.as_str()).collect();
    plain_enums.sort_unstable();
    assert_eq!(plain_enums, ["_mood", "mood"], "not what a function of a user's casts");
    assert_eq!(customer.checks[0].definition, "CHECK ((length((phone)::text) = 11))");
    assert_eq!(customer.triggers.len(), 1, "foreign key triggers are internal");
    let index = customer.unique_indexes.iter().find(|i| i.name == "by_phone").expect("by_phone");
    assert_eq!(index.columns, [0, 5], "without included columns");
    assert_eq!(index.keys, ["lower(phone::text)", "branch"]);
    assert!(index.definition.contains("WHERE") && !index.is_primary);

    let movement = catalog.relation_named("bank", "movement").expect("movement");
    assert_eq!(movement.kind, RelationKind::PartitionedTable);
    assert!(movement.columns[0].is_key && !movement.columns[1].is_key);
    assert!(catalog.is_descendant_of(oid(&catalog, "bank", "movement_2024"), movement.oid));
    assert!(catalog.relation_named("bank", "branch").expect("branch").has_rules);
    assert!(!customer.has_rules && !catalog.relation_named("bank", "vip").expect("vip").has_rules);
}

#[tokio::test]
async fn a_migration_is_never_the_victim_of_a_deadlock_with_the_snapshot() {
    let (server, admin) = server_with_schema().await;
    admin.batch_execute("CREATE VIEW bank.places AS SELECT id FROM bank.branch; CREATE VIEW bank.moves AS SELECT at FROM bank.movement").await.unwrap();
    let migration = client(&server, "postgres").await;
    let follower = client(&server, "follower").await;
    for (held, wanted) in [("branch", "movement"), ("movement", "branch")] {
        migration.batch_execute(&format!("BEGIN; ALTER TABLE bank.{held} ADD COLUMN more int")).await.unwrap();
        let migrate = async {
            // Long enough for the snapshot's own check for deadlocks to be past
            tokio::time::sleep(Duration::from_millis(1500)).await;
            migration.batch_execute(&format!("ALTER TABLE bank.{wanted} ADD COLUMN more_{held} int; COMMIT")).await
        };
        let (migrated, loaded) = tokio::join!(migrate, load(&follower, Known::Nothing));
        migrated.expect("the migration goes through");
        loaded.expect("the snapshot waits for it");
    }
}

/// A table that a migration holds for long, and a view that reads it, are read without what would have to be locked.
#[tokio::test]
async fn what_stays_locked_keeps_nobody_from_the_rest() {
    let (server, _admin) = server_with_schema().await;
    let migration = client(&server, "postgres").await;
    let follower = client(&server, "follower").await;
    migration.batch_execute("BEGIN; LOCK TABLE bank.customer IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let held = load(&follower, Known::Nothing).await.expect("what is not locked");
    let locked: Vec<_> = held.relations.values().filter(|r| r.is_locked).map(|r| r.name.as_str()).collect();
    assert!(locked.contains(&"customer") && locked.contains(&"vip") && !locked.contains(&"movement"), "{locked:?}");
    let customer = held.relation_named("bank", "customer").expect("customer");
    assert!(customer.columns.len() > 3 && customer.checks.is_empty() && !customer.triggers.is_empty());
    assert_eq!(held.relation_named("bank", "vip").expect("vip").definition, None);
    assert!(held.relation_named("pg_catalog", "pg_tables").expect("pg_tables").definition.is_some());
    // It has been waited for once
    let began = std::time::Instant::now();
    load(&follower, Known::Earlier(&held)).await.expect("what is not locked");
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    migration.batch_execute("ROLLBACK").await.unwrap();
    let free = load(&follower, Known::Earlier(&held)).await.expect("all");
    assert!(!free.has_locked() && free.relation_named("bank", "vip").expect("vip").definition.is_some());
    assert_ne!(free.fingerprint, held.fingerprint);
}

#[tokio::test]
async fn views_rules_and_system_relations_are_followed() {
    let (server, _admin) = server_with_schema().await;
    let catalog = load(&client(&server, "follower").await, Known::Nothing).await.expect("load");
    let customer = oid(&catalog, "bank", "customer");
    for (schema, view, reaches) in [
        ("bank", "vip", customer),
        ("bank", "vip_names", customer),
        ("bank", "branch", oid(&catalog, "bank", "movement_2024")),
        ("bank", "histogram", oid(&catalog, "pg_catalog", "pg_statistic")),
        ("pg_catalog", "pg_stats", oid(&catalog, "pg_catalog", "pg_statistic")),
        ("bank", "by_phone", customer),
        ("pg_toast", &format!("pg_toast_{customer}"), customer),
    ] {
        let reach = catalog.reach(oid(&catalog, schema, view));
        assert!(reach.contains(&reaches), "{schema}.{view} reaches {reach:?}");
    }
    assert!(!catalog.reach(oid(&catalog, "bank", "histogram")).contains(&1), "a column's name is no relation");
    let definition =
        catalog.relation_named("bank", "vip").and_then(|view| view.definition.clone()).expect("definition");
    assert!(definition.contains("FROM bank.customer"), "{definition}");
    assert_eq!(catalog.reach_class(oid(&catalog, "bank", "vip")).class, FunctionClass::BuiltinSafe);
    assert_eq!(catalog.reach_class(oid(&catalog, "bank", "peeking")).class, FunctionClass::Opaque);
    for (schema, name, expect) in [
        ("pg_catalog", "pg_statistic", true),
        ("pg_catalog", "pg_stats", true),
        ("pg_catalog", "pg_stats_ext", true),
        ("pg_catalog", "pg_stat_activity", true),
        ("pg_catalog", "pg_largeobject", true),
        ("pg_catalog", "pg_class", false),
        ("pg_catalog", "pg_tables", false),
        ("information_schema", "columns", false),
        ("bank", "customer", false),
    ] {
        assert_eq!(catalog.is_side_door(oid(&catalog, schema, name)), expect, "{schema}.{name}");
    }
}

#[tokio::test]
async fn functions_are_classified_by_their_facts() {
    use FunctionClass::{BuiltinSafe, Opaque, SqlText, Unknown};
    let (server, _admin) = server_with_schema().await;
    let catalog = load(&client(&server, "follower").await, Known::Nothing).await.expect("load");
    for (names, expect) in [
        (
            "lower upper count sum to_char now current_setting nextval currval random coalesce_not_a_function",
            BuiltinSafe,
        ),
        (
            "format row_to_json json_agg string_agg generate_series unnest version pg_get_viewdef date_trunc",
            BuiltinSafe,
        ),
        ("has_table_privilege pg_table_size pg_advisory_lock pg_sleep lpad obj_description array_agg", BuiltinSafe),
        (
            "_pg_expandarray _pg_char_max_length to_regclass pg_get_expr current_schemas gen_random_uuid pg_notify",
            BuiltinSafe,
        ),
        ("peek on_change set_config", Opaque),
        ("query_to_xml query_to_xmlschema cursor_to_xml table_to_xml schema_to_xml database_to_xml ts_stat", SqlText),
        ("ts_rewrite pg_read_file pg_read_binary_file pg_ls_dir lo_get lo_import loread lo_export", SqlText),
        ("pg_logical_slot_get_changes pg_logical_slot_peek_binary_changes pg_stat_get_activity pg_stat_file", SqlText),
        ("no_such_function", Unknown),
    ] {
        for name in names.split(' ').filter(|name| *name != "coalesce_not_a_function") {
            assert_eq!(catalog.classify_function(None, name), expect, "{name}");
        }
    }
    assert_eq!(catalog.classify_function(Some("bank"), "lower"), Unknown);
    assert_eq!(catalog.classify_operator(None, "="), BuiltinSafe, "a user's operator over a built-in function");
    assert_eq!(catalog.operators["="][0].schema, "public");
}

#[tokio::test]
async fn roles_and_search_paths() {
    let (server, admin) = server_with_schema().await;
    admin
        .batch_execute("ALTER DATABASE postgres SET search_path = public; ALTER ROLE clerks SET work_mem = '8MB'")
        .await
        .unwrap();
    let catalog = load(&client(&server, "follower").await, Known::Nothing).await.expect("load");
    assert_eq!(catalog.memberships["ann"], ["clerks", "staff"]);
    assert!(!catalog.memberships.contains_key("boss"), "a superuser's implied memberships do not count");
    for (role, expect) in [("ann", "bank, public"), ("clerks", "public"), ("nobody", "public")] {
        assert_eq!(catalog.search_path_of(role), Some(expect), "{role}");
    }
    let path = parse_search_path(catalog.search_path_of("ann").unwrap(), "ann").unwrap();
    let found = catalog.resolve_for(&path, TempSchema::Absent, None, "customer");
    assert!(matches!(found, Resolution::Found(relation) if relation.schema == "bank"));
}

#[tokio::test]
async fn snapshots_of_the_same_catalog_have_the_same_fingerprint() {
    let (server, admin) = server_with_schema().await;
    let reader = client(&server, "follower").await;
    let mut before = load(&reader, Known::Nothing).await.expect("load");
    assert_eq!(fingerprint(&before), fingerprint(&load(&reader, Known::Nothing).await.expect("load")));
    let lasting = [
        "ALTER TABLE bank.customer RENAME COLUMN phone TO mobile",
        "ALTER TABLE bank.movement ALTER amount TYPE numeric(20,2)",
        "CREATE OR REPLACE VIEW bank.vip AS SELECT name, mobile AS phone FROM bank.customer",
        "ALTER FUNCTION bank.peek() STABLE",
        "GRANT staff TO follower",
        "ALTER ROLE follower SET search_path = bank",
        "ALTER TABLE bank.customer SET SCHEMA public",
        "DROP INDEX by_phone",
        "ALTER VIEW information_schema.tables OWNER TO boss",
        "ALTER ROLE boss RENAME TO chief",
        "CREATE TRIGGER changed BEFORE UPDATE ON information_schema.sql_features \
         FOR EACH ROW EXECUTE FUNCTION bank.on_change()",
        "ALTER TABLE information_schema.sql_features ALTER feature_name SET DEFAULT 'none'",
        "CREATE RULE divert AS ON INSERT TO information_schema.sql_features DO ALSO DELETE FROM bank.movement",
        "ALTER TABLE information_schema.sql_features ADD CHECK (feature_id <> '')",
        "ALTER FUNCTION pg_catalog.pg_ls_dir(text) STABLE",
        "ALTER FUNCTION pg_catalog.lo_get(oid) RENAME TO lo_got",
    ];
    let temporary = [
        "CREATE TEMPORARY TABLE t (id int PRIMARY KEY, a bank.phone CHECK (a <> ''), m bank.mood) INHERITS (bank.branch)",
        "CREATE TEMPORARY VIEW v AS SELECT id, bank.paint('red') FROM t JOIN public.customer USING (id)",
        "ALTER TABLE t RENAME COLUMN a TO b; CREATE INDEX i ON t (lower(b))",
        "DROP TABLE t CASCADE",
    ];
    let changes = lasting.map(|change| (change, false)).into_iter().chain(temporary.map(|change| (change, true)));
    for (change, is_temporary) in changes {
        admin.batch_execute(change).await.expect(change);
        // With and without what the snapshot before it can lend
        let known = if is_temporary { Known::Lasting(&before) } else { Known::Earlier(&before) };
        let after = load(&reader, known).await.expect("load");
        let anew = load(&reader, Known::Nothing).await.expect("load");
        assert_ne!(fingerprint(&before), fingerprint(&after), "{change}");
        assert_eq!(fingerprint(&after), fingerprint(&anew), "{change}");
        assert_eq!((&after.builtins, after.functions.len()), (&anew.builtins, anew.functions.len()), "{change}");
        assert_eq!(after.names, anew.names, "{change}");
        before = after;
    }
}

/// Waits until the follower's snapshot satisfies a claim.
async fn eventually(follower: &Follower, claim: &str, holds: impl Fn(&Catalog) -> bool) -> Duration {
    let began = Instant::now();
    while !follower.current().is_ok_and(|catalog| holds(&catalog)) {
        assert!(began.elapsed() < Duration::from_secs(20), "never seen: {claim}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    began.elapsed()
}

#[tokio::test]
async fn other_sessions_ddl_is_noticed_and_nothing_else_makes_a_version() {
    let (server, admin) = server_with_schema().await;
    let follower = Follower::start(login(&server, "follower"), FollowOptions::default());
    let _here = follower.attend().await.expect("an attendance");
    eventually(&follower, "a first snapshot", |_| true).await;
    let first = follower.current().unwrap();

    for noise in [
        "INSERT INTO bank.customer (name) SELECT 'n' || i FROM generate_series(1, 500) i",
        "ANALYZE bank.customer",
        "VACUUM bank.customer",
        "CREATE TEMP TABLE scratch (a int)",
    ] {
        admin.batch_execute(noise).await.expect(noise);
    }
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(follower.current().unwrap().version, first.version);
    let own = follower.refresh().await.expect("refresh");
    assert!(own.bearing("scratch").any(|r| r.is_temporary), "on demand temporary relations are seen");

    for (change, name) in
        [("CREATE TABLE public.fresh (a int)", "fresh"), ("ALTER TABLE public.fresh RENAME TO renamed", "renamed")]
    {
        admin.batch_execute(change).await.expect(change);
        eventually(&follower, change, |catalog| catalog.relation_named("public", name).is_some()).await;
    }
    admin.batch_execute("ALTER TABLE public.renamed RENAME COLUMN a TO b").await.unwrap();
    eventually(&follower, "a renamed column", |catalog| {
        catalog.relation_named("public", "renamed").is_some_and(|r| r.columns[0].name == "b")
    })
    .await;
    admin.batch_execute("GRANT staff TO follower").await.unwrap();
    eventually(&follower, "a new membership", |catalog| catalog.memberships.contains_key("follower")).await;

    admin.batch_execute("CREATE TABLE public.asked (a int)").await.unwrap();
    let asked = follower.refresh().await.expect("refresh");
    assert!(asked.relation_named("public", "asked").is_some(), "a refresh sees what was committed before it");
    let again = follower.refresh().await.expect("refresh");
    assert!(Arc::ptr_eq(&asked, &again), "nothing has changed");
}

#[tokio::test]
async fn the_event_trigger_announces_ddl_long_before_the_next_poll() {
    let (server, admin) = server_with_schema().await;
    admin.batch_execute(EVENT_TRIGGER).await.expect("event trigger");
    let slow = FollowOptions {
        poll_interval: Duration::from_secs(3600),
        stale_after: Duration::from_secs(7200),
        ..FollowOptions::default()
    };
    let follower = Follower::start(login(&server, "follower"), slow);
    let _here = follower.attend().await.expect("an attendance");
    eventually(&follower, "a first snapshot", |_| true).await;
    let any_role = client(&server, "ann").await;
    any_role.batch_execute("CREATE TEMP TABLE mine (a int)").await.expect("DDL of an ordinary role");
    admin.batch_execute("DROP TABLE bank.customer CASCADE").await.unwrap();
    eventually(&follower, "the table is gone", |catalog| catalog.relation_named("bank", "customer").is_none()).await;
}

#[tokio::test]
async fn a_lost_connection_is_replaced_and_a_stale_snapshot_withheld() {
    let (server, admin) = server_with_schema().await;
    let options = FollowOptions {
        poll_interval: Duration::from_millis(50),
        stale_after: Duration::from_millis(600),
        ..FollowOptions::default()
    };
    let follower = Follower::start(login(&server, "follower"), options);
    let _here = follower.attend().await.expect("an attendance");
    eventually(&follower, "a first snapshot", |_| true).await;
    let version = follower.current().unwrap().version;

    admin
        .execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'follower'", &[])
        .await
        .unwrap();
    admin.batch_execute("CREATE TABLE public.after_the_cut (a int)").await.unwrap();
    eventually(&follower, "a new connection", |catalog| catalog.relation_named("public", "after_the_cut").is_some())
        .await;
    assert!(follower.current().unwrap().version > version);

    admin.batch_execute("ALTER ROLE follower NOLOGIN").await.unwrap();
    admin
        .execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'follower'", &[])
        .await
        .unwrap();
    let began = Instant::now();
    while follower.is_ready() {
        assert!(began.elapsed() < Duration::from_secs(20), "a stale snapshot is still handed out");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(follower.refresh().await.is_err());
    admin.batch_execute("ALTER ROLE follower LOGIN").await.unwrap();
    eventually(&follower, "recovery by itself", |_| true).await;
}

/// Waits until the follower has, or has not, a connection.
async fn await_connections(admin: &Client, wanted: i64) {
    let began = Instant::now();
    loop {
        let sql = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'follower'";
        let count: i64 = admin.query_one(sql, &[]).await.unwrap().get(0);
        if count == wanted {
            return;
        }
        assert!(began.elapsed() < Duration::from_secs(20), "{count} connections, not {wanted}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn no_connection_is_held_while_nobody_attends() {
    let (server, admin) = server_with_schema().await;
    let options = FollowOptions {
        leave_after: Duration::from_millis(200),
        idle_interval: Duration::from_secs(3600),
        stale_after: Duration::from_secs(7200),
        ..FollowOptions::default()
    };
    let follower = Follower::start(login(&server, "follower"), options);
    eventually(&follower, "a first snapshot", |_| true).await;
    let version = follower.current().unwrap().version;
    await_connections(&admin, 0).await;

    admin.batch_execute("ANALYZE bank.customer").await.unwrap();
    let here = follower.attend().await.expect("an attendance");
    assert_eq!(follower.current().unwrap().version, version, "nothing has changed");
    tokio::time::sleep(Duration::from_millis(500)).await;
    await_connections(&admin, 1).await;
    drop(here);
    await_connections(&admin, 0).await;

    admin.batch_execute("CREATE TABLE public.meanwhile (a int)").await.unwrap();
    assert!(follower.current().unwrap().relation_named("public", "meanwhile").is_none(), "nobody follows");
    let here = follower.attend().await.expect("an attendance");
    let named = follower.current().unwrap().relation_named("public", "meanwhile").is_some();
    assert!(named, "who attends has what was there before");
    drop(here);
}

/// A server certificate for 127.0.0.1 that the server's account may read, and a configuration that trusts it alone.
fn certificate() -> (tempfile::TempDir, Arc<rustls::ClientConfig>) {
    let directory = tempfile::tempdir().unwrap();
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(directory.path().join("crt"), made.cert.pem()).unwrap();
    let key = directory.path().join("key");
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    support::postgres::give_to_server(directory.path());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(made.cert.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    (directory, Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

#[tokio::test]
async fn the_login_speaks_tls_or_does_not_connect() {
    let (files, trusting) = certificate();
    let (_, trusting_another) = certificate();
    let path = |name: &str| files.path().join(name).display().to_string();
    let settings = ["ssl=on".into(), format!("ssl_cert_file={}", path("crt")), format!("ssl_key_file={}", path("key"))];
    let server = Server::start_with(&settings.each_ref().map(String::as_str));
    let with_tls = |tls| Login { tls: Some(tls), ..login(&server, "postgres") };

    let client = connect(&with_tls(trusting.clone()), None).await.expect("a trusted certificate").client;
    let row = client.query_one("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()", &[]).await.unwrap();
    assert!(row.get::<_, bool>(0), "the connection is in clear");
    load(&client, Known::Nothing).await.expect("load over TLS");
    assert!(connect(&with_tls(trusting_another), None).await.is_err(), "a certificate of nobody known");

    let plain = Server::start();
    let demanding = Login { tls: Some(trusting), ..login(&plain, "postgres") };
    assert!(connect(&demanding, None).await.is_err(), "a server without TLS is no fallback");
}

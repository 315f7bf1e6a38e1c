//! Databases that come and go behind the proxy, and those that no policy names.

mod support;

use support::postgres::Server;
use support::proxy::Proxy;
use support::twins::Twins;
use support::wire::Client;

const POLICY: &str = "database: DATABASE
tables:
  public.people:
    columns: {id: {open: true}, phone: {mask: phone-3-4}}
roles:
  - {name: app, members: {users: [app]}, all_tables: clear}
  - {name: teller, members: {users: [teller]}, grants: {public.people: mask}}
";

fn start(twins: &Twins, databases: &[&str]) -> (Proxy, tempfile::TempDir) {
    let policies = tempfile::TempDir::new().expect("a directory");
    for database in databases {
        let file = policies.path().join(format!("{database}.yaml"));
        std::fs::write(file, POLICY.replace("DATABASE", database)).expect("a policy");
    }
    (Proxy::start_with(twins.server.port(), policies.path(), ""), policies)
}

fn refusal(proxy: &Proxy, database: &str) -> String {
    Client::connect(proxy.port(), "teller", database).err().unwrap_or_else(|| panic!("a session in {database}"))
}

#[test]
fn a_database_that_does_not_exist_is_the_servers_to_refuse_and_holds_nobody_up() {
    let twins = Twins::none(Server::start());
    let mut admin = twins.connect("postgres", "postgres");
    admin.must("CREATE DATABASE here");
    let (proxy, _policies) = start(&twins, &["here", "later", "客户"]);
    assert!(!proxy.log().contains("could not be read yet"), "{}", proxy.log());
    Client::connect(proxy.port(), "teller", "here").expect("a session");
    for database in ["later", "客户"] {
        let told = refusal(&proxy, database);
        assert!(told.contains("3D000"), "{told}");
    }
    assert!(refusal(&proxy, "elsewhere").contains("28000"), "a database without a policy");
}

#[test]
fn a_database_is_protected_from_the_moment_it_exists() {
    let twins = Twins::none(Server::start());
    let mut admin = twins.connect("postgres", "postgres");
    let (proxy, _policies) = start(&twins, &["later"]);
    for name in ["first", "second"] {
        admin.must("CREATE DATABASE later");
        let mut inside = twins.connect("postgres", "later");
        inside.must("CREATE TABLE people (id int, phone text); GRANT ALL ON people TO PUBLIC");
        inside.must("INSERT INTO people VALUES (1, '13812345678')");
        let mut teller = Client::connect(proxy.port(), "teller", "later").expect(name);
        let rows = teller.must("SELECT phone FROM people").rows;
        assert_eq!(rows, [[Some(b"138****5678".to_vec())]], "{name}");
        drop((teller, inside));
        admin.must("DROP DATABASE later WITH (FORCE)");
        let told = refusal(&proxy, "later");
        assert!(told.contains("3D000"), "{name}: {told}");
        // The name means other tables now, under other OIDs: nothing that was decided for the old ones may be kept
        admin.must("SELECT lo_from_bytea(0, 'x') FROM generate_series(1, 3)");
    }
}

#[test]
fn a_table_is_protected_from_the_moment_it_exists_for_a_transaction_with_ddl_of_its_own_too() {
    let twins = Twins::none(Server::start());
    let mut admin = twins.connect("postgres", "postgres");
    let (proxy, _policies) = start(&twins, &["here"]);
    admin.must("CREATE DATABASE here");
    let mut inside = twins.connect("postgres", "here");
    inside.must("GRANT TEMPORARY ON DATABASE here TO PUBLIC");
    let mut teller = Client::connect(proxy.port(), "teller", "here").expect("a session");
    for sql in
        ["SELECT phone FROM people", "SELECT phone || '' FROM people", "SELECT p.phone FROM public.people p, own"]
    {
        teller.must("BEGIN");
        teller.must("CREATE TEMPORARY TABLE own AS SELECT 1 AS x");
        inside.must("CREATE TABLE people (id int, phone text); GRANT ALL ON people TO PUBLIC");
        inside.must("INSERT INTO people VALUES (1, '13812345678')");
        assert_eq!(teller.must(sql).rows, [[Some(b"138****5678".to_vec())]], "{sql}");
        teller.must("ROLLBACK");
        inside.must("DROP TABLE people");
    }
}

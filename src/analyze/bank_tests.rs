//! A small bank to decide statements on: policy, catalog, and terms and seals that can be read.

use super::*;
use crate::catalog::{Column, FunctionClass, Oid, Relation, RelationKind, TypeInfo, UniqueIndex};
use crate::plan::SealedColumn;
use crate::policy::PolicySet;
use crate::value::Plaintext;
use crate::wire::PgError;

pub(super) const POLICY: &str = r#"
database: bank
domains: {phone: {}}
tables:
  public.customers:
    columns:
      id: {open: true}
      name: {mask: name-surname}
      phone: {mask: phone-3-4, seal: {id: 1, domain: phone, search: [equality], type: varchar(20)}}
      born: {mask: birth-year, seal: {id: 2, search: [equality], type: date}}
      notes: {mask: fixed, seal: {id: 3, type: text}}
      branch: {open: true}
  public.staff:
    columns:
      id: {open: true}
      phone: {seal: {id: 4, domain: phone, search: [equality], type: varchar(20)}}
roles:
  - {name: app, members: {users: [app]}, all_tables: clear}
  - name: teller
    members: {users: [teller]}
    grants:
      public.customers: {columns: {phone: {show: mask, look_up: true}}}
      public.staff: mask
  - name: auditor
    members: {users: [auditor]}
    grants:
      public.customers: {filter: branch = 1, columns: {notes: null}}
  - {name: dba, members: {users: [dba]}, all_tables: deny}
"#;

pub(super) fn relation(oid: Oid, name: &str, columns: &[(&str, Oid, i32)]) -> Relation {
    let column = |(at, (name, type_oid, typmod)): (usize, &(&str, Oid, i32))| Column {
        number: i16::try_from(at + 1).unwrap(),
        name: (*name).to_owned(),
        type_oid: *type_oid,
        typmod: *typmod,
        not_null: false,
        default: None,
        generated: false,
        identity: false,
        is_key: *name == "id",
    };
    Relation {
        oid,
        schema: "public".to_owned(),
        name: name.to_owned(),
        owner: "app".to_owned(),
        columns: columns.iter().enumerate().map(column).collect(),
        ..Relation::default()
    }
}

pub(super) const MOOD: Oid = 17_000;

pub(super) fn catalog() -> Catalog {
    let mut catalog = Catalog::default();
    for (oid, name, is_enum) in [(MOOD, "mood", true), (17_001, "phone", false)] {
        let known = TypeInfo { schema: "public".to_owned(), name: name.to_owned(), base: None, is_enum };
        catalog.types.insert(oid, known);
    }
    catalog.insert(relation(
        20_000,
        "customers",
        &[
            ("id", 20, -1),
            ("name", 1043, 64),
            ("phone", 25, -1),
            ("born", 25, -1),
            ("notes", 25, -1),
            ("branch", 23, -1),
        ],
    ));
    let mut staff = relation(20_001, "staff", &[("id", 20, -1), ("phone", 25, -1)]);
    staff.unique_indexes.push(UniqueIndex { columns: vec![1], is_primary: true, ..UniqueIndex::default() });
    catalog.insert(staff);
    catalog.insert(relation(20_002, "branches", &[("id", 23, -1), ("code", 1043, 16)]));
    catalog.insert(Relation {
        kind: RelationKind::View,
        definition: Some(
            "SELECT customers.id, customers.phone AS mobile, customers.name FROM public.customers".to_owned(),
        ),
        depends_on: vec![20_000],
        ..relation(20_003, "contacts", &[("id", 20, -1), ("mobile", 25, -1), ("name", 1043, 64)])
    });
    for (oid, name, definition) in [
        (20_010, "numbers", "SELECT count(customers.id) AS id FROM public.customers"),
        (20_004, "pairs", "SELECT a.id FROM public.customers a JOIN public.customers b USING (name)"),
        (20_006, "rows", "SELECT q.id, row_to_json(q.*) AS r FROM (SELECT c.id, c.name FROM public.customers c) q"),
        (20_005, "names", "SELECT DISTINCT customers.name AS id FROM public.customers"),
    ] {
        catalog.insert(Relation {
            kind: RelationKind::View,
            definition: Some(definition.to_owned()),
            depends_on: vec![20_000],
            ..relation(oid, name, if name == "rows" { &[("id", 20, -1), ("r", 114, -1)] } else { &[("id", 20, -1)] })
        });
    }
    catalog.insert(Relation { has_row_security: true, ..relation(20_008, "own_rows", &[("id", 20, -1)]) });
    catalog.insert(Relation {
        kind: RelationKind::View,
        definition: Some("SELECT c.id FROM public.customers c JOIN public.own_rows USING (id)".to_owned()),
        depends_on: vec![20_000, 20_008],
        ..relation(20_009, "guarded", &[("id", 20, -1)])
    });
    let mut logs = relation(20_007, "logs", &[("id", 20, -1), ("at", 25, -1)]);
    logs.columns[1].default = Some("public.stamp('x'::text)".to_owned());
    catalog.insert(logs);
    for name in ["count", "lower", "row_to_json", "sum", "now", "generate_series", "max", "left", "min"] {
        catalog.builtins.insert(name.to_owned(), FunctionClass::BuiltinSafe);
    }
    catalog.builtins.insert("query_to_xml".to_owned(), FunctionClass::SqlText);
    catalog.builtins.insert("set_config".to_owned(), FunctionClass::Opaque);
    catalog
}

/// Terms and seals that can be read in the text.
pub(super) struct Readable;

impl Sealer for Readable {
    fn seal(&self, column: &SealedColumn, value: &Plaintext) -> std::result::Result<String, PgError> {
        Ok(format!("sealed({},{})", column.id, value.expose()))
    }
    fn term(&self, column: &SealedColumn, value: &Plaintext) -> std::result::Result<String, PgError> {
        Ok(format!("term({},{})", column.domain, value.expose()))
    }
}

pub(super) fn in_context<T>(role: &str, ask: impl FnOnce(&Context<'_>) -> T) -> T {
    under(POLICY, role, ask)
}

pub(super) fn under<T>(policy: &str, role: &str, ask: impl FnOnce(&Context<'_>) -> T) -> T {
    let policies = PolicySet::from_texts([("bank.yaml", policy)]).unwrap();
    let policy = policies.get("bank").unwrap();
    let catalog = catalog();
    let at = policy.roles.iter().position(|known| known.name == role);
    let rights = Rights::bind(policy, at, &catalog, &Borne::default());
    let path = ["public".to_owned()];
    let style = Style::default();
    let context = Context {
        catalog: &catalog,
        rights: &rights,
        search_path: Some(&path),
        temp: TempSchema::Absent,
        is_unsure: false,
        style: &style,
        sealer: &Readable,
        names: &NoNames,
        param_types: &[],
    };
    ask(&context)
}

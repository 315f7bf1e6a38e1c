//! Policies as DBAs write them, and the mistakes they make.

use super::*;
use crate::mask::Mask;
use crate::plan::Reveal;

const BANK: &str = r#"
database: bank
domains:
  phone: {hash: hmac-sm3}
tables:
  public.customers:
    columns:
      id: {open: true}
      phone:
        seal: {id: 17, algorithm: sm4-gcm, domain: phone, search: [equality], type: varchar(20)}
        class: C2
        mask: phone-3-4
      born: {seal: {id: 18, type: date}}
      name: {mask: name-surname}
  public.branches: {}
roles:
  - name: teller
    members: {database_roles: [tellers]}
    grants:
      public.customers:
        filter: branch_id = 7
        columns:
          phone: {show: mask, look_up: true}
          born: {mask: birth-year}
          name: {mask: name-given, write: false}
      public.branches: clear
  - name: auditor
    members: {users: [audit]}
    grants:
      public.customers:
        default: deny
        columns:
          phone: null
  - name: manager
    members: {users: ["*"]}
    all_tables: clear
functions:
  public.find: {returns: [public.customers.phone]}
retired_ids: [3]
"#;

fn load(text: &str) -> Result<std::sync::Arc<Policy>, String> {
    let set = PolicySet::from_texts([("bank.yaml", text)]).map_err(|errors| errors.to_string())?;
    set.get("bank").cloned().ok_or_else(|| "no such database".to_owned())
}

fn reveal(grant: &ColumnGrant) -> &Reveal {
    match &grant.read {
        ReadRight::Reveal(reveal) => reveal,
        ReadRight::DefaultMask | ReadRight::Deny => panic!("{grant:?}"),
    }
}

fn mask(spec: &str) -> Reveal {
    Reveal::Mask(Mask::parse(spec).unwrap().into())
}

#[test]
fn rights_come_out_as_written() {
    let policy = load(BANK).unwrap();
    let sealed = policy.relations[0].columns["phone"].sealed.as_ref().unwrap();
    assert_eq!((sealed.id, &*sealed.name, &*sealed.domain), (17, "public.customers.phone", "phone"));
    assert_eq!(policy.domains["phone"], TermHash::HmacSm3);
    assert_eq!(policy.domains["public.customers.born"], TermHash::HmacSha256);

    let teller = &policy.roles[0].grants[&0];
    let phone = &teller.columns["phone"];
    assert_eq!((reveal(phone), phone.look_up, phone.write), (&mask("phone-3-4"), true, true));
    let born = &teller.columns["born"];
    assert_eq!((reveal(born), born.look_up, born.write), (&mask("birth-year"), false, false));
    assert_eq!(reveal(&teller.columns["id"]), &Reveal::Clear);
    assert_eq!(teller.default.read, ReadRight::DefaultMask);
    assert_eq!(teller.filter.as_ref().map(|filter| filter.written.as_str()), Some("branch_id = 7"));
    assert!(!policy.roles[0].sees_everything);

    let auditor = &policy.roles[1].grants[&0];
    assert_eq!(reveal(&auditor.columns["phone"]), &Reveal::Null);
    assert_eq!(auditor.columns["id"].read, ReadRight::Deny, "denied tables have no open columns");
    assert!(!policy.roles[1].grants.contains_key(&1));
    assert!(policy.roles[2].sees_everything);
}

#[test]
fn the_first_role_decides() {
    let policy = load(BANK).unwrap();
    let who = |user: &str, roles: &[&str]| {
        let principal = Principal {
            user: user.to_owned(),
            database: "bank".to_owned(),
            database_roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            ..Principal::default()
        };
        policy.role_for(&principal).map(|role| role.name.as_str())
    };
    assert_eq!(who("audit", &["tellers"]), Some("teller"));
    assert_eq!(who("audit", &[]), Some("auditor"));
    assert_eq!(who("x", &[]), Some("manager"));
    let elsewhere = Principal { user: "audit".to_owned(), database: "crm".to_owned(), ..Principal::default() };
    assert!(policy.role_for(&elsewhere).is_none());
}

#[test]
fn the_hash_is_of_the_meaning() {
    let hash = |text: &str| load(text).unwrap().hash.clone();
    assert_eq!(hash(BANK), hash(&format!("# comment\n{BANK}")));
    assert_eq!(hash(BANK), hash(&BANK.replace("mask: phone-3-4", "mask: PHONE_3_4")));
    for (from, to) in [("id: 17", "id: 19"), ("look_up: true", "look_up: false"), ("= 7", "= 8"), ("[audit]", "[a]")] {
        assert_ne!(hash(BANK), hash(&BANK.replace(from, to)), "{to}");
    }
}

#[test]
fn mistakes_are_located() {
    let cases = [
        ("search: [equality]", "serach: [equality]", "bank.yaml:10:", "did you mean `search`"),
        ("sm4-gcm", "sm4-gmc", "bank.yaml:10:", "did you mean `sm4-gcm`"),
        ("domain: phone", "domain: fone", "bank.yaml:10:", "did you mean `phone`"),
        ("type: varchar(20)", "type: varchr(20)", "bank.yaml:10:", "did you mean `varchar`"),
        ("type: varchar(20)", "type: varchar(20), state: mixed", "bank.yaml:10:", "0A000"),
        ("id: 18", "id: 17", "bank.yaml:13:", "id 17 already belongs to `public.customers.phone`"),
        ("id: 18", "id: 3", "bank.yaml:39:", "id 3 is retired"),
        ("mask: name-surname", "mask: name-surnam", "bank.yaml:14:20", "did you mean `name-surname`"),
        ("mask: name-surname", "mask: pseudonym-name", "bank.yaml:14:20", "needs a sealed column"),
        ("born: {mask: birth-year}", "born: {mask: phone-3-4}", "bank.yaml:24:", "does not fit type date"),
        ("born: {mask: birth-year}", "born: {mask: birth-year, write: true}", "bank.yaml:24:", "cannot be written"),
        (
            "born: {mask: birth-year}",
            "born: {show: mask, look_up: true}",
            "bank.yaml:24:",
            "needs `search: [equality]`",
        ),
        ("born: {mask: birth-year}", "born: {show: maks}", "bank.yaml:24:", "did you mean `mask`"),
        ("born: {mask: birth-year}", "born: birth-year", "bank.yaml:24:", "did you mean `{mask: birth-year}`"),
        ("born: {mask: birth-year}", "birth: null", "bank.yaml:24:11", "does not name a column `birth`"),
        ("branch_id = 7", "'true) OR (true'", "bank.yaml:21:", "not one SQL expression"),
        ("branch_id = 7", "c.phone <> 'x'", "bank.yaml:21:", "uses `phone`, which is sealed"),
        ("public.branches: clear", "public.branch: clear", "bank.yaml:26:7", "did you mean `public.branches`"),
        ("public.branches: {}", "branches: {}", "bank.yaml:15:3", "`schema.table`"),
        ("members: {users: [audit]}", "members: {}", "bank.yaml:28:", "nobody belongs"),
        ("name: auditor", "name: teller", "bank.yaml:27:", "defined twice"),
        ("{users: [audit]}", "{networks: [10.0.0.1/8]}", "bank.yaml:28:", "bits set behind"),
        ("      id: {open: true}", "      id: {open: true}\n      id: {}", "bank.yaml:9:", "duplicate"),
        ("[public.customers.phone]", "[public.customers.fone]", "bank.yaml:38:", "did you mean"),
    ];
    for (from, to, place, message) in cases {
        assert!(BANK.contains(from), "{from}");
        let error = load(&BANK.replacen(from, to, 1)).map(|_| ()).expect_err(to);
        assert!(error.contains(place) && error.contains(message), "{to}:\n{error}");
        assert!(error.contains("^"), "{to}: a snippet\n{error}");
    }
}

#[test]
fn files_make_one_policy() {
    let tables = "database: bank\ntables: {public.c: {columns: {a: {mask: keep:1-1}}}}\n";
    let roles = "database: bank\nroles: [{name: r, members: {users: [u]}, all_tables: mask}]\n";
    let set = PolicySet::from_texts([("t.yaml", tables), ("r.yaml", roles)]).unwrap();
    assert_eq!(set.get("bank").unwrap().roles[0].grants.len(), 1);
    let twice = PolicySet::from_texts([("a.yaml", roles), ("b.yaml", roles)]).map(|_| ()).unwrap_err().to_string();
    assert!(twice.contains("b.yaml:2:") && twice.contains("stand in one file"), "{twice}");
}

#[test]
fn the_schema_lists_every_key() {
    let schema = json_schema().to_string();
    for key in ["domains", "look_up", "retired_ids", "fold_case", "all_tables", "aes-256-gcm", "hmac-sm3"] {
        assert!(schema.contains(key), "{key}");
    }
}

#[test]
fn the_sample_bank_loads() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let set = PolicySet::load(&directory).unwrap_or_else(|errors| panic!("{errors}"));
    let policy = set.get("bank").unwrap();
    let names: Vec<_> = policy.roles.iter().map(|role| (role.name.as_str(), role.sees_everything)).collect();
    let expect =
        [("dba", false), ("app", true), ("manager", true), ("teller", false), ("auditor", false), ("dev", false)];
    assert_eq!(names, expect);
    assert_eq!(policy.relations.len(), 7);
}

#[test]
fn the_readme_lists_every_preset() {
    let readme = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("policies/README.md");
    let text = std::fs::read_to_string(readme).unwrap();
    for preset in crate::mask::PRESETS {
        let row = format!("| `{}` | `{}` → `{}`", preset.spec, preset.input, preset.output);
        assert!(text.contains(&row), "{row}");
    }
}

#[test]
fn a_half_written_file_is_an_error_or_a_policy() {
    for (end, _) in BANK.char_indices() {
        let outcome = PolicySet::from_texts([("bank.yaml", &BANK[..end])]);
        if let Err(errors) = outcome {
            assert!(!errors.0.is_empty() && !errors.to_string().is_empty(), "{end}");
        }
    }
}

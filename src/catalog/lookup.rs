//! Questions that analysis asks of a snapshot. Pure.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::model::{Catalog, Oid, Relation};

/// What a name means.
#[derive(Clone)]
pub enum Resolution {
    /// Exactly one relation can be meant.
    Found(Arc<Relation>),
    /// The session's own state decides among these. A statement passes only if it may with each of them.
    Ambiguous(Vec<Arc<Relation>>),
    /// Nothing in the snapshot bears the name: refresh, then refuse.
    Unknown,
}

/// What is known of the client session's temporary schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TempSchema<'a> {
    /// The session has created nothing temporary.
    Absent,
    /// `pg_temp_3`, as read over the session itself.
    Named(&'a str),
    /// It may have temporary relations: any of that name may be its own.
    Unknown,
}

impl Catalog {
    /// Whether a relation was locked when this was read.
    pub fn has_locked(&self) -> bool {
        self.relations.values().any(|relation| relation.is_locked)
    }

    /// Enters a relation under its OID and names, replacing an older one of the same OID.
    pub fn insert(&mut self, relation: impl Into<Arc<Relation>>) {
        let relation = relation.into();
        let oid = relation.oid;
        self.names.entry(relation.schema.clone()).or_default().insert(relation.name.clone(), oid);
        let bearers = self.bare_names.entry(relation.name.clone()).or_default();
        if !bearers.contains(&oid) {
            bearers.push(oid);
        }
        for parent in &relation.parents {
            let children = self.children.entry(*parent).or_default();
            if !children.contains(&oid) {
                children.push(oid);
            }
        }
        self.relations.insert(oid, relation);
    }

    pub fn relation(&self, oid: Oid) -> Option<&Arc<Relation>> {
        self.relations.get(&oid)
    }

    pub fn relation_named(&self, schema: &str, name: &str) -> Option<&Arc<Relation>> {
        self.names.get(schema)?.get(name).and_then(|oid| self.relations.get(oid))
    }

    /// Resolves a name for a session of which nothing is known but its search_path.
    pub fn resolve(&self, search_path: &[String], schema: Option<&str>, name: &str) -> Resolution {
        self.resolve_for(search_path, TempSchema::Unknown, schema, name)
    }

    /// Resolves a name as PostgreSQL's `RangeVarGetRelid` does: `pg_temp` first, then `pg_catalog`, then the path,
    /// unless the path itself names the first two.
    /// Source: <https://www.postgresql.org/docs/current/ddl-schemas.html#DDL-SCHEMAS-CATALOG>
    ///
    /// `search_path` must be expanded ([`parse_search_path`]); schemas that do not exist are skipped.
    pub fn resolve_for(
        &self,
        search_path: &[String],
        temp: TempSchema<'_>,
        schema: Option<&str>,
        name: &str,
    ) -> Resolution {
        match schema {
            Some("pg_temp") => resolution(self.temporary(temp, name), None),
            Some(schema) => {
                self.relation_named(schema, name).map_or(Resolution::Unknown, |r| Resolution::Found(r.clone()))
            }
            None => self.resolve_on_path(search_path, temp, name),
        }
    }

    fn resolve_on_path(&self, search_path: &[String], temp: TempSchema<'_>, name: &str) -> Resolution {
        let names = |wanted: &str| search_path.iter().any(|schema| schema == wanted);
        let implicit = [("pg_temp", !names("pg_temp")), ("pg_catalog", !names("pg_catalog"))];
        let implicit = implicit.into_iter().filter(|(_, missing)| *missing).map(|(schema, _)| schema);
        let mut candidates = Vec::new();
        for schema in implicit.chain(search_path.iter().map(String::as_str)) {
            if schema == "pg_temp" {
                let found = self.temporary(temp, name);
                if let (TempSchema::Named(_), Some(first)) = (temp, found.first()) {
                    return resolution(candidates, Some(first.clone()));
                }
                candidates.extend(found);
            } else if let Some(found) = self.relation_named(schema, name) {
                return resolution(candidates, Some(found.clone()));
            }
        }
        resolution(candidates, None)
    }

    fn temporary(&self, temp: TempSchema<'_>, name: &str) -> Vec<Arc<Relation>> {
        match temp {
            TempSchema::Absent => Vec::new(),
            TempSchema::Named(schema) => self.relation_named(schema, name).cloned().into_iter().collect(),
            TempSchema::Unknown => self.bearing(name).filter(|r| r.is_temporary).cloned().collect(),
        }
    }

    /// Every relation that bears a name in some schema.
    pub fn bearing<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a Arc<Relation>> + use<'a> {
        self.bare_names.get(name).into_iter().flatten().filter_map(|oid| self.relations.get(oid))
    }

    /// Whether `oid` inherits from `ancestor` or is its partition, over any number of levels. A relation is its own descendant.
    pub fn is_descendant_of(&self, oid: Oid, ancestor: Oid) -> bool {
        self.ancestors(oid).contains(&ancestor)
    }

    /// The relation itself and everything it inherits from.
    pub fn ancestors(&self, oid: Oid) -> BTreeSet<Oid> {
        walk(oid, |oid, next| {
            if let Some(relation) = self.relations.get(&oid) {
                next.extend(&relation.parents);
            }
        })
    }

    /// The relation itself and everything that inherits from it.
    pub fn descendants(&self, oid: Oid) -> BTreeSet<Oid> {
        walk(oid, |oid, next| next.extend(self.children.get(&oid).into_iter().flatten()))
    }

    /// Every relation whose rows a statement over `oid` can touch: itself, its descendants, what its view definition or
    /// rules name, and theirs. The owner of a toast table and the table of an index count as named.
    pub fn reach(&self, oid: Oid) -> BTreeSet<Oid> {
        walk(oid, |oid, next| {
            next.extend(self.children.get(&oid).into_iter().flatten());
            if let Some(relation) = self.relations.get(&oid) {
                next.extend(&relation.depends_on);
            }
        })
    }

    /// Every relation in which a change of `oid`'s rows can change rows: what [`Catalog::reach`] holds, and where foreign
    /// keys carry the change on.
    pub fn reach_of_write(&self, oid: Oid) -> BTreeSet<Oid> {
        walk(oid, |oid, next| {
            next.extend(self.children.get(&oid).into_iter().flatten());
            if let Some(relation) = self.relations.get(&oid) {
                next.extend(relation.depends_on.iter().chain(&relation.cascades_to));
            }
        })
    }

    /// The worst function that reading `oid` can run through views and rules.
    pub fn reach_class(&self, oid: Oid) -> FunctionReach {
        let mut worst = FunctionReach { class: super::FunctionClass::BuiltinSafe, function: None };
        for relation in self.reach(oid) {
            for function in self.view_calls.get(&relation).into_iter().flatten() {
                let class = self.classify_oid(*function);
                if class > worst.class {
                    worst = FunctionReach { class, function: Some(*function) };
                }
            }
        }
        worst
    }

    /// The search_path that a role starts its sessions with, as the setting's text. `None`: PostgreSQL's own default.
    pub fn search_path_of(&self, role: &str) -> Option<&str> {
        self.search_paths.get(role).or_else(|| self.search_paths.get("")).map(String::as_str)
    }

    /// System relations that show rows, values or statements of others whatever the policy says: statistics hold
    /// values of protected columns, toast tables their chunks, activity views other sessions' literals.
    pub fn is_side_door(&self, oid: Oid) -> bool {
        self.relations.get(&oid).is_some_and(|relation| is_side_door(relation))
    }

    /// Whether it holds what somebody could log in with as another.
    pub fn holds_credentials(&self, oid: Oid) -> bool {
        let holds =
            |relation: &Arc<Relation>| relation.schema == "pg_catalog" && CREDENTIALS.contains(&relation.name.as_str());
        self.relations.get(&oid).is_some_and(holds)
    }
}

/// The worst class met on the way, and the function that has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FunctionReach {
    pub class: super::FunctionClass,
    pub function: Option<Oid>,
}

fn is_side_door(relation: &Relation) -> bool {
    match relation.schema.as_str() {
        "pg_catalog" => SYSTEM_SIDE_DOORS.contains(&relation.name.as_str()),
        schema if schema == "pg_toast" || schema.starts_with("pg_toast_temp_") => true,
        _ => EXTENSION_SIDE_DOORS.contains(&relation.name.as_str()),
    }
}

const SYSTEM_SIDE_DOORS: &[&str] = &[
    "pg_cursors",
    "pg_largeobject",
    "pg_prepared_statements",
    "pg_stat_activity",
    "pg_statistic",
    "pg_statistic_ext_data",
    "pg_stats",
    "pg_stats_ext",
    "pg_stats_ext_exprs",
];

/// What logins are proved by, here and at foreign servers: a way around for those who do not see everything.
const CREDENTIALS: &[&str] = &["pg_authid", "pg_hba_file_rules", "pg_shadow", "pg_user_mapping", "pg_user_mappings"];

/// Views of extensions, whatever schema those were created in.
const EXTENSION_SIDE_DOORS: &[&str] =
    &["pg_stat_statements", "pg_stat_monitor", "pg_qualstats", "pg_store_plans", "pg_buffercache"];

fn resolution(mut candidates: Vec<Arc<Relation>>, last: Option<Arc<Relation>>) -> Resolution {
    candidates.extend(last);
    if candidates.len() > 1 {
        return Resolution::Ambiguous(candidates);
    }
    candidates.pop().map_or(Resolution::Unknown, Resolution::Found)
}

/// Everything reachable from `start` by `step`, `start` included. Cycles end.
fn walk(start: Oid, step: impl Fn(Oid, &mut Vec<Oid>)) -> BTreeSet<Oid> {
    let mut seen = BTreeSet::new();
    let mut next = vec![start];
    while let Some(oid) = next.pop() {
        if seen.insert(oid) {
            step(oid, &mut next);
        }
    }
    seen
}

/// Splits a search_path setting as PostgreSQL's `SplitIdentifierString` does: unquoted names fold to lower case,
/// `"$user"` becomes the role's name. `None` where PostgreSQL would refuse the setting.
pub fn parse_search_path(setting: &str, user: &str) -> Option<Vec<String>> {
    let mut path = Vec::new();
    let mut rest = setting.trim_start();
    if rest.is_empty() {
        return Some(path);
    }
    loop {
        let (name, after) = if rest.starts_with('"') { quoted_name(rest)? } else { bare_name(rest)? };
        path.push(if name == "$user" { user.to_owned() } else { name });
        rest = after.trim_start();
        match rest.strip_prefix(',') {
            Some(more) => rest = more.trim_start(),
            None => return rest.is_empty().then_some(path),
        }
    }
}

fn quoted_name(text: &str) -> Option<(String, &str)> {
    let mut name = String::new();
    let mut rest = text.get(1..)?;
    loop {
        let end = rest.find('"')?;
        name.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        match rest.strip_prefix('"') {
            Some(more) => {
                name.push('"');
                rest = more;
            }
            None => return Some((name, rest)),
        }
    }
}

fn bare_name(text: &str) -> Option<(String, &str)> {
    let end = text.find(|c: char| c == ',' || c.is_ascii_whitespace()).unwrap_or(text.len());
    let name = text.get(..end).filter(|name| !name.is_empty())?;
    Some((name.to_lowercase(), &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn relation(oid: Oid, schema: &str, name: &str) -> Relation {
        Relation {
            oid,
            schema: schema.into(),
            name: name.into(),
            owner: "bank".into(),
            is_temporary: schema.starts_with("pg_temp"),
            ..Relation::default()
        }
    }

    fn sample() -> Catalog {
        let mut catalog = Catalog::default();
        for (oid, schema, name) in [
            (10, "pg_catalog", "pg_class"),
            (11, "public", "pg_class"),
            (12, "public", "customer"),
            (13, "bank", "customer"),
            (14, "pg_temp_3", "scratch"),
            (15, "public", "scratch"),
            (16, "pg_temp_4", "scratch"),
            (17, "pg_catalog", "pg_stats"),
            (18, "pg_toast", "pg_toast_13"),
            (19, "extensions", "pg_stat_statements"),
        ] {
            catalog.insert(relation(oid, schema, name));
        }
        catalog.insert(Relation { parents: vec![13], ..relation(20, "bank", "customer_2024") });
        catalog.insert(Relation { parents: vec![20], ..relation(21, "bank", "customer_2024_q1") });
        catalog.insert(Relation { depends_on: vec![13], ..relation(22, "bank", "vip") });
        catalog.insert(Relation { depends_on: vec![22], ..relation(23, "bank", "vip_names") });
        catalog
    }

    fn describe(resolution: Resolution) -> String {
        match resolution {
            Resolution::Found(relation) => relation.oid.to_string(),
            Resolution::Ambiguous(all) => all.iter().map(|r| r.oid.to_string()).collect::<Vec<_>>().join("|"),
            Resolution::Unknown => "?".into(),
        }
    }

    #[test]
    fn names_resolve_as_in_postgresql() {
        let catalog = sample();
        for (path, temp, schema, name, expect) in [
            ("public", TempSchema::Absent, None, "customer", "12"),
            ("bank, public", TempSchema::Absent, None, "customer", "13"),
            ("nowhere, public", TempSchema::Absent, None, "customer", "12"),
            ("bank", TempSchema::Absent, Some("public"), "customer", "12"),
            ("bank", TempSchema::Absent, None, "Customer", "?"),
            ("public", TempSchema::Absent, None, "pg_class", "10"),
            ("public, pg_catalog", TempSchema::Absent, None, "pg_class", "11"),
            ("public", TempSchema::Absent, None, "scratch", "15"),
            ("public", TempSchema::Named("pg_temp_3"), None, "scratch", "14"),
            ("public, pg_temp", TempSchema::Named("pg_temp_3"), None, "scratch", "15"),
            ("public", TempSchema::Unknown, None, "scratch", "14|16|15"),
            ("bank", TempSchema::Named("pg_temp_4"), Some("pg_temp"), "scratch", "16"),
            ("bank", TempSchema::Absent, Some("pg_temp"), "scratch", "?"),
            ("bank", TempSchema::Unknown, Some("pg_temp_4"), "scratch", "16"),
            ("", TempSchema::Absent, None, "customer", "?"),
        ] {
            let path = parse_search_path(path, "teller").expect(path);
            let found = catalog.resolve_for(&path, temp, schema, name);
            assert_eq!(describe(found), expect, "{path:?} {temp:?} {schema:?}.{name}");
        }
    }

    #[test]
    fn inheritance_and_views_are_followed() {
        let catalog = sample();
        assert!(catalog.is_descendant_of(21, 13) && catalog.is_descendant_of(13, 13));
        assert!(!catalog.is_descendant_of(13, 21));
        assert_eq!(catalog.descendants(13), BTreeSet::from([13, 20, 21]));
        assert_eq!(catalog.reach(23), BTreeSet::from([23, 22, 13, 20, 21]));
    }

    #[test]
    fn side_doors_are_known() {
        let catalog = sample();
        for (oid, expect) in [(10, false), (13, false), (17, true), (18, true), (19, true), (999, false)] {
            assert_eq!(catalog.is_side_door(oid), expect, "{oid}");
        }
    }

    #[test]
    fn search_paths_split_as_in_postgresql() {
        for (setting, expect) in [
            ("", Some(vec![])),
            ("\"$user\", public", Some(vec!["teller", "public"])),
            ("$user,public", Some(vec!["teller", "public"])),
            ("Bank , \"Odd \"\"Name\" ", Some(vec!["bank", "Odd \"Name"])),
            ("a,,b", None),
            ("a b", None),
            ("\"open", None),
            ("a,", None),
        ] {
            let found = parse_search_path(setting, "teller");
            assert_eq!(found, expect.map(|names| names.into_iter().map(String::from).collect()), "{setting}");
        }
    }
}

//! What a new policy changes, in the words of those who answer for it.

use std::collections::BTreeSet;
use std::fmt;

use super::{ColumnGrant, Policy, ReadRight, RelationGrant, RelationPolicy, RolePolicy};
use crate::plan::Reveal;

/// Whether somebody may see or do more, less, or just something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Direction {
    Loosens,
    Changes,
    Tightens,
}

/// One difference between two policies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    pub direction: Direction,
    pub what: String,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.direction {
            Direction::Loosens => "LOOSENS",
            Direction::Changes => "changes",
            Direction::Tightens => "tightens",
        };
        write!(f, "{sign:<8} {}", self.what)
    }
}

/// Every difference in meaning, loosening ones first. Two policies with the same hash have none.
pub fn diff(old: &Policy, new: &Policy) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut add = |direction, what: String| changes.push(Change { direction, what });
    for name in names(old.relations.iter().chain(&new.relations).map(full_name)) {
        match (relation(old, &name), relation(new, &name)) {
            (Some(before), Some(after)) => columns(&name, before, after, &mut add),
            (None, Some(_)) => add(Direction::Tightens, format!("{name} is protected")),
            (Some(_), None) => add(Direction::Loosens, format!("{name} is no longer protected")),
            (None, None) => {}
        }
    }
    for name in names(old.roles.iter().chain(&new.roles).map(|role| role.name.clone())) {
        match (role(old, &name), role(new, &name)) {
            (Some(before), Some(after)) => roles(old, before, new, after, &mut add),
            (None, Some(_)) => add(Direction::Loosens, format!("role {name} is new")),
            (Some(_), None) => {
                add(Direction::Changes, format!("role {name} is gone; its members fall to the next one"))
            }
            (None, None) => {}
        }
    }
    let order = |policy: &Policy| policy.roles.iter().map(|role| role.name.clone()).collect::<Vec<_>>();
    if order(old) != order(new) {
        add(Direction::Changes, format!("the order of roles is {}", order(new).join(", ")));
    }
    let functions = |policy: &Policy| {
        names(policy.functions.iter().map(|f| format!("{}.{} returning {:?}", f.schema, f.name, f.returns)))
    };
    for function in functions(new).difference(&functions(old)) {
        add(Direction::Loosens, format!("function {function} is listed"));
    }
    for function in functions(old).difference(&functions(new)) {
        add(Direction::Tightens, format!("function {function} is no longer listed"));
    }
    if old.domains != new.domains {
        add(Direction::Changes, "the key domains".to_owned());
    }
    changes.sort();
    changes
}

fn names(all: impl Iterator<Item = String>) -> BTreeSet<String> {
    all.collect()
}

fn full_name(relation: &RelationPolicy) -> String {
    format!("{}.{}", relation.schema, relation.name)
}

fn relation<'a>(policy: &'a Policy, name: &str) -> Option<&'a RelationPolicy> {
    policy.relations.iter().find(|relation| full_name(relation) == name)
}

fn role<'a>(policy: &'a Policy, name: &str) -> Option<&'a RolePolicy> {
    policy.roles.iter().find(|role| role.name == name)
}

fn columns(table: &str, old: &RelationPolicy, new: &RelationPolicy, add: &mut impl FnMut(Direction, String)) {
    for name in names(old.columns.keys().chain(new.columns.keys()).cloned()) {
        let sealed = |relation: &RelationPolicy| relation.columns.get(&name).and_then(|c| c.sealed.clone());
        match (sealed(old), sealed(new)) {
            (None, Some(_)) => add(Direction::Tightens, format!("{table}.{name} is sealed")),
            (Some(_), None) => add(Direction::Loosens, format!("{table}.{name} is no longer sealed")),
            (Some(before), Some(after)) if before != after => {
                add(Direction::Changes, format!("{table}.{name} is sealed otherwise"));
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
        let class = |relation: &RelationPolicy| relation.columns.get(&name).and_then(|c| c.classification.clone());
        if class(old) != class(new) {
            let class = class(new).unwrap_or_else(|| "nothing".to_owned());
            add(Direction::Changes, format!("{table}.{name} is classified as {class}"));
        }
    }
}

fn roles(old: &Policy, before: &RolePolicy, new: &Policy, after: &RolePolicy, add: &mut impl FnMut(Direction, String)) {
    let role = &after.name;
    if format!("{:?}", before.members) != format!("{:?}", after.members) {
        add(Direction::Changes, format!("role {role} has other members"));
    }
    for table in names(old.relations.iter().chain(&new.relations).map(full_name)) {
        match (grant(old, before, &table), grant(new, after, &table)) {
            (Some(b), Some(a)) => grants(role, &table, b, a, add),
            (None, Some(_)) => add(Direction::Loosens, format!("role {role} may use {table}")),
            (Some(_), None) => add(Direction::Tightens, format!("role {role} may no longer use {table}")),
            (None, None) => {}
        }
    }
}

fn grant<'a>(policy: &Policy, role: &'a RolePolicy, table: &str) -> Option<&'a RelationGrant> {
    let at = policy.relations.iter().position(|relation| full_name(relation) == table)?;
    role.grants.get(&at)
}

fn grants(role: &str, table: &str, old: &RelationGrant, new: &RelationGrant, add: &mut impl FnMut(Direction, String)) {
    match (&old.filter, &new.filter) {
        (None, Some(filter)) => {
            add(Direction::Tightens, format!("role {role} sees of {table} only rows with {}", filter.written))
        }
        (Some(_), None) => add(Direction::Loosens, format!("role {role} sees all rows of {table}")),
        (Some(b), Some(a)) if b != a => {
            add(Direction::Changes, format!("role {role} sees of {table} rows with {}", a.written))
        }
        (Some(_), Some(_)) | (None, None) => {}
    }
    columns_of_grant(role, &format!("{table}'s unnamed columns"), &old.default, &new.default, add);
    for name in names(old.columns.keys().chain(new.columns.keys()).cloned()) {
        let right = |grant: &'_ RelationGrant| grant.columns.get(&name).unwrap_or(&grant.default).clone();
        columns_of_grant(role, &format!("{table}.{name}"), &right(old), &right(new), add);
    }
}

fn columns_of_grant(
    role: &str,
    object: &str,
    old: &ColumnGrant,
    new: &ColumnGrant,
    add: &mut impl FnMut(Direction, String),
) {
    if old.read != new.read {
        let direction = match rank(&new.read).cmp(&rank(&old.read)) {
            std::cmp::Ordering::Greater => Direction::Loosens,
            std::cmp::Ordering::Equal => Direction::Changes,
            std::cmp::Ordering::Less => Direction::Tightens,
        };
        add(direction, format!("role {role} sees {object} {}, before {}", words(&new.read), words(&old.read)));
    }
    let mut right = |name: &str, old: bool, new: bool| match (old, new) {
        (false, true) => add(Direction::Loosens, format!("role {role} may {name} {object}")),
        (true, false) => add(Direction::Tightens, format!("role {role} may no longer {name} {object}")),
        (true, true) | (false, false) => {}
    };
    right("look up", old.look_up, new.look_up);
    right("write", old.write, new.write);
}

fn rank(read: &ReadRight) -> u8 {
    match read {
        ReadRight::Deny => 0,
        ReadRight::Reveal(Reveal::Null) => 1,
        ReadRight::DefaultMask => 2,
        ReadRight::Reveal(Reveal::Mask(_)) => 3,
        ReadRight::Reveal(Reveal::Clear) => 4,
    }
}

fn words(read: &ReadRight) -> String {
    match read {
        ReadRight::Deny => "not at all".to_owned(),
        ReadRight::Reveal(Reveal::Null) => "as NULL".to_owned(),
        ReadRight::DefaultMask => "masked".to_owned(),
        ReadRight::Reveal(Reveal::Mask(mask)) => format!("as {}", mask.name),
        ReadRight::Reveal(Reveal::Clear) => "in clear".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::PolicySet;

    const BEFORE: &str = "database: d\ntables: {public.c: {columns: {a: {mask: keep:1-1}}}}\nroles: [{name: r, members: {users: [u]}, grants: {public.c: {columns: {a: mask}}}}]\n";

    fn changes(from: &str, to: &str) -> Vec<String> {
        let load = |text: &str| PolicySet::from_texts([("p.yaml", text)]).unwrap().get("d").cloned().unwrap();
        diff(&load(BEFORE), &load(&BEFORE.replace(from, to))).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn differences_in_plain_words() {
        assert_eq!(changes("", ""), [""; 0]);
        let cases = [
            ("{a: mask}", "{a: clear}", "LOOSENS  role r sees public.c.a in clear, before as keep:1,1"),
            ("{a: mask}", "{a: null}", "tightens role r sees public.c.a as NULL, before as keep:1,1"),
            ("{a: mask}", "{a: {show: mask, look_up: true}}", "LOOSENS  role r may look up public.c.a"),
            ("{columns: {a: mask}}", "{filter: x = 1}", "tightens role r sees of public.c only rows with x = 1"),
            ("users: [u]", "users: [u, v]", "changes  role r has other members"),
            ("{mask: keep:1-1}", "{seal: {id: 1, type: text}}", "tightens public.c.a is sealed"),
            (
                "grants: {public.c: {columns: {a: mask}}}",
                "all_tables: deny",
                "tightens role r sees public.c.a not at all",
            ),
        ];
        for (from, to, expect) in cases {
            let found = changes(from, to);
            assert!(found.iter().any(|change| change.starts_with(expect)), "{to}: {found:?}");
        }
    }
}

//! The policy's version: one hash over what it means, not over how its files are laid out.

use std::fmt::Write;

use sha2::{Digest, Sha256};

use super::{ColumnGrant, Policy, ReadRight, RelationGrant, RolePolicy};
use crate::plan::Reveal;

/// SHA-256 in hexadecimal. Comments, file names and the order of anything but roles do not change it.
pub(super) fn hash(policy: &Policy) -> String {
    let digest = Sha256::digest(form(policy).as_bytes());
    digest.iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// One fact a line. Strings are quoted by Debug, so that no name can pretend to be two.
fn form(policy: &Policy) -> String {
    let mut facts: Vec<String> = vec![format!("database {:?}", policy.database)];
    facts.extend(policy.domains.iter().map(|(name, hash)| format!("domain {name:?} {hash:?}")));
    for relation in &policy.relations {
        facts.push(format!("relation {:?}.{:?}", relation.schema, relation.name));
        for (name, column) in &relation.columns {
            let (sealed, class) = (&column.sealed, &column.classification);
            facts.push(format!("column {:?}.{:?}.{name:?} {sealed:?} {class:?}", relation.schema, relation.name));
        }
    }
    for function in &policy.functions {
        let mut returns = function.returns.clone();
        returns.sort();
        facts.push(format!("function {:?}.{:?} {returns:?}", function.schema, function.name));
    }
    for (at, role) in policy.roles.iter().enumerate() {
        role_facts(policy, at, role, &mut facts);
    }
    facts.sort();
    facts.join("\n")
}

fn role_facts(policy: &Policy, at: usize, role: &RolePolicy, facts: &mut Vec<String>) {
    facts.push(format!("role {at} {:?} {:?}", role.name, role.members));
    facts.push(format!("look-ups {at} {:?}", role.look_ups));
    for (relation, grant) in &role.grants {
        let Some(relation) = policy.relations.get(*relation) else { continue };
        let name = format!("{:?}.{:?}", relation.schema, relation.name);
        let RelationGrant { default, columns, filter, places: _ } = grant;
        let filter = filter.as_ref().map(|filter| &filter.sql);
        facts.push(format!("grant {at} {name} default {} filter {filter:?}", grant_form(default)));
        facts.extend(columns.iter().map(|(column, g)| format!("grant {at} {name}.{column:?} {}", grant_form(g))));
    }
}

fn grant_form(grant: &ColumnGrant) -> String {
    let read = match &grant.read {
        ReadRight::Reveal(Reveal::Clear) => "clear".to_owned(),
        ReadRight::Reveal(Reveal::Null) => "null".to_owned(),
        ReadRight::Reveal(Reveal::Mask(mask)) => format!("mask {:?}", mask.name),
        ReadRight::DefaultMask => "default-mask".to_owned(),
        ReadRight::Deny => "deny".to_owned(),
    };
    format!("{read} look_up={} write={}", grant.look_up, grant.write)
}

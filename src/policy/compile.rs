//! From files to policies: names resolved, ids unique, presets fitting, nothing optional left.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::located::{PolicyError, Source, did_you_mean};
use super::raw::{At, RawColumn, RawFile, RawGrant, RawLookUps, RawRole, RawSeal, RawSearch, RawState, RawTable};
use super::rights::{self, NamedColumn};
use super::{
    ColumnPolicy, ListedFunction, LookUpLimits, Members, Network, Policy, ReadRight, RelationGrant, RelationPolicy,
    RolePolicy, TermHash, canonical, parse_type,
};
use crate::plan::{CONSTANT_ID, Reveal, SealedColumn};
use crate::value::{Kind, LogicalType};

/// Compiles the files of one database.
pub(super) fn compile(files: &[(Source, RawFile)]) -> Result<Policy, Vec<PolicyError>> {
    let database = files.first().map(|(_, file)| file.database.value.clone()).unwrap_or_default();
    let mut compiler = Compiler::default();
    compiler.domains(files);
    compiler.tables(files);
    compiler.check_retired(files);
    compiler.roles(files);
    compiler.functions(files);
    if !compiler.errors.is_empty() {
        return Err(compiler.errors);
    }
    let Compiler { tables, roles, functions, domains, .. } = compiler;
    let relations = tables.into_iter().map(Table::into_policy).collect();
    let mut policy = Policy { hash: String::new(), database, relations, roles, functions, domains };
    policy.hash = canonical::hash(&policy);
    Ok(policy)
}

#[derive(Default)]
struct Compiler {
    errors: Vec<PolicyError>,
    domains: BTreeMap<String, TermHash>,
    /// Column id → the column that has it.
    ids: HashMap<u32, String>,
    /// Domain → the first column in it: all others have to compare like it.
    domain_types: HashMap<String, Arc<SealedColumn>>,
    tables: Vec<Table>,
    roles: Vec<RolePolicy>,
    functions: Vec<ListedFunction>,
}

struct Table {
    schema: String,
    name: String,
    columns: Vec<NamedColumn>,
    classes: HashMap<String, String>,
}

impl Table {
    fn into_policy(mut self) -> RelationPolicy {
        let columns = self.columns.into_iter().map(|column| {
            let classification = self.classes.remove(&column.name);
            (column.name, ColumnPolicy { sealed: column.sealed, classification })
        });
        RelationPolicy { schema: self.schema, name: self.name, columns: columns.collect() }
    }

    fn full_name(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }
}

impl Compiler {
    fn refuse<T>(&mut self, source: &Source, at: &At<T>, message: impl Into<String>) {
        self.errors.push(source.error(at.line, at.column, message));
    }

    fn domains(&mut self, files: &[(Source, RawFile)]) {
        for (source, file) in files {
            for (name, domain) in &file.domains.0 {
                if self.domains.insert(name.value.clone(), domain.hash).is_some() {
                    self.refuse(source, name, format!("domain `{}` is defined twice", name.value));
                }
            }
        }
    }

    fn tables(&mut self, files: &[(Source, RawFile)]) {
        for (source, file) in files {
            for (name, table) in &file.tables.0 {
                self.table(source, name, table);
            }
        }
    }

    fn table(&mut self, source: &Source, name: &At<String>, raw: &RawTable) {
        let Some((schema, bare)) = split_name(&name.value) else {
            return self.refuse(source, name, format!("write `{}` with its schema: `schema.table`", name.value));
        };
        if self.tables.iter().any(|table| table.full_name() == name.value) {
            return self.refuse(source, name, format!("table `{}` is described twice", name.value));
        }
        let mut table =
            Table { schema: schema.to_owned(), name: bare.to_owned(), columns: Vec::new(), classes: HashMap::new() };
        for (column, raw) in &raw.columns.0 {
            let compiled = self.column(source, &name.value, column, raw);
            table.columns.push(compiled);
            if let Some(class) = &raw.class {
                table.classes.insert(column.value.clone(), class.clone());
            }
        }
        self.tables.push(table);
    }

    fn column(&mut self, source: &Source, table: &str, name: &At<String>, raw: &RawColumn) -> NamedColumn {
        let sealed = raw.seal.as_ref().and_then(|seal| self.seal(source, table, name, seal));
        if raw.open && (raw.seal.is_some() || raw.mask.is_some()) {
            self.refuse(source, name, format!("`{}` is either open or protected, not both", name.value));
        }
        let ty = sealed.as_ref().map(|sealed| sealed.ty);
        let mask = raw.mask.as_ref().and_then(|spec| rights::mask(source, spec, ty, &mut self.errors));
        NamedColumn { name: name.value.clone(), sealed, mask, open: raw.open }
    }

    fn seal(
        &mut self,
        source: &Source,
        table: &str,
        name: &At<String>,
        raw: &At<RawSeal>,
    ) -> Option<Arc<SealedColumn>> {
        let seal = &raw.value;
        let full_name = format!("{table}.{}", name.value);
        if seal.id.value == 0 {
            self.refuse(source, &seal.id, "column ids start at 1");
        }
        if seal.id.value == CONSTANT_ID {
            self.refuse(source, &seal.id, format!("id {CONSTANT_ID} is pgveil's own"));
        }
        if let Some(other) = self.ids.insert(seal.id.value, full_name.clone()) {
            self.refuse(source, &seal.id, format!("id {} already belongs to `{other}`", seal.id.value));
        }
        if seal.state == RawState::Mixed {
            self.refuse(
                source,
                raw,
                "state `mixed` is not supported (0A000): finish the backfill, then write `sealed`",
            );
        }
        let domain = self.domain(source, &full_name, seal.domain.as_ref());
        let ty = match parse_type(&seal.ty.value) {
            Ok(ty) => ty,
            Err(message) => {
                self.refuse(source, &seal.ty, message);
                return None;
            }
        };
        let equality = seal.search.contains(&RawSearch::Equality);
        if equality && matches!(ty.kind, Kind::Jsonb | Kind::Bytea) {
            self.refuse(source, &seal.ty, format!("columns of type {ty} cannot be searched by equality"));
        }
        if seal.fold_case && !ty.is_text() {
            self.refuse(source, &seal.ty, format!("fold_case is for text types, not for {ty}"));
        }
        let sealed = Arc::new(SealedColumn {
            id: seal.id.value,
            domain: Arc::from(domain),
            algorithm: seal.algorithm,
            equality,
            fold_case: seal.fold_case,
            ty,
            name: Arc::from(full_name),
        });
        self.check_domain_fits(source, &seal.ty, &sealed);
        // Its id and type are reserved; until it is sealed it is a column in clear
        (seal.state == RawState::Sealed).then_some(sealed)
    }

    fn domain(&mut self, source: &Source, full_name: &str, named: Option<&At<String>>) -> String {
        let Some(named) = named else {
            self.domains.entry(full_name.to_owned()).or_default();
            return full_name.to_owned();
        };
        if !self.domains.contains_key(&named.value) {
            let proposal = did_you_mean(&named.value, self.domains.keys().map(String::as_str)).unwrap_or_default();
            self.refuse(source, named, format!("no domain `{}` is defined{proposal}", named.value));
        }
        named.value.clone()
    }

    fn check_domain_fits(&mut self, source: &Source, at: &At<String>, column: &Arc<SealedColumn>) {
        let first =
            Arc::clone(self.domain_types.entry(column.domain.to_string()).or_insert_with(|| Arc::clone(column)));
        if family(first.ty) != family(column.ty) || first.fold_case != column.fold_case {
            let message = format!("in domain `{}` this column does not compare with `{}`", column.domain, first.name);
            self.refuse(source, at, message);
        }
    }

    fn check_retired(&mut self, files: &[(Source, RawFile)]) {
        for (source, file) in files {
            for id in &file.retired_ids {
                if let Some(column) = self.ids.get(&id.value) {
                    let message = format!("id {} is retired and used again by `{column}`", id.value);
                    self.refuse(source, id, message);
                }
            }
        }
    }

    fn roles(&mut self, files: &[(Source, RawFile)]) {
        let mut with_roles = files.iter().filter(|(_, file)| !file.roles.is_empty());
        let Some((source, file)) = with_roles.next() else { return };
        for (other, more) in with_roles {
            if let Some(role) = more.roles.first() {
                let message =
                    format!("roles are ordered and stand in one file: {} has some too", source.path.display());
                self.refuse(other, &role.name, message);
            }
        }
        for raw in &file.roles {
            if self.roles.iter().any(|role| role.name == raw.name.value) {
                self.refuse(source, &raw.name, format!("role `{}` is defined twice", raw.name.value));
            }
            let role = self.role(source, raw);
            self.roles.push(role);
        }
    }

    fn role(&mut self, source: &Source, raw: &RawRole) -> RolePolicy {
        let members = self.members(source, raw);
        let mut grants = HashMap::new();
        for (table, grant) in &raw.grants.0 {
            match self.tables.iter().position(|known| known.full_name() == table.value) {
                Some(at) => self.grant(source, at, grant, &mut grants),
                None => {
                    let names: Vec<String> = self.tables.iter().map(Table::full_name).collect();
                    let proposal = did_you_mean(&table.value, names.iter().map(String::as_str)).unwrap_or_default();
                    self.refuse(source, table, format!("no table `{}` in this policy{proposal}", table.value));
                }
            }
        }
        if let Some(grant) = &raw.all_tables {
            for at in 0..self.tables.len() {
                if !grants.contains_key(&at) {
                    self.grant(source, at, grant, &mut grants);
                }
            }
        }
        let sees_everything = (0..self.tables.len()).all(|at| grants.get(&at).is_some_and(shows_everything));
        let look_ups = look_ups(raw.look_ups.as_ref());
        RolePolicy { name: raw.name.value.clone(), members, grants, look_ups, sees_everything }
    }

    fn grant(&mut self, source: &Source, at: usize, raw: &RawGrant, grants: &mut HashMap<usize, RelationGrant>) {
        if let Some(table) = self.tables.get(at) {
            grants.insert(at, rights::grant(source, raw, &table.name, &table.columns, &mut self.errors));
        }
    }

    fn members(&mut self, source: &Source, raw: &RawRole) -> Members {
        let written = &raw.members.value;
        let mut networks = Vec::new();
        for network in &written.networks {
            match Network::parse(&network.value) {
                Ok(network) => networks.push(network),
                Err(message) => self.refuse(source, network, message),
            }
        }
        let names_nobody = written.users.is_empty() && written.database_roles.is_empty();
        if names_nobody && written.networks.is_empty() && written.tls_subjects.is_empty() {
            let message = "nobody belongs to this role: name users, database_roles, networks or tls_subjects (`users: [\"*\"]` is everyone)";
            self.refuse(source, &raw.members, message);
        }
        Members {
            users: written.users.clone(),
            database_roles: written.database_roles.clone(),
            networks,
            applications: written.applications.clone(),
            tls_subjects: written.tls_subjects.clone(),
        }
    }

    fn functions(&mut self, files: &[(Source, RawFile)]) {
        for (source, file) in files {
            for (name, function) in &file.functions.0 {
                let Some((schema, bare)) = split_name(&name.value) else {
                    self.refuse(source, name, format!("write `{}` with its schema: `schema.function`", name.value));
                    continue;
                };
                for column in &function.returns {
                    self.check_column_exists(source, column);
                }
                let returns = function.returns.iter().map(|column| column.value.clone()).collect();
                self.functions.push(ListedFunction { schema: schema.to_owned(), name: bare.to_owned(), returns });
            }
        }
    }

    fn check_column_exists(&mut self, source: &Source, column: &At<String>) {
        let known: Vec<String> = self
            .tables
            .iter()
            .flat_map(|table| table.columns.iter().map(|c| format!("{}.{}", table.full_name(), c.name)))
            .collect();
        if !known.contains(&column.value) {
            let proposal = did_you_mean(&column.value, known.iter().map(String::as_str)).unwrap_or_default();
            self.refuse(source, column, format!("no column `{}` in this policy{proposal}", column.value));
        }
    }
}

fn look_ups(raw: Option<&RawLookUps>) -> LookUpLimits {
    let usual = LookUpLimits::default();
    LookUpLimits {
        per_minute: raw.and_then(|raw| raw.per_minute).unwrap_or(usual.per_minute),
        per_day: raw.and_then(|raw| raw.per_day).unwrap_or(usual.per_day),
    }
}

fn shows_everything(grant: &RelationGrant) -> bool {
    let clear = ReadRight::Reveal(Reveal::Clear);
    grant.filter.is_none() && grant.default.read == clear && grant.columns.values().all(|column| column.read == clear)
}

/// `schema.table`; names with a dot of their own cannot be written.
fn split_name(full: &str) -> Option<(&str, &str)> {
    full.split_once('.').filter(|(schema, name)| !schema.is_empty() && !name.is_empty() && !name.contains('.'))
}

/// Types whose values have the same comparison form.
fn family(ty: LogicalType) -> u8 {
    match ty.kind {
        Kind::Text | Kind::Varchar => 0,
        // Padding is part of comparing it: `=` between char and varchar is the padded one's
        Kind::Char => 1,
        Kind::Int2 | Kind::Int4 | Kind::Int8 => 2,
        Kind::Numeric => 3,
        Kind::Date => 4,
        Kind::Timestamp => 5,
        Kind::Timestamptz => 6,
        Kind::Bool => 7,
        Kind::Uuid => 8,
        Kind::Jsonb => 9,
        Kind::Bytea => 10,
    }
}

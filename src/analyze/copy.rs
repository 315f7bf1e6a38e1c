//! COPY: which columns the stream holds, and in which form.

use std::sync::Arc;

use pg_query::NodeEnum;
use pg_query::protobuf::{CopyStmt, DefElem, Node, a_const};

use super::analyzer::Analyzer;
use super::naming::{string, strings};
use super::relation::Referred;
use super::rights::{ColumnRights, RelationRights};
use super::stop::{Result, Stop};
use super::{Statement, build, relation};
use crate::catalog::RelationKind;
use crate::plan::{
    CopyDirection, CopyFormat, CopyInput, CopyPlan, Effect, ForceQuote, MAGIC_EQUALITY, MAGIC_PLAIN, Plan, Reveal,
    Verdict, WriteGuard,
};
use crate::sql;
use crate::wire::{PgError, SqlState};

pub(super) fn copy(statement: &Statement<'_>, copy: &CopyStmt) -> Result<Verdict> {
    let code = statement.code()?;
    let is_of_server = !copy.filename.is_empty() || copy.is_program;
    if is_of_server && !statement.context.rights.sees_everything() {
        let message = "permission denied to COPY to or from the server's files and programs";
        let hint = "They could hold what this role may not see. Use STDIN or STDOUT.";
        return Err(Stop::denied("copy-file", message, Vec::new(), hint));
    }
    if !statement.touches() {
        return unprotected(statement, copy, code.is_safe(), !copy.is_from && !is_of_server);
    }
    if is_of_server {
        let message = "permission denied to COPY protected data to or from the server's files and programs";
        return Err(Stop::denied("copy-file", message, Vec::new(), "Use STDIN or STDOUT."));
    }
    let plan = if copy.is_from { from_client(statement, copy) } else { to_client(statement, copy) };
    plan.map(|plan| Verdict::Rewrite(Arc::new(plan)))
}

/// A name that the catalog does not have is a table of this session's own: nothing sealed is ever copied into one.
fn unprotected(statement: &Statement<'_>, copy: &CopyStmt, is_safe: bool, is_to_client: bool) -> Result<Verdict> {
    statement.check_names().map_err(|stop| match stop {
        // PostgreSQL does not say where a table stands in COPY
        Stop::NoRelation { schema, name, .. } if copy.relation.is_some() => {
            Stop::NoRelation { schema, name, place: None }
        }
        stop => stop,
    })?;
    match (is_safe, is_to_client) {
        (true, _) => Ok(Verdict::Pass(Effect::None)),
        (false, true) if !statement.context.rights.protects_nothing() => watched(statement, copy),
        (false, _) => Ok(Verdict::Pass(Effect::AnythingChanged)),
    }
}

/// What functions of the database's users return is relayed unless it carries a sealed value.
fn watched(statement: &Statement<'_>, copy: &CopyStmt) -> Result<Verdict> {
    let is_of_quotes = |option: &Node| matches!(&option.node, Some(NodeEnum::DefElem(o)) if o.defname == "force_quote");
    let options: Vec<Node> = copy.options.iter().filter(|option| !is_of_quotes(option)).cloned().collect();
    let format = format(&options, &[])?;
    if cuts_magic(&format) {
        let what = "COPY of what functions of the database's users return, with this delimiter, quote or escape";
        return Err(Stop::not_understood("copy-of-code", what, "Use others, or list the function in the policy."));
    }
    let copy = CopyPlan { direction: CopyDirection::ToClient, format, input: Vec::new(), look_ups: 0 };
    let plan = Plan { copy: Some(copy), ..statement.watched(Effect::AnythingChanged) };
    Ok(Verdict::Rewrite(Arc::new(plan)))
}

/// Whether a sealed value could stand in the stream with something written between its first characters.
fn cuts_magic(format: &CopyFormat) -> bool {
    let is_of_magic = |byte: &u8| [MAGIC_EQUALITY, MAGIC_PLAIN].concat().as_bytes().contains(byte);
    match format {
        CopyFormat::Text { delimiter, .. } => is_of_magic(delimiter),
        CopyFormat::Csv { quote, escape, .. } => is_of_magic(quote) || is_of_magic(escape),
        CopyFormat::Binary => false,
    }
}

fn to_client(statement: &Statement<'_>, copy: &CopyStmt) -> Result<Plan> {
    let mut analyzer = Analyzer::new(statement.context, statement.is_fresh);
    let mut rewritten = copy.clone();
    settle_flags(&mut rewritten.options);
    // A table is copied as the query over it, so that there is one way in which columns are masked
    let mut query = match (&mut rewritten.query, rewritten.relation.take()) {
        (query @ Some(_), _) => *query.take().unwrap_or_default(),
        (None, Some(range)) => {
            check_copyable(&analyzer.referred(&range)?)?;
            whole_table(&range, &strings(&copy.attlist))
        }
        (None, None) => return Err(Stop::not_understood("copy", "COPY of nothing", "")),
    };
    let columns = analyzer.query(&mut query, None)?;
    let outputs = analyzer.outputs(&columns)?;
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let format = format(&copy.options, &names)?;
    rewritten.query = Some(Box::new(query));
    rewritten.attlist.clear();
    let text = analyzer.marks.print(build::node(NodeEnum::CopyStmt(Box::new(rewritten))))?;
    let copy = CopyPlan { direction: CopyDirection::ToClient, format, input: Vec::new(), look_ups: 0 };
    Ok(Plan { copy: Some(copy), ..analyzer.plan(text, Some(outputs), Effect::None) })
}

/// # Errors
/// 42809 as PostgreSQL gives it for what is no table.
fn check_copyable(referred: &Referred) -> Result<()> {
    let (kind, relation) = match referred {
        Referred::View(relation, _) | Referred::Inlined(relation, _) => ("view", relation),
        Referred::Protected(rights) if rights.relation.kind == RelationKind::PartitionedTable => {
            ("partitioned table", &rights.relation)
        }
        Referred::Protected(_) | Referred::NewView(_) | Referred::Open(_) | Referred::Unseen => return Ok(()),
    };
    let message = format!("cannot copy from {kind} \"{}\"", relation.name);
    Err(PgError::new(SqlState(*b"42809"), message).with_hint("Try the COPY (SELECT ...) TO variant.").into())
}

fn whole_table(range: &pg_query::protobuf::RangeVar, columns: &[String]) -> Node {
    let mut select = build::empty_select();
    select.target_list = match columns {
        [] => vec![build::target(build::star(), "")],
        named => named.iter().map(|name| build::target(build::column([name.as_str()]), "")).collect(),
    };
    select.from_clause = vec![build::node(NodeEnum::RangeVar(range.clone()))];
    build::node(NodeEnum::SelectStmt(Box::new(select)))
}

fn from_client(statement: &Statement<'_>, copy: &CopyStmt) -> Result<Plan> {
    let mut analyzer = Analyzer::new(statement.context, statement.is_fresh);
    let mut rewritten = copy.clone();
    settle_flags(&mut rewritten.options);
    let (table, rights) = analyzer.target(rewritten.relation.as_mut())?;
    let Some(rights) = rights else {
        return Err(Stop::not_understood("copy", "COPY into an unprotected relation beside protected ones", ""));
    };
    if rights.filter.is_some() {
        let message = format!("permission denied to copy into {}", rights.full_name());
        return Err(Stop::denied("insert-under-filter", message, vec![rights.full_name()], ""));
    }
    if !table.is_complete {
        super::write::check_named(&strings(&copy.attlist), &rights)?;
    }
    let columns = stored(&rights, &strings(&copy.attlist))?;
    for omitted in rights.columns.iter().filter(|column| columns.iter().all(|stored| stored.number != column.number)) {
        analyzer.assign_default(omitted)?;
    }
    let input = columns.iter().map(|column| input(column)).collect::<Result<Vec<_>>>()?;
    if let Some(condition) = rewritten.where_clause.as_deref() {
        let found = sql::inventory(condition);
        let is_protected = |name: &String| rights.column(name).is_some_and(|column| column.sealed.is_some());
        if found.texts.iter().any(is_protected) {
            return Err(Stop::not_understood("copy-where", "COPY … WHERE over an encrypted column", ""));
        }
    }
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let format = format(&copy.options, &names)?;
    let text = sql::print(build::node(NodeEnum::CopyStmt(Box::new(rewritten))))?;
    let tests = columns.iter().filter(|column| column.tests_what_it_hides()).count();
    let look_ups = u32::try_from(tests).unwrap_or(u32::MAX);
    let copy = CopyPlan { direction: CopyDirection::FromClient, format, input, look_ups };
    Ok(Plan { copy: Some(copy), ..analyzer.plan(text, Some(Arc::from([])), Effect::None) })
}

fn stored<'r>(rights: &'r Arc<RelationRights>, names: &[String]) -> Result<Vec<&'r ColumnRights>> {
    if names.is_empty() {
        return Ok(rights.columns.iter().collect());
    }
    let find = |name: &String| match rights.column(name) {
        Some(column) => Ok(column),
        None => {
            let relation = relation::full_name(&rights.relation);
            let message = format!("column \"{name}\" of relation \"{relation}\" does not exist");
            Err(Stop::postgres(crate::wire::SqlState::UNDEFINED_COLUMN, message))
        }
    };
    names.iter().map(find).collect()
}

fn input(column: &ColumnRights) -> Result<CopyInput> {
    if !column.write {
        let message = format!("permission denied to write column {}", column.name);
        return Err(Stop::denied("write-denied", message, vec![column.name.clone()], ""));
    }
    let name = Arc::from(column.name.as_str());
    Ok(match (&column.sealed, column.plain_mask(), column.logical_type()) {
        (Some(sealed), ..) => {
            let guard = match &sealed.reveal {
                Some(Reveal::Mask(mask)) => Some(WriteGuard { mask: Arc::clone(mask), keep: false }),
                Some(Reveal::Clear | Reveal::Null) | None => None,
            };
            CopyInput::Seal { column: Arc::clone(&sealed.column), guard }
        }
        (None, Some(mask), Some(ty)) => CopyInput::RefuseMasked { mask: Arc::clone(mask), ty, column: name },
        (None, ..) => CopyInput::Relay,
    })
}

/// The options that decide how the stream's bytes are read. Source: `ProcessCopyOptions`,
/// PostgreSQL `src/backend/commands/copy.c`
fn format(options: &[Node], columns: &[&str]) -> Result<CopyFormat> {
    let options: Vec<&DefElem> = options
        .iter()
        .filter_map(|option| match &option.node {
            Some(NodeEnum::DefElem(option)) => Some(&**option),
            _ => None,
        })
        .collect();
    let mut read = Options::default();
    for option in options {
        read.take(option, columns)?;
    }
    read.format()
}

#[derive(Default)]
struct Options {
    name: Option<String>,
    delimiter: Option<u8>,
    null: Option<Vec<u8>>,
    header: bool,
    quote: Option<u8>,
    escape: Option<u8>,
    force_quote: Option<ForceQuote>,
}

impl Options {
    fn take(&mut self, option: &DefElem, columns: &[&str]) -> Result<()> {
        let value = || option.arg.as_deref().and_then(text).ok_or_else(|| unknown(option));
        let byte = || match value()?.as_bytes() {
            [byte] => Ok(*byte),
            _ => Err(unknown(option)),
        };
        match option.defname.as_str() {
            "format" => self.name = Some(value()?),
            "delimiter" => self.delimiter = Some(byte()?),
            "null" => self.null = Some(value()?.into_bytes()),
            "quote" => self.quote = Some(byte()?),
            "escape" => self.escape = Some(byte()?),
            "header" => {
                self.header = match option.arg.as_deref().and_then(text) {
                    None => true,
                    Some(word) => match word.to_ascii_lowercase().as_str() {
                        "true" | "on" | "1" | "match" => true,
                        "false" | "off" | "0" => false,
                        _ => return Err(unknown(option)),
                    },
                }
            }
            "force_quote" => self.force_quote = Some(force_quote(option, columns)?),
            "freeze" => {}
            _ => return Err(unknown(option)),
        }
        Ok(())
    }

    fn format(self) -> Result<CopyFormat> {
        match self.name.as_deref() {
            None | Some("text") => Ok(CopyFormat::Text {
                delimiter: self.delimiter.unwrap_or(b'\t'),
                null: self.null.unwrap_or_else(|| b"\\N".to_vec()),
                header: self.header,
            }),
            Some("csv") => {
                let quote = self.quote.unwrap_or(b'"');
                Ok(CopyFormat::Csv {
                    delimiter: self.delimiter.unwrap_or(b','),
                    null: self.null.unwrap_or_default(),
                    header: self.header,
                    quote,
                    escape: self.escape.unwrap_or(quote),
                    force_quote: self.force_quote.unwrap_or(ForceQuote::None),
                })
            }
            Some("binary") => Ok(CopyFormat::Binary),
            Some(_) => Err(Stop::not_understood("copy-format", "this COPY format", "")),
        }
    }
}

/// `FREEZE on` as `FREEZE`: the keyword is not printed as it is read.
fn settle_flags(options: &mut Vec<Node>) {
    let flag = |option: &DefElem| match option.defname.as_str() {
        "freeze" | "header" => option.arg.as_deref().and_then(text).map(|text| text.to_ascii_lowercase()),
        _ => None,
    };
    options.retain_mut(|option| {
        let Some(NodeEnum::DefElem(option)) = &mut option.node else { return true };
        match flag(option).as_deref() {
            Some("on" | "true") => option.arg = None,
            Some("off" | "false") => return false,
            Some(_) | None => {}
        }
        true
    });
}

fn force_quote(option: &DefElem, columns: &[&str]) -> Result<ForceQuote> {
    match option.arg.as_deref().and_then(|arg| arg.node.as_ref()) {
        Some(NodeEnum::AStar(_)) => Ok(ForceQuote::All),
        Some(NodeEnum::List(list)) => {
            let position = |name: &Node| columns.iter().position(|column| Some(*column) == string(name));
            let places = list.items.iter().map(position).collect::<Option<Vec<_>>>();
            places.map(ForceQuote::Columns).ok_or_else(|| unknown(option))
        }
        _ => Err(unknown(option)),
    }
}

/// The text of an option's value, however the grammar holds it.
fn text(node: &Node) -> Option<String> {
    match node.node.as_ref()? {
        NodeEnum::String(string) => Some(string.sval.clone()),
        NodeEnum::Integer(integer) => Some(integer.ival.to_string()),
        NodeEnum::Boolean(boolean) => Some(boolean.boolval.to_string()),
        NodeEnum::TypeName(name) => name.names.last().and_then(string).map(str::to_owned),
        NodeEnum::AConst(constant) => match constant.val.as_ref()? {
            a_const::Val::Sval(string) => Some(string.sval.clone()),
            a_const::Val::Boolval(boolean) => Some(boolean.boolval.to_string()),
            _ => None,
        },
        _ => None,
    }
}

fn unknown(option: &DefElem) -> Stop {
    let what = format!("COPY option {} with protected columns", option.defname);
    Stop::not_understood("copy-option", what, "Use FORMAT, DELIMITER, NULL, HEADER, QUOTE, ESCAPE or FORCE_QUOTE.")
}

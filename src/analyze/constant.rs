//! Literals and parameters where a sealed value is meant: read as the column's type, then sealed or made a term.

use std::collections::BTreeSet;
use std::sync::Arc;

use pg_query::NodeEnum;
use pg_query::protobuf::{AConst, Node, TypeCast, TypeName, a_const};

use super::analyzer::Analyzer;
use super::build;
use super::naming::strings;
use super::rights::SealedRight;
use super::stop::{Result, Stop};
use crate::plan::{MAGIC_COMMON, ParamAction, SealedColumn};
use crate::value::{Format, Kind, LogicalType, Plaintext, Purpose, element_of, read_array};
use crate::wire::{PgError, SqlState};

/// A value known before the statement runs.
pub(super) enum Literal {
    Null,
    /// The text, and the OID of the type that it is written or cast as; 0 for an untyped string. The modifier of a cast,
    /// −1 without.
    Text {
        text: String,
        source: u32,
        typmod: i32,
    },
    /// `$number`, and the OID and modifier of the type that it is cast to; 0 without a cast.
    Parameter {
        number: i32,
        source: u32,
        typmod: i32,
    },
}

const TEXT: u32 = 25;
const INT4: u32 = 23;
const INT8: u32 = 20;
const NUMERIC: u32 = 1700;
const BOOL: u32 = 16;

pub(super) fn is_literal(node: &Node) -> bool {
    literal(node).is_some()
}

pub(super) fn integer_of(constant: &AConst) -> Option<i32> {
    match &constant.val {
        Some(a_const::Val::Ival(integer)) => Some(integer.ival),
        None if !constant.isnull => Some(0),
        _ => None,
    }
}

/// The literal that a node is, with one cast at most.
pub(super) fn literal(node: &Node) -> Option<Literal> {
    match node.node.as_ref()? {
        NodeEnum::AConst(constant) => of_constant(constant),
        NodeEnum::ParamRef(parameter) => Some(Literal::Parameter { number: parameter.number, source: 0, typmod: -1 }),
        NodeEnum::TypeCast(cast) => of_cast(cast),
        _ => None,
    }
}

pub(super) fn of_constant(constant: &AConst) -> Option<Literal> {
    if constant.isnull {
        return Some(Literal::Null);
    }
    let (text, source) = match constant.val.as_ref()? {
        a_const::Val::Ival(integer) => (integer.ival.to_string(), INT4),
        a_const::Val::Fval(float) => {
            let source = if float.fval.parse::<i64>().is_ok() { INT8 } else { NUMERIC };
            (float.fval.clone(), source)
        }
        a_const::Val::Boolval(boolean) => (if boolean.boolval { "t" } else { "f" }.to_owned(), BOOL),
        a_const::Val::Sval(string) => (string.sval.clone(), 0),
        a_const::Val::Bsval(_) => return None,
    };
    Some(Literal::Text { text, source, typmod: -1 })
}

fn of_cast(cast: &TypeCast) -> Option<Literal> {
    let (source, typmod) = cast_type(cast.type_name.as_ref()?)?;
    match &cast.arg.as_deref()?.node {
        Some(NodeEnum::AConst(constant)) => match of_constant(constant)? {
            Literal::Text { text, source: 0, .. } => Some(Literal::Text { text, source, typmod }),
            Literal::Null => Some(Literal::Null),
            // A number cast to another type of numbers stays that number
            Literal::Text { text, .. } if matches!(source, NUMERIC | INT8) => {
                Some(Literal::Text { text, source, typmod })
            }
            Literal::Text { .. } | Literal::Parameter { .. } => None,
        },
        Some(NodeEnum::ParamRef(parameter)) => Some(Literal::Parameter { number: parameter.number, source, typmod }),
        // Twice the same
        Some(NodeEnum::TypeCast(inner)) => {
            of_cast(inner).filter(|_| inner.type_name.as_ref().and_then(cast_type) == Some((source, typmod)))
        }
        _ => None,
    }
}

/// The type that a cast names, with a length or precision where values of it can be cut here as the server cuts them.
pub(super) fn cast_type(name: &TypeName) -> Option<(u32, i32)> {
    let plain = TypeName { typmods: Vec::new(), ..name.clone() };
    let oid = type_oid(&plain)?;
    let modifiers: Vec<i32> = name.typmods.iter().map(modifier).collect::<Option<_>>()?;
    let kind = LogicalType::from_oid(oid, -1).map(|ty| ty.kind);
    let typmod = match (kind, modifiers.as_slice()) {
        (_, []) => -1,
        (Some(Kind::Varchar | Kind::Char), [length]) if (1..=10_485_760).contains(length) => length + 4,
        (Some(Kind::Numeric), [precision]) if (1..=1000).contains(precision) => (precision << 16) + 4,
        (Some(Kind::Numeric), [precision, scale]) if (1..=1000).contains(precision) && (0..=1000).contains(scale) => {
            ((precision << 16) | scale) + 4
        }
        _ => return None,
    };
    Some((oid, typmod))
}

fn modifier(node: &Node) -> Option<i32> {
    match &node.node {
        Some(NodeEnum::AConst(constant)) => integer_of(constant),
        _ => None,
    }
}

/// The type that a cast names, where it is one of PostgreSQL's own without a modifier; array types give their own OID.
pub(super) fn type_oid(name: &TypeName) -> Option<u32> {
    if name.setof || name.pct_type || !name.typmods.is_empty() {
        return None;
    }
    let names = strings(&name.names);
    let base = match names.as_slice() {
        [schema, name] if schema == "pg_catalog" => name,
        [name] => name,
        _ => return None,
    };
    let kind = match base.as_str() {
        "text" => Kind::Text,
        "varchar" => Kind::Varchar,
        "bpchar" => Kind::Char,
        "int2" => Kind::Int2,
        "int4" => Kind::Int4,
        "int8" => Kind::Int8,
        "numeric" => Kind::Numeric,
        "date" => Kind::Date,
        "timestamp" => Kind::Timestamp,
        "timestamptz" => Kind::Timestamptz,
        "bool" => Kind::Bool,
        "uuid" => Kind::Uuid,
        "jsonb" => Kind::Jsonb,
        "bytea" => Kind::Bytea,
        _ => return None,
    };
    let ty = LogicalType { kind, typmod: -1 };
    Some(if name.array_bounds.is_empty() { ty.oid() } else { ty.array_oid() })
}

/// The type OID that PostgreSQL gives a bare parameter compared with a column of this type: varchar compares as text.
fn compared_as(ty: LogicalType) -> u32 {
    match ty.kind {
        Kind::Varchar => LogicalType { kind: Kind::Text, typmod: -1 }.oid(),
        _ => ty.oid(),
    }
}

impl Analyzer<'_> {
    /// The equality prefix of a literal, as it stands in the upstream text.
    ///
    /// # Errors
    /// The value's own where it cannot be read as the column's type.
    pub(super) fn literal_term(&mut self, literal: Literal, right: &SealedRight) -> Result<Node> {
        self.literal_term_as(literal, right, compared_as(right.column.ty))
    }

    /// The same where a bare parameter has another type: that of the column itself, in lists of several values.
    pub(super) fn literal_term_as(&mut self, literal: Literal, right: &SealedRight, bare: u32) -> Result<Node> {
        let column = &right.column;
        self.count_look_ups(right, 1);
        match literal {
            Literal::Null => Ok(build::null()),
            Literal::Text { text, source, typmod } => {
                let text = self.cut(column, source, typmod, text)?;
                let value = self.read(column, source, &text, Purpose::Compare)?;
                Ok(build::text(self.context.sealer.term(column, &value)?))
            }
            Literal::Parameter { number, source, typmod } => {
                let shown = if source == 0 { bare } else { source };
                if let Some(typed) = self.unlike(number, source, column) {
                    return Err(no_operator(column, typed));
                }
                let action = ParamAction::Term { column: Arc::clone(column) };
                let cast = LogicalType::from_oid(source, typmod);
                Ok(build::parameter(self.parameters.place_cast(number, action, shown, cast)))
            }
        }
    }

    /// The type that a parameter is cast to or declared as, where PostgreSQL neither compares it with the column's type
    /// nor assigns it.
    pub(super) fn unlike(&self, number: i32, cast: u32, column: &SealedColumn) -> Option<LogicalType> {
        LogicalType::from_oid(self.typed(number, cast), -1).filter(|ty| !column.ty.takes(*ty))
    }

    pub(super) fn typed(&self, number: i32, cast: u32) -> u32 {
        let at = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        let declared = at.and_then(|at| self.context.param_types.get(at)).copied().unwrap_or(0);
        if cast == 0 { declared } else { cast }
    }

    /// An array of which every element becomes a term.
    pub(super) fn array_terms(&mut self, node: &mut Node, right: &SealedRight) -> Result<()> {
        let column = &right.column;
        if let Some((elements, cast)) = constructed(node) {
            let ty = element_type(elements, cast, column)?;
            let terms = elements.iter().map(|element| match literal(element) {
                Some(Literal::Text { text, source: 0, typmod }) => {
                    self.literal_term(Literal::Text { text, source: ty, typmod }, right)
                }
                Some(literal) => self.literal_term_as(literal, right, ty),
                None => Err(not_an_array(column)),
            });
            *node = build::text_array(terms.collect::<Result<_>>()?);
            return Ok(());
        }
        *node = match literal(node) {
            Some(Literal::Null) => build::null(),
            Some(Literal::Text { text, source, .. }) => {
                check_magic(column, &text)?;
                let (style, bytes) = (self.context.style, text.as_bytes());
                let values = read_array(column.ty, source, Format::Text, bytes, style, Purpose::Compare)?;
                self.count_look_ups(right, values.len());
                let term = |value: &Option<Plaintext>| match value {
                    Some(value) => Ok(build::text(self.context.sealer.term(column, value)?)),
                    None => Ok(build::null()),
                };
                build::text_array(values.iter().map(term).collect::<Result<_>>()?)
            }
            Some(Literal::Parameter { number, source, .. }) => {
                self.count_look_ups(right, 1);
                let declared = element_of(self.typed(number, source)).and_then(|oid| LogicalType::from_oid(oid, -1));
                if let Some(other) = declared.filter(|other| !column.ty.takes(*other)) {
                    return Err(no_operator(column, other));
                }
                let element = LogicalType::from_oid(compared_as(column.ty), -1).unwrap_or(column.ty);
                let shown = if source == 0 { element.array_oid() } else { source };
                let action = ParamAction::TermArray { column: Arc::clone(column) };
                build::parameter(self.parameters.place(number, action, shown))
            }
            None => return Err(not_an_array(column)),
        };
        Ok(())
    }

    /// A literal as its cast leaves it.
    pub(super) fn cut(&self, column: &SealedColumn, source: u32, typmod: i32, text: String) -> Result<String> {
        check_magic(column, &text)?;
        match LogicalType::from_oid(source, typmod).filter(|_| typmod >= 0) {
            Some(ty) => Ok(ty.cast(0, Format::Text, text.as_bytes(), self.context.style)?.expose().to_owned()),
            None => Ok(text),
        }
    }

    /// A literal's value as the column's type has it.
    pub(super) fn read(&self, column: &SealedColumn, source: u32, text: &str, purpose: Purpose) -> Result<Plaintext> {
        check_magic(column, text)?;
        Ok(column.ty.read(source, Format::Text, text.as_bytes(), self.context.style, purpose)?)
    }
}

/// What a client writes never holds what marks a sealed value: nothing it pastes can be taken for one.
pub(super) fn check_magic(column: &SealedColumn, text: &str) -> Result<()> {
    match text.contains(MAGIC_COMMON) {
        false => Ok(()),
        true => {
            let message = format!("value for column {} looks like an encrypted one", column.name);
            Err(PgError::new(SqlState::INVALID_PARAMETER_VALUE, message).into())
        }
    }
}

/// The elements of `ARRAY[…]`, and the type OID that the whole is cast to, 0 where it is not.
pub(super) fn constructed(node: &Node) -> Option<(&[Node], u32)> {
    match node.node.as_ref()? {
        NodeEnum::AArrayExpr(array) => Some((&array.elements, 0)),
        NodeEnum::TypeCast(cast) => match &cast.arg.as_deref()?.node {
            Some(NodeEnum::AArrayExpr(array)) => Some((&array.elements, type_oid(cast.type_name.as_ref()?)?)),
            _ => None,
        },
        _ => None,
    }
}

/// The type OID that PostgreSQL gives what is untyped in `ARRAY[…]`: that of the cast, of the other elements, or text,
/// which not every type can be compared with.
fn element_type(elements: &[Node], cast: u32, column: &SealedColumn) -> Result<u32> {
    if cast != 0 {
        return element_of(cast).ok_or_else(|| not_an_array(column));
    }
    let typed = elements.iter().filter_map(|element| match literal(element) {
        Some(Literal::Text { source, .. } | Literal::Parameter { source, .. }) => Some(source),
        Some(Literal::Null) | None => None,
    });
    let types: BTreeSet<u32> = typed.collect();
    let mut named = types.iter().copied().filter(|source| *source != 0);
    match (named.next(), named.next()) {
        (None, _) if column.ty.is_text() => Ok(TEXT),
        (None, _) => Err(no_operator(column, LogicalType { kind: Kind::Text, typmod: -1 })),
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) if !types.contains(&0) => Ok(0),
        (Some(_), Some(_)) => Err(not_an_array(column)),
    }
}

fn no_operator(column: &SealedColumn, other: LogicalType) -> Stop {
    let message = format!("operator does not exist: {} = {other}", LogicalType { typmod: -1, ..column.ty });
    Stop::postgres(SqlState(*b"42883"), message)
}

fn not_an_array(column: &SealedColumn) -> Stop {
    Stop::unsupported(
        "computed-array",
        "comparison with an array that is not a constant or a parameter",
        column,
        "Pass the array as a parameter.",
    )
}

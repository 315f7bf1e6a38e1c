//! A rewrite that serves every statement of one shape: an application that writes its values into its statements has
//! them analysed once.
//!
//! The statement is analysed with a parameter in each literal's place, so nothing that was decided can rest on what the
//! literals say. What was decided for a parameter is then done with each statement's own literal: it goes up as it is
//! written, or sealed, or as its equality term.
//!
//! Why that is the statement that its own analysis would have made, whatever its literals hold:
//!
//! 1. Texts of one [shape](crate::sql::shape) are the same tokens to PostgreSQL's scanner but for what the literals say,
//!    and a literal's value changes nothing of the grammar's tree but the constant that it becomes. Where an analysis would
//!    ask for it (`ORDER BY 1`, a type's length) no parameter is put: such literals have to be the very same text.
//! 2. The first statement's filled text is parsed and compared with the analysed tree, constants in the places of
//!    parameters ([`crate::sql::is_filled`]): each place is one where a constant means its value and nothing else.
//! 3. What is put in is a literal of the same kind between the same two delimiters, so that it begins and ends as a token
//!    where the first one's did, and all others stay what they are: the filled text is the first one's tree with other
//!    constants.
//!
//! A literal that is not simply stored or compared (one that has the shape of a mask, that cannot be read, that carries
//! the magic) is left to the analysis of its own statement.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use pg_query::protobuf::{AConst, ScanToken, String as Text, Token, a_const};

use super::constant::{Literal, check_magic, of_constant};
use super::places::{self, Place, unquoted};
use super::{Context, Statement};
use crate::crypto::Sealer;
use crate::mask::Mask;
use crate::plan::{Effect, ParamAction, Plan, SealedColumn, UpstreamParam, Verdict, WriteGuard};
use crate::sql;
use crate::value::{Format, LogicalType, Purpose, Style};

/// A plan with places for literals.
pub struct Template {
    /// The plan of the first statement with parameters; its text is in `pieces`.
    plan: Plan,
    /// Texts, each with the literal that follows it.
    pieces: Vec<(String, Slot)>,
    tail: String,
    /// How many literals a statement of the shape has.
    literals: usize,
    /// Literals that have to be these very characters.
    fixed: Vec<(usize, String)>,
    seals: bool,
    /// Bytes of the text before and behind the statement: no literals are among them.
    around: (usize, usize),
}

/// What becomes of one literal.
#[derive(Clone)]
struct Slot {
    /// Its place among the text's literals.
    literal: usize,
    fill: Fill,
}

#[derive(Clone)]
enum Fill {
    /// It goes up as it is written.
    AsIs,
    /// The same, unless it has the shape of the mask.
    Unmasked {
        mask: Arc<Mask>,
        ty: LogicalType,
    },
    Seal {
        column: Arc<SealedColumn>,
        guard: Option<Arc<Mask>>,
        cast: Option<u32>,
    },
    Term {
        column: Arc<SealedColumn>,
        cast: Option<u32>,
    },
}

/// What the values in literals are read and sealed by.
#[derive(Clone, Copy)]
pub struct Filler<'a> {
    pub style: &'a Style,
    pub sealer: &'a dyn Sealer,
}

/// Makes a template of a statement; `None` where it cannot serve others, or needs no rewriting. `literals` are those of
/// the text's shape; the text holds this statement alone.
pub fn template(
    text: &str,
    statement: &sql::Statement,
    literals: &[Range<usize>],
    context: &Context<'_>,
) -> Option<Template> {
    if sql::inventory(&statement.tree).parameters > 0 {
        return None;
    }
    let mut tree = statement.tree.clone();
    let places = places::open(&mut tree, text, literals);
    let found = sql::inventory(&tree);
    let analysed = Statement { source: text, tree: &tree, found: &found, context, is_fresh: false };
    let plan = match super::verdict_on(&analysed).ok()? {
        Verdict::Rewrite(plan) => Arc::into_inner(plan)?,
        Verdict::Pass(_) | Verdict::Refuse(_) => return None,
    };
    let mut template = Template::new(plan, text, literals, &places)?;
    template.around = (statement.range.start, text.len().checked_sub(statement.range.end)?);
    template.is_proved(text, literals, &places, context).then_some(template)
}

impl Template {
    fn new(mut plan: Plan, text: &str, literals: &[Range<usize>], places: &[Option<Place>]) -> Option<Self> {
        if plan.outputs.is_none() || plan.copy.is_some() || !matches!(plan.effect, Effect::None) || !plan.reusable {
            return None;
        }
        let (pieces, tail) = pieces(&plan, places)?;
        // A value that the rewrite left out, or worked with in some other way, is not one that can be put in
        let used: HashSet<usize> = pieces.iter().map(|(_, slot)| slot.literal).collect();
        if !places.iter().enumerate().all(|(at, place)| place.is_none() || used.contains(&at)) {
            return None;
        }
        let fixed = places.iter().zip(literals).enumerate().filter(|(_, (place, _))| place.is_none());
        let fixed = fixed.map(|(at, (_, literal))| Some((at, text.get(literal.clone())?.to_owned())));
        let fixed = fixed.collect::<Option<_>>()?;
        let seals = pieces.iter().any(|(_, slot)| matches!(slot.fill, Fill::Seal { .. }));
        (plan.params, plan.client_params) = (Vec::new(), 0);
        Some(Self { plan, pieces, tail, literals: literals.len(), fixed, seals, around: (0, 0) })
    }

    /// Whether the statement that the template was made from, filled in, is what was analysed.
    fn is_proved(
        &self,
        text: &str,
        literals: &[Range<usize>],
        places: &[Option<Place>],
        context: &Context<'_>,
    ) -> bool {
        let filler = Filler { style: context.style, sealer: context.sealer };
        let mut constants: Vec<AConst> = Vec::new();
        let (mut filled, mut with_parameters) = (String::new(), String::new());
        let mut put = Vec::new();
        for (before, slot) in &self.pieces {
            let Some(value) = self.value(slot, text, literals, &filler) else { return false };
            let Some(constant) = constant_of(slot, &value, places) else { return false };
            constants.push(constant);
            filled.push_str(before);
            put.push(filled.len()..filled.len() + value.len());
            filled.push_str(&value);
            with_parameters.push_str(&format!("{before}${}", constants.len()));
        }
        filled.push_str(&self.tail);
        with_parameters.push_str(&self.tail);
        are_delimited(&filled, &put) && sql::is_filled(&filled, &with_parameters, &constants)
    }

    /// The plan for a statement of the shape; `None` where it needs an analysis of its own.
    pub fn fill(&self, text: &str, literals: &[Range<usize>], filler: &Filler<'_>) -> Option<Plan> {
        let written = |at: usize| literals.get(at).and_then(|literal| text.get(literal.clone()));
        let is_same = |(at, expected): &(usize, String)| written(*at) == Some(expected.as_str());
        if literals.len() != self.literals || !self.fixed.iter().all(is_same) {
            return None;
        }
        let mut sql = String::with_capacity(text.len() + 128 * self.pieces.len());
        for (before, slot) in &self.pieces {
            sql.push_str(before);
            sql.push_str(&self.value(slot, text, literals, filler)?);
        }
        sql.push_str(&self.tail);
        Some(Plan {
            sql,
            params: Vec::new(),
            client_params: 0,
            outputs: self.plan.outputs.clone(),
            copy: None,
            effect: Effect::None,
            touched: Arc::clone(&self.plan.touched),
            sees_details: self.plan.sees_details,
            look_ups: self.plan.look_ups,
            reusable: !self.seals,
        })
    }

    /// Where the statement stands in a text of the shape.
    pub fn range(&self, text: &str) -> Range<usize> {
        self.around.0..text.len().saturating_sub(self.around.1)
    }

    /// About how many bytes it takes.
    pub fn len_bytes(&self) -> usize {
        let pieces = self.pieces.iter().map(|(text, _)| text.len() + size_of::<(String, Slot)>());
        pieces.sum::<usize>() + self.fixed.iter().map(|(_, text)| text.len() + 32).sum::<usize>()
    }

    /// A literal as it goes upstream; `None` where its own statement's analysis has to say what becomes of it.
    fn value<'t>(
        &self,
        slot: &Slot,
        text: &'t str,
        literals: &[Range<usize>],
        filler: &Filler<'_>,
    ) -> Option<std::borrow::Cow<'t, str>> {
        let written = text.get(literals.get(slot.literal)?.clone())?;
        let sealed = match &slot.fill {
            Fill::AsIs => return Some(written.into()),
            Fill::Unmasked { mask, ty } => {
                let Literal::Text { text, .. } = read_literal(written)? else { return None };
                return (!mask.looks_masked(*ty, &text)).then_some(written.into());
            }
            Fill::Seal { column, guard, cast } => {
                let (text, source) = read_source(written, *cast)?;
                if guard.as_ref().is_some_and(|mask| mask.looks_masked(column.ty, &text)) {
                    return None;
                }
                let value = read(column, &text, source, filler.style, Purpose::Assign)?;
                filler.sealer.seal(column, &value).ok()?
            }
            Fill::Term { column, cast } => {
                let (text, source) = read_source(written, *cast)?;
                let value = read(column, &text, source, filler.style, Purpose::Compare)?;
                filler.sealer.term(column, &value).ok()?
            }
        };
        // Base64url behind the magic: nothing in it has to be quoted
        (!sealed.contains(['\'', '\\'])).then(|| format!("'{sealed}'").into())
    }
}

/// The printed statement, cut at its parameters.
fn pieces(plan: &Plan, places: &[Option<Place>]) -> Option<(Vec<(String, Slot)>, String)> {
    let mut pieces = Vec::new();
    let mut at = 0;
    for token in sql::scan(&plan.sql)? {
        if token.token != i32::from(Token::Param) {
            continue;
        }
        let (start, end) = (usize::try_from(token.start).ok()?, usize::try_from(token.end).ok()?);
        let number: usize = plan.sql.get(start + 1..end)?.parse().ok()?;
        let param = plan.params.get(number.checked_sub(1)?)?;
        let place = places.get(param.client)?.as_ref()?;
        let slot = Slot { literal: param.client, fill: fill(param, place)? };
        pieces.push((plan.sql.get(at..start)?.to_owned(), slot));
        at = end;
    }
    Some((pieces, plan.sql.get(at..)?.to_owned()))
}

/// What was decided for a parameter, for the literal; `None` where the two are written in different ways.
fn fill(param: &UpstreamParam, place: &Place) -> Option<Fill> {
    let cast = place.is_cast.then_some(param.ty);
    // Each literal is cut in another place
    if param.cast.is_some_and(|cast| cast.typmod >= 0) {
        return None;
    }
    match &param.action {
        // With a type it stands beside a mask that a literal is not compared with
        ParamAction::Relay => (param.ty == 0).then_some(Fill::AsIs),
        ParamAction::Seal { column, guard: None } => Some(Fill::Seal { column: Arc::clone(column), guard: None, cast }),
        ParamAction::Seal { column, guard: Some(WriteGuard { mask, keep: false }) } => {
            Some(Fill::Seal { column: Arc::clone(column), guard: Some(Arc::clone(mask)), cast })
        }
        ParamAction::Seal { guard: Some(WriteGuard { keep: true, .. }), .. } => None,
        ParamAction::Term { column } => Some(Fill::Term { column: Arc::clone(column), cast }),
        ParamAction::SealArray { .. } | ParamAction::TermArray { .. } => None,
        ParamAction::RefuseMasked { mask, ty, .. } => Some(Fill::Unmasked { mask: Arc::clone(mask), ty: *ty }),
    }
}

/// Whether each part of a text is a token by itself, whatever other literal of its kind stands there.
fn are_delimited(text: &str, parts: &[Range<usize>]) -> bool {
    let bytes = text.as_bytes();
    let stands_free = |part: &Range<usize>| {
        let before = part.start.checked_sub(1).and_then(|at| bytes.get(at));
        before.is_some_and(|byte| b" (,".contains(byte))
            && bytes.get(part.end).is_none_or(|byte| b" ),:;".contains(byte))
    };
    let Some(tokens) = sql::scan(text) else { return false };
    let place = |token: &ScanToken| Some(usize::try_from(token.start).ok()?..usize::try_from(token.end).ok()?);
    let tokens: HashSet<_> = tokens.iter().filter_map(place).collect();
    parts.iter().all(|part| stands_free(part) && tokens.contains(part))
}

/// The constant that a value is upstream.
fn constant_of(slot: &Slot, value: &str, places: &[Option<Place>]) -> Option<AConst> {
    match slot.fill {
        Fill::AsIs | Fill::Unmasked { .. } => Some(places.get(slot.literal)?.as_ref()?.constant.clone()),
        Fill::Seal { .. } | Fill::Term { .. } => {
            let val = Some(a_const::Val::Sval(Text { sval: unquoted(value)? }));
            Some(AConst { isnull: false, location: -1, val })
        }
    }
}

/// A literal of a shape, as analysis reads the constant that it is.
fn read_literal(written: &str) -> Option<Literal> {
    let val = match unquoted(written) {
        Some(sval) => a_const::Val::Sval(Text { sval }),
        // As the scanner does: what 32 bits hold is an integer
        None => match written.parse() {
            Ok(ival) => a_const::Val::Ival(pg_query::protobuf::Integer { ival }),
            Err(_) => a_const::Val::Fval(pg_query::protobuf::Float { fval: written.to_owned() }),
        },
    };
    of_constant(&AConst { isnull: false, location: -1, val: Some(val) })
}

/// Its text, and the OID of the type that it is written or cast as.
fn read_source(written: &str, cast: Option<u32>) -> Option<(String, u32)> {
    match read_literal(written)? {
        Literal::Text { text, source, .. } => Some((text, cast.unwrap_or(source))),
        Literal::Null | Literal::Parameter { .. } => None,
    }
}

fn read(
    column: &SealedColumn,
    text: &str,
    source: u32,
    style: &Style,
    purpose: Purpose,
) -> Option<crate::value::Plaintext> {
    check_magic(column, text).ok()?;
    column.ty.read(source, Format::Text, text.as_bytes(), style, purpose).ok()
}

//! Comparison for equality: `=`, `<>`, IN, `= ANY`, IS DISTINCT FROM, of values and of rows, with subqueries too.
//! Sealed sides are compared by their equality prefixes.

use std::sync::Arc;

use pg_query::NodeEnum;
use pg_query::protobuf::{AExpr, AExprKind, Node, SubLink, SubLinkType};

use super::analyzer::Analyzer;
use super::build;
use super::constant::{Literal, literal};
use super::naming::strings;
use super::rights::SealedRight;
use super::scope::Scope;
use super::shape::Column;
use super::stop::{Result, Stop};
use crate::plan::{Reveal, TouchAction};

/// One side of a comparison.
enum Side {
    /// A literal or parameter, not looked at yet: the other side decides what it is.
    Literal,
    Row,
    Sealed(Arc<[SealedRight]>),
    Open,
}

impl Analyzer<'_> {
    pub(super) fn operator(&mut self, expr: &mut AExpr, scope: &Scope<'_>) -> Result<()> {
        let symbol = strings(&expr.name).pop().unwrap_or_default();
        let is_equality = matches!(symbol.as_str(), "=" | "<>");
        let kind = AExprKind::try_from(expr.kind).unwrap_or(AExprKind::Undefined);
        let (Some(left), Some(right)) = (expr.lexpr.as_deref_mut(), expr.rexpr.as_deref_mut()) else {
            self.opt_open(expr.lexpr.as_deref_mut(), scope)?;
            return self.opt_open(expr.rexpr.as_deref_mut(), scope);
        };
        let is_rewritten = match kind {
            AExprKind::AexprOp if is_equality => self.compare(left, right, scope)?,
            AExprKind::AexprDistinct | AExprKind::AexprNotDistinct => {
                self.compare(left, right, scope)?;
                // This form takes no qualified operator
                return Ok(());
            }
            AExprKind::AexprIn => {
                self.in_list(left, right, scope)?;
                return Ok(());
            }
            AExprKind::AexprOpAny | AExprKind::AexprOpAll if is_equality => self.any(left, right, scope)?,
            _ => {
                self.open(left, scope)?;
                self.open(right, scope)?;
                false
            }
        };
        if is_rewritten {
            expr.name = build::operator(&symbol);
        }
        Ok(())
    }

    fn side(&mut self, node: &mut Node, scope: &Scope<'_>) -> Result<Side> {
        if super::constant::is_literal(node) {
            return Ok(Side::Literal);
        }
        if matches!(node.node, Some(NodeEnum::RowExpr(_))) {
            return Ok(Side::Row);
        }
        let column = self.value(node, scope)?;
        match column.shape.sealed() {
            Some(rights) => Ok(Side::Sealed(Arc::clone(rights))),
            None => self.require_open(&column.shape, "comparison", "comparison").map(|()| Side::Open),
        }
    }

    /// Both sides of `=` and its like. True where a sealed value is among them.
    fn compare(&mut self, left: &mut Node, right: &mut Node, scope: &Scope<'_>) -> Result<bool> {
        let sides = (self.side(left, scope)?, self.side(right, scope)?);
        match sides {
            (Side::Sealed(a), Side::Sealed(b)) => self.sealed_pair(left, &a, right, &b).map(|()| true),
            (Side::Sealed(rights), Side::Literal) => self.sealed_literal(left, &rights, right).map(|()| true),
            (Side::Literal, Side::Sealed(rights)) => self.sealed_literal(right, &rights, left).map(|()| true),
            (Side::Row, Side::Row) => self.rows(left, right, scope),
            (Side::Sealed(rights), Side::Open | Side::Row) | (Side::Open | Side::Row, Side::Sealed(rights)) => {
                Err(not_comparable(&rights))
            }
            (a, b) => {
                self.unread(&a, left, scope)?;
                self.unread(&b, right, scope)?;
                Ok(false)
            }
        }
    }

    /// Reads a side that has been put off.
    fn unread(&mut self, side: &Side, node: &mut Node, scope: &Scope<'_>) -> Result<()> {
        match side {
            Side::Literal | Side::Row => self.open(node, scope),
            Side::Sealed(_) | Side::Open => Ok(()),
        }
    }

    /// Rows are compared column by column.
    fn rows(&mut self, left: &mut Node, right: &mut Node, scope: &Scope<'_>) -> Result<bool> {
        let (Some(NodeEnum::RowExpr(left)), Some(NodeEnum::RowExpr(right))) = (&mut left.node, &mut right.node) else {
            return Ok(false);
        };
        let mut is_rewritten = false;
        if left.args.len() != right.args.len() {
            self.all_open(&mut left.args, scope)?;
            return self.all_open(&mut right.args, scope).map(|()| false);
        }
        for (l, r) in left.args.iter_mut().zip(&mut right.args) {
            is_rewritten |= self.compare(l, r, scope)?;
        }
        Ok(is_rewritten)
    }

    pub(super) fn sealed_pair(
        &mut self,
        left: &mut Node,
        a: &[SealedRight],
        right: &mut Node,
        b: &[SealedRight],
    ) -> Result<()> {
        if !self.are_shown_apart(&[a, b].concat()) {
            self.look_up(a)?;
            self.look_up(b)?;
            check_domain(a, b)?;
            a.iter().chain(b).take(1).for_each(|right| self.count_look_ups(right, 1));
        }
        self.to_term(left);
        self.to_term(right);
        Ok(())
    }

    fn sealed_literal(&mut self, sealed: &mut Node, rights: &[SealedRight], other: &mut Node) -> Result<()> {
        let (Some(literal), Some(right)) = (literal(other), rights.first()) else { return Err(not_comparable(rights)) };
        let (is_shown, counted) = (self.is_shown_empty(&literal, rights), self.look_ups);
        if !is_shown {
            self.look_up(rights)?;
        }
        *other = self.literal_term(literal, right)?;
        if is_shown {
            self.look_ups = counted;
        }
        self.to_term(sealed);
        Ok(())
    }

    /// Whether it is asked for the empty text, which every mask shows as it is and no mask shows for anything else.
    fn is_shown_empty(&self, literal: &Literal, rights: &[SealedRight]) -> bool {
        let shows = |right: &SealedRight| {
            let shows = match &right.reveal {
                Some(Reveal::Mask(mask)) => mask.shows_empty(),
                Some(Reveal::Clear) => true,
                Some(Reveal::Null) | None => false,
            };
            shows && right.column.ty.is_text() && right.column.equality
        };
        let is_empty =
            matches!(literal, Literal::Text { text, source, .. } if text.is_empty() && matches!(source, 0 | 25 | 1043));
        // Who may look up looks up
        let is_lacking = rights.iter().any(|right| !right.look_up);
        is_empty && is_lacking && !self.is_in_view && rights.iter().all(shows)
    }

    fn in_list(&mut self, left: &mut Node, list: &mut Node, scope: &Scope<'_>) -> Result<()> {
        let Some(NodeEnum::List(list)) = &mut list.node else { return self.open(list, scope) };
        let side = self.side(left, scope)?;
        match side {
            Side::Sealed(rights) => {
                self.look_up(&rights)?;
                // Several constants get the column's type, a single one that of `=`
                let constants = list.items.iter().filter(|item| super::constant::is_literal(item)).count();
                for item in &mut list.items {
                    self.listed(item, &rights, constants > 1, scope)?;
                }
                self.to_term(left);
                Ok(())
            }
            Side::Row => self.rows_in(left, &mut list.items, scope),
            Side::Literal | Side::Open => {
                self.unread(&side, left, scope)?;
                self.all_open(&mut list.items, scope)
            }
        }
    }

    /// One item of an IN list beside a sealed value.
    fn listed(&mut self, item: &mut Node, rights: &[SealedRight], is_typed: bool, scope: &Scope<'_>) -> Result<()> {
        if let (Some(literal), Some(right)) = (literal(item), rights.first()) {
            *item = match is_typed {
                true => self.literal_term_as(literal, right, right.column.ty.oid())?,
                false => self.literal_term(literal, right)?,
            };
            return Ok(());
        }
        match self.side(item, scope)? {
            Side::Sealed(others) => {
                self.look_up(&others)?;
                check_domain(rights, &others)?;
                self.to_term(item);
                Ok(())
            }
            Side::Literal | Side::Row | Side::Open => Err(not_comparable(rights)),
        }
    }

    /// `(a, b) IN ((1, 2), …)`: what the left row's columns are decides for each of the others.
    fn rows_in(&mut self, left: &mut Node, items: &mut [Node], scope: &Scope<'_>) -> Result<()> {
        let Some(NodeEnum::RowExpr(row)) = &mut left.node else { return Ok(()) };
        let width = row.args.len();
        for (at, column) in row.args.iter_mut().enumerate() {
            let mut others = Vec::new();
            for item in items.iter_mut() {
                match &mut item.node {
                    Some(NodeEnum::RowExpr(other)) if other.args.len() == width => {
                        others.extend(other.args.get_mut(at))
                    }
                    _ => {
                        return Err(Stop::not_understood("row-list", "a row compared with other things than rows", ""));
                    }
                }
            }
            match self.side(column, scope)? {
                Side::Sealed(rights) => {
                    self.look_up(&rights)?;
                    others.into_iter().try_for_each(|other| self.listed(other, &rights, false, scope))?;
                    self.to_term(column);
                }
                side => {
                    self.unread(&side, column, scope)?;
                    others.into_iter().try_for_each(|other| self.open(other, scope))?;
                }
            }
        }
        Ok(())
    }

    /// `= ANY (array)` and its like.
    fn any(&mut self, left: &mut Node, array: &mut Node, scope: &Scope<'_>) -> Result<bool> {
        match self.side(left, scope)? {
            Side::Sealed(rights) => {
                self.look_up(&rights)?;
                let Some(right) = rights.first() else { return Ok(false) };
                self.array_terms(array, right)?;
                self.to_term(left);
                Ok(true)
            }
            side => {
                self.unread(&side, left, scope)?;
                self.open(array, scope).map(|()| false)
            }
        }
    }

    /// `IN (SELECT …)`, `= ANY (SELECT …)` and their like.
    pub(super) fn quantified(&mut self, link: &mut SubLink, scope: &Scope<'_>) -> Result<()> {
        let (Some(test), Some(query)) = (link.testexpr.as_deref_mut(), link.subselect.as_deref_mut()) else {
            return Ok(());
        };
        let columns = self.query(query, Some(scope))?;
        let symbol = strings(&link.oper_name).pop();
        let is_in = symbol.is_none() && link.sub_link_type == i32::from(SubLinkType::AnySublink);
        let is_equality = is_in || matches!(symbol.as_deref(), Some("=" | "<>"));
        let tests: Vec<&mut Node> = match &mut test.node {
            Some(NodeEnum::RowExpr(row)) => row.args.iter_mut().collect(),
            _ => vec![test],
        };
        if tests.len() != columns.len() {
            // The server says so
            return tests.into_iter().try_for_each(|test| self.open(test, scope));
        }
        let mut as_terms = Vec::new();
        for (test, column) in tests.into_iter().zip(&columns) {
            as_terms.push(self.tested(test, column, is_equality, scope)?);
        }
        if as_terms.contains(&true) {
            if symbol.is_some() {
                link.oper_name = build::operator(symbol.as_deref().unwrap_or("="));
            }
            return terms_of(query, &as_terms);
        }
        Ok(())
    }

    /// One value tested against one column of a subquery; true where the column has to become its term.
    fn tested(&mut self, test: &mut Node, column: &Column, is_equality: bool, scope: &Scope<'_>) -> Result<bool> {
        let side = self.side(test, scope)?;
        match (side, column.shape.sealed()) {
            (Side::Sealed(rights), Some(others)) if is_equality => {
                if !self.are_shown_apart(&[&*rights, &**others].concat()) {
                    self.look_up(&rights)?;
                    self.look_up(others)?;
                    check_domain(&rights, others)?;
                }
                self.to_term(test);
                Ok(true)
            }
            (Side::Literal, Some(others)) if is_equality => {
                self.look_up(others)?;
                let (Some(literal), Some(right)) = (literal(test), others.first()) else {
                    return Err(not_comparable(others));
                };
                *test = self.literal_term(literal, right)?;
                Ok(true)
            }
            (_, Some(rights)) => Err(not_comparable(rights)),
            (Side::Sealed(rights), None) => Err(not_comparable(&rights)),
            (side, None) => {
                self.require_open(&column.shape, "comparison", "comparison")?;
                self.unread(&side, test, scope).map(|()| false)
            }
        }
    }

    /// Whether the caller may compare these columns by their clear values.
    pub(super) fn look_up(&mut self, rights: &[SealedRight]) -> Result<()> {
        if self.is_in_view {
            return Err(Stop::not_understood(
                "view-compares-sealed",
                "a view that compares encrypted columns",
                "Write the comparison in the query.",
            ));
        }
        for right in rights {
            let name = right.column.name.to_string();
            if !right.column.equality {
                let hint = "`search: [equality]` in the policy's seal would allow it, after a re-encryption.";
                return Err(Stop::unsupported("no-equality-term", "comparison", &right.column, hint));
            }
            if !right.look_up {
                let message = format!("permission denied to search by column {name}");
                let hint = "`look_up: true` on the column would allow it for this role.";
                return Err(Stop::denied("look-up-not-granted", message, vec![name], hint));
            }
            self.touch(&name, TouchAction::LookUp);
        }
        Ok(())
    }
}

pub(super) fn check_domain(a: &[SealedRight], b: &[SealedRight]) -> Result<()> {
    let domains: Vec<_> = a.iter().chain(b).map(|right| &right.column.domain).collect();
    let (Some(first), Some(other)) = (a.first(), b.first()) else { return Ok(()) };
    match domains.windows(2).all(|pair| pair[0] == pair[1]) {
        true => Ok(()),
        false => {
            let what = format!("comparison with {} (another key domain)", other.column.name);
            let hint = "Columns of one domain may be compared; the policy says which.";
            Err(Stop::unsupported("other-domain", &what, &first.column, hint))
        }
    }
}

pub(super) fn not_comparable(rights: &[SealedRight]) -> Stop {
    match rights.first() {
        Some(right) => Stop::unsupported(
            "compared-with-open",
            "comparison with anything but a constant, a parameter or a column of its domain",
            &right.column,
            "",
        ),
        None => Stop::not_understood("compared-with-open", "comparison", ""),
    }
}

/// Wraps a subquery so that the marked columns come as their terms.
fn terms_of(query: &mut Node, as_terms: &[bool]) -> Result<()> {
    let inner = match query.node.take() {
        Some(NodeEnum::SelectStmt(select)) => *select,
        other => {
            query.node = other;
            return Err(Stop::not_understood("subquery", "this subquery", ""));
        }
    };
    let targets = as_terms.iter().enumerate().map(|(at, as_term)| {
        let column = build::column(["pgveil_s", &format!("c{}", at + 1)]);
        build::target(if *as_term { build::term(column) } else { column }, "")
    });
    let outer = build::over(inner, "pgveil_s", targets.collect::<Vec<_>>(), as_terms.len());
    query.node = Some(NodeEnum::SelectStmt(Box::new(outer)));
    Ok(())
}

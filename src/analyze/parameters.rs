//! The client's parameters and the upstream statement's: one of the first may become several of the second, each
//! sealed, searched by or relayed.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::plan::{ParamAction, UpstreamParam};
use crate::value::LogicalType;

#[derive(Default)]
pub(super) struct Parameters {
    upstream: Vec<UpstreamParam>,
    /// By the client's parameter, which of `upstream` are made of it.
    made_of: HashMap<usize, Vec<usize>>,
    client: usize,
    /// The client's numbers of which IS NULL is asked.
    null_asked: BTreeSet<i32>,
    /// What such a parameter is elsewhere in the statement, where that is not clear; known at a second reading.
    sealed: HashMap<i32, (ParamAction, u32, Option<LogicalType>)>,
}

impl Parameters {
    /// The upstream number for the client's `$number`. `ty` is the type that a client which declared none is told,
    /// 0 for what the server describes.
    pub(super) fn place(&mut self, number: i32, action: ParamAction, ty: u32) -> i32 {
        self.place_cast(number, action, ty, None)
    }

    /// The same for one that the statement casts.
    pub(super) fn place_cast(&mut self, number: i32, action: ParamAction, ty: u32, cast: Option<LogicalType>) -> i32 {
        let position = usize::try_from(number).unwrap_or(0);
        self.client = self.client.max(position);
        let client = position.saturating_sub(1);
        let made = self.made_of.entry(client).or_default();
        let known = |at: &usize| {
            self.upstream.get(*at).is_some_and(|known| is_same(&known.action, &action) && known.cast == cast)
        };
        let at = made.iter().copied().find(known).unwrap_or_else(|| {
            self.upstream.push(UpstreamParam { client, action, ty, cast });
            made.push(self.upstream.len() - 1);
            self.upstream.len() - 1
        });
        i32::try_from(at + 1).unwrap_or(i32::MAX)
    }

    /// IS NULL is asked of the client's `$number`.
    pub(super) fn is_null_asked(&mut self, number: i32) {
        self.null_asked.insert(number);
    }

    /// What stands for the client's `$number` where only NULL matters, if it is sealed elsewhere.
    pub(super) fn sealed(&self, number: i32) -> Option<(ParamAction, u32, Option<LogicalType>)> {
        self.sealed.get(&number).cloned()
    }

    /// For a second reading, where there is need of one: in `$1 IS NULL OR phone = $1` the first must not bring the
    /// server what the second hides from it.
    pub(super) fn again(&self) -> Option<Self> {
        let of = |number: &i32| {
            let client = usize::try_from(*number).ok()?.checked_sub(1)?;
            let hidden = self.made_of(client).find(is_hidden)?;
            Some((*number, (hidden.action.clone(), hidden.ty, hidden.cast)))
        };
        let sealed: HashMap<_, _> = self.null_asked.iter().filter_map(of).collect();
        (!sealed.is_empty()).then(|| Self { sealed, ..Self::default() })
    }

    /// The client's number of a parameter that one place hides from the server and another would bring it in clear.
    pub(super) fn shown_and_hidden(&self) -> Option<usize> {
        let mut hidden = self.upstream.iter().filter(is_hidden);
        let is_shown = |client| self.made_of(client).any(|param| !is_hidden(&param));
        hidden.find(|param| is_shown(param.client)).map(|param| param.client + 1)
    }

    fn made_of(&self, client: usize) -> impl Iterator<Item = &UpstreamParam> {
        self.made_of.get(&client).into_iter().flatten().filter_map(|at| self.upstream.get(*at))
    }

    /// The upstream's parameters, and how many the client has.
    pub(super) fn finish(self) -> (Vec<UpstreamParam>, usize) {
        (self.upstream, self.client)
    }
}

fn is_hidden(param: &&UpstreamParam) -> bool {
    match param.action {
        ParamAction::Seal { .. }
        | ParamAction::SealArray { .. }
        | ParamAction::Term { .. }
        | ParamAction::TermArray { .. } => true,
        ParamAction::Relay | ParamAction::RefuseMasked { .. } => false,
    }
}

/// Whether one upstream parameter serves both uses. Seals are never shared: each stored value is sealed by itself.
fn is_same(known: &ParamAction, wanted: &ParamAction) -> bool {
    match (known, wanted) {
        (ParamAction::Relay, ParamAction::Relay) => true,
        (ParamAction::Term { column: a }, ParamAction::Term { column: b })
        | (ParamAction::TermArray { column: a }, ParamAction::TermArray { column: b }) => Arc::ptr_eq(a, b),
        _ => false,
    }
}

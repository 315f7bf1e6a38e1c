//! The client's parameters and the upstream statement's: one of the first may become several of the second, each
//! sealed, searched by or relayed.

use std::sync::Arc;

use crate::plan::{ParamAction, UpstreamParam};

#[derive(Default)]
pub(super) struct Parameters {
    upstream: Vec<UpstreamParam>,
    client: usize,
}

impl Parameters {
    /// The upstream number for the client's `$number`. `ty` is the type that a client which declared none is told,
    /// 0 for what the server describes.
    pub(super) fn place(&mut self, number: i32, action: ParamAction, ty: u32) -> i32 {
        let position = usize::try_from(number).unwrap_or(0);
        self.client = self.client.max(position);
        let client = position.saturating_sub(1);
        let same = self.upstream.iter().position(|known| known.client == client && is_same(&known.action, &action));
        let at = same.unwrap_or_else(|| {
            self.upstream.push(UpstreamParam { client, action, ty });
            self.upstream.len() - 1
        });
        i32::try_from(at + 1).unwrap_or(i32::MAX)
    }

    /// The upstream's parameters, and how many the client has.
    pub(super) fn finish(self) -> (Vec<UpstreamParam>, usize) {
        (self.upstream, self.client)
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

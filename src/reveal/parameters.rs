//! Parameter types: what the client is told, what the server is told.

use bytes::BytesMut;

use crate::plan::{ParamAction, Plan, UpstreamParam};
use crate::wire::{PgError, SqlState, backend};

const TEXT_OID: u32 = 25;
const TEXT_ARRAY_OID: u32 = 1009;
const UNKNOWN_OID: u32 = 705;

/// Writes the ParameterDescription that the client gets. `declared` as in its Parse, 0 where it left a type open.
///
/// # Errors
/// XX000 where the server describes another number of parameters than the plan sends.
pub fn parameter_description(
    output: &mut BytesMut,
    described: &[u32],
    plan: &Plan,
    declared: &[u32],
) -> Result<(), PgError> {
    if described.len() != plan.params.len() {
        return Err(PgError::new(SqlState::INTERNAL_ERROR, "the statement has other parameters than were planned"));
    }
    backend::write_parameter_description(output, &client_types(described, plan, declared))
}

/// One pass over the upstream's parameters: there may be tens of thousands of them.
fn client_types(described: &[u32], plan: &Plan, declared: &[u32]) -> Vec<u32> {
    let count = client_count(plan, declared);
    let (mut by_server, mut by_plan) = (vec![None; count], vec![None; count]);
    for (param, oid) in plan.params.iter().zip(described) {
        let (types, oid) = match param.ty {
            0 if is_relayed(&param.action) => (&mut by_server, *oid),
            0 => continue,
            ty => (&mut by_plan, ty),
        };
        if let Some(known) = types.get_mut(param.client) {
            known.get_or_insert(oid);
        }
    }
    let types = by_server.into_iter().zip(by_plan).enumerate();
    types
        .map(|(client, (server, plan))| declared_type(declared, client).or(server).or(plan).unwrap_or(TEXT_OID))
        .collect()
}

/// The type that the client declared for a parameter; one declared `unknown` is as open as one not declared.
pub(super) fn declared_type(declared: &[u32], client: usize) -> Option<u32> {
    declared.get(client).copied().filter(|oid| !matches!(*oid, 0 | UNKNOWN_OID))
}

/// How many parameters the client has to send: those that it declared count, used or not.
pub(super) fn client_count(plan: &Plan, declared: &[u32]) -> usize {
    plan.client_params.max(declared.len())
}

/// # Errors
/// 42P18 for a parameter that is declared without a type and not used: the server does not see it, and cannot say so.
pub fn check_declared(plan: &Plan, declared: &[u32]) -> Result<(), PgError> {
    match (plan.client_params..declared.len()).find(|client| declared_type(declared, *client).is_none()) {
        None => Ok(()),
        Some(client) => {
            let message = format!("could not determine data type of parameter ${}", client + 1);
            Err(PgError::new(SqlState::INDETERMINATE_DATATYPE, message))
        }
    }
}

/// The types to declare in the upstream Parse, one per upstream parameter.
pub fn upstream_types(plan: &Plan, declared: &[u32]) -> Vec<u32> {
    plan.params.iter().map(|param| upstream_type(param, declared)).collect()
}

fn upstream_type(param: &UpstreamParam, declared: &[u32]) -> u32 {
    match param.action {
        ParamAction::Relay | ParamAction::RefuseMasked { .. } => declared.get(param.client).copied().unwrap_or(0),
        ParamAction::Seal { .. } | ParamAction::Term { .. } => TEXT_OID,
        ParamAction::SealArray { .. } | ParamAction::TermArray { .. } => TEXT_ARRAY_OID,
    }
}

/// Whether the server gets the client's own value, and so may decide its type.
const fn is_relayed(action: &ParamAction) -> bool {
    match action {
        ParamAction::Relay | ParamAction::RefuseMasked { .. } => true,
        ParamAction::Seal { .. }
        | ParamAction::SealArray { .. }
        | ParamAction::Term { .. }
        | ParamAction::TermArray { .. } => false,
    }
}

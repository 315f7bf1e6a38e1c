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
    let count = client_count(plan, declared);
    let types: Vec<u32> = (0..count).map(|client| client_type(client, described, plan, declared)).collect();
    backend::write_parameter_description(output, &types)
}

fn client_type(client: usize, described: &[u32], plan: &Plan, declared: &[u32]) -> u32 {
    let used = || plan.params.iter().zip(described).filter(move |(param, _)| param.client == client);
    let by_server = || used().find(|(param, _)| is_relayed(&param.action) && param.ty == 0).map(|(_, oid)| *oid);
    let by_plan = || used().map(|(param, _)| param.ty).find(|oid| *oid != 0);
    declared_type(declared, client).or_else(by_server).or_else(by_plan).unwrap_or(TEXT_OID)
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
        ParamAction::TermArray { .. } => TEXT_ARRAY_OID,
    }
}

/// Whether the server gets the client's own value, and so may decide its type.
const fn is_relayed(action: &ParamAction) -> bool {
    match action {
        ParamAction::Relay | ParamAction::RefuseMasked { .. } => true,
        ParamAction::Seal { .. } | ParamAction::Term { .. } | ParamAction::TermArray { .. } => false,
    }
}

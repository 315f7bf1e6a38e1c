//! Questions to the decider, and when the session may not ask yet.

use std::borrow::Cow;
use std::sync::Arc;

use super::books::Books;
use super::decider::{Decided, Decider};
use super::machine::Session;
use super::names::{self, Basis, Portal, Statement};
use super::observer::Observer;
use super::step::Fatal;
use super::text;
use crate::plan::{ParamAction, Plan, PreparedSql, Refusal, Verdict};
use crate::reveal::encoding;
use crate::sql;
use crate::wire::{PgError, SqlState};

/// Why a message of the client is not carried out.
pub(super) enum Stop {
    /// Part of it is missing.
    Short,
    /// It stays until the server has answered more.
    Wait,
    /// It stays until the decider has a newer catalog.
    NeedCatalog,
    /// It is answered with an error, in its place.
    Refuse(PgError),
    Fatal(Fatal),
}

impl From<Fatal> for Stop {
    fn from(fatal: Fatal) -> Self {
        Self::Fatal(fatal)
    }
}

/// What the decider says of a statement now, against what the server has under its name.
pub(super) enum Renewed {
    /// The server has the right text.
    Same(Verdict),
    /// The server has another text than this verdict's.
    Other(Verdict),
}

impl<D: Decider, O: Observer> Session<D, O> {
    /// Nothing can be decided while a statement that changes names, catalog or settings is running.
    pub(super) fn hold(&self) -> Result<(), Stop> {
        if self.queue.has_effects() { Err(Stop::Wait) } else { Ok(()) }
    }

    pub(super) fn ask<T>(&mut self, question: impl FnOnce(&mut D, &Books) -> Decided<T>) -> Result<T, Stop> {
        self.hold_for_catalog()?;
        self.asked = self.basis();
        let decided = question(&mut self.decider, &self.books);
        if self.books.take_asked_unsettled() {
            return Err(Stop::Wait);
        }
        match decided {
            Decided::Now(answer) => Ok(answer),
            Decided::NeedCatalog => Err(Stop::NeedCatalog),
        }
    }

    /// After DDL of the session's own the decider's catalog is behind.
    pub(super) fn hold_for_catalog(&mut self) -> Result<(), Stop> {
        if !self.books.catalog_outdated || !self.decider.goes_by_catalog() {
            return Ok(());
        }
        self.books.catalog_outdated = false;
        Err(Stop::NeedCatalog)
    }

    /// What a verdict of now rests on.
    pub(super) fn basis(&self) -> Basis {
        self.books.basis(self.decider.epoch())
    }

    /// SQL text as the server will read it.
    pub(super) fn text<'a>(&self, sql: &'a [u8]) -> Result<Cow<'a, str>, Stop> {
        if text::depends_on_settings(sql) {
            if self.queue.awaits_ready() {
                return Err(Stop::Wait);
            }
            if self.client.may_read_otherwise {
                let message =
                    "SQL text cannot be read with certainty behind a statement that may change how it is read";
                let hint = "Send Sync between the two.";
                return Err(Stop::Refuse(PgError::new(SqlState::FEATURE_NOT_SUPPORTED, message).with_hint(hint)));
            }
        }
        text::decode(sql, &self.books.parameters.client_encoding).map_err(Stop::Refuse)
    }

    /// That the server reads each character of a text that is replaced as pgveil does.
    pub(super) fn check_reading(&self, sql: &[u8]) -> Result<(), Stop> {
        encoding::to_utf8(&self.books.parameters.client_encoding, sql).map(drop).map_err(Stop::Refuse)
    }

    /// A text in the client's encoding: pgveil's own exactly, the client's as it came. A mask's or filter's literals may
    /// hold characters that the encoding lacks: these become escapes.
    pub(super) fn encode<'a>(&self, sql: &'a str, is_exact: bool) -> Result<Cow<'a, [u8]>, Stop> {
        let encoding = &self.books.parameters.client_encoding;
        text::encode(sql, encoding, is_exact).or_else(|error| {
            if !is_exact {
                return Err(Stop::Refuse(error));
            }
            let escaped = sql::escaped(sql).ok_or(Stop::Refuse(error))?;
            let bytes = text::encode(&escaped, encoding, is_exact).map_err(Stop::Refuse)?;
            Ok(Cow::Owned(bytes.into_owned()))
        })
    }

    /// The name of a statement or portal.
    pub(super) fn name(&self, name: &[u8]) -> Result<String, Stop> {
        let name = text::decode(name, &self.books.parameters.client_encoding);
        name.and_then(|name| names::key(&name)).map_err(Stop::Refuse)
    }

    /// The plan to follow; `None` for what passes. A text that passed before may
    /// hold characters that are not certain ([`Self::check_reading`]).
    pub(super) fn admit(&self, sql: &str, verdict: &Verdict) -> Result<Option<Arc<Plan>>, Arc<Refusal>> {
        match verdict {
            Verdict::Pass(_) => Ok(None),
            Verdict::Refuse(refusal) => Err(Arc::clone(refusal)),
            Verdict::Rewrite(plan) => {
                if let Some(error) = &self.style_error {
                    return Err(not_now(error, "unusable-settings", plan));
                }
                if let Err(error) = encoding::from_utf8(&self.books.parameters.client_encoding, sql.as_bytes())
                    && replaces(plan, sql)
                {
                    return Err(not_now(&error, "unusable-settings", plan));
                }
                self.observer.may_start().map_err(|error| not_now(&error, "audit-unwritable", plan))?;
                Ok(Some(Arc::clone(plan)))
            }
        }
    }

    /// Tells of the refusal.
    pub(super) fn refused(&mut self, sql: &str, refusal: &Refusal) -> Stop {
        self.observer.on_refusal(sql, refusal);
        Stop::Refuse(refusal.error.clone())
    }

    /// As [`Self::admit`], for the extended protocol.
    pub(super) fn plan(&mut self, sql: &str, verdict: &Verdict) -> Result<Option<Arc<Plan>>, Stop> {
        self.admit(sql, verdict).map_err(|refusal| self.refused(sql, &refusal))
    }

    /// Decides again about a statement.
    pub(super) fn renew(&mut self, prepared: &PreparedSql) -> Result<Renewed, Stop> {
        let (sql, types) = (&prepared.sql, &prepared.param_types);
        let verdict = self.ask(|decider, books| decider.decide_parse(sql, types, books))?;
        let is_same = same_upstream(sql, &prepared.verdict, &verdict);
        Ok(if is_same { Renewed::Same(verdict) } else { Renewed::Other(verdict) })
    }

    /// A statement under a new verdict.
    pub(super) fn statement(&self, prepared: &PreparedSql, verdict: Verdict, by_sql: bool) -> Statement {
        Statement { prepared: Arc::new(with_verdict(prepared, verdict)), basis: self.asked, by_sql }
    }

    /// The portal under the verdict of now.
    ///
    /// # Errors
    /// 0A000 where what the server would run is not what the new verdict asks for: an open portal cannot be planned again.
    pub(super) fn renew_portal(&mut self, portal: Portal) -> Result<Portal, Stop> {
        self.hold_for_catalog()?;
        if self.decider.epoch() == portal.epoch {
            return Ok(portal);
        }
        let verdict = match (self.renew(&portal.prepared)?, &portal.prepared.verdict) {
            // Nobody has looked where the rows of a watched one come from
            (Renewed::Same(Verdict::Pass(_)), watched @ Verdict::Rewrite(_)) => watched.clone(),
            (Renewed::Same(verdict), _) => verdict,
            (Renewed::Other(verdict), _) => return Err(self.outdated(&portal.prepared.sql, &verdict)),
        };
        let prepared = Arc::new(with_verdict(&portal.prepared, verdict));
        Ok(Portal { prepared, epoch: self.asked.epoch, ..portal })
    }

    /// What the server has under a name cannot be replaced by what the new verdict asks for.
    pub(super) fn outdated(&mut self, sql: &str, verdict: &Verdict) -> Stop {
        if let Verdict::Refuse(refusal) = verdict {
            return self.refused(sql, refusal);
        }
        let message = "policy or catalog changed since the statement was prepared or its cursor opened";
        let error = PgError::new(SqlState::FEATURE_NOT_SUPPORTED, message).with_hint("Prepare or open it again.");
        self.refused(sql, &Refusal { error, reason: "outdated", objects: Vec::new() })
    }
}

/// Whether a text of pgveil's own goes in the place of the client's. What is only watched goes as it came.
pub(super) fn replaces(plan: &Plan, sql: &str) -> bool {
    !sql.contains(&plan.sql)
}

fn with_verdict(prepared: &PreparedSql, verdict: Verdict) -> PreparedSql {
    PreparedSql { sql: prepared.sql.clone(), verdict, param_types: prepared.param_types.clone() }
}

fn not_now(error: &PgError, reason: &'static str, plan: &Plan) -> Arc<Refusal> {
    let objects = plan.touched.iter().map(|touch| touch.object.to_string()).collect();
    Arc::new(Refusal { error: error.clone(), reason, objects })
}

/// Whether the server has prepared the same under both verdicts.
fn same_upstream(sql: &str, old: &Verdict, new: &Verdict) -> bool {
    match (old, new) {
        (Verdict::Pass(_), Verdict::Pass(_)) => true,
        (Verdict::Rewrite(old), Verdict::Rewrite(new)) => {
            let key = |plan: &Plan| plan.params.iter().map(|p| (p.client, relays(&p.action))).collect::<Vec<_>>();
            old.sql == new.sql && key(old) == key(new)
        }
        (Verdict::Pass(_), Verdict::Rewrite(plan)) | (Verdict::Rewrite(plan), Verdict::Pass(_)) => {
            plan.only_watches(sql)
        }
        (Verdict::Pass(_) | Verdict::Rewrite(_) | Verdict::Refuse(_), _) => false,
    }
}

/// Whether the parameter keeps its type on its way up.
const fn relays(action: &ParamAction) -> bool {
    match action {
        ParamAction::Relay | ParamAction::RefuseMasked { .. } => true,
        ParamAction::Seal { .. }
        | ParamAction::SealArray { .. }
        | ParamAction::Term { .. }
        | ParamAction::TermArray { .. } => false,
    }
}

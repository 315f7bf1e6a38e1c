//! The extended protocol: statements and portals by name.

use std::sync::Arc;
use std::time::Instant;

use bytes::BufMut;

use super::ask::{Renewed, Stop, replaces};
use super::client::Next;
use super::decider::Decider;
use super::machine::{Session, unwritable};
use super::names::{Found, Portal, Statement};
use super::observer::Observer;
use super::pending::{Asker, Execution, Request};
use super::step::Outbox;
use super::text;
use super::view::TransactionStatus;
use crate::plan::{Effect, Plan, PreparedSql, Verdict};
use crate::reveal;
use crate::wire::frontend::{Bind, Parse, Target};
use crate::wire::{PgError, SqlState, frame};

impl<D: Decider, O: Observer> Session<D, O> {
    pub(super) fn parse(&mut self, frame: &[u8], parse: &Parse<'_>, outbox: &mut Outbox) -> Result<Next, Stop> {
        self.hold()?;
        let (sql, name) = (self.text(parse.sql)?, self.name(parse.name)?);
        let types: Vec<u32> = parse.types().collect();
        let verdict = self.ask(|decider, books| decider.decide_parse(&sql, &types, books))?;
        let plan = self.plan(&sql, &verdict)?;
        if let (Some(plan), Err(stop)) = (&plan, self.check_reading(parse.sql))
            && replaces(plan, &sql)
        {
            return Err(stop);
        }
        self.books.statements.make_room(&name).map_err(Stop::Refuse)?;
        let prepared = Arc::new(PreparedSql { sql: sql.into_owned(), verdict, param_types: types });
        let statement = Statement { prepared, basis: self.asked, by_sql: false };
        match &plan {
            None => outbox.to_server.extend_from_slice(frame),
            Some(plan) => self.write_parse(parse.name, plan, &statement, outbox)?,
        }
        self.ask_parse(Asker::Client, parse.name, name, plan, statement, outbox)?;
        Ok(Next::Consumed)
    }

    fn write_parse(&self, name: &[u8], plan: &Plan, statement: &Statement, outbox: &mut Outbox) -> Result<(), Stop> {
        reveal::check_declared(plan, &statement.prepared.param_types).map_err(Stop::Refuse)?;
        let types = reveal::upstream_types(plan, &statement.prepared.param_types);
        let text = self.encode(&plan.sql, replaces(plan, &statement.prepared.sql))?;
        write_parse(outbox, name, &text, &types)
    }

    /// A Parse is on its way: what has to be known of it.
    fn ask_parse(
        &mut self,
        asker: Asker,
        raw_name: &[u8],
        name: String,
        plan: Option<Arc<Plan>>,
        statement: Statement,
        outbox: &mut Outbox,
    ) -> Result<(), Stop> {
        let passed = plan.is_none().then(|| Arc::clone(&statement.prepared));
        let seq = self.push_extended(asker, Request::Parse { plan });
        self.books.statements.ask(seq, self.books.batch, name, Some(statement));
        passed.map_or(Ok(()), |prepared| self.ask_origin(raw_name, &prepared, outbox))
    }

    /// The second net, for a statement that is passed.
    fn ask_origin(&mut self, raw_name: &[u8], prepared: &Arc<PreparedSql>, outbox: &mut Outbox) -> Result<(), Stop> {
        if !self.decider.is_verified(&prepared.sql) {
            write_named(outbox, b'D', raw_name)?;
            self.push_extended(Asker::Proxy, describe(None, Some(Arc::clone(prepared))));
        }
        Ok(())
    }

    pub(super) fn bind(&mut self, bind: &Bind<'_>, outbox: &mut Outbox) -> Result<Next, Stop> {
        self.hold()?;
        let (name, portal) = (self.name(bind.statement)?, self.name(bind.portal)?);
        let Some(statement) = self.find_statement(&name)? else {
            self.push_extended(Asker::Client, Request::Bind { plan: None, known: false });
            return Ok(Next::Forward);
        };
        self.books.portals.make_room(&portal).map_err(Stop::Refuse)?;
        let (statement, plan) = self.renew_statement(&name, bind.statement, statement, outbox)?;
        if let Some(plan) = &plan {
            let written = self.write_bind(bind, plan, &statement.prepared, outbox);
            // The server may yet turn out not to have the statement, and would say that
            let is_settled = self.books.statements.is_settled(&name, self.books.batch);
            written.map_err(|stop| if is_settled { stop } else { Stop::Wait })?;
        }
        let next = if plan.is_some() { Next::Consumed } else { Next::Forward };
        let seq = self.push_extended(Asker::Client, Request::Bind { plan, known: true });
        let (prepared, formats) = (statement.prepared, Arc::from(bind.results.as_bytes()));
        let opened = Portal { prepared, epoch: statement.basis.epoch, formats, hold: false };
        self.books.portals.ask(seq, self.books.batch, portal, Some(opened));
        Ok(next)
    }

    fn write_bind(
        &mut self,
        bind: &Bind<'_>,
        plan: &Plan,
        prepared: &PreparedSql,
        outbox: &mut Outbox,
    ) -> Result<(), Stop> {
        let start = outbox.to_server.len();
        let began = Instant::now();
        let written = reveal::bind(&mut outbox.to_server, bind, plan, &prepared.param_types, &self.values);
        self.observer.on_sealed(plan, began.elapsed());
        let counted = match written {
            Ok(elements) => self.look_up(plan, elements, &prepared.sql),
            Err(error) => Err(Stop::Refuse(error)),
        };
        counted.inspect_err(|_| outbox.to_server.truncate(start))
    }

    /// `elements`: of arrays that became terms.
    fn look_up(&mut self, plan: &Plan, elements: usize, sql: &str) -> Result<(), Stop> {
        let elements = if plan.look_ups == 0 { 0 } else { u32::try_from(elements).unwrap_or(u32::MAX) };
        let counted = self.decider.look_up(plan.look_ups.saturating_add(elements));
        counted.map_err(|refusal| self.refused(sql, &refusal))
    }

    pub(super) fn describe_statement(&mut self, raw_name: &[u8], outbox: &mut Outbox) -> Result<Next, Stop> {
        self.hold()?;
        let name = self.name(raw_name)?;
        let request = match self.find_statement(&name)? {
            None => describe(None, None),
            Some(statement) => {
                let (statement, plan) = self.renew_statement(&name, raw_name, statement, outbox)?;
                describe(plan, Some(statement.prepared))
            }
        };
        self.push_extended(Asker::Client, request);
        Ok(Next::Forward)
    }

    pub(super) fn describe_portal(&mut self, name: &[u8]) -> Result<Next, Stop> {
        self.hold()?;
        let Some(portal) = self.find_portal(name)? else {
            self.push_extended(Asker::Client, Request::DescribePortal { plan: None });
            return Ok(Next::Forward);
        };
        let portal = self.renew_portal(portal)?;
        let plan = self.plan(&portal.prepared.sql, &portal.prepared.verdict)?;
        self.push_extended(Asker::Client, Request::DescribePortal { plan });
        Ok(Next::Forward)
    }

    pub(super) fn execute(&mut self, name: &[u8]) -> Result<Next, Stop> {
        self.hold()?;
        let Some(portal) = self.find_portal(name)? else {
            // Not described: a row would end the session
            self.push_extended(Asker::Client, Request::Execute(Execution::default()));
            return Ok(Next::Forward);
        };
        let portal = self.renew_portal(portal)?;
        let prepared = &portal.prepared;
        let plan = self.plan(&prepared.sql, &prepared.verdict)?;
        let effect = effect(&prepared.verdict);
        self.client.may_read_otherwise |= text::may_change_reading(&prepared.sql);
        let formats = portal.formats;
        let mut execution = Execution { plan, effect, formats, is_described: true, ..Execution::default() };
        self.start(&prepared.sql, &mut execution);
        self.push_extended(Asker::Client, Request::Execute(execution));
        Ok(Next::Forward)
    }

    pub(super) fn close(&mut self, target: Target, name: &[u8]) -> Result<Next, Stop> {
        let name = self.name(name)?;
        let seq = self.push_extended(Asker::Client, Request::Close);
        match target {
            Target::Statement => self.books.statements.ask(seq, self.books.batch, name, None),
            Target::Portal => self.books.portals.ask(seq, self.books.batch, name, None),
        }
        Ok(Next::Forward)
    }

    fn push_extended(&mut self, asker: Asker, request: Request) -> u64 {
        self.client.is_unflushed = true;
        self.client.is_unsynced = true;
        self.push(asker, request)
    }

    /// `None`: the server does not have it either, and will say so.
    fn find_statement(&self, name: &str) -> Result<Option<Statement>, Stop> {
        match self.books.statements.find(name, self.books.batch) {
            Found::Known(statement) => Ok(Some(statement.clone())),
            Found::Unknown => Ok(None),
            Found::Unsettled => Err(Stop::Wait),
        }
    }

    /// `None` in a failed transaction: a Bind or Query that failed may have left the server a portal that runs nothing.
    ///
    /// # Errors
    /// 34000 for a portal that the session has not seen opened: rows of a cursor that a function opened are not planned.
    fn find_portal(&self, raw_name: &[u8]) -> Result<Option<Portal>, Stop> {
        let name = self.name(raw_name)?;
        match self.books.portals.find(&name, self.books.batch) {
            Found::Known(portal) => Ok(Some(portal.clone())),
            Found::Unsettled => Err(Stop::Wait),
            Found::Unknown if self.queue.awaits_ready() => Err(Stop::Wait),
            Found::Unknown if self.books.status == TransactionStatus::Failed => Ok(None),
            Found::Unknown => Err(Stop::Refuse(no_portal(&name))),
        }
    }

    /// The statement under the verdict of now, prepared again where the server has another text under its name.
    fn renew_statement(
        &mut self,
        name: &str,
        raw_name: &[u8],
        statement: Statement,
        outbox: &mut Outbox,
    ) -> Result<(Statement, Option<Arc<Plan>>), Stop> {
        self.hold_for_catalog()?;
        if statement.basis == self.basis() {
            let plan = self.plan(&statement.prepared.sql, &statement.prepared.verdict)?;
            return Ok((statement, plan));
        }
        let renewed = self.renew(&statement.prepared)?;
        let (Renewed::Same(verdict) | Renewed::Other(verdict)) = &renewed;
        let plan = self.plan(&statement.prepared.sql, verdict)?;
        match renewed {
            Renewed::Same(verdict) => {
                let was_watched = plan.is_none() && matches!(statement.prepared.verdict, Verdict::Rewrite(_));
                let statement = self.statement(&statement.prepared, verdict, statement.by_sql);
                if was_watched {
                    self.ask_origin(raw_name, &statement.prepared, outbox)?;
                }
                Ok((statement, plan))
            }
            Renewed::Other(verdict) if statement.by_sql => Err(self.outdated(&statement.prepared.sql, &verdict)),
            Renewed::Other(verdict) => {
                let statement = self.statement(&statement.prepared, verdict, false);
                self.prepare_again(name, raw_name, &statement, plan.clone(), outbox)?;
                Ok((statement, plan))
            }
        }
    }

    fn prepare_again(
        &mut self,
        name: &str,
        raw_name: &[u8],
        statement: &Statement,
        plan: Option<Arc<Plan>>,
        outbox: &mut Outbox,
    ) -> Result<(), Stop> {
        let prepared = &statement.prepared;
        let (text, types) = match &plan {
            Some(plan) => (
                self.encode(&plan.sql, replaces(plan, &prepared.sql))?,
                reveal::upstream_types(plan, &prepared.param_types),
            ),
            None => (self.encode(&prepared.sql, false)?, prepared.param_types.clone()),
        };
        if !raw_name.is_empty() {
            write_named(outbox, b'C', raw_name)?;
            self.push_extended(Asker::Proxy, Request::Close);
        }
        write_parse(outbox, raw_name, &text, &types)?;
        self.ask_parse(Asker::Proxy, raw_name, name.to_owned(), plan, statement.clone(), outbox)
    }
}

const fn describe(plan: Option<Arc<Plan>>, statement: Option<Arc<PreparedSql>>) -> Request {
    Request::DescribeStatement { plan, statement, has_params: false }
}

fn effect(verdict: &Verdict) -> Effect {
    match verdict {
        Verdict::Pass(effect) => effect.clone(),
        Verdict::Rewrite(plan) => plan.effect.clone(),
        Verdict::Refuse(_) => Effect::None,
    }
}

fn write_parse(outbox: &mut Outbox, name: &[u8], text: &[u8], types: &[u32]) -> Result<(), Stop> {
    let too_many = || PgError::new(SqlState::PROGRAM_LIMIT_EXCEEDED, "too many parameters");
    let count = u16::try_from(types.len()).map_err(|_| Stop::Refuse(too_many()))?;
    let written = frame::write(&mut outbox.to_server, b'P', |body| {
        for string in [name, text] {
            body.extend_from_slice(string);
            body.put_u8(0);
        }
        body.put_u16(count);
        types.iter().for_each(|oid| body.put_u32(*oid));
    });
    written.map_err(|error| Stop::Fatal(unwritable(error)))
}

/// Describe or Close of a statement, the proxy's own.
fn write_named(outbox: &mut Outbox, kind: u8, name: &[u8]) -> Result<(), Stop> {
    let written = frame::write(&mut outbox.to_server, kind, |body| {
        body.put_u8(b'S');
        body.extend_from_slice(name);
        body.put_u8(0);
    });
    written.map_err(|error| Stop::Fatal(unwritable(error)))
}

fn no_portal(name: &str) -> PgError {
    PgError::new(SqlState::UNDEFINED_CURSOR, format!("portal \"{name}\" does not exist"))
}

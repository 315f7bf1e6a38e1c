//! The decider of a session: binds policy and catalog to its principal, asks [`crate::analyze`], keeps the answers.

mod aside;
mod binding;
mod cache;
mod look_ups;
mod names;
mod path;
mod refresh;

#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Instant;

pub use binding::{Binding, Bindings, no_catalog};
pub use cache::{Key, Keyed, Verdicts};
pub use look_ups::LookUps;
pub use path::asked_at_startup;

use self::aside::{Aside, Nameless, Outcome};
use self::cache::{Kept, MAX_TEXT_LEN, is_reusable};
use self::names::{AskedNames, Overlay};
use self::path::SearchPath;
use self::refresh::{News, Refresh};
use super::database::Database;
use super::rule::CurrentRule;
use crate::analyze::{self, UnknownName};
use crate::catalog::{FIRST_NORMAL_OID, TempSchema};
use crate::keys::Keyring;
use crate::metrics::{Decision, Metrics, Phase};
use crate::plan::{Effect, Refusal, Verdict};
use crate::policy::{PolicyStore, Principal};
use crate::session::{Call, Decided, Decider, Parameters, QueryDecision, SessionView, StatementDecision};
use crate::sql;
use crate::value::Style;
use crate::wire::{PgError, SqlState};

/// What the deciders of all sessions share.
pub struct Shared {
    pub policies: Arc<PolicyStore>,
    pub bindings: Bindings,
    pub verdicts: Arc<Verdicts>,
    pub metrics: Arc<Metrics>,
    pub look_ups: LookUps,
    /// A longer text is refused (54000).
    pub max_statement_len: usize,
}

/// Decides for one session.
pub struct SessionDecider {
    shared: Arc<Shared>,
    database: Arc<Database>,
    /// Fixed at login, memberships included.
    principal: Principal,
    login: look_ups::Login,
    keys: Arc<Keyring>,
    path: SearchPath,
    binding: Option<Arc<Binding>>,
    /// What the observer writes beside every statement.
    rule: CurrentRule,
    /// The last decision was made behind DDL that the catalog does not show.
    is_unsure: bool,
    refresh: Refresh,
    aside: Aside,
    /// Policy, catalog and settings as they were at the last decision; `None` before the first.
    situation: Option<Known>,
    /// The last relation of which an answer's column came that was found open, under the binding of now.
    open_relation: Cell<Option<u32>>,
}

/// Why a text is not even looked at.
enum Hurdle {
    NeedCatalog,
    /// Another thread is at it.
    Wait,
    Refuse(Arc<Refusal>),
}

impl From<UnknownName> for Hurdle {
    fn from(_: UnknownName) -> Self {
        Self::NeedCatalog
    }
}

/// How a text came.
#[derive(Clone, Copy)]
enum Way {
    Query,
    Parse,
}

impl Way {
    /// Of the key of a text.
    fn exact(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Parse => "parse",
        }
    }

    /// Of the key of a shape.
    fn shape(self) -> &'static str {
        match self {
            Self::Query => "query's shape",
            Self::Parse => "parse's shape",
        }
    }
}

/// A text that is to be decided.
#[derive(Clone, Copy)]
struct Asked<'a> {
    way: Way,
    sql: &'a str,
    param_types: &'a [u32],
}

/// What one text is decided under.
struct Situation<'a> {
    keys: &'a Keyring,
    binding: &'a Binding,
    path: Option<&'a [String]>,
    style: &'a Result<Style, PgError>,
    view: &'a dyn SessionView,
    param_types: &'a [u32],
    /// A name that the catalog does not have now is no name.
    is_fresh: bool,
}

/// A verdict, and whether it may be kept as far as names go.
struct Judged {
    verdict: Verdict,
    asked_names: bool,
}

/// What was decided about a text, and what may be kept of it.
struct Text {
    decisions: Vec<StatementDecision>,
    kept: Option<Kept>,
    /// For every text of its shape.
    of_shape: Option<Kept>,
}

impl SessionDecider {
    /// `search_path`: what the startup packet asked for ([`asked_at_startup`]).
    pub fn new(
        shared: Arc<Shared>,
        database: Arc<Database>,
        principal: Principal,
        keys: Arc<Keyring>,
        search_path: Option<&str>,
    ) -> Self {
        let catalog = database.follower.current().ok();
        let path = SearchPath::at_login(&principal.user, search_path, catalog.as_deref());
        let login = (Arc::from(principal.database.as_str()), Arc::from(principal.user.as_str()));
        Self {
            shared,
            database,
            principal,
            login,
            keys,
            path,
            binding: None,
            rule: CurrentRule::default(),
            is_unsure: false,
            refresh: Refresh::default(),
            aside: Aside::default(),
            situation: None,
            open_relation: Cell::new(None),
        }
    }

    /// What the session is judged by now.
    ///
    /// # Errors
    /// 57P03 without a catalog, 28000 without a policy.
    pub fn binding(&mut self) -> Result<Arc<Binding>, Arc<Refusal>> {
        let epoch = binding::epoch(&self.shared.policies, &self.database);
        if let Some(bound) = self.binding.as_ref().filter(|bound| bound.epoch == epoch) {
            return Ok(bound.clone());
        }
        let bound = self.shared.bindings.bind(&self.shared.policies, &self.database, &self.principal)?;
        self.rule.set(&bound.policy.hash, bound.role_name());
        self.binding = Some(bound.clone());
        self.open_relation.set(None);
        Ok(bound)
    }

    /// The rule that judges, as it is at any time.
    pub fn rule(&self) -> CurrentRule {
        self.rule.clone()
    }

    /// Keys that were read again.
    pub fn set_keys(&mut self, keys: Arc<Keyring>) {
        self.keys = keys;
        self.situation = None;
    }

    /// Ready once what a decision waited for is there: another thread's reading of a long text, else a catalog that has
    /// been read again, or could not be.
    pub fn poll_refresh(&mut self, context: &mut TaskContext<'_>) -> Poll<()> {
        if let Some(decided) = self.aside.poll(context) {
            return decided;
        }
        self.refresh.poll(&self.database.follower, context)
    }

    /// Takes what stands between a text and its analysis.
    fn begin(&mut self, sql: &str, view: &dyn SessionView) -> Result<(Arc<Binding>, bool), Hurdle> {
        let is_fresh = match self.refresh.take_news() {
            News::None => false,
            News::Owed => return Err(Hurdle::NeedCatalog),
            News::Fresh => true,
            News::Failed(reason) => return Err(Hurdle::Refuse(binding::no_catalog(&reason))),
        };
        if sql.len() > self.shared.max_statement_len {
            return Err(Hurdle::Refuse(too_long(self.shared.max_statement_len)));
        }
        let binding = self.binding().map_err(Hurdle::Refuse)?;
        self.is_unsure = view.catalog_unsure();
        let path = self.path.now(view);
        if !self.situation.as_ref().is_some_and(|known| known.holds(&binding, path, view.parameters())) {
            self.situation = Some(Known::new(&binding, &self.keys, path, view.parameters()));
        }
        Ok((binding, is_fresh))
    }

    /// `None` where a verdict may neither be taken from the cache nor kept.
    fn key(&self, kind: &'static str, sql: &str, param_types: &[u32], view: &dyn SessionView) -> Option<Key> {
        match sql.len() > MAX_TEXT_LEN || view.catalog_unsure() {
            true => None,
            false => self.question(kind, sql, param_types),
        }
    }

    /// What is asked about this text now.
    fn question(&self, kind: &'static str, sql: &str, param_types: &[u32]) -> Option<Key> {
        let keyed = self.situation.as_ref()?.keyed.clone().with(kind.as_bytes());
        let keyed = param_types.iter().fold(keyed, |keyed, oid| keyed.with(&oid.to_le_bytes()));
        Some(keyed.with(sql.as_bytes()).key())
    }

    /// The decisions on a long text, made on another thread; `None` where they have to be made here.
    fn aside(
        &mut self,
        Asked { way, sql, param_types }: Asked<'_>,
        view: &dyn SessionView,
        (binding, is_fresh): (&Arc<Binding>, bool),
    ) -> Result<Option<Vec<StatementDecision>>, Hurdle> {
        if sql.len() <= MAX_TEXT_LEN || view.catalog_unsure() {
            return Ok(None);
        }
        let Some(key) = self.question(way.exact(), sql, param_types) else { return Ok(None) };
        match self.aside.take(key) {
            None => {}
            Some(Outcome { asked_names: true, .. }) => return Ok(None),
            Some(outcome) => return outcome.decisions.map(Some),
        }
        let (sql, param_types, view) = (sql.to_owned(), param_types.to_vec(), Nameless::of(view));
        let path = self.path.now(&view).map(<[String]>::to_vec);
        let (binding, keys, metrics) = (binding.clone(), self.keys.clone(), self.shared.metrics.clone());
        let began = self.miss();
        let work = move || {
            let style = style(&view.parameters);
            let (path, param_types) = (path.as_deref(), param_types.as_slice());
            let (binding, keys) = (binding.as_ref(), keys.as_ref());
            let situation = Situation { keys, binding, path, style: &style, view: &view, param_types, is_fresh };
            let decisions = statements(&sql, None, &situation).map(|text| text.decisions);
            metrics.overhead(Phase::Analyse, began.elapsed());
            Outcome { decisions, asked_names: view.asked.get() }
        };
        match self.aside.start(key, work) {
            true => Err(Hurdle::Wait),
            false => Ok(None),
        }
    }

    fn cached(&self, key: Option<Key>) -> Option<Kept> {
        let kept = key.and_then(|key| self.shared.verdicts.get(key))?;
        self.shared.metrics.verdict_cache_hits_total.inc();
        Some(kept)
    }

    fn decisions(&mut self, text: Asked<'_>, view: &dyn SessionView) -> Result<Vec<StatementDecision>, Hurdle> {
        let Asked { way, sql, param_types } = text;
        let (binding, is_fresh) = self.begin(sql, view)?;
        if let Some(decisions) = self.aside(text, view, (&binding, is_fresh))? {
            return Ok(decisions);
        }
        let key = self.key(way.exact(), sql, param_types, view);
        // What is prepared is mostly the same text again, what is sent as a query mostly another of its shape
        if let (Way::Parse, Some(Kept::Text(decisions))) = (way, self.cached(key)) {
            return Ok(decisions.to_vec());
        }
        // Without literals the text is all that is of its shape
        let serves_others = |shape: &sql::Shape| matches!(way, Way::Query) || !shape.literals.is_empty();
        let shape = sql::shape(sql).filter(|shape| sql.len() <= MAX_TEXT_LEN && serves_others(shape));
        let shape =
            shape.and_then(|shape| Some((self.key(way.shape(), &shape.text, param_types, view)?, shape.literals)));
        if let Some(decisions) = self.by_shape(sql, shape.as_ref()) {
            return Ok(decisions);
        }
        if let (Way::Query, Some(Kept::Text(decisions))) = (way, self.cached(key)) {
            return Ok(decisions.to_vec());
        }
        let began = self.miss();
        let style = style(view.parameters());
        let path = self.path.now(view).map(<[String]>::to_vec);
        let path = path.as_deref();
        let keys = self.keys.clone();
        let situation = Situation { keys: &keys, binding: &binding, path, style: &style, view, param_types, is_fresh };
        let new_shape = shape.as_ref().filter(|(key, _)| self.shared.verdicts.get(*key).is_none());
        let Text { decisions, kept, of_shape } = statements(sql, new_shape, &situation)?;
        if !is_fresh {
            self.keep(key, kept);
            self.keep(shape.map(|(key, _)| key), of_shape);
        }
        self.shared.metrics.overhead(Phase::Analyse, began.elapsed());
        Ok(decisions)
    }

    fn keep(&self, key: Option<Key>, kept: Option<Kept>) {
        if let (Some(key), Some(kept)) = (key, kept) {
            self.shared.verdicts.keep(key, kept);
        }
    }

    /// What is known of all texts of the shape.
    fn by_shape(&self, sql: &str, shape: Option<&(Key, Vec<Range<usize>>)>) -> Option<Vec<StatementDecision>> {
        let (key, literals) = shape?;
        let whole = |verdict| StatementDecision { range: 0..sql.len(), verdict };
        match self.shared.verdicts.get(*key)? {
            Kept::Passed(count) => {
                self.shared.metrics.verdict_cache_hits_total.inc();
                Some(std::iter::repeat_with(|| whole(Verdict::Pass(Effect::None))).take(count).collect())
            }
            Kept::Template(template) => {
                let style = self.situation.as_ref()?.style.as_ref().ok()?;
                let filler = analyze::Filler { style, sealer: self.keys.as_ref() };
                let plan = template.fill(sql, literals, &filler)?;
                self.shared.metrics.verdict_cache_hits_total.inc();
                Some(vec![StatementDecision { range: template.range(sql), verdict: Verdict::Rewrite(Arc::new(plan)) }])
            }
            Kept::Singular | Kept::Text(_) => None,
        }
    }

    fn miss(&self) -> Instant {
        self.shared.metrics.verdict_cache_misses_total.inc();
        Instant::now()
    }

    fn count(&self, verdict: &Verdict) {
        if let Verdict::Pass(_) = verdict {
            self.shared.metrics.statement(Decision::Pass);
        }
    }
}

impl Decider for SessionDecider {
    fn decide_query(&mut self, sql: &str, view: &dyn SessionView) -> Decided<QueryDecision> {
        match self.decisions(Asked { way: Way::Query, sql, param_types: &[] }, view) {
            Ok(decisions) => {
                decisions.iter().for_each(|decision| self.count(&decision.verdict));
                Decided::Now(QueryDecision::Statements(decisions))
            }
            Err(Hurdle::NeedCatalog | Hurdle::Wait) => Decided::NeedCatalog,
            Err(Hurdle::Refuse(refusal)) => Decided::Now(QueryDecision::Refuse(refusal)),
        }
    }

    fn decide_parse(&mut self, sql: &str, param_types: &[u32], view: &dyn SessionView) -> Decided<Verdict> {
        let decisions = self.decisions(Asked { way: Way::Parse, sql, param_types }, view);
        match decisions.and_then(|decisions| only(decisions, param_types)) {
            Ok(verdict) => {
                self.count(&verdict);
                Decided::Now(verdict)
            }
            Err(Hurdle::NeedCatalog | Hurdle::Wait) => Decided::NeedCatalog,
            Err(Hurdle::Refuse(refusal)) => Decided::Now(Verdict::Refuse(refusal)),
        }
    }

    fn decide_call(&mut self, function: u32, view: &dyn SessionView) -> Decided<Call> {
        let name = self.binding().map(|bound| bound.catalog.large_object_function(function));
        let name = match name {
            Ok(Some(name)) => name,
            Ok(None) => return Decided::Now(Call { sql: String::new(), verdict: Verdict::Refuse(not_called()) }),
            Err(refusal) => return Decided::Now(Call { sql: String::new(), verdict: Verdict::Refuse(refusal) }),
        };
        // Who may do it in SQL may do it so
        let sql = format!("SELECT pg_catalog.{name}()");
        match self.decide_parse(&sql, &[], view) {
            Decided::Now(verdict) => Decided::Now(Call { sql, verdict }),
            Decided::NeedCatalog => Decided::NeedCatalog,
        }
    }

    fn look_up(&mut self, values: u32) -> Result<(), Arc<Refusal>> {
        if values == 0 {
            return Ok(());
        }
        let limits = self.binding()?.look_up_limits();
        self.shared.look_ups.take(&self.login, values, limits, Instant::now())
    }

    fn max_statement_len(&self) -> usize {
        self.shared.max_statement_len
    }

    fn goes_by_catalog(&mut self) -> bool {
        self.binding().map_or(true, |bound| !bound.rights.protects_nothing())
    }

    /// With the keys: statements that were prepared with terms of others are decided again.
    fn epoch(&self) -> u64 {
        binding::epoch(&self.shared.policies, &self.database) ^ (self.keys.fingerprint() << 48)
    }

    /// A relation that the catalog does not have yet counts as protected, unless the session may just have made it.
    fn is_protected(&self, table_oid: u32) -> bool {
        if self.open_relation.get() == Some(table_oid) {
            return false;
        }
        self.binding.as_ref().is_none_or(|bound| {
            let may_be_new = self.is_unsure || bound.sees_everything() || bound.rights.protects_nothing();
            let is_known = bound.catalog.relation(table_oid).is_some();
            let is_protected = bound.rights.is_protected(table_oid);
            if is_known && !is_protected {
                self.open_relation.set(Some(table_oid));
            }
            table_oid != 0 && ((!is_known && !may_be_new) || is_protected)
        })
    }

    fn is_verified(&self, sql: &str) -> bool {
        self.verified_key(sql).is_some_and(|key| self.shared.verdicts.is_verified(key))
    }

    fn set_verified(&mut self, sql: &str) {
        if let Some(key) = self.verified_key(sql) {
            self.shared.verdicts.set_verified(key);
        }
    }
}

impl SessionDecider {
    fn verified_key(&self, sql: &str) -> Option<Key> {
        let known = self.situation.as_ref().filter(|_| sql.len() <= MAX_TEXT_LEN)?;
        Some(known.keyed.clone().with(b"verified").with(sql.as_bytes()).key())
    }
}

/// What the last decision rested on besides its text.
struct Known {
    binding: Arc<Binding>,
    path: Option<Vec<String>>,
    date_style: String,
    interval_style: String,
    time_zone: String,
    standard_conforming_strings: bool,
    /// The beginning of every key under it.
    keyed: Keyed,
    style: Result<Style, PgError>,
}

impl Known {
    fn new(binding: &Arc<Binding>, keys: &Keyring, path: Option<&[String]>, parameters: &Parameters) -> Self {
        Self {
            binding: binding.clone(),
            path: path.map(<[String]>::to_vec),
            date_style: parameters.date_style.clone(),
            interval_style: parameters.interval_style.clone(),
            time_zone: parameters.time_zone.clone(),
            standard_conforming_strings: parameters.standard_conforming_strings,
            keyed: keyed(binding, path, parameters).with(&keys.fingerprint().to_le_bytes()),
            style: style(parameters),
        }
    }

    fn holds(&self, binding: &Arc<Binding>, path: Option<&[String]>, parameters: &Parameters) -> bool {
        Arc::ptr_eq(&self.binding, binding)
            && self.path.as_deref() == path
            && self.date_style == parameters.date_style
            && self.interval_style == parameters.interval_style
            && self.time_zone == parameters.time_zone
            && self.standard_conforming_strings == parameters.standard_conforming_strings
    }
}

/// The decisions, and what of them may be kept.
fn statements(sql: &str, shape: Option<&(Key, Vec<Range<usize>>)>, situation: &Situation<'_>) -> Result<Text, Hurdle> {
    let mut overlay = Overlay::default();
    let (mut is_settled, mut is_kept, mut passed) = (true, true, true);
    let mut decisions = Vec::new();
    let statements = parse(sql, situation.view.parameters())?;
    for statement in &statements {
        let Judged { verdict, asked_names } = judge(sql, statement, situation, &overlay)?;
        is_settled &= !asked_names;
        is_kept &= is_reusable(&verdict);
        passed &= matches!(verdict, Verdict::Pass(Effect::None)) && analyze::ignores_literals(statement);
        if let Some(effect) = effect(&verdict) {
            overlay.apply(effect);
        }
        decisions.push(StatementDecision { range: statement.range.clone(), verdict });
    }
    let of_shape = match (shape, passed) {
        _ if !is_settled => None,
        (None, _) => None,
        (Some(_), true) => Some(Kept::Passed(decisions.len())),
        (Some((_, literals)), false) => Some(template(sql, &statements, &decisions, literals, situation)),
    };
    // A template serves this very text too, and takes less room than one entry for each
    let is_kept = is_settled && is_kept && !matches!(of_shape, Some(Kept::Passed(_) | Kept::Template(_)));
    let kept = is_kept.then(|| Kept::Text(decisions.as_slice().into()));
    Ok(Text { decisions, kept, of_shape })
}

/// One analysis for all texts of the shape, where the text is one statement that is rewritten. Without literals the text
/// itself is kept.
fn template(
    sql: &str,
    statements: &[sql::Statement],
    decisions: &[StatementDecision],
    literals: &[Range<usize>],
    situation: &Situation<'_>,
) -> Kept {
    let ([statement], [StatementDecision { verdict: Verdict::Rewrite(_), .. }], []) =
        (statements, decisions, situation.param_types)
    else {
        return Kept::Singular;
    };
    if literals.is_empty() {
        return Kept::Singular;
    }
    let (overlay, unstyled) = (Overlay::default(), Style::default());
    let names = AskedNames::new(situation.view, &overlay);
    let context = situation.context(&names, &overlay, &unstyled);
    let template = analyze::template(sql, statement, literals, &context).filter(|_| !names.were_asked());
    template.map_or(Kept::Singular, |template| Kept::Template(Arc::new(template)))
}

fn judge(
    text: &str,
    statement: &sql::Statement,
    situation: &Situation<'_>,
    overlay: &Overlay,
) -> Result<Judged, UnknownName> {
    let (names, unstyled) = (AskedNames::new(situation.view, overlay), Style::default());
    let context = situation.context(&names, overlay, &unstyled);
    let is_unsure = context.is_unsure;
    // Another session may have made what the catalog does not have a moment ago. Who sees everything may have done so by code,
    // and his own locks could hold up a reading of the catalog; what he writes in clear a sealed column's CHECK refuses.
    let is_fresh = situation.is_fresh || (is_unsure && context.rights.sees_everything());
    let verdict = analyze::decide(text, statement, &context, is_fresh)?;
    let verdict = match (verdict, situation.style) {
        (Verdict::Rewrite(_), _) if overlay.style_changed => Verdict::Refuse(style_changed()),
        (Verdict::Rewrite(_), Err(error)) => Verdict::Refuse(refusal(error.clone(), "unknown-style")),
        (verdict, _) => verdict,
    };
    Ok(Judged { verdict, asked_names: is_unsure || overlay.settings_changed || names.were_asked() })
}

impl Situation<'_> {
    fn context<'c>(
        &'c self,
        names: &'c AskedNames<'_>,
        overlay: &Overlay,
        unstyled: &'c Style,
    ) -> analyze::Context<'c> {
        analyze::Context {
            catalog: &self.binding.catalog,
            rights: &self.binding.rights,
            search_path: self.path.filter(|_| !overlay.settings_changed),
            temp: TempSchema::Unknown,
            is_unsure: self.view.catalog_unsure() || overlay.catalog_changed,
            style: self.style.as_ref().unwrap_or(unstyled),
            sealer: self.keys,
            names,
            param_types: self.param_types,
        }
    }
}

/// A Parse's one statement.
fn only(decisions: Vec<StatementDecision>, param_types: &[u32]) -> Result<Verdict, Hurdle> {
    let mut decisions = decisions.into_iter();
    match (decisions.next(), decisions.next()) {
        // Values are read as of their types, though nothing is done with them
        (None, _) if param_types.iter().any(|oid| *oid >= FIRST_NORMAL_OID) => Err(Hurdle::Refuse(empty_with_values())),
        (None, _) => Ok(Verdict::Pass(Effect::None)),
        (Some(decision), None) => Ok(decision.verdict),
        (Some(_), Some(_)) => Err(Hurdle::Refuse(several_commands())),
    }
}

/// What every key under this binding and these settings begins with. A path that is not known is one of its own: under
/// it a name means what every relation of that name allows.
fn keyed(binding: &Binding, path: Option<&[String]>, parameters: &Parameters) -> Keyed {
    let keyed = binding.keyed.clone().with(if path.is_some() { b"path" } else { b"no path" });
    let path = path.into_iter().flatten().fold(keyed, |keyed, schema| keyed.with(schema.as_bytes()));
    let texts = [&parameters.date_style, &parameters.interval_style, &parameters.time_zone];
    let keyed = texts.iter().fold(path.with(b"settings"), |keyed, text| keyed.with(text.as_bytes()));
    keyed.with(&[u8::from(parameters.standard_conforming_strings)])
}

fn parse(sql: &str, parameters: &Parameters) -> Result<Vec<sql::Statement>, Hurdle> {
    sql::parse(sql, parameters.standard_conforming_strings)
        .map_err(|error| Hurdle::Refuse(refusal(error, "syntax-error")))
}

fn style(parameters: &Parameters) -> Result<Style, PgError> {
    Style::new(&parameters.date_style, &parameters.time_zone)
}

fn effect(verdict: &Verdict) -> Option<&Effect> {
    match verdict {
        Verdict::Pass(effect) => Some(effect),
        Verdict::Rewrite(plan) => Some(&plan.effect),
        Verdict::Refuse(_) => None,
    }
}

fn refusal(error: PgError, reason: &'static str) -> Arc<Refusal> {
    Arc::new(Refusal { error, reason, objects: Vec::new() })
}

fn empty_with_values() -> Arc<Refusal> {
    let error = PgError::new(SqlState::FEATURE_NOT_SUPPORTED, "an empty statement takes no values of a user's types");
    refusal(error, "opaque-code")
}

fn style_changed() -> Arc<Refusal> {
    let message = "a setting that values are shown by changes in the same text as a statement on protected data";
    let error = PgError::new(SqlState::FEATURE_NOT_SUPPORTED, message).with_hint("Send SET in a query of its own.");
    refusal(error, "setting-in-text")
}

fn too_long(max_len: usize) -> Arc<Refusal> {
    let error = PgError::new(SqlState::PROGRAM_LIMIT_EXCEEDED, "statement is too long to be analysed")
        .with_hint(format!("The longest that is taken is {max_len} bytes (max_statement_bytes)."));
    refusal(error, "too-long")
}

fn not_called() -> Arc<Refusal> {
    let message = "the function call message is supported for large objects only";
    let error = PgError::new(SqlState::FEATURE_NOT_SUPPORTED, message).with_hint("Call the function in a query.");
    refusal(error, "function-call")
}

/// PostgreSQL's own words for it.
fn several_commands() -> Arc<Refusal> {
    let error = PgError::new(SqlState::SYNTAX_ERROR, "cannot insert multiple commands into a prepared statement");
    refusal(error, "syntax-error")
}

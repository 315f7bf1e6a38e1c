//! A verdict in words, for a DBA: what becomes of a statement and of each value in it. Pure.

use std::fmt::{self, Display, Write as _};

use crate::plan::{CopyInput, Effect, Output, OutputAction, ParamAction, Plan, Refusal, Reveal, TouchAction, Verdict};
use crate::plan::{RevealColumn, UpstreamParam, WriteGuard};

/// Where an output column comes from, and which rule decides about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The output's name and the references behind it: `mobile <- c.phone <- public.customers.phone`.
    pub path: String,
    /// Role and place in the policy's files.
    pub rule: Option<String>,
}

/// The text for one statement: a line for the decision, then one for each thing that happens. `sources` tell of the
/// output columns, as far as they are known.
pub fn explain(sql: &str, verdict: &Verdict, sources: &[Source]) -> String {
    let mut page = Page { text: String::new(), sources };
    page.line("statement", sql.trim());
    match verdict {
        Verdict::Pass(effect) => {
            page.line("decision", "pass: nothing protected is reachable, goes up and comes back as it is");
            page.effect(effect);
        }
        Verdict::Rewrite(plan) => page.plan(plan),
        Verdict::Refuse(refusal) => page.refusal(refusal),
    }
    page.text
}

struct Page<'s> {
    text: String,
    sources: &'s [Source],
}

impl Page<'_> {
    fn line(&mut self, what: &str, text: impl Display) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.text, "{what:<11}{text}");
    }

    fn refusal(&mut self, refusal: &Refusal) {
        let error = &refusal.error;
        self.line("decision", format_args!("refuse ({})", refusal.reason));
        self.line("error", format_args!("{} {}", error.code.as_str(), error.message));
        if let Some(hint) = &error.hint {
            self.line("hint", hint);
        }
        refusal.objects.iter().for_each(|object| self.line("because of", object));
    }

    fn plan(&mut self, plan: &Plan) {
        self.line("decision", "rewrite");
        self.line("upstream", &plan.sql);
        for (at, param) in plan.params.iter().enumerate() {
            self.line("parameter", format_args!("${} {}", at + 1, parameter(param)));
        }
        for (at, output) in plan.outputs.iter().flat_map(|outputs| outputs.iter()).enumerate() {
            match self.sources.get(at) {
                Some(Source { path, rule: Some(rule) }) => {
                    self.line("output", format_args!("{} {path}: {}; by {rule}", at + 1, Shown(output)));
                }
                Some(Source { path, rule: None }) => {
                    self.line("output", format_args!("{} {path}: {}", at + 1, Shown(output)))
                }
                None => self.line("output", format_args!("{} {}", at + 1, Shown(output))),
            }
        }
        for (at, input) in plan.copy.iter().flat_map(|copy| copy.input.iter()).enumerate() {
            self.line("input", format_args!("{} {}", at + 1, copied(input)));
        }
        for touch in plan.touched.iter() {
            self.line("touches", format_args!("{}: {}", touch.object, touched(&touch.action)));
        }
        if plan.look_ups > 0 {
            self.line("look-ups", format_args!("{} hidden values are tested, and count for the login", plan.look_ups));
        }
        if !plan.sees_details {
            self.line("errors", "DETAIL, CONTEXT and notices of the server are withheld");
        }
        self.effect(&plan.effect);
    }

    fn effect(&mut self, effect: &Effect) {
        match effect {
            Effect::None | Effect::ReportedSettingChanged => {}
            Effect::CreateView { name, .. } => self.line("then", format_args!("view {name} is known by its query")),
            Effect::RelationChanged { name, .. } => {
                self.line("then", format_args!("the catalog is read again; until then {name} may be another relation"));
            }
            Effect::Prepare { name, statement } => self.inner("prepares", name, &statement.verdict),
            Effect::DeclareCursor { name, statement, .. } => self.inner("declares", name, &statement.verdict),
            Effect::Deallocate { name } => self.line("then", format_args!("{} is deallocated", named(name.as_deref()))),
            Effect::CloseCursor { name } => self.line("then", format_args!("{} is closed", named(name.as_deref()))),
            Effect::CatalogChanged => self.line("then", "the catalog is read again before the next statement"),
            Effect::AnythingChanged => {
                self.line("then", "the catalog is read again, search_path and role count as unknown")
            }
            Effect::SettingsChanged => self.line("then", "search_path and role count as unknown"),
            Effect::DiscardAll => self.line("then", "statements, cursors and settings are gone"),
        }
    }

    fn inner(&mut self, what: &str, name: &str, verdict: &Verdict) {
        let decision = match verdict {
            Verdict::Pass(_) => "pass",
            Verdict::Rewrite(_) => "rewrite",
            Verdict::Refuse(_) => "refuse",
        };
        self.line(what, format_args!("{name}: {decision}"));
    }
}

fn named(name: Option<&str>) -> &str {
    name.unwrap_or("every one")
}

fn parameter(param: &UpstreamParam) -> String {
    let from = param.client + 1;
    match &param.action {
        ParamAction::Relay => format!("is the client's ${from}, relayed"),
        ParamAction::Seal { column, guard } => {
            format!("is the client's ${from}, sealed for {}{}", column.name, guarded(guard.as_ref()))
        }
        ParamAction::SealArray { column } => {
            format!("is the client's ${from}, an array, its elements sealed for {}", column.name)
        }
        ParamAction::Term { column } => format!("is the equality term of the client's ${from} for {}", column.name),
        ParamAction::TermArray { column } => {
            format!("is the equality terms of the client's ${from}, an array, for {}", column.name)
        }
        ParamAction::RefuseMasked { mask, column, .. } => {
            format!("is the client's ${from} for {column}, an error where it looks like mask:{}", mask.name)
        }
    }
}

fn guarded(guard: Option<&WriteGuard>) -> String {
    match guard {
        None => String::new(),
        Some(WriteGuard { mask, keep: true }) => {
            format!(", the stored value stays where it looks like mask:{}", mask.name)
        }
        Some(WriteGuard { mask, keep: false }) => format!(", an error where it looks like mask:{}", mask.name),
    }
}

/// What the client gets in an output column.
struct Shown<'a>(&'a Output);

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.action {
            OutputAction::Relay => f.write_str("relay"),
            OutputAction::RelayAny => f.write_str("relay, sealed values included"),
            OutputAction::Reveal(columns) => {
                f.write_str("reveal")?;
                columns.iter().try_for_each(|column| write!(f, " {}", revealed(column)))
            }
        }
    }
}

fn revealed(RevealColumn { column, right }: &RevealColumn) -> String {
    match right {
        Reveal::Clear => format!("{}: clear", column.name),
        Reveal::Mask(mask) => format!("{}: mask:{}", column.name, mask.name),
        Reveal::Null => format!("{}: null", column.name),
    }
}

fn copied(input: &CopyInput) -> String {
    match input {
        CopyInput::Relay => "relay".to_owned(),
        CopyInput::Seal { column, guard } => format!("seal for {}{}", column.name, guarded(guard.as_ref())),
        CopyInput::RefuseMasked { mask, column, .. } => {
            format!("{column}, an error where it looks like mask:{}", mask.name)
        }
    }
}

fn touched(action: &TouchAction) -> String {
    match action {
        TouchAction::Read => "rows are read".to_owned(),
        TouchAction::Decrypt => "clear".to_owned(),
        TouchAction::Mask(preset) => format!("mask:{preset}"),
        TouchAction::Null => "null".to_owned(),
        TouchAction::LookUp => "look up by equality".to_owned(),
        TouchAction::Write => "write".to_owned(),
        TouchAction::Filter => "rows restricted by the role's filter".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::mask::Mask;
    use crate::plan::{Algorithm, SealedColumn, Touch};
    use crate::wire::{PgError, SqlState};

    fn column() -> Arc<SealedColumn> {
        Arc::new(SealedColumn {
            id: 1,
            domain: "phone".into(),
            algorithm: Algorithm::Aes256Gcm,
            equality: true,
            fold_case: false,
            ty: crate::policy::parse_type("text").unwrap(),
            name: "public.customer.phone".into(),
        })
    }

    fn plan() -> Plan {
        let mask = Arc::new(Mask::parse("phone-3-4").unwrap());
        let revealed = RevealColumn { column: column(), right: Reveal::Mask(mask) };
        let output = |action| Output { action, origin: None, ty: None };
        Plan {
            sql: "SELECT id, phone FROM public.customer WHERE left(phone, 27) = $1".to_owned(),
            params: vec![UpstreamParam {
                client: 0,
                action: ParamAction::Term { column: column() },
                ty: 0,
                cast: None,
            }],
            client_params: 1,
            outputs: Some([output(OutputAction::Relay), output(OutputAction::Reveal([revealed].into()))].into()),
            copy: None,
            effect: Effect::None,
            touched: [Touch { object: "public.customer.phone".into(), action: TouchAction::LookUp }].into(),
            sees_details: false,
            look_ups: 0,
            reusable: true,
        }
    }

    #[test]
    fn outputs_tell_their_source_and_rule() {
        let source = |path: &str, rule: Option<&str>| Source { path: path.to_owned(), rule: rule.map(str::to_owned) };
        let way = "p <- x.p <- c.phone <- public.customer.phone";
        let sources = [source("id", None), source(way, Some("role teller, roles.yaml:9"))];
        let page = explain("SELECT 1", &Verdict::Rewrite(Arc::new(plan())), &sources);
        for line in [
            "output     1 id: relay",
            "output     2 p <- x.p <- c.phone <- public.customer.phone: reveal public.customer.phone: mask:phone-3-4; by role teller, roles.yaml:9",
        ] {
            assert!(page.lines().any(|shown| shown == line), "{line} is not in\n{page}");
        }
    }

    #[test]
    fn every_verdict_says_what_happens() {
        let error = PgError::new(SqlState::FEATURE_NOT_SUPPORTED, "no order over sealed values").with_hint("rule 7");
        let refusal = Refusal { error, reason: "sort-on-sealed", objects: vec!["public.customer.phone".to_owned()] };
        let cases = [
            (Verdict::Pass(Effect::CatalogChanged), &["decision   pass", "then       the catalog is read again"][..]),
            (
                Verdict::Rewrite(Arc::new(plan())),
                &[
                    "decision   rewrite",
                    "upstream   SELECT id, phone FROM public.customer WHERE left(phone, 27) = $1",
                    "parameter  $1 is the equality term of the client's $1 for public.customer.phone",
                    "output     1 relay",
                    "output     2 reveal public.customer.phone: mask:phone-3-4",
                    "touches    public.customer.phone: look up by equality",
                ],
            ),
            (
                Verdict::Refuse(Arc::new(refusal)),
                &[
                    "decision   refuse (sort-on-sealed)",
                    "error      0A000 no order over sealed values",
                    "hint       rule 7",
                    "because of public.customer.phone",
                ],
            ),
        ];
        for (verdict, expect) in cases {
            let page = explain(" SELECT 1 ", &verdict, &[]);
            assert!(page.starts_with("statement  SELECT 1\n"), "{page}");
            for line in expect {
                assert!(page.lines().any(|shown| shown.starts_with(line)), "{line} is not in\n{page}");
            }
        }
    }
}

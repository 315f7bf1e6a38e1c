//! The metric set. Names follow Prometheus' rules: base units, `_total` for counters.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus::{
    Encoder as _, Gauge, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec,
    Opts, Registry, TextEncoder,
};

use crate::audit;

/// What was decided about a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Pass,
    Rewrite,
    Refuse,
}

/// What was done with a protected value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueAction {
    Sealed,
    Revealed,
    Masked,
    /// Made into a term to look up by.
    LookedUp,
}

/// Where the proxy spends time that a direct connection would not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Parsing, analysing and planning a statement that no cache knew.
    Analyse,
    /// Sealing parameters, literals and COPY input.
    Seal,
    /// Opening and masking values of an answer.
    Reveal,
    /// Waiting for an opening audit record.
    Audit,
}

/// All metrics of one process.
pub struct Metrics {
    registry: Registry,
    /// Sessions that are logged in.
    pub client_connections: IntGauge,
    pub sessions_total: IntCounter,
    pub logins_refused_total: IntCounter,
    pub received_bytes_total: IntCounter,
    pub sent_bytes_total: IntCounter,
    pub verdict_cache_hits_total: IntCounter,
    pub verdict_cache_misses_total: IntCounter,
    /// Sealed values that did not authenticate. Any is worth an alarm.
    pub decrypt_failures_total: IntCounter,
    /// Rows withheld because their origin is protected and nothing was planned for it.
    pub origin_net_hits_total: IntCounter,
    pub key_provider_errors_total: IntCounter,
    /// From first byte of a statement to its ReadyForQuery.
    pub query_duration_seconds: Histogram,
    statements: [IntCounter; 3],
    values: [IntCounter; 4],
    overhead: [Histogram; 4],
    refusals: IntCounterVec,
    policy_info: IntGaugeVec,
    policy_reloads: IntCounterVec,
    policy_loaded_at: Gauge,
    catalog_age: Gauge,
    key_loaded_at: Gauge,
    key_age: Gauge,
    audit_records: IntGauge,
    audit_dropped: IntGauge,
    audit_queued: IntGauge,
    audit_writable: IntGauge,
}

const OVERHEAD_BUCKETS: [f64; 13] =
    [5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 5e-2, 0.25];
const DURATION_BUCKETS: [f64; 12] = [1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 5e-2, 0.25, 1.0, 5.0, 30.0];

/// Makes metrics and registers each where it is made.
struct Maker(Registry);

impl Maker {
    fn counter(&self, name: &str, help: &str) -> prometheus::Result<IntCounter> {
        let made = IntCounter::new(name, help)?;
        self.0.register(Box::new(made.clone()))?;
        Ok(made)
    }

    fn counters(&self, name: &str, help: &str, label: &str) -> prometheus::Result<IntCounterVec> {
        let made = IntCounterVec::new(Opts::new(name, help), &[label])?;
        self.0.register(Box::new(made.clone()))?;
        Ok(made)
    }

    fn gauge(&self, name: &str, help: &str) -> prometheus::Result<IntGauge> {
        let made = IntGauge::new(name, help)?;
        self.0.register(Box::new(made.clone()))?;
        Ok(made)
    }

    fn seconds(&self, name: &str, help: &str) -> prometheus::Result<Gauge> {
        let made = Gauge::new(name, help)?;
        self.0.register(Box::new(made.clone()))?;
        Ok(made)
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> prometheus::Result<IntGaugeVec> {
        let made = IntGaugeVec::new(Opts::new(name, help), labels)?;
        self.0.register(Box::new(made.clone()))?;
        Ok(made)
    }

    fn histogram(&self, name: &str, help: &str, buckets: &[f64]) -> prometheus::Result<Histogram> {
        let made = Histogram::with_opts(HistogramOpts::new(name, help).buckets(buckets.to_vec()))?;
        self.0.register(Box::new(made.clone()))?;
        Ok(made)
    }

    fn histograms(&self, name: &str, help: &str, label: &str, buckets: &[f64]) -> prometheus::Result<HistogramVec> {
        let made = HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets.to_vec()), &[label])?;
        self.0.register(Box::new(made.clone()))?;
        Ok(made)
    }
}

impl Metrics {
    /// # Errors
    /// Only if two metrics had one name, which the tests rule out.
    pub fn new() -> prometheus::Result<Self> {
        let make = Maker(Registry::new_custom(Some("pgveil".to_owned()), None)?);
        make.gauge("up", "1 while the proxy runs")?.set(1);
        make.gauges("build_info", "Version of the proxy", &["version"])?
            .with_label_values(&[env!("CARGO_PKG_VERSION")])
            .set(1);
        let statements = make.counters("statements_total", "Statements by what was decided", "decision")?;
        let values = make.counters("values_total", "Protected values by what was done with them", "action")?;
        let overhead = make.histograms(
            "proxy_overhead_seconds",
            "Time a direct connection would not spend",
            "phase",
            &OVERHEAD_BUCKETS,
        )?;
        Ok(Self {
            client_connections: make.gauge("client_connections", "Sessions that are logged in")?,
            sessions_total: make.counter("sessions_total", "Logins that succeeded")?,
            logins_refused_total: make.counter("logins_refused_total", "Logins that failed")?,
            received_bytes_total: make.counter("received_bytes_total", "Bytes read from clients")?,
            sent_bytes_total: make.counter("sent_bytes_total", "Bytes written to clients")?,
            verdict_cache_hits_total: make.counter("verdict_cache_hits_total", "Statements decided from the cache")?,
            verdict_cache_misses_total: make.counter("verdict_cache_misses_total", "Statements that were analysed")?,
            decrypt_failures_total: make
                .counter("decrypt_failures_total", "Sealed values that did not authenticate")?,
            origin_net_hits_total: make
                .counter("origin_net_hits_total", "Statements stopped by the check of their columns' origin")?,
            key_provider_errors_total: make.counter("key_provider_errors_total", "Failed calls to the key provider")?,
            query_duration_seconds: make.histogram(
                "query_duration_seconds",
                "From a statement's arrival to its end",
                &DURATION_BUCKETS,
            )?,
            statements: ["pass", "rewrite", "refuse"].map(|label| statements.with_label_values(&[label])),
            values: ["sealed", "revealed", "masked", "looked_up"].map(|label| values.with_label_values(&[label])),
            overhead: ["analyse", "seal", "reveal", "audit"].map(|label| overhead.with_label_values(&[label])),
            refusals: make.counters("refusals_total", "Refused statements by reason", "reason")?,
            policy_info: make.gauges("policy_info", "Hash of the policy that rules", &["database", "hash"])?,
            policy_reloads: make.counters("policy_reloads_total", "Attempts to load the policy", "result")?,
            policy_loaded_at: make.seconds("policy_last_success_timestamp_seconds", "When the policy was loaded")?,
            catalog_age: make
                .seconds("catalog_age_seconds", "Time since the catalog that is longest ago was known to be current")?,
            key_loaded_at: make.seconds("key_created_timestamp_seconds", "When the oldest seal key in use was made")?,
            key_age: make.seconds("key_age_seconds", "Time since the oldest seal key in use was made")?,
            audit_records: make.gauge("audit_records", "Number of the last record in this writer's audit chain")?,
            audit_dropped: make.gauge("audit_dropped", "Audit records that could be neither written nor kept")?,
            audit_queued: make.gauge("audit_queued", "Audit events that wait to be written")?,
            audit_writable: make.gauge("audit_writable", "1 while the audit trail can be written")?,
            registry: make.0,
        })
    }

    pub fn statement(&self, decision: Decision) {
        let [pass, rewrite, refuse] = &self.statements;
        match decision {
            Decision::Pass => pass.inc(),
            Decision::Rewrite => rewrite.inc(),
            Decision::Refuse => refuse.inc(),
        }
    }

    /// Counts `count` values at once: sessions add up per message, not per value.
    pub fn values(&self, action: ValueAction, count: u64) {
        let [sealed, revealed, masked, looked_up] = &self.values;
        match action {
            ValueAction::Sealed => sealed.inc_by(count),
            ValueAction::Revealed => revealed.inc_by(count),
            ValueAction::Masked => masked.inc_by(count),
            ValueAction::LookedUp => looked_up.inc_by(count),
        }
    }

    pub fn overhead(&self, phase: Phase, spent: Duration) {
        let [analyse, seal, reveal, audit] = &self.overhead;
        let histogram = match phase {
            Phase::Analyse => analyse,
            Phase::Seal => seal,
            Phase::Reveal => reveal,
            Phase::Audit => audit,
        };
        histogram.observe(spent.as_secs_f64());
    }

    /// Counts a refusal, and the statement's decision with it.
    pub fn refusal(&self, reason: &'static str) {
        self.statement(Decision::Refuse);
        self.refusals.with_label_values(&[reason]).inc();
    }

    /// `in_force`: database and hash of every policy.
    pub fn policies_loaded<'a>(&self, in_force: impl IntoIterator<Item = (&'a str, &'a str)>) {
        self.policy_reloads.with_label_values(&["accepted"]).inc();
        self.policy_info.reset();
        for (database, hash) in in_force {
            self.policy_info.with_label_values(&[database, hash]).set(1);
        }
        self.policy_loaded_at.set(now());
    }

    pub fn policy_refused(&self) {
        self.policy_reloads.with_label_values(&["refused"]).inc();
    }

    /// How long ago the catalogs were known to be current: the longest of them.
    pub fn catalog_age(&self, age: Duration) {
        self.catalog_age.set(age.as_secs_f64());
    }

    /// `made_at`: when the oldest seal key in use was made.
    pub fn keys_loaded(&self, made_at: SystemTime) {
        self.key_loaded_at.set(seconds(made_at));
    }

    /// The page that Prometheus reads.
    ///
    /// # Errors
    /// The encoder's, which writes to memory.
    pub fn render(&self, trail: Option<audit::Status>) -> prometheus::Result<Vec<u8>> {
        set_age(&self.key_age, &self.key_loaded_at);
        if let Some(trail) = trail {
            self.audit_records.set(signed(trail.records));
            self.audit_dropped.set(signed(trail.dropped));
            self.audit_queued.set(signed(trail.queued));
            self.audit_writable.set(i64::from(trail.writable));
        }
        let mut page = Vec::with_capacity(8192);
        TextEncoder::new().encode(&self.registry.gather(), &mut page)?;
        Ok(page)
    }
}

fn set_age(age: &Gauge, since: &Gauge) {
    let since = since.get();
    // Zero: it has not happened yet, and an age of fifty years would say otherwise.
    age.set(if since > 0.0 { (now() - since).max(0.0) } else { 0.0 });
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn now() -> f64 {
    seconds(SystemTime::now())
}

fn seconds(at: SystemTime) -> f64 {
    at.duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_what_was_counted() {
        let metrics = Metrics::new().unwrap();
        metrics.statement(Decision::Pass);
        metrics.refusal("sort-on-sealed");
        metrics.values(ValueAction::Masked, 7);
        metrics.overhead(Phase::Seal, Duration::from_micros(3));
        metrics.policies_loaded([("bank", "old")]);
        metrics.policies_loaded([("bank", "new"), ("cards", "other")]);
        metrics.policy_refused();
        let status = audit::Status { writable: true, records: 5, dropped: 0, queued: 1 };
        let page = String::from_utf8(metrics.render(Some(status)).unwrap()).unwrap();
        for line in [
            "pgveil_up 1",
            "pgveil_statements_total{decision=\"pass\"} 1",
            "pgveil_statements_total{decision=\"refuse\"} 1",
            "pgveil_refusals_total{reason=\"sort-on-sealed\"} 1",
            "pgveil_values_total{action=\"masked\"} 7",
            "pgveil_proxy_overhead_seconds_count{phase=\"seal\"} 1",
            "pgveil_policy_info{database=\"bank\",hash=\"new\"} 1",
            "pgveil_policy_info{database=\"cards\",hash=\"other\"} 1",
            "pgveil_policy_reloads_total{result=\"accepted\"} 2",
            "pgveil_policy_reloads_total{result=\"refused\"} 1",
            "pgveil_audit_records 5",
            "pgveil_audit_writable 1",
            "pgveil_catalog_age_seconds 0",
        ] {
            assert!(page.lines().any(|shown| shown == line), "{line} is not in\n{page}");
        }
        assert!(!page.contains("hash=\"old\""));
    }
}

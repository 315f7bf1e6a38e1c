//! What single steps cost. `cargo bench --bench micro`, then `bench/compare.py`.
#![forbid(unsafe_code)]

mod bank;
mod decide;
mod messages;
mod scale;
mod values;

use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};

fn quick() -> Criterion {
    Criterion::default().warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1))
}

criterion_group! {
    name = steps;
    config = quick();
    targets = messages::benches, decide::benches, values::benches, scale::benches
}
criterion_main!(steps);

//! How often hidden values may be tested: by trying values, whoever may search a column finds out what it hides. Each
//! login has so many a minute and a day.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::plan::Refusal;
use crate::policy::LookUpLimits;
use crate::wire::{PgError, SqlState};

/// A login of a database.
pub type Login = (Arc<str>, Arc<str>);

/// What every login has tested, in this process.
#[derive(Default)]
pub struct LookUps(Mutex<HashMap<Login, Used>>);

/// The windows begin with the first look-up in them.
struct Used {
    minute: Window,
    day: Window,
}

struct Window {
    began: Instant,
    used: u32,
}

impl LookUps {
    /// Counts values that are about to be tested.
    ///
    /// # Errors
    /// 53400 where the login has used up what it may: none of them is counted or tested.
    pub fn take(&self, login: &Login, values: u32, limits: LookUpLimits, now: Instant) -> Result<(), Arc<Refusal>> {
        // Nothing under this lock can be left half done
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let used = all.entry(login.clone()).or_insert_with(|| Used::new(now));
        let minute = used.minute.room(values, limits.per_minute, MINUTE, now);
        let day = used.day.room(values, limits.per_day, DAY, now);
        minute.map_err(|wait| used_up(limits.per_minute, "minute", wait))?;
        day.map_err(|wait| used_up(limits.per_day, "day", wait))?;
        used.minute.used += values;
        used.day.used += values;
        Ok(())
    }
}

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Used {
    const fn new(now: Instant) -> Self {
        Self { minute: Window { began: now, used: 0 }, day: Window { began: now, used: 0 } }
    }
}

impl Window {
    /// Whether so many more fit; else how long until they may.
    fn room(&mut self, values: u32, limit: u32, length: Duration, now: Instant) -> Result<(), Duration> {
        if now.saturating_duration_since(self.began) >= length {
            *self = Self { began: now, used: 0 };
        }
        match self.used.checked_add(values).is_some_and(|sum| sum <= limit) {
            true => Ok(()),
            false => Err(length.saturating_sub(now.saturating_duration_since(self.began))),
        }
    }
}

fn used_up(limit: u32, per: &str, wait: Duration) -> Arc<Refusal> {
    let message = format!("limit of {limit} look-ups by hidden columns a {per} is reached");
    let hint = format!(
        "The next window begins in {} s; `look_ups` of the role in the policy sets the limit (rule look-up-limit of pgveil).",
        wait.as_secs().max(1)
    );
    let error = PgError::new(SqlState::CONFIGURATION_LIMIT_EXCEEDED, message).with_hint(hint);
    Arc::new(Refusal { error, reason: "look-up-limit", objects: Vec::new() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_has_its_own_windows() {
        let (look_ups, start) = (LookUps::default(), Instant::now());
        let limits = LookUpLimits { per_minute: 10, per_day: 15 };
        let [teller, other] = ["teller", "other"].map(|user| (Arc::from("bank"), Arc::from(user)));
        let at = |seconds| start + Duration::from_secs(seconds);
        for (login, values, second, expect) in [
            (&teller, 10, 0, "ok"),
            (&teller, 1, 59, "a minute"),
            (&other, 10, 59, "ok"),
            (&teller, 11, 60, "a minute"),
            (&teller, 4, 61, "ok"),
            (&teller, 2, 62, "a day"),
            (&teller, 1, 63, "ok"),
            (&teller, u32::MAX, 200, "a minute"),
            (&teller, 10, 24 * 60 * 60, "ok"),
        ] {
            let taken = look_ups.take(login, values, limits, at(second));
            let said = taken.err().map_or("ok".to_owned(), |refusal| refusal.error.message.to_string());
            assert!(said.ends_with(expect) || said.contains(&format!("{expect} is")), "second {second}: {said}");
        }
    }
}

//! The breaker: after so many failures in a row a site is left alone for a while, then tried with one errand. Each try writes into the
//! log of an entity, so the whiles grow: a system that is down for a weekend costs some thousand tries and not a hundred thousand.

use std::time::Duration;

use takt_protocol::planted::{self, Bug};
/// Whether a site is worth trying.
#[derive(Debug)]
pub(crate) struct Breaker {
    failures: u32,
    failures_max: u32,
    first_rest: Duration,
    rest_max: Duration,
    rest: Duration,
    open_until: Duration,
    /// One was let through alone, and how it went is not known yet.
    trying: bool,
}

impl Breaker {
    /// A breaker that lets everything through until `failures_max` in a row, and then nothing for `rest`; twice as long after each
    /// try in vain, up to `rest_max`.
    pub(crate) fn closed(failures_max: u32, rest: Duration, rest_max: Duration) -> Self {
        Self {
            failures: 0,
            failures_max: failures_max.max(1),
            first_rest: rest,
            rest_max: rest_max.max(rest),
            rest,
            open_until: Duration::ZERO,
            trying: false,
        }
    }

    /// How long to wait before the next try; nothing when it may be tried now. The first to ask after a rest is let
    /// through alone: the others wait for how it goes.
    pub(crate) fn wait(&mut self, now: Duration) -> Option<Duration> {
        if now < self.open_until {
            return Some(self.open_until.saturating_sub(now));
        }
        if self.failures >= self.failures_max {
            self.open_until = now + self.rest;
            self.trying = true;
        }
        None
    }

    /// How long the site is still left alone.
    pub(crate) fn rests(&self, now: Duration) -> Duration {
        self.open_until.saturating_sub(now)
    }

    /// It answered.
    pub(crate) fn answered(&mut self) {
        if planted::is(Bug::BreakerNeverCloses) && self.failures >= self.failures_max {
            return;
        }
        self.failures = 0;
        self.trying = false;
        self.rest = self.first_rest;
        self.open_until = Duration::ZERO;
    }

    /// It told something by itself: whether it takes something, too, is not known, but it is tried soon.
    pub(crate) fn stirred(&mut self, now: Duration) {
        self.rest = self.first_rest;
        if !planted::is(Bug::BreakerNeverCloses) {
            self.open_until = self.open_until.min(now + self.first_rest);
        }
    }

    /// It did not answer. Several that were under way together when it fell silent make no longer rest: a try in vain does.
    pub(crate) fn failed(&mut self, now: Duration) {
        if std::mem::take(&mut self.trying) {
            self.rest = self.rest.saturating_mul(2).min(self.rest_max);
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures >= self.failures_max {
            self.open_until = now + if planted::is(Bug::BreakerNeverCloses) { FOR_EVER } else { self.rest };
        }
    }
}

/// How long the planted breaker stays open: longer than any run.
const FOR_EVER: Duration = Duration::from_hours(10_000);

#[cfg(test)]
mod tests {
    use super::*;

    const REST: Duration = Duration::from_secs(5);
    const REST_MAX: Duration = Duration::from_mins(1);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_silent_site_is_left_alone_and_then_tried_once() {
        let mut breaker = Breaker::closed(2, REST, REST_MAX);
        breaker.failed(at(0));
        assert_eq!(breaker.wait(at(0)), None);
        breaker.failed(at(1));
        assert_eq!(breaker.wait(at(2)), Some(at(4)));
        assert_eq!(breaker.wait(at(6)), None);
        assert!(breaker.wait(at(6)).is_some(), "a second one was let through before the first came back");
    }

    #[test]
    fn a_site_that_answers_again_is_open_to_all() {
        let mut breaker = Breaker::closed(1, REST, REST_MAX);
        breaker.failed(at(0));
        assert_eq!(breaker.wait(at(5)), None);
        breaker.answered();
        assert_eq!(breaker.wait(at(5)), None);
        assert_eq!(breaker.wait(at(5)), None);
    }

    #[test]
    fn a_weekend_without_it_costs_few_tries_and_its_first_word_ends_the_long_rest() {
        const WEEKEND: u64 = 48 * 3600;
        let mut breaker = Breaker::closed(2, REST, REST_MAX);
        breaker.failed(at(0));
        breaker.failed(at(0));
        breaker.failed(at(0));
        assert_eq!(breaker.wait(at(0)), Some(REST), "what was under way together made the rest longer");
        let (mut tries, mut now) = (0_u32, at(0));
        while now < at(WEEKEND) {
            if let Some(wait) = breaker.wait(now) {
                now += wait;
            } else {
                tries += 1;
                breaker.failed(now);
            }
        }
        assert!((2_800..2_900).contains(&tries), "{tries} tries");
        assert_eq!(breaker.wait(now), None);
        breaker.failed(now);
        breaker.stirred(now);
        assert_eq!(breaker.wait(now), Some(REST));
        assert_eq!(breaker.wait(now + REST), None);
        breaker.answered();
        breaker.failed(now);
        breaker.failed(now);
        assert_eq!(breaker.wait(now), Some(REST), "the next outage began with the long rest of the last one");
    }
}

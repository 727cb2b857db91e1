//! The breaker: after so many failures in a row a site is left alone for a while, then tried with one errand.

use std::time::Duration;

/// Whether a site is worth trying.
#[derive(Debug)]
pub(crate) struct Breaker {
    failures: u32,
    failures_max: u32,
    rest: Duration,
    open_until: Duration,
}

impl Breaker {
    /// A breaker that lets everything through until `failures_max` in a row, and then nothing for `rest`.
    pub(crate) fn closed(failures_max: u32, rest: Duration) -> Self {
        Self { failures: 0, failures_max: failures_max.max(1), rest, open_until: Duration::ZERO }
    }

    /// How long to wait before the next try; nothing when it may be tried now. The first to ask after a rest is let
    /// through alone: the others wait for how it goes.
    pub(crate) fn wait(&mut self, now: Duration) -> Option<Duration> {
        if now < self.open_until {
            return Some(self.open_until.saturating_sub(now));
        }
        if self.failures >= self.failures_max {
            self.open_until = now + self.rest;
        }
        None
    }

    /// How long the site is still left alone.
    pub(crate) fn rests(&self, now: Duration) -> Duration {
        self.open_until.saturating_sub(now)
    }

    /// It answered.
    pub(crate) fn answered(&mut self) {
        self.failures = 0;
        self.open_until = Duration::ZERO;
    }

    /// It did not.
    pub(crate) fn failed(&mut self, now: Duration) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= self.failures_max {
            self.open_until = now + self.rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REST: Duration = Duration::from_secs(5);

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_silent_site_is_left_alone_and_then_tried_once() {
        let mut breaker = Breaker::closed(2, REST);
        breaker.failed(at(0));
        assert_eq!(breaker.wait(at(0)), None);
        breaker.failed(at(1));
        assert_eq!(breaker.wait(at(2)), Some(at(4)));
        assert_eq!(breaker.wait(at(6)), None);
        assert!(breaker.wait(at(6)).is_some(), "a second one was let through before the first came back");
    }

    #[test]
    fn a_site_that_answers_again_is_open_to_all() {
        let mut breaker = Breaker::closed(1, REST);
        breaker.failed(at(0));
        assert_eq!(breaker.wait(at(5)), None);
        breaker.answered();
        assert_eq!(breaker.wait(at(5)), None);
        assert_eq!(breaker.wait(at(5)), None);
    }
}

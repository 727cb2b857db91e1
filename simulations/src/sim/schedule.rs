//! Which faults of a scenario may take effect, and when: all of them, or what is left of them after those were dropped that a failure
//! does not need. Chance is drawn all the same, so that what is left falls where it fell before.

use std::fmt;
use std::time::Duration;

use super::scenario::{Odds, Scenario};

/// A source of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The blow of that number of the scenario, from 0.
    Blow(usize),
    /// What is a little wrong all the time.
    Odds(Kind),
}

/// A kind of fault that is a little wrong all the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Requests are not heard.
    RequestLost,
    /// Answers are lost.
    AnswerLost,
    /// Requests are heard late.
    HeardLate,
    /// Messages are not heard.
    MessageLost,
    /// Acknowledgements are lost.
    AcknowledgementLost,
    /// Messages come twice.
    ToldTwice,
    /// Operations of an engine fail.
    EngineTrouble,
    /// Nodes die.
    Crash,
    /// Systems have habits.
    Habits,
}

impl Kind {
    const ALL: [Self; 9] = [
        Self::RequestLost,
        Self::AnswerLost,
        Self::HeardLate,
        Self::MessageLost,
        Self::AcknowledgementLost,
        Self::ToldTwice,
        Self::EngineTrouble,
        Self::Crash,
        Self::Habits,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::RequestLost => "request-lost",
            Self::AnswerLost => "answer-lost",
            Self::HeardLate => "heard-late",
            Self::MessageLost => "message-lost",
            Self::AcknowledgementLost => "acknowledgement-lost",
            Self::ToldTwice => "told-twice",
            Self::EngineTrouble => "engine-trouble",
            Self::Crash => "crash",
            Self::Habits => "habits",
        }
    }

    fn is_in(self, odds: &Odds) -> bool {
        let per = match self {
            Self::RequestLost => odds.request_lost,
            Self::AnswerLost => odds.answer_lost,
            Self::HeardLate => odds.heard_late,
            Self::MessageLost => odds.message_lost,
            Self::AcknowledgementLost => odds.acknowledgement_lost,
            Self::ToldTwice => odds.told_twice,
            Self::EngineTrouble => odds.engine_trouble,
            Self::Crash => odds.crash,
            Self::Habits => u64::from(odds.habits_per_mille),
        };
        per > 0
    }
}

/// A source, and the minutes in which it may take effect: a blow is struck in them or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    source: Source,
    from_min: u64,
    until_min: u64,
}

/// What may take effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule(Vec<Fault>);

impl Schedule {
    /// Everything that a scenario has.
    pub fn of(scenario: &Scenario) -> Self {
        let whole = |source| Fault { source, from_min: 0, until_min: scenario.hours * 60 };
        let odds = Kind::ALL.into_iter().filter(|kind| kind.is_in(&scenario.odds)).map(Source::Odds);
        Self((0..scenario.blows.len()).map(Source::Blow).chain(odds).map(whole).collect())
    }

    /// Reads what [`fmt::Display`] writes.
    pub fn parse(text: &str) -> Result<Self, String> {
        let faults = text.split(',').filter(|word| !word.is_empty() && *word != "nothing");
        faults
            .map(|word| fault(word).ok_or_else(|| format!("`{word}` is no fault: write `blow-0@0-600` or `crash@60-90`")))
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// How many faults are left.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn strikes(&self, blow: usize) -> bool {
        self.0.iter().any(|fault| fault.source == Source::Blow(blow))
    }

    pub(super) fn lets(&self, kind: Kind, at: Duration) -> bool {
        let minute = at.as_secs() / 60;
        self.0.iter().any(|fault| fault.source == Source::Odds(kind) && (fault.from_min..fault.until_min).contains(&minute))
    }

    /// The shortest schedule that `fails` still holds of, in so many runs at most: faults are dropped one by one, and the time of those
    /// that are left is halved while that is so.
    pub fn shrink<E>(&self, mut runs: usize, mut fails: impl FnMut(&Self) -> Result<bool, E>) -> Result<Self, E> {
        let mut best = self.clone();
        let mut at = 0;
        while at < best.0.len() && runs > 0 {
            let mut fewer = best.clone();
            fewer.0.remove(at);
            runs -= 1;
            if fails(&fewer)? {
                best = fewer;
            } else {
                at += 1;
            }
        }
        let mut at = 0;
        while let Some(fault) = best.0.get(at).copied().filter(|_| runs > 0) {
            let half = fault.from_min.midpoint(fault.until_min);
            let mut found = None;
            let halves = [Fault { until_min: half, ..fault }, Fault { from_min: half, ..fault }];
            let may = matches!(fault.source, Source::Odds(kind) if kind != Kind::Habits) && fault.until_min - fault.from_min > 5;
            for shorter in halves.into_iter().filter(|_| may) {
                let mut tried = best.clone();
                if let Some(place) = tried.0.get_mut(at) {
                    *place = shorter;
                }
                runs = runs.saturating_sub(1);
                if fails(&tried)? {
                    found = Some(tried);
                    break;
                }
            }
            match found {
                Some(shorter) => best = shorter,
                None => at += 1,
            }
        }
        Ok(best)
    }
}

fn fault(word: &str) -> Option<Fault> {
    let (name, time) = word.split_once('@')?;
    let (from, until) = time.split_once('-')?;
    let odds = || Kind::ALL.into_iter().find(|kind| kind.name() == name).map(Source::Odds);
    let source = match name.strip_prefix("blow-") {
        Some(number) => Source::Blow(number.parse().ok()?),
        None => odds()?,
    };
    Some(Fault { source, from_min: from.parse().ok()?, until_min: until.parse().ok()? })
}

impl fmt::Display for Schedule {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return out.write_str("nothing");
        }
        for (at, fault) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            match fault.source {
                Source::Blow(number) => write!(out, "{comma}blow-{number}")?,
                Source::Odds(kind) => write!(out, "{comma}{}", kind.name())?,
            }
            write!(out, "@{}-{}", fault.from_min, fault.until_min)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::scenario;

    #[test]
    fn a_schedule_is_read_as_it_is_written() {
        let whole = Schedule::of(scenario::named("wan-cut").unwrap());
        assert!(whole.strikes(1) && !whole.strikes(2) && whole.lets(Kind::Crash, Duration::from_mins(599)));
        assert_eq!(Schedule::parse(&whole.to_string()), Ok(whole.clone()));
        let none = Schedule::parse("nothing").unwrap();
        assert!(none.is_empty() && !none.strikes(0) && !none.lets(Kind::Crash, Duration::ZERO));
        assert_eq!(Schedule::parse(&none.to_string()), Ok(none));
        assert!(Schedule::parse("crush@1-2").is_err() && Schedule::parse("crash@1").is_err());
    }

    #[test]
    fn what_a_failure_does_not_need_is_dropped_and_its_time_is_cut() {
        let whole = Schedule::of(scenario::named("wan-cut").unwrap());
        let mut runs = 0;
        let needs = |tried: &Schedule| {
            runs += 1;
            Ok::<_, ()>(tried.lets(Kind::Crash, Duration::from_mins(421)) && tried.strikes(1))
        };
        let short = whole.shrink(100, needs).unwrap();
        assert_eq!(short.len(), 2, "{short}");
        assert!(short.strikes(1) && short.lets(Kind::Crash, Duration::from_mins(421)), "{short}");
        assert!(!short.lets(Kind::Crash, Duration::from_mins(430)) && !short.lets(Kind::Crash, Duration::from_mins(410)), "{short}");
        assert!(runs < 40, "{runs} runs");
    }
}

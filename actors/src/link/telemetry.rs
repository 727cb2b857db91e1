//! What telemetry may become: a count of a running order, or a state, by a rule that has a name. Nothing else of it goes any further, so
//! that no reading of a machine reaches an ERP by itself. Pure: readings and a clock go in, parcels come out; the transport carries both.
//!
//! A rule of counts reads a counter that only says how far it stands. What it adds is counted for the order that ran, as the same machine
//! names it. A counter that goes back was full (`rolls_over_at`) or was set back to zero; whichever of the two is plausible counts,
//! measured by the most that the machine makes in an hour (`per_hour_max`). What is not plausible, what ran under no order, and what was
//! made while nobody looked and the order changed, is counted for nobody: it is a case, with how many and why.
//!
//! What is to be told is kept with where the counter stood, before it is told, and told under a number of its own: who dies in
//! between tells it again, and it is known. The first reading of all only says where counting begins.

use std::time::Duration;

use serde_json::{Value, json};
use takt_protocol::instant::Instant;
use takt_protocol::site::{Parcel, Seen, Tally};

/// A rule over telemetry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// Whose metrics it reads: of an edge node, or of a device at one.
    pub source: Source,
    /// The metric it is about.
    pub metric: String,
    /// The metric of the same source that names the running order.
    pub order: Option<String>,
    /// What it makes of it.
    pub makes: Makes,
    /// How often it tells what it has counted, in ms.
    pub every_ms: u64,
}

/// Where metrics come from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Source {
    /// The group of the edge node.
    pub group: String,
    /// The edge node.
    pub node: String,
    /// The device at it; nothing for the node itself.
    pub device: Option<String>,
}

/// What a rule makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Makes {
    /// Counts, out of a counter.
    Counts {
        /// The first number that the counter cannot show; left out, it is never full.
        rolls_over_at: Option<u64>,
        /// The most that the machine makes in an hour.
        per_hour_max: u64,
    },
    /// States, each told once it has stood for so long, in ms.
    States {
        /// For how long.
        settle_ms: u64,
    },
}

/// What a metric says.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// Nothing: it is not known at the moment.
    Nothing,
    /// A whole number.
    Whole(i128),
    /// Another number.
    Number(f64),
    /// Yes or no.
    Flag(bool),
    /// A text.
    Text(String),
    /// Something that rules do not read; its kind.
    Other(&'static str),
}

/// How a reading came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// When it changed.
    Live,
    /// With all others, because the machine or the line was away before.
    Anew,
}

impl Said {
    /// As a state or the name of an order; nothing where it names none.
    fn word(&self) -> Option<String> {
        match self {
            Self::Nothing | Self::Other(_) => None,
            Self::Whole(number) => Some(number.to_string()),
            Self::Number(number) => Some(number.to_string()),
            Self::Flag(flag) => Some(flag.to_string()),
            Self::Text(text) => Some(text.trim().to_owned()).filter(|text| !text.is_empty()),
        }
    }

    /// As a counter.
    fn counter(&self) -> Option<u64> {
        match self {
            Self::Whole(number) => u64::try_from(*number).ok(),
            // A counter in a floating point number is exact up to here.
            Self::Number(number) if number.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(number) => {
                format!("{number:.0}").parse().ok()
            }
            Self::Number(_) | Self::Nothing | Self::Flag(_) | Self::Text(_) | Self::Other(_) => None,
        }
    }
}

impl Source {
    /// As people see it, and as a rule names it.
    pub fn shown(&self) -> String {
        let node = format!("{}/{}", self.group, self.node);
        self.device.as_ref().map_or(node.clone(), |device| format!("{node}/{device}"))
    }
}

impl Rule {
    /// What its parcels are taken as. No filter with a wildcard takes a topic that begins so.
    pub fn topic(&self) -> String {
        topic(&self.name)
    }
}

/// What the parcels of a rule of this name are taken as.
pub fn topic(rule: &str) -> String {
    format!("{TOPICS}{rule}")
}

/// What the topics of parcels begin with.
pub const TOPICS: &str = "$rule/";

/// Parcels that wait to be told, before more is counted into one.
const PARCELS_MAX: usize = 100;

/// What a machine may have made in no time: readings come in bursts.
const SLACK: Duration = Duration::from_mins(1);

/// A rule at work.
#[derive(Clone, Debug)]
pub struct Run {
    rule: Rule,
    tally: Tally,
    /// What is counted and in no parcel yet.
    open: Option<Parcel>,
    /// A state that has not stood for long enough, and since when.
    rising: Option<(String, Instant)>,
    /// The order changed while nobody looked: whose what was made meanwhile is, nobody can tell.
    shifted: bool,
    /// Something is to be kept, whatever the time is.
    urgent: bool,
    told_at: Option<Instant>,
}

/// What a step of a counter means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Still,
    On { count: u64, wrapped: u32 },
    Implausible { count: u64 },
}

impl Run {
    /// A rule, from where it was.
    pub fn from(rule: Rule, tally: Tally) -> Self {
        let urgent = !tally.parcels.is_empty();
        Self { rule, tally, open: None, rising: None, shifted: false, urgent, told_at: None }
    }

    /// The rule.
    pub fn rule(&self) -> &Rule {
        &self.rule
    }

    /// Its source says something at once, in this order. What is told late, of a time that is over, is not to be given: where a counter
    /// stands now has it in it.
    pub fn hear(&mut self, metrics: &[(String, Said)], came: Came, now: Instant) {
        // What is told anew has no order of its own: which order runs is looked at first.
        if came == Came::Anew {
            self.hear_those(metrics, came, now, |rule, name| rule.order.as_deref() == Some(name));
            self.hear_those(metrics, came, now, |rule, name| rule.order.as_deref() != Some(name));
        } else {
            self.hear_those(metrics, came, now, |_, _| true);
        }
    }

    fn hear_those(&mut self, metrics: &[(String, Said)], came: Came, now: Instant, such: impl Fn(&Rule, &str) -> bool) {
        for (name, said) in metrics {
            if such(&self.rule, name) {
                self.hear_one(name, said, came, now);
            }
        }
    }

    fn hear_one(&mut self, metric: &str, said: &Said, came: Came, now: Instant) {
        if self.rule.order.as_deref() == Some(metric) {
            self.runs(said.word(), came, now);
        }
        if metric != self.rule.metric {
            return;
        }
        match self.rule.makes {
            Makes::Counts { .. } => {
                if let Some(value) = said.counter() {
                    self.count(value, came, now);
                }
            }
            Makes::States { .. } => match said.word() {
                Some(state) if self.tally.state.as_ref() == Some(&state) => self.rising = None,
                Some(state) if self.rising.as_ref().is_none_or(|(rising, _)| *rising != state) => self.rising = Some((state, now)),
                Some(_) => {}
                None => self.rising = None,
            },
        }
    }

    /// Another order runs.
    fn runs(&mut self, order: Option<String>, came: Came, now: Instant) {
        if order == self.tally.order {
            return;
        }
        self.close(now);
        // Before the first reading nothing was made that anybody would count.
        self.shifted = came == Came::Anew && self.tally.reading.is_some();
        self.tally.order = order;
        self.urgent = true;
    }

    fn count(&mut self, value: u64, came: Came, now: Instant) {
        let Some((before, at)) = self.tally.reading.replace((value, now)) else {
            self.urgent = true;
            return;
        };
        let shifted = std::mem::take(&mut self.shifted) && came == Came::Anew;
        let (count, wrapped, doubt) = match self.step(before, value, now.since(at)) {
            Step::Still => return,
            Step::On { count, wrapped } if shifted => {
                (count, wrapped, Some("the order changed while nobody looked, so nobody can tell whose they are".to_owned()))
            }
            Step::On { count, wrapped } if self.tally.order.is_none() => {
                (count, wrapped, Some(format!("no order ran then, as {} says", self.rule.order.as_deref().unwrap_or("nothing"))))
            }
            Step::On { count, wrapped } => (count, wrapped, None),
            Step::Implausible { count } => {
                let most = self.most(now.since(at));
                (count, 0, Some(format!("the counter went from {before} to {value}, and {most} at most can have been made meanwhile")))
            }
        };
        if doubt.is_some() {
            self.close(now);
        }
        let order = self.tally.order.clone();
        let doubted = doubt.is_some();
        let open = self.open.get_or_insert_with(|| {
            let what = Seen::Count { count: 0, began: before, ended: before, wrapped: 0 };
            Parcel { number: 0, what, order, from: at, until: at, doubt }
        });
        if let Seen::Count { count: sum, ended, wrapped: turns, .. } = &mut open.what {
            (*sum, *ended, *turns) = (sum.saturating_add(count), value, turns.saturating_add(wrapped));
        }
        open.until = now;
        if doubted {
            self.close(now);
        }
    }

    fn step(&self, before: u64, value: u64, elapsed: Duration) -> Step {
        let Makes::Counts { rolls_over_at, .. } = self.rule.makes else { return Step::Still };
        let most = self.most(elapsed);
        let full = rolls_over_at.filter(|full| before < *full && value < *full).map(|full| full - before + value);
        match value.checked_sub(before) {
            Some(0) => Step::Still,
            Some(count) if count <= most => Step::On { count, wrapped: 0 },
            Some(count) => Step::Implausible { count },
            None => match full.filter(|count| *count <= most) {
                Some(count) => Step::On { count, wrapped: 1 },
                None if value <= most => Step::On { count: value, wrapped: 1 },
                None => Step::Implausible { count: full.unwrap_or(value) },
            },
        }
    }

    /// The most that can have been made in so long.
    fn most(&self, elapsed: Duration) -> u64 {
        let Makes::Counts { per_hour_max, .. } = self.rule.makes else { return 0 };
        let ms = (elapsed + SLACK).as_millis().saturating_mul(u128::from(per_hour_max));
        u64::try_from(ms.div_ceil(3_600_000)).unwrap_or(u64::MAX)
    }

    /// What is counted becomes a parcel.
    fn close(&mut self, now: Instant) {
        let Some(parcel) = self.open.take() else { return };
        // An order may be set to a counter that was only set back: nothing was made.
        if matches!(parcel.what, Seen::Count { count: 0, .. }) {
            return;
        }
        self.tally.number += 1;
        self.tally.parcels.push(Parcel { number: self.tally.number, until: parcel.until.min(now), ..parcel });
        self.urgent = true;
    }

    /// What is to be kept now, if anything is; then it may be told.
    pub fn due(&mut self, now: Instant) -> Option<Tally> {
        if let Makes::States { settle_ms } = self.rule.makes
            && let Some((state, since)) = self.rising.take_if(|(_, since)| now.since(*since) >= Duration::from_millis(settle_ms))
        {
            self.tally.number += 1;
            let what = Seen::State { state: state.clone() };
            let order = self.tally.order.clone();
            self.tally.parcels.push(Parcel { number: self.tally.number, what, order, from: since, until: since, doubt: None });
            self.tally.state = Some(state);
            self.urgent = true;
        }
        let rested = self.told_at.is_none_or(|at| now.since(at) >= Duration::from_millis(self.rule.every_ms));
        if rested && self.open.is_some() && self.tally.parcels.len() < PARCELS_MAX {
            self.close(now);
            self.told_at = Some(now);
        }
        let due = std::mem::take(&mut self.urgent) || !self.tally.parcels.is_empty();
        due.then(|| self.kept())
    }

    /// Where whoever comes after us goes on: what is in no parcel yet is counted again from where it began.
    fn kept(&self) -> Tally {
        let mut kept = self.tally.clone();
        if let Some(Parcel { what: Seen::Count { began, .. }, from, .. }) = &self.open {
            kept.reading = Some((*began, *from));
        }
        kept
    }

    /// It could not be kept: it is due again.
    pub fn not_kept(&mut self) {
        self.urgent = true;
    }

    /// A parcel is durable where it goes. One that a person decides about is not told again by whoever comes after us.
    pub fn told(&mut self, parcel: &Parcel) {
        self.urgent |= parcel.doubt.is_some();
        self.tally.parcels.retain(|known| known.number != parcel.number);
    }
}

/// A parcel as its mapping sees it.
pub fn shown(rule: &Rule, parcel: &Parcel) -> Value {
    let mut view = json!({ "rule": rule.name, "source": rule.source.shown(), "metric": rule.metric, "number": parcel.number,
        "order": parcel.order, "from": parcel.from.to_string(), "until": parcel.until.to_string() });
    if let (Some(fields), Ok(Value::Object(what))) = (view.as_object_mut(), serde_json::to_value(&parcel.what)) {
        fields.extend(what.into_iter().filter_map(|(_, what)| what.as_object().cloned()).flatten());
    }
    view
}

/// What people are told of a parcel that is nobody's.
pub fn doubted(rule: &Rule, parcel: &Parcel, doubt: &str) -> String {
    let count = match &parcel.what {
        Seen::Count { count, .. } => *count,
        Seen::State { .. } => 0,
    };
    format!("{count} counted at {} by the rule {}: {doubt}", rule.source.shown(), rule.name)
}

#[cfg(test)]
mod tests;

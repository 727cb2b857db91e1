//! Rules over telemetry: which metric becomes counts or states, of whose order, and what a person expects of that.

use std::num::NonZeroU64;

use serde::Deserialize;
use serde_saphyr::Spanned;
use takt_actors::link::telemetry::{Makes, Rule, Source};

/// A rule over a metric.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleText {
    /// Whose metric, as `group/node` or `group/node/device`.
    pub source: Spanned<String>,
    /// Which.
    pub metric: String,
    /// The metric of the same source that names the running order. Who makes counts needs it.
    pub order: Option<String>,
    /// That it makes counts.
    pub counts: Option<CountsText>,
    /// That it makes states.
    pub states: Option<StatesText>,
    /// How often it tells what it has counted, in ms; left out, 10000.
    pub every_ms: Option<NonZeroU64>,
    /// The mapping file of what it tells.
    pub mapping: Spanned<String>,
    /// What readings become: without that nobody may rely on it.
    #[serde(default)]
    pub tests: Vec<Spanned<RuleTestText>>,
}

/// How a counter is read.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountsText {
    /// The first number that the counter cannot show, such as 65536; left out, it is never full.
    pub rolls_over_at: Option<NonZeroU64>,
    /// The most that the machine makes in an hour: more cannot be right.
    pub per_hour_max: NonZeroU64,
}

/// How a state is read.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatesText {
    /// For how long it must have stood before it is told, in ms; left out, 2000.
    pub settle_ms: Option<u64>,
}

/// Readings, and what they become.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleTestText {
    /// What a person calls it.
    pub name: String,
    /// What is read, in order.
    pub given: Vec<ReadingText>,
    /// What is counted for each order, or which states are told.
    pub then: Vec<BecomesText>,
    /// How many are counted for nobody, and are a case.
    #[serde(default)]
    pub doubted: u64,
}

/// A reading.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReadingText {
    /// What the metric says; left out, nothing.
    pub value: Option<serde_json::Value>,
    /// The order that runs from now on; left out, the one before.
    pub order: Option<String>,
    /// That no order runs from now on.
    #[serde(default)]
    pub no_order: bool,
    /// That the machine, or the line to it, was away before.
    #[serde(default)]
    pub anew: bool,
    /// How many seconds after the reading before; left out, 60.
    pub after_s: Option<u64>,
}

/// What readings become.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BecomesText {
    /// Of which order.
    pub order: Option<String>,
    /// So many.
    pub count: Option<u64>,
    /// This state.
    pub state: Option<String>,
}

impl RuleText {
    /// The rule; `None` where it cannot be one, which was told.
    pub fn rule(&self, name: &str) -> Option<Rule> {
        let makes = match (&self.counts, &self.states) {
            (Some(counts), None) => {
                Makes::Counts { rolls_over_at: counts.rolls_over_at.map(NonZeroU64::get), per_hour_max: counts.per_hour_max.get() }
            }
            (None, Some(states)) => Makes::States { settle_ms: states.settle_ms.unwrap_or(2_000) },
            (Some(_), Some(_)) | (None, None) => return None,
        };
        let mut levels = self.source.value.split('/').map(str::to_owned);
        let source = Source { group: levels.next()?, node: levels.next()?, device: levels.next() };
        let whole = levels.next().is_none() && !source.group.is_empty() && !source.node.is_empty();
        let every_ms = self.every_ms.map_or(10_000, NonZeroU64::get);
        whole.then(|| Rule { name: name.to_owned(), source, metric: self.metric.clone(), order: self.order.clone(), makes, every_ms })
    }
}

//! A reported quantity finds its group, or opens one, and says whether that is now ripe.

use super::evolve::group_key;
use super::{Actual, Ledger, PostingFact, Rule, Trigger};
use crate::instant::Instant;
use crate::qty::QtyError;

/// When a quantity is recorded: what the triggers look at.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Now.
    pub now: Instant,
    /// When the plant's present shift ends.
    pub shift_end: Instant,
}

/// The fact that records `actual` under `rule`, and its group when that is ripe with it. An error when the sum would be
/// larger than a quantity can be: recorded, it would be in no account.
pub fn record(ledger: &Ledger, actual: Actual, rule: &Rule, moment: Moment) -> Result<(PostingFact, Option<u32>), QtyError> {
    let key = group_key(&actual, rule);
    if let Some(sums) = ledger.series.get(&key.series) {
        sums.reported.plus(actual.qty)?;
    }
    let number = ledger.last_actual + 1;
    let known = ledger.keys.get(&key).and_then(|group| ledger.groups.get_key_value(group));
    let (group, opens, due, count) = match known {
        Some((group, open)) => (*group, None, open.due, open.count + 1),
        None => (ledger.last_group + 1, Some(Box::new(rule.clone())), due(rule, moment), 1),
    };
    let triggers = known.map_or(&rule.trigger, |(_, open)| &open.rule.trigger);
    let ripe = triggers.iter().any(|trigger| match trigger {
        Trigger::EachReport => true,
        Trigger::Count(wanted) => count >= *wanted,
        Trigger::EveryMinutes(_) | Trigger::ShiftEnd | Trigger::Completion | Trigger::UnitClosed | Trigger::Hold => false,
    });
    Ok((PostingFact::Recorded { number, actual: Box::new(actual), group, opens, due }, ripe.then_some(group)))
}

/// When a group opened now must be flushed at the latest.
fn due(rule: &Rule, moment: Moment) -> Option<Instant> {
    let times = rule.trigger.iter().filter_map(|trigger| match trigger {
        Trigger::EveryMinutes(minutes) => Some(moment.now.plus_ms(u64::from(*minutes) * 60_000)),
        Trigger::ShiftEnd => Some(moment.shift_end),
        Trigger::EachReport | Trigger::Count(_) | Trigger::Completion | Trigger::UnitClosed | Trigger::Hold => None,
    });
    times.min()
}

//! What was done at a plant: quantities by production shift, and how many orders were completed and documents made in a stretch of
//! time. Sums beside the logs, so that a screen need not read every order of the day. Follows facts; says nothing that the ledgers
//! of the orders do not say better.

use serde::{Deserialize, Serialize};
use takt_protocol::calendar::PlantDay;
use takt_protocol::instant::Instant;
use takt_protocol::name::SiteId;
use takt_protocol::order::Fact;
use takt_protocol::posting::{PostingFact, Standing, Use};
use takt_protocol::qty::Qty;
use takt_protocol::words::{MaterialId, OpNo};

use super::keys::END;

/// Moments are counted by stretches of five minutes: shifts begin and end at such.
const STRETCH_NS: i64 = 300_000_000_000;

/// What is counted by when it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Counted {
    /// An order that its plant is done with.
    Completed = 0,
    /// A document that stands in the ERP for a posting.
    Posted = 1,
}

/// How much of something was reported in a shift: corrections count where they were made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    /// yield, scrap or produced.
    pub purpose: Use,
    /// Of which material.
    pub material: MaterialId,
    /// At which operation, where it was counted at one.
    pub op: Option<OpNo>,
    /// How much.
    pub qty: Qty,
}

/// What a fact adds to the sums of a plant, and where that stands.
pub(super) fn added(plant: SiteId, fact: &Fact) -> Option<(Vec<u8>, Tally)> {
    let Fact::Posting(PostingFact::Recorded { actual, .. }) = fact else { return None };
    if !matches!(actual.purpose, Use::Yield | Use::Scrap | Use::Produced) {
        return None;
    }
    let tally = Tally { purpose: actual.purpose, material: actual.material.clone(), op: actual.op.clone(), qty: actual.qty };
    let op = tally.op.as_ref().map_or("", OpNo::as_str);
    let mut key = day_key(plant, &actual.day);
    key.push(tally.purpose as u8);
    for part in [tally.material.as_str(), op, &tally.qty.uom().to_string()] {
        key.extend_from_slice(part.as_bytes());
        key.push(END);
    }
    Some((key, tally))
}

/// The sum with more of the same.
pub(super) fn sum(before: Option<Tally>, more: Tally) -> Tally {
    let qty = before.and_then(|before| before.qty.plus(more.qty).ok()).unwrap_or(more.qty);
    Tally { qty, ..more }
}

/// What a fact counts as, by when it happened and when it was recorded.
pub(super) fn moment(fact: &Fact, happened: Instant, recorded: Instant) -> Option<(Counted, Instant)> {
    if *fact == Fact::Completed {
        return Some((Counted::Completed, happened));
    }
    let Fact::Posting(PostingFact::Stands { standing: Standing::Posted { .. } | Standing::Adopted { .. }, .. }) = fact else { return None };
    Some((Counted::Posted, recorded))
}

/// Where the sums of a shift begin.
pub(super) fn day_key(plant: SiteId, day: &PlantDay) -> Vec<u8> {
    [plant.as_str().as_bytes(), &[END], day.date.to_string().as_bytes(), &[END], day.shift.as_bytes(), &[END]].concat()
}

/// Where the counts of a plant begin.
pub(super) fn count_prefix(plant: SiteId, what: Counted) -> Vec<u8> {
    [plant.as_str().as_bytes(), &[END, what as u8]].concat()
}

/// The count of the stretch that a moment lies in. Sorts as the moments do.
pub(super) fn count_key(plant: SiteId, what: Counted, at: Instant) -> Vec<u8> {
    [&count_prefix(plant, what)[..], &stretch(at).to_be_bytes()].concat()
}

/// Behind what the counts since a moment begin.
pub(super) fn before_key(plant: SiteId, what: Counted, since: Instant) -> Vec<u8> {
    [&count_prefix(plant, what)[..], &stretch(since).saturating_sub(1).to_be_bytes()].concat()
}

fn stretch(at: Instant) -> u64 {
    u64::try_from(at.utc_ns().div_euclid(STRETCH_NS)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_sort_by_when_and_begin_with_the_stretch_that_is_asked_for() {
        let plant = SiteId::parse("nord").unwrap();
        let at = |ms: i64| Instant::from_utc_ms(ms);
        let key = |ms| count_key(plant, Counted::Posted, at(ms));
        assert!([key(0), key(300_000), key(1_764_050_000_000)].is_sorted());
        assert_eq!(key(300_000), key(599_999));
        assert!(before_key(plant, Counted::Posted, at(600_000)) < key(600_000));
        assert_eq!(before_key(plant, Counted::Posted, at(600_000)), key(599_999));
    }
}

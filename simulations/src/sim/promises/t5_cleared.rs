//! T5: what left, left with the clearance of every lot on it, and its warehouse had been told so; an escape would be shown as one. No lot
//! clears anything from the step in which it heard that all of it is in question to the one in which it heard the decision, or in which
//! somebody released it who may while quality is not reached.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use takt_cluster::seam::Seams;
use takt_protocol::envelope::RawRef;
use takt_protocol::fact::Fact;
use takt_protocol::kernel::Own;
use takt_protocol::lot;

use super::Evidence;
use crate::sim::people::{list, text};
use crate::world::system::Kind;

/// Looks; how many left.
pub(super) fn look(evidence: &Evidence<'_>, broken: &mut Vec<String>) -> u64 {
    if evidence.anybody_forgot() {
        // What had its yes in the life that was lost leaves as an escape.
        return evidence.logs.departures(&mut Vec::new());
    }
    let left = evidence.logs.departures(broken);
    let theirs = evidence.books.values().filter(|(kind, _)| *kind == Kind::Wms);
    let gone = theirs.flat_map(|(_, books)| list(books, "deliveries")).filter(|delivery| text(delivery, "state") == "departed").count();
    if gone as u64 != left {
        broken.push(format!("T5: {gone} deliveries left their warehouses, and we know of {left}"));
    }
    left
}

/// What the quality system told of a case.
enum Word {
    /// All of a lot is in question.
    Raised(String),
    Decided(String),
}

/// Looks at what each lot had heard when it cleared something.
pub(super) async fn look_at_holds(evidence: &Evidence<'_>, regions: &[Seams], broken: &mut Vec<String>) -> anyhow::Result<()> {
    let words = words(evidence, regions).await?;
    for (entity, told) in evidence.logs.entities().iter().filter(|(_, told)| matches!(told.state.own, Own::Lot(_))) {
        let (mut open, mut over): (BTreeSet<&str>, BTreeSet<&str>) = Default::default();
        for step in told.steps() {
            match step.origin.as_ref().and_then(|origin| words.get(&origin.raw)) {
                // On another road the decision may overtake the question.
                Some(Word::Raised(case)) if over.contains(case.as_str()) => {}
                Some(Word::Raised(case)) => {
                    open.insert(case);
                }
                Some(Word::Decided(case)) => {
                    open.remove(case.as_str());
                    over.insert(case);
                }
                None => {}
            }
            for hold in step.facts.iter().filter_map(released_unreached) {
                open.remove(hold);
            }
            let clears = |fact: &Fact| matches!(fact, Fact::Lot(fact) if matches!(fact.as_ref(), lot::Fact::Cleared { .. }));
            if let Some(case) = open.first().filter(|_| step.facts.iter().any(clears)) {
                broken.push(format!("T5: {entity} gave clearance while all of it was in question by {case}"));
            }
        }
    }
    Ok(())
}

/// The hold that was released while the quality system was not reached, if it was.
fn released_unreached(fact: &Fact) -> Option<&str> {
    let Fact::Lot(fact) = fact else { return None };
    if let lot::Fact::Decided { hold, provisional: Some(_), .. } = fact.as_ref() { Some(hold.as_str()) } else { None }
}

/// The messages of the quality systems about whole lots, by what they are kept under.
async fn words(evidence: &Evidence<'_>, regions: &[Seams]) -> anyhow::Result<BTreeMap<RawRef, Word>> {
    let mut words = BTreeMap::new();
    let quality = evidence.left.taken.iter().filter(|(site, _)| evidence.books.get(site).is_some_and(|(kind, _)| *kind == Kind::Qms));
    for taken in quality.flat_map(|(_, taken)| taken) {
        for seams in regions {
            let Some(raw) = seams.blobs.get(&taken.raw).await? else { continue };
            let said: Value = serde_json::from_slice(&raw)?;
            let case = text(&said, "nonconformance").to_owned();
            match taken.topic.as_str() {
                _ if case.is_empty() => {}
                "nonconformance.raised" if list(&said, "pallets").is_empty() => drop(words.insert(taken.raw, Word::Raised(case))),
                "disposition.decided" => drop(words.insert(taken.raw, Word::Decided(case))),
                _ => {}
            }
        }
    }
    Ok(words)
}

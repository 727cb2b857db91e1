//! T1: what was acknowledged is not lost: every request that was answered and every message that was taken stands in a log, nothing of
//! it lies in a dead-letter box, and the raw message is kept.

use std::collections::{BTreeMap, BTreeSet};

use takt_cluster::seam::Seams;
use takt_protocol::envelope::RawRef;

use super::Evidence;
use crate::sim::teller::Taken;
use crate::world::system::Kind;

/// Looks.
pub(super) async fn look(evidence: &Evidence<'_>, regions: &[Seams], broken: &mut Vec<String>) -> anyhow::Result<()> {
    let mut heard = BTreeMap::new();
    let mut raws: BTreeSet<RawRef> = BTreeSet::new();
    for (entity, step) in evidence.logs.steps() {
        heard.entry(entity).or_insert_with(BTreeSet::new).insert(step.key.to_string());
        raws.extend(step.origin.as_ref().map(|origin| origin.raw));
    }
    let town = &evidence.people.town;
    for answered in evidence.people.answered() {
        let known = heard.get(&answered.entity).is_some_and(|keys| keys.contains(&answered.key.to_string()));
        // What is refused before it was ever heard of leaves nothing behind.
        let unborn = answered.refused.is_some() && !heard.contains_key(&answered.entity);
        if !known && !unborn && !town.may_have_forgotten(answered.entity.region(), answered.at) {
            broken.push(format!("T1: {} was answered, and is not in the log of {}", answered.key, answered.entity));
        }
    }
    for (site, taken) in &evidence.left.taken {
        // Others tell only keys, and say the same about one thing in many messages.
        let whole = evidence.books.get(site).is_some_and(|(kind, _)| matches!(kind, Kind::Mes | Kind::Wms | Kind::Qms));
        let lost = |message: &&Taken| whole && message.inputs > 0 && !raws.contains(&message.raw) && !town.anybody_forgot(message.at);
        for message in taken.iter().filter(lost) {
            broken.push(format!("T1: {site} was told that its `{}` {} is taken, and no log has it", message.topic, message.raw));
        }
        let here = town.house(*site).map(|house| house.region);
        for message in taken.iter().filter(|message| here.is_none_or(|here| !town.may_have_forgotten(here, message.at))) {
            if !kept(regions, &message.raw).await? {
                broken.push(format!("T1: the message {} of {site} was acknowledged and is gone", message.raw));
            }
        }
    }
    // Mail to what a region forgot matches nothing, and is set aside for people.
    for seams in regions.iter().filter(|_| !evidence.anybody_forgot()) {
        for queue in seams.queue.graves().await? {
            for (id, reason, _) in seams.queue.buried(queue, 10).await? {
                broken.push(format!("T1: {id} was set aside in {queue:?}: {reason}"));
            }
        }
    }
    Ok(())
}

async fn kept(regions: &[Seams], raw: &RawRef) -> anyhow::Result<bool> {
    for seams in regions {
        if seams.blobs.get(raw).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

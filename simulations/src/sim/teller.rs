//! What the systems tell us: each message goes to our door with the system's credential, until it is acknowledged, as couriers do. On
//! the way it may be lost, come twice, or have its acknowledgement lost; a door is shut while its region has no node.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use takt_protocol::envelope::RawRef;
use tokio::task::JoinHandle;

use super::draw::Sign;
use super::schedule::Kind;
use super::town::{House, Town, lock};
use super::yard::Yard;
use crate::world::Outgoing;

/// How long a system waits for an answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Messages taken from a system at once, and from a lane.
const AT_ONCE: usize = 64;
const LANES_AT_ONCE: usize = 16;
const FROM_ONE_LANE: usize = 32;

/// The pause when nothing may go out, which doubles while that is so.
const IDLE: [Duration; 2] = [Duration::from_millis(20), Duration::from_secs(2)];

/// A message that was acknowledged: whose, about what, and what was in it.
#[derive(Clone, Debug)]
pub(super) struct Taken {
    pub(super) topic: String,
    pub(super) raw: RawRef,
    /// How many inputs it became, where it was understood.
    pub(super) inputs: usize,
    /// When, in virtual time.
    pub(super) at: Duration,
}

/// Somebody for each system who brings what it tells.
pub(super) fn all(town: &Arc<Town>, yard: &Arc<Yard>) -> Vec<JoinHandle<()>> {
    town.houses().map(|house| tokio::spawn(tell(Arc::clone(town), Arc::clone(yard), Arc::clone(house)))).collect()
}

async fn tell(town: Arc<Town>, yard: Arc<Yard>, house: Arc<House>) {
    let mut idle = IDLE[0];
    loop {
        if town.is_down(&house) {
            tokio::time::sleep(PATIENCE).await;
            continue;
        }
        let now = town.moment();
        let (pending, due) = house.with(|system| {
            system.tick(now);
            (system.pending(now, AT_ONCE), system.due())
        });
        if pending.is_empty() {
            let until = due.map(|due| Duration::from_millis(u64::try_from(due.millis() - town.moment().millis()).unwrap_or(0)));
            // What is due already and may not go out waits for something before it.
            let wait = until.unwrap_or(Duration::from_hours(1)).max(idle);
            tokio::select! {
                biased;
                () = house.stirred.notified() => idle = IDLE[0],
                () = tokio::time::sleep(wait) => idle = (idle * 2).min(IDLE[1]),
            }
            continue;
        }
        idle = IDLE[0];
        let mut lanes: BTreeMap<String, Vec<Outgoing>> = BTreeMap::new();
        for message in pending {
            lanes.entry(message.lane.clone()).or_default().push(message);
        }
        let walks = lanes.into_values().take(LANES_AT_ONCE).map(|lane| walk(&town, &yard, &house, lane));
        for (id, told) in join_all(walks).await.into_iter().flatten() {
            let now = town.moment();
            house.with(|system| match told {
                Ok(()) => system.delivered(now, &[id]),
                Err(status) => system.refused(now, id, status),
            });
        }
    }
}

/// The messages of a lane one after the other, up to the first that is not taken.
async fn walk(town: &Arc<Town>, yard: &Arc<Yard>, house: &Arc<House>, lane: Vec<Outgoing>) -> Vec<(u64, Result<(), Option<u16>>)> {
    let mut settled = Vec::new();
    for message in lane.into_iter().take(FROM_ONE_LANE) {
        let (id, told) = (message.id, bring(town, yard, house, &message).await);
        let refused = told.is_err();
        settled.push((id, told));
        if refused {
            break;
        }
    }
    settled
}

/// One message; the status of a refusal, or nothing where nobody answered.
async fn bring(town: &Arc<Town>, yard: &Arc<Yard>, house: &Arc<House>, message: &Outgoing) -> Result<(), Option<u16>> {
    let odds = town.odds();
    let (there, back, lost, deaf, twice) = {
        let mut luck = lock(&house.tells);
        let ms = |ms: u64| Duration::from_millis(ms);
        let ways = (ms(3 + luck.below(40)), ms(3 + luck.below(40)));
        let (lost, deaf) = (luck.one_in(odds.message_lost), luck.one_in(odds.acknowledgement_lost));
        let twice = luck.one_in(odds.told_twice).then(|| ms(luck.below(600_000)));
        let (lost, deaf) = (lost && town.lets(Kind::MessageLost), deaf && town.lets(Kind::AcknowledgementLost));
        (ways.0, ways.1, lost, deaf, twice.filter(|_| town.lets(Kind::ToldTwice)))
    };
    tokio::time::sleep(there).await;
    if lost {
        town.goes_wrong(house, "message lost");
        tokio::time::sleep(PATIENCE).await;
        return Err(None);
    }
    let told = hand_in(town, yard, house, &message.topic, &message.body).await;
    if let Some(later) = twice.filter(|_| told.is_ok()) {
        // A proxy on the way says it once more, and hears nothing.
        let (town, yard, house, message) = (Arc::clone(town), Arc::clone(yard), Arc::clone(house), message.clone());
        tokio::spawn(async move {
            tokio::time::sleep(later).await;
            if hand_in(&town, &yard, &house, &message.topic, &message.body).await.is_ok() {
                town.goes_wrong(&house, "told twice");
            }
        });
    }
    tokio::time::sleep(back).await;
    if deaf && told.is_ok() {
        town.goes_wrong(house, "acknowledgement lost");
        return Err(None);
    }
    told
}

/// Gives a message in at our door.
async fn hand_in(town: &Town, yard: &Yard, house: &House, topic: &str, body: &str) -> Result<(), Option<u16>> {
    if town.out_of_reach(house.region, house) {
        town.count("message lost");
        return Err(None);
    }
    let Some(door) = yard.door(house.site, house.token.as_deref()) else {
        town.count("door shut");
        return Err(None);
    };
    let raw = Bytes::copy_from_slice(body.as_bytes());
    match tokio::time::timeout(PATIENCE, door.receive(topic, raw)).await {
        Ok(Ok(taken)) => {
            let line = format!("{} {} < {} {topic}", town.elapsed().as_millis(), house.region, house.site);
            town.trace().add(&line, body.as_bytes());
            let inputs = if taken.set_aside.is_some() { 0 } else { taken.inputs };
            yard.acknowledged(house.site, Taken { topic: topic.to_owned(), raw: taken.raw, inputs, at: town.elapsed() });
            town.count("message taken");
            let what = || format!("{} {} told {topic}: {body}", town.clock(), house.site);
            town.board().mark(town.elapsed(), house.site.as_str(), Sign::Told, what);
            Ok(())
        }
        Ok(Err(refused)) => {
            tracing::debug!(%refused, site = %house.site, "a message was not taken");
            town.count("message not taken");
            Err(Some(503))
        }
        Err(_) => {
            town.count("no acknowledgement");
            Err(None)
        }
    }
}

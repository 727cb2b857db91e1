//! The road from a region to another one, over the WAN: late, sometimes without a receipt, and closed while either is cut off.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use takt_actors::courier::Road;
use takt_cluster::memory::Memory;
use takt_cluster::seam::Message;
use takt_protocol::name::Region;

use super::schedule::Kind;
use super::town::{Town, lock};
use super::yard::WAITING;
use crate::gate::Luck;

/// A road to a region, over the WAN.
pub(super) struct Highway {
    town: Arc<Town>,
    from: Region,
    to: Region,
    far: Memory,
    luck: Mutex<Luck>,
}

impl Highway {
    pub(super) fn new(town: &Arc<Town>, (from, to): (Region, Region), far: Memory, luck: Luck) -> Self {
        Self { town: Arc::clone(town), from, to, far, luck: Mutex::new(luck) }
    }
}

#[async_trait]
impl Road for Highway {
    async fn bring(&self, mail: Vec<Message>, urgent: bool) -> Result<(), takt_cluster::Error> {
        let odds = self.town.odds();
        let (there, back, lost, unanswered) = {
            let mut luck = lock(&self.luck);
            let ways = [15 + luck.below(80), 15 + luck.below(80)].map(Duration::from_millis);
            (ways[0], ways[1], luck.one_in(odds.message_lost), luck.one_in(odds.acknowledgement_lost))
        };
        let lost = lost && self.town.lets(Kind::MessageLost);
        let unanswered = unanswered && self.town.lets(Kind::AcknowledgementLost);
        let silent = |what: &str| {
            self.town.count(what);
            Err(takt_cluster::Error::Unreachable { place: format!("region {}", self.to) })
        };
        tokio::time::sleep(there).await;
        if self.town.apart(self.from, self.to) {
            return silent("road closed");
        }
        if lost {
            return silent("mail lost");
        }
        let [most, more] = WAITING;
        let room = most + if urgent { more } else { 0 };
        let queue = self.far.seams().queue;
        let stored = tokio::time::timeout(Duration::from_secs(2), queue.offer(mail, room)).await;
        tokio::time::sleep(back).await;
        if unanswered || self.town.apart(self.from, self.to) {
            return silent("receipt of mail lost");
        }
        stored.unwrap_or_else(|_| silent("far region silent"))
    }
}

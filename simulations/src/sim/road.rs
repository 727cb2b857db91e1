//! The road from a region to another one, over the WAN: late, sometimes without a receipt, and closed while either is cut off. Mail is
//! brought over it, or it is a line over which one side does all that is to be done between the two ([`super::line`]).

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use takt_actors::courier::{Line, Road, Way};
use takt_cluster::Error;
use takt_cluster::memory::Memory;
use takt_cluster::seam::{Message, Seams};
use takt_protocol::name::Region;

use super::schedule::Kind;
use super::town::{Town, lock};
use super::yard::WAITING;
use crate::gate::Luck;

/// How long the far region may take, beside the way.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

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

    /// What a node at its near end takes it for: a road to bring mail on, or a line that the first of the two by name dials.
    pub(super) fn way(self, as_line: bool) -> Way {
        let (dials, road) = (self.from < self.to, Arc::new(self));
        match (as_line, dials) {
            (false, _) => Way::Beside(road),
            (true, true) => Way::Dials(Line { queue: Arc::clone(&road) as _, bus: road, exports: Arc::new([]), per_second: None }),
            (true, false) => Way::Answers,
        }
    }

    /// The far region, as it is there now.
    pub(super) fn there(&self) -> Seams {
        self.far.seams()
    }

    /// Has something done there, as far as the way lets it; nothing where it took longer than that.
    pub(super) async fn over<T>(
        &self,
        patience: Duration,
        asked: impl Future<Output = Result<T, Error>> + Send,
    ) -> Result<Option<T>, Error> {
        let odds = self.town.odds();
        let (there, back, lost, unanswered) = {
            let mut luck = lock(&self.luck);
            let ways = [15 + luck.below(80), 15 + luck.below(80)].map(Duration::from_millis);
            (ways[0], ways[1], luck.one_in(odds.message_lost), luck.one_in(odds.acknowledgement_lost))
        };
        let lost = lost && self.town.lets(Kind::MessageLost);
        let unanswered = unanswered && self.town.lets(Kind::AcknowledgementLost);
        tokio::time::sleep(there).await;
        if self.town.apart(self.from, self.to) {
            return self.silent("road closed");
        }
        if lost {
            return self.silent("mail lost");
        }
        let done = tokio::time::timeout(patience, asked).await;
        tokio::time::sleep(back).await;
        if unanswered || self.town.apart(self.from, self.to) {
            return self.silent("receipt of mail lost");
        }
        done.ok().transpose()
    }

    /// The same, of what is answered at once.
    pub(super) async fn at_once<T>(&self, asked: impl Future<Output = Result<T, Error>> + Send) -> Result<T, Error> {
        match self.over(PATIENCE, asked).await? {
            Some(done) => Ok(done),
            None => self.silent("far region silent"),
        }
    }

    fn silent<T>(&self, what: &str) -> Result<T, Error> {
        self.town.count(what);
        Err(Error::Unreachable { place: format!("region {}", self.to) })
    }
}

#[async_trait]
impl Road for Highway {
    async fn bring(&self, mail: Vec<Message>, urgent: bool) -> Result<(), Error> {
        let [most, more] = WAITING;
        let room = most + if urgent { more } else { 0 };
        self.at_once(async { self.there().queue.offer(mail, room).await }).await
    }
}

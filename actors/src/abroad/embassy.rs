//! The other end of a question from another region: answers from what is durable here, and decides nothing. Any node of the region
//! answers; bounded in flight, and each answer in length. A node also hears questions that are meant for it alone.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use takt_cluster::seam::Bus;
use takt_protocol::id::EntityId;
use takt_protocol::name::Region;
use takt_protocol::native::{NativeId, Ref};
use takt_protocol::wire::MAIL_BYTES_MAX;
use takt_protocol::{subject, wire};
use tokio::sync::oneshot;

use super::words::{QUESTIONS, Question, Raw, Told};
use crate::index::Index;
use crate::reach::Reach;

/// Questions that are being answered at once; the rest waits, and some more.
const AT_ONCE_MAX: usize = 32;
const WAITING_MAX: usize = 256;

/// A log is sent in parts of about so many bytes.
const LOG_BYTES_MAX: usize = 4 << 20;

/// How long a name is waited for that the index may just be reading.
const INDEX_PATIENCE: Duration = Duration::from_millis(300);

/// Answers questions of the API for one region.
#[async_trait]
pub trait Answers: Send + Sync {
    /// The answer, or why there is none, for a person.
    async fn answer(&self, name: &str, question: Vec<u8>) -> Result<Vec<u8>, String>;
}

/// Who answers other regions. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Embassy {
    pub(crate) reach: Reach,
    pub(crate) index: Index,
    pub(crate) api: Arc<OnceLock<Arc<dyn Answers>>>,
}

/// Where questions to any node of a region are heard.
pub(crate) fn door(region: Region) -> String {
    subject::ask(region, QUESTIONS)
}

/// Answers what is asked on a subject of one bus, for ever.
pub(crate) async fn run(embassy: Embassy, bus: Arc<dyn Bus>, door: String) {
    let node = Arc::clone(&embassy.reach.node);
    let mut failures = 0;
    loop {
        match bus.serve(&door, WAITING_MAX).await {
            Ok(mut asked) => {
                failures = 0;
                let mut under_way = FuturesUnordered::new();
                loop {
                    tokio::select! {
                        biased;
                        Some(()) = under_way.next(), if !under_way.is_empty() => {}
                        question = asked.recv(), if under_way.len() < AT_ONCE_MAX => match question {
                            Some((question, reply)) => under_way.push(embassy.answer(question, reply)),
                            None => break,
                        },
                    }
                }
            }
            // A line that is down, mostly: that is said elsewhere.
            Err(error) => tracing::debug!(%error, region = %node.region, "questions of other regions cannot be heard just now"),
        }
        failures += 1;
        node.seams.clock.sleep(node.settings.pause(failures, 0).min(Duration::from_secs(5))).await;
    }
}

impl Embassy {
    async fn answer(&self, question: Bytes, reply: oneshot::Sender<Bytes>) {
        let told = match wire::decode("question", &question) {
            Ok(question) => self.told(question).await,
            Err(error) => Told::No(format!("{error}: its nodes run another version")),
        };
        let written = wire::encode("answer", &told).map_err(|error| error.to_string());
        let bounded =
            written.and_then(|bytes| if bytes.len() > MAIL_BYTES_MAX { Err("the answer is too long".to_owned()) } else { Ok(bytes) });
        let bytes = bounded.or_else(|why| wire::encode("answer", &Told::No(why)));
        if let Ok(bytes) = bytes {
            // Whoever asked may have gone.
            drop(reply.send(Bytes::from(bytes)));
        }
    }

    async fn told(&self, question: Question) -> Told {
        match question {
            Question::Show(entity) if self.is_ours(entity) => {
                self.reach.show(entity).await.map_or_else(|error| Told::No(error.to_string()), |state| Told::State(Box::new(state)))
            }
            Question::Log(entity, after) if self.is_ours(entity) => self.log(entity, after).await,
            Question::Show(entity) | Question::Log(entity, _) => Told::No(format!("{entity} is not at home here")),
            Question::Find(number) => Told::Found(self.found(&number).await),
            Question::Keep(Raw(payload)) => match self.reach.node.seams.blobs.keep(vec![Bytes::from(payload)]).await {
                Ok(kept) => kept.first().map_or_else(|| Told::No("it was not kept".to_owned()), |hash| Told::Kept(*hash)),
                Err(error) => Told::No(error.to_string()),
            },
            Question::Api(name, Raw(question)) => match self.api.get() {
                Some(api) => api.answer(&name, question).await.map_or_else(Told::No, |answer| Told::Api(Raw(answer))),
                None => Told::No("it is just starting".to_owned()),
            },
        }
    }

    fn is_ours(&self, entity: EntityId) -> bool {
        entity.region() == self.reach.node.region
    }

    async fn log(&self, entity: EntityId, after: u64) -> Told {
        let log = match self.reach.node.seams.journal.read(entity, after).await {
            Ok(log) => log,
            Err(error) => return Told::No(error.to_string()),
        };
        let (mut part, mut bytes) = (Vec::new(), 0);
        let count = log.len();
        for entry in log {
            bytes += entry.bytes.len();
            if bytes > LOG_BYTES_MAX && !part.is_empty() {
                break;
            }
            part.push((entry.sequence, Raw(entry.bytes.to_vec())));
        }
        let more = part.len() < count;
        Told::Log(part, more)
    }

    async fn found(&self, number: &NativeId) -> Vec<(Ref, EntityId)> {
        let known = self.index.search(number);
        if !known.is_empty() {
            return known;
        }
        // Somebody may ask for what was born this very moment.
        tokio::select! {
            biased;
            _ = self.index.caught_up(&self.reach.node) => {}
            () = self.reach.node.seams.clock.sleep(INDEX_PATIENCE) => {}
        }
        self.index.search(number)
    }
}

//! What an entity has been told before. Dedup lives in the state, so it holds for the life of the entity and through any
//! crash: same key and content, the same answer again; same key and other content is never "already known".

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::answer::Answer;
use crate::envelope::{Key, Mark};
use crate::id::leading_u128;
use crate::intent::IntentId;
use crate::name::{OURS, Source};
use crate::planted::{self, Bug};

/// The first 16 bytes of SHA-256 over what an input says, without what differs between two deliveries of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ContentHash(#[serde(with = "crate::hex::u128_hex")] u128);

impl ContentHash {
    /// The hash of canonical content bytes.
    pub fn of(content: &[u8]) -> Self {
        Self(leading_u128(&Sha256::digest(content)))
    }

    /// Half of it: what is kept an input of a counting source, where the counter already tells inputs apart.
    #[expect(clippy::cast_possible_truncation, reason = "half of the hash is meant")]
    fn half(self) -> u64 {
        self.0 as u64
    }
}

impl std::fmt::Display for ContentHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// What is known about a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known {
    /// Never heard.
    Never,
    /// Heard, and answered so.
    Same(Answer),
    /// Heard with other content, and that was answered so.
    Other(Answer),
}

/// All keys an entity has heard.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Keys that are texts: hash of the key, then content and answer.
    texts: BTreeMap<Hash16, Heard>,
    /// Keys that are numbers: runs without a gap, by source, epoch and first number.
    runs: BTreeMap<(Source, u32, u64), Vec<u64>>,
    /// Answers to numbered keys that were not plainly accepted.
    remarks: BTreeMap<(Source, u32, u64), Answer>,
    /// Entities that said their last word, with its number: the newest [`Seen::OVER_MAX`] of them. What they told before is not
    /// kept mail by mail any more, and is known all the same: whatever comes of it again, or late, is overtaken by that word.
    #[serde(default, skip_serializing_if = "VecDeque::is_empty")]
    over: VecDeque<(Hash16, u32)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Hash16(#[serde(with = "crate::hex::u128_hex")] u128);

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Heard {
    content: ContentHash,
    answer: Answer,
}

impl Seen {
    /// How many entities that said their last word are kept. One is forgotten when so many others have said theirs after it: that
    /// is long after the queues let go of all that it told, each of which is held there until it was taken.
    pub const OVER_MAX: usize = 4_096;

    /// What is known about `key`, told with `content`.
    pub fn ask(&self, key: &Key, content: ContentHash) -> Known {
        if planted::is(Bug::NoKey) {
            return Known::Never;
        }
        match &key.mark {
            Mark::Text(_) => match self.texts.get(&hash_of(key)) {
                None if self.is_over(key) => Known::Same(Answer::Accepted),
                None => Known::Never,
                Some(heard) if heard.content == content => Known::Same(heard.answer.clone()),
                Some(heard) => Known::Other(heard.answer.clone()),
            },
            Mark::Number(n) => match self.numbered(key.source, key.epoch, *n) {
                None => Known::Never,
                Some(half) => {
                    let answer = self.remarks.get(&(key.source, key.epoch, *n)).cloned().unwrap_or(Answer::Accepted);
                    if half == content.half() { Known::Same(answer) } else { Known::Other(answer) }
                }
            },
        }
    }

    /// Remembers that `key` was told with `content` and answered so. The first telling stands.
    pub fn remember(&mut self, key: &Key, content: ContentHash, answer: &Answer) {
        match &key.mark {
            Mark::Text(_) => {
                self.texts.entry(hash_of(key)).or_insert_with(|| Heard { content, answer: answer.clone() });
            }
            Mark::Number(n) => self.remember_number(key, *n, content, answer),
        }
    }

    /// An entity has said its last word: its mail up to that is known from now on without being kept.
    pub fn last_word(&mut self, last: &IntentId) {
        let sender = sender_of(last);
        self.over.retain(|(known, _)| *known != sender);
        self.over.push_back((sender, last.number));
        while self.over.len() > Self::OVER_MAX {
            self.over.pop_front();
        }
        let Ok(source) = Source::parse(OURS) else { return };
        for number in 1..=last.number {
            let mark = Mark::Text(IntentId { number, ..*last }.mail_key());
            self.texts.remove(&hash_of(&Key { source, epoch: 0, mark }));
        }
    }

    fn is_over(&self, key: &Key) -> bool {
        let Some(mail) = IntentId::of_mail(key).filter(|_| !self.over.is_empty()) else { return false };
        let sender = sender_of(&mail);
        self.over.iter().any(|(known, last)| *known == sender && mail.number <= *last)
    }

    /// How many keys are remembered.
    pub fn len(&self) -> usize {
        self.texts.len() + self.runs.values().map(Vec::len).sum::<usize>()
    }

    /// Whether nothing was heard yet.
    pub fn is_empty(&self) -> bool {
        self.texts.is_empty() && self.runs.is_empty() && self.over.is_empty()
    }

    fn remember_number(&mut self, key: &Key, n: u64, content: ContentHash, answer: &Answer) {
        if self.numbered(key.source, key.epoch, n).is_some() {
            return;
        }
        if *answer != Answer::Accepted {
            self.remarks.insert((key.source, key.epoch, n), answer.clone());
        }
        let before = self.runs.range_mut((key.source, key.epoch, 0)..=(key.source, key.epoch, n)).next_back();
        if let Some(((_, _, first), run)) = before
            && first + run.len() as u64 == n
        {
            run.push(content.half());
            return;
        }
        self.runs.insert((key.source, key.epoch, n), vec![content.half()]);
    }

    fn numbered(&self, source: Source, epoch: u32, n: u64) -> Option<u64> {
        let ((_, _, first), run) = self.runs.range((source, epoch, 0)..=(source, epoch, n)).next_back()?;
        run.get(usize::try_from(n - first).ok()?).copied()
    }
}

/// An entity in an incarnation of its store: in another one it counts anew.
fn sender_of(mail: &IntentId) -> Hash16 {
    Hash16(leading_u128(&Sha256::digest(format!("{}/{:x}", mail.entity, mail.incarnation))))
}

fn hash_of(key: &Key) -> Hash16 {
    let mut hash = Sha256::new();
    hash.update(key.source.as_str());
    hash.update([0]);
    hash.update(key.epoch.to_be_bytes());
    if let Mark::Text(text) = &key.mark {
        hash.update(text.as_str());
    }
    Hash16(leading_u128(&hash.finalize()))
}

#[cfg(test)]
mod tests;

//! What regions in different processes say to each other besides mail: signs of life, and questions with their answers. Named fields
//! and words, so that a later binary may add one.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use takt_protocol::envelope::RawRef;
use takt_protocol::id::EntityId;
use takt_protocol::instant::Instant;
use takt_protocol::kernel::State;
use takt_protocol::name::Region;
use takt_protocol::native::{NativeId, Ref};

/// What is asked of any node of a region, as `takt.<region>.ask.<this>`.
pub(super) const QUESTIONS: &str = "region";
/// Where signs of life are heard.
pub(super) const BEATS: &str = "beat";

/// Mail that waits for another region, by the word of the region where it waits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Holds and blocks.
    pub urgent: u64,
    /// The rest.
    pub other: u64,
    /// When the oldest of it was taken in; nothing where none waits.
    pub oldest: Option<Instant>,
    /// Mail that could not be brought and lies in the dead-letter box; not counted beyond some hundreds.
    pub dead: u64,
    /// How much may wait that is not urgent, before no more is taken; nothing by the word of a binary that did not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub most: Option<u64>,
    /// For how long there is room yet if it goes on as in the last day, in seconds; nothing where it does not fill.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lasts_s: Option<u64>,
}

/// How full the room for mail is, where that is worth an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fill {
    /// There is room.
    Room,
    /// Half of it and more.
    Half,
    /// Four fifths and more.
    Most,
    /// All of it: whoever brings more is not acknowledged; holds are still taken.
    Full,
}

impl Waiting {
    /// How full the room is, in hundredths; nothing where that is not known.
    pub fn percent(&self) -> Option<u64> {
        self.most.map(|most| self.other.saturating_mul(100) / most.max(1))
    }

    /// The same as an alarm.
    pub fn fill(&self) -> Fill {
        match self.percent().unwrap_or_default() {
            0..50 => Fill::Room,
            50..80 => Fill::Half,
            80..100 => Fill::Most,
            100.. => Fill::Full,
        }
    }
}

/// What was brought in one direction since whoever brings it runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carried {
    /// The last number that was brought, of the queue in which mail waits; 0 for none.
    pub sequence: u64,
    /// How much mail.
    pub count: u64,
    /// When last.
    pub at: Option<Instant>,
    /// What went wrong last, and when; nothing where all went well since.
    pub error: Option<(Instant, String)>,
}

/// A sign of life of whoever dials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Beat {
    pub(super) from: Region,
    /// The node that runs the road.
    pub(super) node: String,
    /// Shards of its region, by which it is asked.
    pub(super) shards: u16,
    /// How long the sign before took there and back.
    pub(super) round_trip_us: Option<u64>,
    /// What waits at the dialling region.
    pub(super) waiting: Option<Waiting>,
    /// What it brought, and what it fetched.
    pub(super) brought: Carried,
    pub(super) fetched: Carried,
}

/// The answer to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Beaten {
    pub(super) node: String,
    pub(super) shards: u16,
    /// What waits at the dialled region.
    pub(super) waiting: Option<Waiting>,
    /// Whether it was restored, and lets nothing go but holds until it was compared.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) reconciling: bool,
}

/// What is asked of a region.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Question {
    /// The durable state of an entity.
    Show(EntityId),
    /// What stands in its log behind a number.
    Log(EntityId, u64),
    /// What is known by a number.
    Find(NativeId),
    /// To keep a payload.
    Keep(Raw),
    /// A request of the API, by its name, as that writes it.
    Api(String, Raw),
}

/// What is answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Told {
    State(Box<State>),
    /// Messages with their numbers, oldest first; whether more stand behind them.
    Log(Vec<(u64, Raw)>, bool),
    Found(Vec<(Ref, EntityId)>),
    Kept(RawRef),
    Api(Raw),
    /// It could not be answered, in words for a person.
    No(String),
}

/// A byte string as the wire has it, not a list of numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Raw(pub(super) Vec<u8>);

impl Serialize for Raw {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl de::Visitor<'_> for Bytes {
            type Value = Raw;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a byte string")
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Raw, E> {
                Ok(Raw(bytes.to_vec()))
            }
            fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Raw, E> {
                Ok(Raw(bytes))
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}

#[cfg(test)]
mod tests {
    use takt_protocol::id::Kind;
    use takt_protocol::wire;

    use super::*;

    #[test]
    fn every_question_and_answer_comes_back_as_it_was_said() {
        let order = EntityId::from_parts(Kind::Order, Region::parse("na").unwrap(), 1, 7);
        let bytes = || Raw((0..=255).collect());
        let number = NativeId::parse("4711").unwrap();
        let questions = [
            Question::Show(order),
            Question::Log(order, 9),
            Question::Find(number),
            Question::Keep(bytes()),
            Question::Api("orders".to_owned(), bytes()),
        ];
        for question in questions {
            let written = wire::encode("question", &question).unwrap();
            assert_eq!(wire::decode::<Question>("question", &written).unwrap(), question);
        }
        let told = [
            Told::State(Box::new(State::unknown(order))),
            Told::Log(vec![(3, bytes()), (8, Raw::default())], true),
            Told::Found(Vec::new()),
            Told::Kept(RawRef::of(b"x")),
            Told::Api(bytes()),
            Told::No("why".to_owned()),
        ];
        for told in told {
            let written = wire::encode("answer", &told).unwrap();
            assert_eq!(wire::decode::<Told>("answer", &written).unwrap(), told);
        }
    }
}

//! One connection to a broker, the same over MQTT 3.1.1 and 5. A connection is made, used and thrown away: nothing of it is carried over
//! into the next one, so that what was given up is not sent later, and no acknowledgement is sent for a message of another
//! connection. What the broker keeps of a session is the broker's.

use bytes::Bytes;

use super::{MqttSpec, Version, v4, v5};

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Letter {
    /// Where to.
    pub(super) topic: String,
    /// What.
    pub(super) payload: Vec<u8>,
    /// Whether the broker acknowledges it.
    pub(super) acknowledged: bool,
    /// Whether the broker keeps it for whoever subscribes later.
    pub(super) retain: bool,
}

/// What came.
pub(super) struct Came {
    /// Where it was published.
    pub(super) topic: String,
    /// What.
    pub(super) payload: Bytes,
    /// What it is acknowledged by; nothing where nobody waits for that.
    pub(super) receipt: Option<Receipt>,
}

/// What a message is acknowledged by.
pub(super) enum Receipt {
    /// MQTT 3.1.1.
    V4(mqtt4::ManualAck),
    /// MQTT 5.
    V5(mqtt5::ManualAck),
}

/// Something happened on a connection.
pub(super) enum Event {
    /// The broker took us; whether it kept our session.
    Up,
    /// A message came.
    Came(Came),
    /// Something that needs nothing.
    Other,
}

/// Why something did not work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It may be otherwise in a while.
    Away(String),
    /// A person must look: what is wrong, and what to do.
    Wrong(String),
}

impl Trouble {
    pub(super) fn why(&self) -> &str {
        let (Self::Away(why) | Self::Wrong(why)) = self;
        why
    }
}

/// What became of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Posted {
    /// The broker has it; of one that is not acknowledged, it went out.
    Taken,
    /// The broker threw it away because nobody has subscribed to it.
    Unheard,
    /// The broker will not have it.
    Refused(String),
    /// It was certainly not sent.
    NotSent(String),
    /// Nobody knows.
    Unknown(String),
}

/// What the broker said of one filter that we asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Granted {
    /// With acknowledgement.
    Whole,
    /// Without: what comes may be lost.
    Lossy,
    /// Not at all; in the broker's words.
    Refused(String),
}

/// What sends over a connection.
#[derive(Clone)]
pub(super) enum Sender {
    /// MQTT 3.1.1.
    V4(mqtt4::AsyncClient),
    /// MQTT 5.
    V5(mqtt5::AsyncClient),
}

/// What has to be asked for the next event all the time: it also sends, and looks whether the broker is there.
pub(super) enum Line {
    /// MQTT 3.1.1.
    V4(Box<mqtt4::EventLoop>),
    /// MQTT 5.
    V5(Box<mqtt5::EventLoop>),
}

/// The most letters that wait for the broker at once.
pub(super) const UNDER_WAY_MAX: u16 = 64;

/// A connection that is made when it is first asked for an event. `will` is what the broker says for us when we are gone.
pub(super) fn open(spec: &MqttSpec, will: Option<&Letter>) -> Result<(Sender, Line), Trouble> {
    match spec.version {
        Version::V311 => v4::open(spec, will).map(|(sender, line)| (Sender::V4(sender), Line::V4(Box::new(line)))),
        Version::V5 => v5::open(spec, will).map(|(sender, line)| (Sender::V5(sender), Line::V5(Box::new(line)))),
    }
}

impl Line {
    /// The next event. Not to be given up half way.
    pub(super) async fn next(&mut self, spec: &MqttSpec) -> Result<Event, Trouble> {
        match self {
            Self::V4(line) => v4::next(line, spec).await,
            Self::V5(line) => v5::next(line, spec).await,
        }
    }
}

impl Sender {
    /// Sends a letter, and waits until the broker has said what it has to say. Where the version can say so, the broker drops it when
    /// nobody took it within `fresh_s` seconds.
    pub(super) async fn post(&self, letter: Letter, fresh_s: Option<u32>) -> Posted {
        match self {
            Self::V4(sender) => v4::post(sender, letter).await,
            Self::V5(sender) => v5::post(sender, letter, fresh_s).await,
        }
    }

    /// Subscribes; what was said of each filter, in their order.
    pub(super) async fn subscribe(&self, filters: &[String]) -> Result<Vec<Granted>, Trouble> {
        match self {
            Self::V4(sender) => v4::subscribe(sender, filters).await,
            Self::V5(sender) => v5::subscribe(sender, filters).await,
        }
    }

    /// Acknowledges a message. Where the connection is gone the broker sends it again.
    pub(super) async fn acknowledge(&self, receipt: Receipt) {
        let gone = match (self, receipt) {
            (Self::V4(sender), Receipt::V4(ack)) => sender.manual_ack(ack).await.is_err(),
            (Self::V5(sender), Receipt::V5(ack)) => sender.manual_ack(ack).await.is_err(),
            (Self::V4(_), Receipt::V5(_)) | (Self::V5(_), Receipt::V4(_)) => true,
        };
        if gone {
            tracing::debug!("a connection went before a message was acknowledged over it");
        }
    }
}

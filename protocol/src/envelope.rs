//! Who sent what, when, why, under which key. Every input has one; every recorded step keeps it, so that a posting leads
//! back to the raw message and the person behind it. The link stamps `source`; no mapping can set it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::compact::{self, Compact};
use crate::instant::Instant;
use crate::malformed::Malformed;
use crate::name::{OURS, SiteId, Source};

/// How a source names an input, so that the same thing told twice is known: by its own counter, or by a text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// The source counts its messages: `n` is never used for another one within the source's epoch.
    Number(u64),
    /// A deterministic text: kind, native key and native counter.
    Text(KeyText),
}

/// The text of a key: 1 to 120 printable characters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KeyText(String);

impl KeyText {
    /// The longest key text, in characters.
    pub const CHARS_MAX: usize = 120;

    /// Takes a key as a client gives it.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let printable = text.chars().all(|c| !c.is_control());
        if text.is_empty() || !printable || text.chars().count() > Self::CHARS_MAX {
            return Err(Malformed::new("key", text, "send 1 to 120 printable characters that you will repeat on every retry"));
        }
        Ok(Self(text.to_owned()))
    }

    /// A key we build ourselves; cut to the bound, never refused.
    pub fn ours(text: impl fmt::Display) -> Self {
        Self(text.to_string().chars().take(Self::CHARS_MAX).collect())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for KeyText {
    type Error = Malformed;
    fn try_from(text: String) -> Result<Self, Malformed> {
        Self::parse(&text)
    }
}

impl From<KeyText> for String {
    fn from(key: KeyText) -> Self {
        key.0
    }
}

/// The idempotency key of an input: unique for the life of the entity.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// Who sent it.
    pub source: Source,
    /// The source's epoch: grows when its counter starts again (a PLC at zero, a restored MES).
    #[serde(default, skip_serializing_if = "is_zero")]
    pub epoch: u32,
    /// The source's own mark.
    pub mark: Mark,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(epoch: &u32) -> bool {
    *epoch == 0
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/", self.source, self.epoch)?;
        match &self.mark {
            Mark::Number(n) => write!(f, "#{n}"),
            Mark::Text(text) => f.write_str(text.as_str()),
        }
    }
}

/// SHA-256 of a raw payload: 64 lower-case hexadecimal digits as text, 32 bytes inside.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RawRef([u8; 32]);

impl RawRef {
    /// The reference of a payload.
    pub fn of(payload: &[u8]) -> Self {
        Self(Sha256::digest(payload).into())
    }

    /// Its 32 bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// From 32 bytes as stored.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Takes the 64 digits.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let wrong = || Malformed::new("raw payload reference", text, "send the 64 hexadecimal digits that Takt printed");
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        for (at, byte) in bytes.iter_mut().enumerate() {
            let digits = text.get(2 * at..2 * at + 2).ok_or_else(wrong)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for RawRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for RawRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for RawRef {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::parse(text)
    }
}

impl Compact for RawRef {
    const WHAT: &'static str = "the hash of a raw payload";

    fn write(&self, room: &mut Vec<u8>) {
        room.extend_from_slice(&self.0);
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl Serialize for RawRef {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        compact::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for RawRef {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        compact::deserialize(deserializer)
    }
}

/// A person or a client program, and why they act. Personal data: stands outside the hash chain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// The user, as the credential names them.
    pub user: String,
    /// The role they act in, such as `quality`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub role: String,
    /// For whom, when not for themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// A second approver that was named with it, in logs from before each of the two had to act.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub second: Option<String>,
    /// They said nothing of it: they matched what another one said with this entity, by hand.
    #[serde(default, skip_serializing_if = "is_false")]
    pub matched: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

/// Where an input came from: the raw payload and the mapping that read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// The raw payload, kept before it was understood.
    pub raw: RawRef,
    /// The mapping and its version, such as `mes-nord/report@3`.
    pub mapping: String,
}

/// What stands around every input.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// The idempotency key.
    pub key: Key,
    /// When it happened, by the source's clock, with its offset.
    pub occurred_at: Instant,
    /// When the mesh first wrote it down.
    pub received_at: Instant,
    /// After this, a request is refused as expired. Reports and owner's facts never expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_after: Option<Instant>,
    /// Who, when a person or a client is behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<Who>,
    /// The raw payload behind it, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// The thread it belongs to: the same from demand to departure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation: Option<String>,
    /// The intent or input that caused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub causation: Option<String>,
    /// The plant on whose floor it happened, where a client said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<SiteId>,
    /// Who matched it by hand with the entity it is for, and why. No part of what it says: told again without it, it is the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matched_by: Option<Who>,
}

impl Envelope {
    /// An envelope with nothing but a key: it happened and was written down at the same moment, and nobody is behind it.
    pub fn of(key: Key, at: Instant) -> Self {
        Self {
            key,
            occurred_at: at,
            received_at: at,
            not_after: None,
            who: None,
            origin: None,
            correlation: None,
            causation: None,
            floor: None,
            matched_by: None,
        }
    }

    /// What a person or a client states here that is part of what they say: why, where and when it happened. The same
    /// key with another one of these is another input. A link
    /// gives no role and states nothing: it may read the clock where its sender is silent.
    pub(crate) fn stated(&self) -> Option<String> {
        let who = self.who.as_ref().filter(|who| !who.role.is_empty())?;
        let when = Some(self.occurred_at).filter(|at| *at != self.received_at).map(|at| at.to_string());
        let stated = [when.as_deref(), who.reason.as_deref(), who.second.as_deref()];
        let stated = stated.iter().any(Option::is_some).then(|| stated.map(Option::unwrap_or_default).join("\n"));
        match self.floor {
            Some(floor) => Some(format!("{}\n{floor}", stated.unwrap_or_default())),
            None => stated,
        }
    }

    /// An envelope of the mesh's own: `text` names what it says, once and for all.
    pub fn ours(text: impl fmt::Display, at: Instant) -> Self {
        let source = Source::parse(OURS).unwrap_or_default();
        Self::of(Key { source, epoch: 0, mark: Mark::Text(KeyText::ours(text)) }, at)
    }
}

//! The bytes. One envelope, one version tag, one encoder; what an older binary wrote is decoded for ever. A commit is
//! chained over its bytes as stored, so nothing is encoded twice and nobody has to agree on a canonical form.

use rmp_serde::config::BytesMode;
use serde::{Deserialize, Serialize};

use crate::commit::{Commit, chain_hash};
use crate::envelope::{RawRef, Who};
use crate::input::{Body, Input};
use crate::kernel::Reply;
use crate::payload::Payload;
use crate::seen::ContentHash;

/// The schema epoch of this binary: grows when a fact gains a meaning that an older binary would miss.
pub const SCHEMA: u16 = 5;

/// The version that messages and commits are written in; older ones are read, too.
pub const VERSION: &str = "1";

/// The longest message taken from outside, in bytes.
pub const BYTES_MAX: usize = 1 << 20;

/// The longest commit written, in bytes. Far above the longest input: what one input sets off in thousands of lots or orders
/// has to be one commit, and one that cannot be written would never happen.
pub const COMMIT_BYTES_MAX: usize = 16 << 20;

/// The longest mail between entities, in bytes: what a commit can hold, and its envelope.
pub const MAIL_BYTES_MAX: usize = COMMIT_BYTES_MAX + (64 << 10);

/// Most of what is written fits into it, so that it is not moved while it grows.
const ROOM: usize = 1_024;

/// What a log adds to a commit that nobody stood behind.
const ROOM_AROUND: usize = 64;

/// Bytes that cannot be read. They are kept and shown, never dropped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// Not our bytes, or of a version that a newer binary wrote.
    #[error("failed to decode {what}")]
    Decode {
        /// What it should have been.
        what: &'static str,
        /// Why.
        #[source]
        source: rmp_serde::decode::Error,
    },
    /// A newer binary wrote it.
    #[error("{what} is of version {version}, this binary reads {VERSION}: update it")]
    Newer {
        /// What it is.
        what: &'static str,
        /// Its version.
        version: String,
    },
    /// Too long.
    #[error("{what} has {len} bytes, the limit is {max}")]
    TooLong {
        /// What it is.
        what: &'static str,
        /// Its length.
        len: usize,
        /// The limit.
        max: usize,
    },
    /// A value that cannot be written down.
    #[error("failed to encode {what}")]
    Encode {
        /// What it is.
        what: &'static str,
        /// Why.
        #[source]
        source: rmp_serde::encode::Error,
    },
}

/// A commit as it is stored, and the hash the next one names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The message.
    pub bytes: Vec<u8>,
    /// Its hash in the chain.
    pub hash: RawRef,
}

/// What stands in a log: the chained part, and beside it the personal part and what was sent, which retention may empty.
#[derive(Serialize, Deserialize)]
#[serde(tag = "v", content = "body")]
enum Logged {
    #[serde(rename = "1")]
    V1(LoggedV1),
}

#[derive(Serialize, Deserialize)]
struct LoggedV1 {
    #[serde(with = "bytes_field")]
    commit: Vec<u8>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    who: Vec<(u16, Who)>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    raw: Vec<(u16, Payload)>,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "v", content = "body")]
enum Sent {
    #[serde(rename = "1")]
    V1(Box<Input>),
}

/// What the node that runs a shard answers to another node of its region, which was asked instead: the question is an input,
/// written as mail is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Relayed {
    /// It is decided, and the outcome is durable.
    Reply(Reply),
    /// It was not looked at: this node does not run the shard.
    Elsewhere,
    /// It was lost here; whether it was decided is not known.
    Lost,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "v", content = "body")]
enum Answered {
    #[serde(rename = "1")]
    V1(Box<Relayed>),
}

/// Writes the answer to a question that was relayed.
pub fn pack_relayed(relayed: Relayed) -> Result<Vec<u8>, WireError> {
    let bytes = encode("answer", &Answered::V1(Box::new(relayed)))?;
    bounded("answer", bytes.len(), MAIL_BYTES_MAX)?;
    Ok(bytes)
}

/// Reads it.
pub fn unpack_relayed(bytes: &[u8]) -> Result<Relayed, WireError> {
    bounded("answer", bytes.len(), MAIL_BYTES_MAX)?;
    let Answered::V1(relayed) = versioned("answer", bytes)?;
    Ok(*relayed)
}

/// Writes a commit.
pub fn seal(commit: &mut Commit) -> Result<Sealed, WireError> {
    let (who, raw) = (std::mem::take(&mut commit.who), std::mem::take(&mut commit.raw));
    let chained = encode("commit", commit)?;
    let hash = chain_hash(&chained);
    let room = chained.len() + raw.iter().map(|(_, raw)| raw.bytes().len()).sum::<usize>() + ROOM_AROUND;
    let logged = Logged::V1(LoggedV1 { commit: chained, who, raw });
    let bytes = encode_into(Vec::with_capacity(room), "commit", &logged)?;
    let Logged::V1(LoggedV1 { who, raw, .. }) = logged;
    (commit.who, commit.raw) = (who, raw);
    bounded("commit", bytes.len(), COMMIT_BYTES_MAX)?;
    Ok(Sealed { bytes, hash })
}

/// Reads a commit, and its hash in the chain.
pub fn open(bytes: &[u8]) -> Result<(Commit, RawRef), WireError> {
    let Logged::V1(logged) = versioned("commit", bytes)?;
    let hash = chain_hash(&logged.commit);
    let mut commit: Commit = decode("commit", &logged.commit).map_err(|error| newer(&logged.commit).unwrap_or(error))?;
    if commit.schema > SCHEMA {
        return Err(WireError::Newer { what: "commit", version: format!("schema {}", commit.schema) });
    }
    (commit.who, commit.raw) = (logged.who, logged.raw);
    Ok((commit, hash))
}

/// That a commit which cannot be read was written by a newer binary, if it was.
fn newer(chained: &[u8]) -> Option<WireError> {
    #[derive(Deserialize)]
    struct Label {
        schema: u16,
    }
    let Label { schema } = decode("commit", chained).ok()?;
    (schema > SCHEMA).then(|| WireError::Newer { what: "commit", version: format!("schema {schema}") })
}

/// Writes an input that comes from outside.
pub fn pack(input: Input) -> Result<Vec<u8>, WireError> {
    written(input, BYTES_MAX)
}

/// Writes an input that follows from what was recorded or taken: it is never longer than that allows, and refusing it here
/// would lose it.
pub fn pack_mail(input: Input) -> Result<Vec<u8>, WireError> {
    written(input, MAIL_BYTES_MAX)
}

fn written(input: Input, max: usize) -> Result<Vec<u8>, WireError> {
    let bytes = encode("input", &Sent::V1(Box::new(input)))?;
    bounded("input", bytes.len(), max)?;
    Ok(bytes)
}

/// Reads an input.
pub fn unpack(bytes: &[u8]) -> Result<Input, WireError> {
    bounded("input", bytes.len(), MAIL_BYTES_MAX)?;
    let Sent::V1(input) = versioned("input", bytes)?;
    Ok(*input)
}

/// The hash of what an input says, without what differs between two deliveries of it.
pub fn content_of(body: &Body) -> ContentHash {
    ContentHash::of(&encode("content", body).unwrap_or_default())
}

/// Writes any value of ours, for snapshots and rows of views; named, so that a later binary may add a field.
pub fn encode<T: Serialize>(what: &'static str, value: &T) -> Result<Vec<u8>, WireError> {
    encode_into(Vec::with_capacity(ROOM), what, value)
}

fn encode_into<T: Serialize>(mut bytes: Vec<u8>, what: &'static str, value: &T) -> Result<Vec<u8>, WireError> {
    let mut serializer = rmp_serde::Serializer::new(&mut bytes).with_struct_map().with_bytes(BytesMode::Normal);
    value.serialize(&mut serializer).map_err(|source| WireError::Encode { what, source })?;
    Ok(bytes)
}

/// Reads what [`encode`] wrote.
pub fn decode<'a, T: Deserialize<'a>>(what: &'static str, bytes: &'a [u8]) -> Result<T, WireError> {
    rmp_serde::from_slice(bytes).map_err(|source| WireError::Decode { what, source })
}

/// Reads what carries its version; a version that is not known is named.
fn versioned<'a, T: Deserialize<'a>>(what: &'static str, bytes: &'a [u8]) -> Result<T, WireError> {
    #[derive(Deserialize)]
    struct Label {
        v: String,
    }
    decode(what, bytes).map_err(|error| match decode::<Label>(what, bytes) {
        Ok(label) if label.v != VERSION => WireError::Newer { what, version: label.v },
        Ok(_) | Err(_) => error,
    })
}

fn bounded(what: &'static str, len: usize, max: usize) -> Result<(), WireError> {
    if len > max { Err(WireError::TooLong { what, len, max }) } else { Ok(()) }
}

/// A byte string as the wire has it, not a list of numbers.
mod bytes_field {
    use serde::{Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        struct Bytes;
        impl de::Visitor<'_> for Bytes {
            type Value = Vec<u8>;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a byte string")
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
                Ok(bytes.to_vec())
            }
            fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
                Ok(bytes)
            }
        }
        deserializer.deserialize_byte_buf(Bytes)
    }
}

#[cfg(test)]
pub(crate) mod tests;

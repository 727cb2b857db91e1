//! Values that are text for people and bytes in a log: ids and hashes, which stand in every commit. What an older binary
//! wrote as text into a log is read for ever.

use std::fmt::{self, Display};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{self, Visitor};
use serde::{Deserializer, Serializer};

/// A value with a text for people and bytes for a log.
pub(crate) trait Compact: Display + FromStr<Err: Display> + Sized {
    /// What it is, for an error.
    const WHAT: &'static str;

    /// Its bytes.
    fn write(&self, room: &mut Vec<u8>);

    /// The value of such bytes.
    fn read(bytes: &[u8]) -> Option<Self>;
}

/// Text where a person may read it, bytes elsewhere.
pub(crate) fn serialize<T: Compact, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() {
        return serializer.collect_str(value);
    }
    let mut room = Vec::with_capacity(32);
    value.write(&mut room);
    serializer.serialize_bytes(&room)
}

/// What [`serialize`] wrote, or the text that older binaries wrote.
pub(crate) fn deserialize<'de, T: Compact, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    if deserializer.is_human_readable() {
        deserializer.deserialize_str(Either(PhantomData))
    } else {
        deserializer.deserialize_any(Either(PhantomData))
    }
}

struct Either<T>(PhantomData<T>);

impl<T: Compact> Visitor<'_> for Either<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::WHAT)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<T, E> {
        T::read(bytes).ok_or_else(|| E::invalid_value(de::Unexpected::Bytes(bytes), &self))
    }
}

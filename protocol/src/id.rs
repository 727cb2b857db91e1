//! Our own identities. An entity's id is born once, from the first name the mesh hears for it, and never changes; so two
//! messages that both announce an order reach the same log, whichever comes first. It carries its home region and log
//! generation, because nobody else writes that log and no configuration moves it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::compact;
use crate::malformed::Malformed;
use crate::name::Region;
use crate::native::Ref;

/// The kinds of entity that own a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A production order.
    Order,
    /// A lot: a site, a material, a lot number.
    Lot,
    /// A handling unit.
    Unit,
    /// A shipment.
    Shipment,
    /// A site: equipment, quarantine, what its own system has.
    Site,
    /// A record of master data.
    Record,
}

impl Kind {
    /// Every kind, in the order of the enum.
    pub const ALL: [Self; 6] = [Self::Order, Self::Lot, Self::Unit, Self::Shipment, Self::Site, Self::Record];

    /// The word in subjects, ids and paths.
    pub fn word(self) -> &'static str {
        match self {
            Self::Order => "order",
            Self::Lot => "lot",
            Self::Unit => "unit",
            Self::Shipment => "shipment",
            Self::Site => "site",
            Self::Record => "record",
        }
    }

    fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// An entity: `kind.region.generation.local`, such as `order.eu.1.3V8Q…` (26 characters of Crockford base 32).
/// In binary it is 19 bytes (kind, generation, number) and the region's name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityId {
    kind: Kind,
    region: Region,
    generation: u16,
    local: u128,
}

impl EntityId {
    /// The identity born from the first name of a thing, at home in `region`, in the log generation then open.
    pub fn born(kind: Kind, region: Region, generation: u16, first: &Ref) -> Self {
        let mut hash = Sha256::new();
        for part in [kind.word(), region.as_str(), first.system.as_str()].into_iter().chain(first.matched()) {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        hash.update(generation.to_be_bytes());
        hash.update([first.kind as u8]);
        Self { kind, region, generation, local: leading_u128(&hash.finalize()) }
    }

    /// An identity put together again from its parts, as a store keeps them.
    pub fn from_parts(kind: Kind, region: Region, generation: u16, local: u128) -> Self {
        Self { kind, region, generation, local }
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Where it is at home: the only region that writes its log.
    pub fn region(&self) -> Region {
        self.region
    }

    /// The log generation it was born in.
    pub fn generation(&self) -> u16 {
        self.generation
    }

    /// The local part, for keys of stores and hashes of shards.
    pub fn local(&self) -> u128 {
        self.local
    }

    /// Which of `shards` (at least 1) hosts it; fixed per generation.
    pub fn shard(&self, shards: u16) -> u16 {
        let folded = (self.local >> 64) as u64 % u64::from(shards.max(1));
        u16::try_from(folded).unwrap_or_default()
    }

    /// Takes the text form.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let wrong = || Malformed::new("entity id", text, "send it as Takt printed it: kind.region.generation.number");
        let mut parts = text.split('.');
        let mut part = || parts.next().ok_or_else(wrong);
        let kind = Kind::parse(part()?).ok_or_else(wrong)?;
        let region = Region::parse(part()?).map_err(|_| wrong())?;
        let number = part()?;
        let generation: u16 = number.parse().map_err(|_| wrong())?;
        let local = crockford::decode(part()?).ok_or_else(wrong)?;
        // One text an entity: what parses as the same number but is spelled otherwise is not what we printed.
        if parts.next().is_some() || generation.to_string() != number {
            return Err(wrong());
        }
        Ok(Self { kind, region, generation, local })
    }
}

impl fmt::Display for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0; 26];
        write!(f, "{}.{}.{}.{}", self.kind.word(), self.region, self.generation, crockford::encode(self.local, &mut text))
    }
}

impl fmt::Debug for EntityId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for EntityId {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::parse(text)
    }
}

impl compact::Compact for EntityId {
    const WHAT: &'static str = "an entity id";

    fn write(&self, room: &mut Vec<u8>) {
        room.push(self.kind as u8);
        room.extend_from_slice(&self.generation.to_be_bytes());
        room.extend_from_slice(&self.local.to_be_bytes());
        room.extend_from_slice(self.region.as_str().as_bytes());
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        let (generation, rest) = rest.split_first_chunk()?;
        let (local, region) = rest.split_first_chunk()?;
        Some(Self {
            kind: *Kind::ALL.get(usize::from(*kind))?,
            generation: u16::from_be_bytes(*generation),
            local: u128::from_be_bytes(*local),
            region: Region::parse(std::str::from_utf8(region).ok()?).ok()?,
        })
    }
}

impl Serialize for EntityId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        compact::serialize(self, serializer)
    }
}

impl<'de> Deserialize<'de> for EntityId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        compact::deserialize(deserializer)
    }
}

/// The first 16 bytes of a digest as a number.
pub(crate) fn leading_u128(digest: &[u8]) -> u128 {
    digest.iter().take(16).fold(0, |sum, byte| (sum << 8) | u128::from(*byte))
}

/// Crockford's base 32: no I, L, O, U, so that a person can read it over the telephone.
pub(crate) mod crockford {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    /// Writes `value` into `room`, most significant digit first; as many digits as there is room.
    pub(crate) fn encode<const N: usize>(value: u128, room: &mut [u8; N]) -> &str {
        let mut rest = value;
        for digit in room.iter_mut().rev() {
            *digit = ALPHABET.get((rest & 31) as usize).copied().unwrap_or(b'0');
            rest >>= 5;
        }
        std::str::from_utf8(room).unwrap_or_default()
    }

    /// Reads 26 digits; `None` when a character is not of the alphabet or the number does not fit.
    pub(crate) fn decode(text: &str) -> Option<u128> {
        let fits = text.len() == 26 && text.bytes().next().is_some_and(|b| (b'0'..=b'7').contains(&b));
        if !fits {
            return None;
        }
        text.bytes().try_fold(0_u128, |sum, byte| {
            let digit = ALPHABET.iter().position(|known| *known == byte)?;
            Some((sum << 5) | digit as u128)
        })
    }
}

#[cfg(test)]
mod tests;

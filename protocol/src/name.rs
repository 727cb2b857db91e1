//! Short names that operators choose: regions, sites, sources. Inline and `Copy`, because every commit carries several
//! and the hot path must not allocate for them. Never holds a native id: those are kept verbatim, see [`crate::native`].

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::malformed::Malformed;

/// A name of 1 to `N` bytes: lower-case ASCII letters, digits and `-`, starting with a letter.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name<const N: usize> {
    bytes: [u8; N],
}

/// A region of the mesh, such as `eu`. Always geography.
pub type Region = Name<16>;
/// A supervised site: an ERP instance, a plant, a warehouse, a laboratory. Such as `erp-eu` or `nord`.
pub type SiteId = Name<24>;
/// Who sends: the site of a link, or a client of the API. Stamped by the link from its credential, never by a mapping.
pub type Source = Name<24>;

/// The source of what the mesh tells itself.
pub const OURS: &str = "takt";

impl<const N: usize> Name<N> {
    /// Takes a name as an operator writes it; refuses everything that would need escaping in a subject or a path.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let starts = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        let clean = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let mut bytes = [0; N];
        match bytes.get_mut(..text.len()) {
            Some(room) if starts && clean => room.copy_from_slice(text.as_bytes()),
            Some(_) | None => {
                return Err(Malformed::new(
                    "name",
                    text,
                    "use lower-case letters, digits and `-`, starting with a letter (a site or source has at most 24, a region 16)",
                ));
            }
        }
        Ok(Self { bytes })
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        let len = self.bytes.iter().position(|b| *b == 0).unwrap_or(N);
        self.bytes.get(..len).and_then(|b| std::str::from_utf8(b).ok()).unwrap_or_default()
    }
}

impl<const N: usize> Default for Name<N> {
    /// No name: what nobody sent comes from.
    fn default() -> Self {
        Self { bytes: [0; N] }
    }
}

impl<const N: usize> fmt::Display for Name<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl<const N: usize> fmt::Debug for Name<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<const N: usize> FromStr for Name<N> {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::parse(text)
    }
}

impl<const N: usize> Serialize for Name<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de, const N: usize> Deserialize<'de> for Name<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text<const N: usize>;
        impl<const N: usize> de::Visitor<'_> for Text<N> {
            type Value = Name<N>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "a name of at most {N} lower-case letters, digits and `-`")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Name<N>, E> {
                Name::parse(text).map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Text)
    }
}

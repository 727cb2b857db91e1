//! An input as a mapping says it, and the key by which it is known again: the mapping's own, or one made of where it came
//! from, for what has a name of its own there.

use serde::Deserialize;
use takt_protocol::envelope::{Key, KeyText, Mark, RawRef};
use takt_protocol::input::{Address, Body};
use takt_protocol::instant::Instant;
use takt_protocol::name::SiteId;

/// An input as a mapping says it: without a source, which is not the mapping's to say.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Said {
    pub(super) to: Address,
    #[serde(default)]
    key: Option<SaidKey>,
    pub(super) occurred_at: Instant,
    #[serde(default)]
    pub(super) who: Option<SaidWho>,
    #[serde(default)]
    pub(super) correlation: Option<String>,
    pub(super) body: Body,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidKey {
    #[serde(default)]
    epoch: u32,
    mark: Mark,
}

/// A person in the other system. Never a role of ours: roles come with our own credentials.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SaidWho {
    pub(super) user: String,
}

/// What a message is called where it came from, so that it is known again however often it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Called(RawRef);

impl Called {
    /// A file: by its name and its content. The same content under another name is another file.
    pub fn file(name: &str, content: &RawRef) -> Self {
        Self(RawRef::of(format!("file\0{name}\0{content}").as_bytes()))
    }

    /// An item of a list that is read regularly: by its id and its version.
    pub fn item(topic: &str, id: &str, version: &str) -> Self {
        Self(RawRef::of(format!("item\0{topic}\0{id}\0{version}").as_bytes()))
    }

    /// As it stands in keys and message ids.
    pub(super) fn text(&self) -> String {
        self.0.to_string()
    }
}

impl Said {
    /// Whether it has a key: its own, or that of what it came with.
    pub(super) fn keyed(&self, called: Option<Called>) -> Result<(), String> {
        if self.key.is_some() || called.is_some() {
            return Ok(());
        }
        Err("key: it has none, and a message that is posted has no name of its own: give a `key`, the same on every repetition".to_owned())
    }

    /// Its key, as the output at this place of what a mapping gave.
    pub(super) fn key(&self, source: SiteId, called: Option<Called>, at: usize) -> Key {
        match (&self.key, called) {
            (Some(key), _) => Key { source, epoch: key.epoch, mark: key.mark.clone() },
            (None, Some(called)) => Key { source, epoch: 0, mark: Mark::Text(KeyText::ours(format_args!("{}/{at}", called.text()))) },
            // Refused before.
            (None, None) => Key { source, epoch: 0, mark: Mark::Text(KeyText::ours(at)) },
        }
    }
}

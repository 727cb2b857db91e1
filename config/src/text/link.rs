//! The `link` of a site: the transport, and which mapping file says what in the system's own words.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use serde::Deserialize;
use serde_saphyr::Spanned;
use takt_actors::link::format::{Csv, Format};

/// The transport of a link.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum TransportText {
    /// HTTP both ways.
    Http(HttpText),
}

/// A link over HTTP.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpText {
    /// Where the system listens, such as `https://erp.example.com`.
    pub base: String,
    /// The bearer token we show, if any.
    pub bearer: Option<String>,
    /// Where a CSRF token is fetched before writing, as SAP gateways ask for.
    pub csrf: Option<String>,
    /// The mapping file of each verb.
    #[serde(default)]
    pub send: BTreeMap<String, Spanned<String>>,
    /// The bearer token the system shows when it posts to us, and the mapping file of each of its topics.
    pub inbound: Option<InboundText>,
    /// What is asked for regularly, because the system does not tell it.
    #[serde(default)]
    pub polls: BTreeMap<String, PollText>,
    /// Code tables: our word, and theirs.
    #[serde(default)]
    pub tables: BTreeMap<String, BTreeMap<String, String>>,
}

/// What a system posts to us.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InboundText {
    /// The bearer token by which it is known: no message can say otherwise.
    pub token: String,
    /// How its messages are written; left out, as JSON.
    #[serde(default)]
    pub format: FormatText,
    /// The mapping file of each topic.
    pub topics: BTreeMap<String, Spanned<String>>,
}

/// How messages are written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum FormatText {
    /// JSON.
    #[default]
    Json,
    /// XML.
    Xml,
    /// Fields between delimiters.
    Csv(CsvText),
}

/// How rows of fields are written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CsvText {
    /// What stands between two fields; left out, a comma.
    #[serde(default = "comma")]
    pub delimiter: char,
    /// Whether the first line names the fields; left out, it does.
    #[serde(default = "yes")]
    pub header: bool,
    /// The charset, by its label such as `windows-1252`; left out, UTF-8.
    pub charset: Option<String>,
}

fn comma() -> char {
    ','
}

fn yes() -> bool {
    true
}

impl FormatText {
    /// The format. A delimiter that is no ASCII letter was refused before.
    pub fn format(&self) -> Format {
        match self {
            Self::Json => Format::Json,
            Self::Xml => Format::Xml,
            Self::Csv(text) => {
                let delimiter = u8::try_from(text.delimiter).unwrap_or(b',');
                Format::Csv(Csv { delimiter, header: text.header, charset: text.charset.clone() })
            }
        }
    }
}

/// Something that is read regularly; an answer that is the same as before changes nothing.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PollText {
    /// What to GET.
    pub path: String,
    /// How often, in ms.
    pub every_ms: NonZeroU64,
    /// The mapping file of the answer.
    pub mapping: Spanned<String>,
}

impl HttpText {
    /// Every mapping file it names, with the place of the name.
    pub fn mapping_files(&self) -> impl Iterator<Item = &Spanned<String>> {
        self.send.values().chain(self.told()).chain(self.polls.values().map(|poll| &poll.mapping))
    }

    /// The mapping files of what the system posts to us.
    pub(crate) fn told(&self) -> impl Iterator<Item = &Spanned<String>> {
        self.inbound.iter().flat_map(|inbound| inbound.topics.values())
    }

    /// Gives every text that may hold a variable to `fill`.
    pub(crate) fn each_text(&mut self, fill: &mut dyn FnMut(&mut String)) {
        let secrets = self.inbound.iter_mut().map(|inbound| &mut inbound.token);
        let paths = self.polls.values_mut().map(|poll| &mut poll.path);
        let words = self.tables.values_mut().flat_map(BTreeMap::values_mut);
        let own = [&mut self.base].into_iter().chain(&mut self.bearer).chain(&mut self.csrf);
        own.chain(secrets).chain(paths).chain(words).for_each(fill);
    }
}

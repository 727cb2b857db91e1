//! A `link` over folders of files: what the system lays down for us, and what we lay down for it.

use std::collections::BTreeMap;
use std::num::NonZeroU64;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::FormatText;

/// A link over folders.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilesText {
    /// What the system lays down for us.
    pub inbound: Option<DropText>,
    /// What we lay down for the system.
    pub outbound: Option<OutboxText>,
    /// Code tables: our word, and theirs.
    #[serde(default)]
    pub tables: BTreeMap<String, BTreeMap<String, String>>,
}

/// A folder that the system lays its files down in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DropText {
    /// The folder, by its absolute path.
    pub folder: Spanned<String>,
    /// Where files go that were taken; left out, `done` within the folder.
    pub done: Option<Spanned<String>>,
    /// Where files go that nobody understands; left out, `error` within the folder.
    pub errors: Option<Spanned<String>>,
    /// Where we lay down an acknowledgement (997 or CONTRL) of each interchange that was taken or refused; left out, none is written.
    pub acknowledge: Option<Spanned<String>>,
    /// How often it is looked at, in ms.
    pub every_ms: NonZeroU64,
    /// How long a file must have stood unchanged before it is taken, in ms; left out, 2000.
    #[serde(default = "two_seconds")]
    pub settle_ms: u64,
    /// What its files are about.
    pub topics: BTreeMap<String, Spanned<FileTopicText>>,
}

fn two_seconds() -> u64 {
    2_000
}

/// The files of a topic.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileTopicText {
    /// What their names look like; `*` stands for any letters. Of two that fit, the one with more letters counts.
    pub names: String,
    /// How they are written; left out, as JSON.
    #[serde(default)]
    pub format: FormatText,
    /// The mapping file of their content.
    pub mapping: Spanned<String>,
}

/// A folder that we lay files down in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutboxText {
    /// The folder, by its absolute path.
    pub folder: Spanned<String>,
    /// Where the system moves files that it took. One that deletes them cannot be asked what became of them.
    #[serde(default)]
    pub archive: Vec<Spanned<String>>,
    /// Where the system moves files that it refused.
    #[serde(default)]
    pub errors: Vec<Spanned<String>>,
    /// How the files are written; left out, as JSON.
    #[serde(default)]
    pub format: FormatText,
    /// The mapping file of each verb.
    pub send: BTreeMap<String, Spanned<String>>,
}

impl FilesText {
    /// Every mapping file it names, with the place of the name.
    pub fn mapping_files(&self) -> impl Iterator<Item = &Spanned<String>> {
        self.sent().map(|(_, file)| file).chain(self.told())
    }

    /// The mapping files of what the system lays down for us.
    pub(crate) fn told(&self) -> impl Iterator<Item = &Spanned<String>> {
        self.inbound.iter().flat_map(|inbound| inbound.topics.values()).map(|topic| &topic.value.mapping)
    }

    /// The verbs, and the mapping file of each.
    pub(crate) fn sent(&self) -> impl Iterator<Item = (&String, &Spanned<String>)> {
        self.outbound.iter().flat_map(|outbound| &outbound.send)
    }

    /// Every folder it names.
    pub(crate) fn folders(&self) -> impl Iterator<Item = &Spanned<String>> {
        let inbound = self.inbound.iter().flat_map(|inbound| [&inbound.folder].into_iter().chain(&inbound.done).chain(&inbound.errors));
        let outbound =
            self.outbound.iter().flat_map(|outbound| [&outbound.folder].into_iter().chain(&outbound.archive).chain(&outbound.errors));
        inbound.chain(outbound)
    }

    /// Gives every text that may hold a variable to `fill`.
    pub(crate) fn each_text(&mut self, fill: &mut dyn FnMut(&mut String)) {
        let inbound = self.inbound.iter_mut().flat_map(|inbound| {
            [&mut inbound.folder].into_iter().chain(&mut inbound.done).chain(&mut inbound.errors).chain(&mut inbound.acknowledge)
        });
        let outbound = self
            .outbound
            .iter_mut()
            .flat_map(|outbound| [&mut outbound.folder].into_iter().chain(&mut outbound.archive).chain(&mut outbound.errors));
        inbound.chain(outbound).for_each(|folder| fill(&mut folder.value));
        self.tables.values_mut().flat_map(BTreeMap::values_mut).for_each(fill);
    }
}

//! A `link` over SQL: the tables and procedures of a database, both ways.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::PollText;

/// A link over SQL.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SqlText {
    /// Where the database listens and as whom we come, such as `postgres://takt@mes.example/mes` or `mysql://…`.
    pub url: Spanned<String>,
    /// The password that we show, if any: whatever letters it has, because it is no part of the address.
    pub password: Option<String>,
    /// The mapping file of each verb.
    #[serde(default)]
    pub send: BTreeMap<String, Spanned<String>>,
    /// What is asked for regularly: a database tells nothing by itself.
    #[serde(default)]
    pub polls: BTreeMap<String, PollText>,
    /// Code tables: our word, and theirs.
    #[serde(default)]
    pub tables: BTreeMap<String, BTreeMap<String, String>>,
}

impl SqlText {
    /// Every mapping file it names, with the place of the name.
    pub fn mapping_files(&self) -> impl Iterator<Item = &Spanned<String>> {
        self.send.values().chain(self.polls.values().map(|poll| &poll.mapping))
    }

    /// Gives every text that may hold a variable to `fill`.
    pub(crate) fn each_text(&mut self, fill: &mut dyn FnMut(&mut String)) {
        let words = self.tables.values_mut().flat_map(BTreeMap::values_mut);
        let asked = self.polls.values_mut().filter_map(|poll| poll.path.as_mut());
        std::iter::once(&mut self.url.value).chain(&mut self.password).chain(asked).chain(words).for_each(fill);
    }
}

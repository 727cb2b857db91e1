//! Links over folders of files: what a system lays down for us ([`mod@drop`]), and what we lay down for it ([`outbox`]). A file is
//! whole when it has its name: who writes one writes it under another name first, and renames it. What is not done so is
//! taken only when it has stood unchanged for a while.
//!
//! A verb's mapping has `file`: the `body`, a `name` that the file's own begins with, to which our reference is added, and for a
//! posting the `document` that it is known by there.

use serde::Deserialize;
use serde_json::Value;
use takt_protocol::words::DocNo;

mod disk;
pub mod drop;
pub mod names;
mod numbers;
pub mod outbox;

/// A file as a mapping says it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    /// What its name begins with; left out, the verb.
    #[serde(default)]
    name: Option<String>,
    /// What stands in it.
    body: Value,
    /// What the system's document is known by, where one comes of it: a posting has one. Mostly our reference.
    #[serde(default)]
    document: Option<DocNo>,
}

/// Whether an output is a file; if not, where and why.
pub(super) fn fits(output: &Value) -> Result<(), String> {
    serde_path_to_error::deserialize::<_, Written>(output).map(|_| ()).map_err(|error| format!("{}: {}", error.path(), error.inner()))
}

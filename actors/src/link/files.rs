//! Links over folders of files: what a system lays down for us ([`mod@drop`]), and what we lay down for it ([`outbox`]). A file is
//! whole when it has its name: who writes one writes it under another name first, and renames it. What is not done so is
//! taken only when it has stood unchanged for a while.
//!
//! A verb's mapping has `file`: the `body`, and a `name` that the file's own begins with; our reference is added to it.

use serde::Deserialize;
use serde_json::Value;

mod disk;
pub mod drop;
pub mod names;
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
}

/// Whether an output is a file; if not, where and why.
pub(super) fn fits(output: &Value) -> Result<(), String> {
    serde_path_to_error::deserialize::<_, Written>(output).map(|_| ()).map_err(|error| format!("{}: {}", error.path(), error.inner()))
}

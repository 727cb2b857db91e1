//! Since when a configuration is in force: a note beside the stores, because a process that starts again with the same one has not
//! changed it. Nothing depends on it; when it cannot be read or written, nobody knows since when.

use std::path::Path;

use serde::{Deserialize, Serialize};
use takt_protocol::instant::Instant;

/// The file of the note.
const NOTE: &str = "configuration.json";

#[derive(Serialize, Deserialize)]
struct Note {
    hash: String,
    since: Instant,
}

/// Since when the configuration of this hash is in force: as noted, or from now on.
pub(super) fn since(data: &Path, hash: &str, now: Instant) -> Option<Instant> {
    let path = data.join(NOTE);
    let known = std::fs::read(&path).ok().and_then(|bytes| serde_json::from_slice::<Note>(&bytes).ok());
    if let Some(note) = known.filter(|note| note.hash == hash) {
        return Some(note.since);
    }
    let note = serde_json::to_vec(&Note { hash: hash.to_owned(), since: now }).ok()?;
    match std::fs::write(&path, note) {
        Ok(()) => Some(now),
        Err(error) => {
            tracing::warn!(%error, path = %path.display(), "it could not be noted since when the configuration is in force");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_with_the_same_configuration_changes_nothing_and_another_one_does() {
        let data = tempfile::tempdir().unwrap();
        let at = |ms| Instant::from_utc_ms(ms);
        assert_eq!(since(data.path(), "a", at(1)), Some(at(1)));
        assert_eq!(since(data.path(), "a", at(2)), Some(at(1)));
        assert_eq!(since(data.path(), "b", at(3)), Some(at(3)));
        assert_eq!(since(data.path(), "a", at(4)), Some(at(4)), "it came back, and was not in force meanwhile");
        assert_eq!(since(&data.path().join("nowhere"), "a", at(5)), None);
    }
}

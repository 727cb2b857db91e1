//! What happened, in its order, as one hash: two runs are the same when it is. Never looks at a clock of its own.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use takt_protocol::envelope::RawRef;

/// The trace of a run.
pub(super) struct Trace {
    so_far: Mutex<SoFar>,
}

struct SoFar {
    head: RawRef,
    out: Option<BufWriter<File>>,
}

impl Trace {
    /// An empty one; its lines also go to `out`, where somebody wants to read them.
    pub(super) fn new(out: Option<&Path>) -> anyhow::Result<Self> {
        let out = out.map(File::create).transpose()?.map(BufWriter::new);
        Ok(Self { so_far: Mutex::new(SoFar { head: RawRef::of(b"takt sim 1"), out }) })
    }

    fn so_far(&self) -> MutexGuard<'_, SoFar> {
        self.so_far.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One thing that happened, and the bytes that were said; of these the line has the hash.
    pub(super) fn add(&self, line: &str, bytes: &[u8]) {
        let mut so_far = self.so_far();
        let said = RawRef::of(bytes);
        so_far.head = RawRef::of(format!("{}\n{line}\n{said}", so_far.head).as_bytes());
        if let Some(out) = &mut so_far.out
            && let Err(error) = writeln!(out, "{line} {said} {}", readable(bytes))
        {
            tracing::warn!(%error, "a line of the trace cannot be written");
        }
    }

    /// Something that follows from what happened, for whoever reads: no part of the hash.
    pub(super) fn note(&self, what: impl FnOnce() -> String) {
        if let Some(out) = &mut self.so_far().out
            && let Err(error) = writeln!(out, "      {}", what())
        {
            tracing::warn!(%error, "a line of the trace cannot be written");
        }
    }

    /// The hash of everything.
    pub(super) fn close(&self) -> String {
        let mut so_far = self.so_far();
        if let Some(Err(error)) = so_far.out.take().map(|mut out| out.flush()) {
            tracing::warn!(%error, "the trace cannot be written");
        }
        so_far.head.to_string()
    }
}

/// What was said, where a person can read it.
fn readable(bytes: &[u8]) -> &str {
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    if text.contains(['\n', '\0']) { "" } else { text }
}

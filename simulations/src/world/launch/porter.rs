//! Carries files between a system's three folders and the system: what lies in `in/` is handed over and then moved to `archive/`,
//! what the system has to say is laid down in `out/`.
//!
//! Apart from the courier because nobody answers here. A file is handed over at least once, and moved away only after the books
//! have it; a file is laid down aside, written through to the disk and then renamed, at least once, and struck off after that.
//! Never looks into a file.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::exchange::{Method, Reply, Request};
use super::super::mes_csv::latin;
use super::super::outbox::Outgoing;
use super::keeper::{Desk, Settled};

const IDLE: Duration = Duration::from_millis(20);

/// The largest file that is taken, in bytes.
const BYTES_MAX: u64 = 8 * 1024 * 1024;

/// The folders of a system.
#[derive(Clone, Debug)]
pub(super) struct Folders {
    inside: PathBuf,
    out: PathBuf,
    archive: PathBuf,
}

impl Folders {
    /// The three folders in here, made where they are missing.
    pub(super) fn open(folder: &Path) -> io::Result<Self> {
        let folders = Self { inside: folder.join("in"), out: folder.join("out"), archive: folder.join("archive") };
        for one in [&folders.inside, &folders.out, &folders.archive] {
            fs::create_dir_all(one)?;
        }
        Ok(folders)
    }

    /// What lies there to be taken, by name: whatever ends in `.csv`, and nothing hidden.
    fn waiting(&self) -> io::Result<Vec<(String, PathBuf)>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.inside)? {
            let path = entry?.path();
            let csv = path.extension() == Some(OsStr::new("csv"));
            if let (true, Some(name)) = (csv && path.is_file(), path.file_name().and_then(OsStr::to_str))
                && !name.starts_with('.')
            {
                found.push((name.to_owned(), path.clone()));
            }
        }
        found.sort();
        Ok(found)
    }

    /// Lays a file down, whole or not at all.
    fn lay_down(&self, message: &Outgoing) -> io::Result<()> {
        let text: String = serde_json::from_str(&message.body)?;
        let aside = self.out.join(format!(".{}.part", message.topic));
        let mut file = File::create(&aside)?;
        file.write_all(&latin::to_bytes(&text))?;
        file.sync_all()?;
        fs::rename(&aside, self.out.join(&message.topic))
    }
}

/// Goes on until the system closes.
pub(super) async fn carry(desk: Desk, folders: Folders) {
    loop {
        match take_in(&desk, &folders).await {
            Ok(true) => {}
            Ok(false) => return,
            Err(error) => tracing::warn!(%error, folder = %folders.inside.display(), "a file stays where it is"),
        }
        let Some(pending) = desk.pending().await else { return };
        if pending.is_empty() {
            tokio::time::sleep(IDLE).await;
            continue;
        }
        let laid_down = |message: &Outgoing| match folders.lay_down(message) {
            Ok(()) => Settled::Delivered(message.id),
            Err(error) => {
                tracing::warn!(%error, file = message.topic, "a file cannot be laid down");
                Settled::Refused { id: message.id, status: None }
            }
        };
        if desk.settle(pending.iter().map(laid_down).collect()).is_none() {
            return;
        }
    }
}

/// Hands over what waits; false when the system is closed. What it does not take stays, and is handed over again.
async fn take_in(desk: &Desk, folders: &Folders) -> io::Result<bool> {
    for (name, path) in folders.waiting()? {
        if fs::metadata(&path)?.len() > BYTES_MAX {
            return Err(io::Error::other(format!("{name} is larger than {BYTES_MAX} bytes")));
        }
        let body = latin::of_bytes(&fs::read(&path)?);
        let request = Request { body, ..Request::new(Method::Post, &format!("/in/{name}")) };
        let Some(answer) = desk.take(request).await else { return Ok(false) };
        tokio::time::sleep(Duration::from_millis(answer.after_ms)).await;
        if matches!(&answer.reply, Reply::Sent(response) if response.is_success()) {
            fs::rename(&path, folders.archive.join(&name))?;
        }
    }
    Ok(true)
}

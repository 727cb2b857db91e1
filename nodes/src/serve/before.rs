//! What regions have in force, kept on their shelves: at its next start a folder is held against it, as one that is saved is held
//! against what a running node goes by. Written before anything is decided by it, beside what was in force until then, so that a crash
//! between the two forgets neither. Never part of a decision.

use std::collections::BTreeSet;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use takt_cluster::Error;
use takt_cluster::seam::Seams;
use takt_config::Finding;
use takt_config::against::{Standing, against};
use takt_config::folder::Folder;
use takt_protocol::book::Book;

/// On the shelf: which configurations these are.
const IN_FORCE: &str = "configuration/in-force";

/// The longest piece of one on the shelf, in bytes: far below what servers take.
const PIECE_BYTES: usize = 256 << 10;

/// One of them: its hash, and in how many pieces it stands beside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Kept {
    hash: String,
    pieces: usize,
}

impl Kept {
    fn names(&self) -> impl Iterator<Item = String> {
        (0..self.pieces).map(|piece| format!("configuration/{}/{piece}", self.hash))
    }
}

/// The shelves of the regions that run in this process.
#[derive(Clone)]
pub(super) struct Shelves(Vec<Seams>);

impl Shelves {
    pub(super) fn of(regions: impl IntoIterator<Item = Seams>) -> Self {
        Self(regions.into_iter().collect())
    }

    /// What a folder says otherwise under a name and a number that was in force in any of these regions.
    pub(super) async fn changed(&self, folder: &Folder) -> Result<Vec<Finding>, Error> {
        let mut findings = BTreeSet::new();
        for seams in &self.0 {
            for kept in listed(seams).await?.iter().filter(|kept| kept.hash != folder.hash()) {
                findings.extend(read(seams, kept).await?.iter().flat_map(|before| against(before, folder)));
            }
        }
        Ok(findings.into_iter().collect())
    }

    /// A book is about to be in force: from now on it is remembered, and so is what it follows.
    pub(super) async fn begins(&self, book: &Book) -> Result<(), Error> {
        let bytes = serde_json::to_vec(&Standing::of(book)).map_err(|error| unwritten(&error))?;
        let pieces: Vec<Bytes> = bytes.chunks(PIECE_BYTES).map(Bytes::copy_from_slice).collect();
        let new = Kept { hash: book.hash.clone(), pieces: pieces.len() };
        for seams in &self.0 {
            let mut all = listed(seams).await?;
            if !all.contains(&new) {
                seams.shelf.put(new.names().zip(pieces.iter().cloned()).collect()).await?;
                all.retain(|kept| kept.hash != new.hash);
                all.push(new.clone());
                list(seams, &all).await?;
            }
        }
        Ok(())
    }

    /// It is in force everywhere here: what it followed is forgotten. Until that is done, it is held against what comes next, too.
    pub(super) async fn counts(&self, book: &Book) {
        for seams in &self.0 {
            if let Err(error) = forgotten(seams, &book.hash).await {
                tracing::warn!(%error, "what was in force before could not be forgotten");
            }
        }
    }
}

/// Leaves only what is of this hash.
async fn forgotten(seams: &Seams, hash: &str) -> Result<(), Error> {
    let (stays, goes): (Vec<Kept>, Vec<Kept>) = listed(seams).await?.into_iter().partition(|kept| kept.hash == hash);
    if goes.is_empty() || stays.is_empty() {
        return Ok(());
    }
    list(seams, &stays).await?;
    for name in goes.iter().flat_map(Kept::names) {
        seams.shelf.remove(&name).await?;
    }
    Ok(())
}

/// Those that are, or may be, in force in a region, the newest last.
async fn listed(seams: &Seams) -> Result<Vec<Kept>, Error> {
    let found = seams.shelf.get(IN_FORCE).await?;
    Ok(found.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
}

async fn list(seams: &Seams, all: &[Kept]) -> Result<(), Error> {
    let bytes = Bytes::from(serde_json::to_vec(all).map_err(|error| unwritten(&error))?);
    seams.shelf.put(vec![(IN_FORCE.to_owned(), bytes.clone())]).await?;
    // The shelf may be behind; what is written durably after it is not.
    seams.blobs.keep(vec![bytes]).await.map(drop)
}

/// What was kept; nothing where it was lost, or is of a version that wrote it otherwise: then nobody can say what it was.
async fn read(seams: &Seams, kept: &Kept) -> Result<Option<Standing>, Error> {
    let mut bytes = Vec::new();
    for name in kept.names() {
        match seams.shelf.get(&name).await? {
            Some(piece) => bytes.extend_from_slice(&piece),
            None => break,
        }
    }
    let standing = serde_json::from_slice(&bytes);
    if let Err(error) = &standing {
        tracing::warn!(%error, hash = kept.hash, "what was in force before is not known any more, and nothing is held against it");
    }
    Ok(standing.ok())
}

fn unwritten(error: &serde_json::Error) -> Error {
    Error::Refused { place: IN_FORCE.to_owned(), what: error.to_string() }
}

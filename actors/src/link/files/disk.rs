//! What is done with files, each step by itself so that whoever uses them says what may stand between two. Knows no message.

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::names::left_as;
use takt_protocol::instant::Instant;
use tokio::fs;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// How much of the hash of its content tells a file from another one of its name.
pub(super) const MARK_LEN: usize = 8;

/// A file as it stands in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// Where.
    pub(super) path: PathBuf,
    /// Its name, where that is no text with a mark for each letter that is none; of one on its way out, the one it had.
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) modified_at: Instant,
    /// What the file system calls it, whatever its name: another file under this name has another one.
    pub(super) inode: u64,
}

impl Standing {
    /// Whether it is the same file with the same content, wherever it stands.
    pub(super) fn is(&self, other: &Self) -> bool {
        (self.inode, self.bytes, self.modified_at) == (other.inode, other.bytes, other.modified_at)
    }
}

/// The plain files of a folder, oldest first. What only points elsewhere is none: nobody is to be made to read what is not
/// theirs to give.
pub(super) async fn list(folder: &Path) -> io::Result<Vec<Standing>> {
    let mut entries = fs::read_dir(folder).await?;
    let mut found = Vec::new();
    while let Some(entry) = entries.next_entry().await? {
        let file = entry.file_name();
        let file = file.to_string_lossy();
        let name = left_as(&file).unwrap_or(&file).to_owned();
        if let Some(standing) = standing(&entry.path(), name).await? {
            found.push(standing);
        }
    }
    found.sort_by(|a, b| (a.modified_at, &a.name).cmp(&(b.modified_at, &b.name)));
    Ok(found)
}

/// A file as it stands now; nothing when it is gone, or no plain file.
pub(super) async fn standing(path: &Path, name: String) -> io::Result<Option<Standing>> {
    let meta = match fs::symlink_metadata(path).await {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        meta => meta?,
    };
    let modified = meta.modified().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    let modified_at = Instant::new(i64::try_from(modified.as_nanos()).unwrap_or(i64::MAX), 0);
    Ok(meta.is_file().then_some(Standing { path: path.to_owned(), name, bytes: meta.len(), modified_at, inode: inode(&meta) }))
}

#[cfg(unix)]
fn inode(meta: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(meta)
}

/// Where a file system has no such number, size and time have to do.
#[cfg(not(unix))]
fn inode(_: &std::fs::Metadata) -> u64 {
    0
}

/// The content of a file, no more than `most` bytes of it.
pub(super) async fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    fs::File::open(path).await?.take(most).read_to_end(&mut content).await?;
    Ok(content)
}

/// Lays a file down: under a hidden name first, durable, then under its own, and that durable, too. Nobody sees a half of it.
pub(super) async fn put(folder: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    let hidden = folder.join(format!(".{name}.tmp"));
    let mut file = fs::File::create(&hidden).await?;
    file.write_all(content).await?;
    file.sync_all().await?;
    drop(file);
    fs::rename(&hidden, folder.join(name)).await?;
    fs::File::open(folder).await?.sync_all().await
}

/// The name under which a file may stand in a folder, which is made if need be: its own, or where another file has that one,
/// with `mark` behind it.
pub(super) async fn free_name(folder: &Path, name: &str, mark: &str) -> io::Result<String> {
    fs::create_dir_all(folder).await?;
    Ok(if fs::try_exists(folder.join(name)).await? { format!("{name}.{mark}") } else { name.to_owned() })
}

/// Whether a folder holds a file of this name, or one that was called so and found the name taken.
pub(super) async fn keeps(folder: &Path, name: &str) -> io::Result<bool> {
    let mut entries = match fs::read_dir(folder).await {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        entries => entries?,
    };
    while let Some(entry) = entries.next_entry().await? {
        let file = entry.file_name();
        let file = file.to_string_lossy();
        let is_mark = |rest: &str| rest.len() == MARK_LEN && rest.bytes().all(|letter| letter.is_ascii_hexdigit());
        if file == name || file.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')).is_some_and(is_mark) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Moves a file. To another disk it is copied first, durable and under a name that nobody takes for it, so that it is whole wherever
/// it stands; a crash in between leaves it where it was.
pub(super) async fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match fs::rename(from, to).await {
        Err(error) if error.kind() == ErrorKind::CrossesDevices => {
            let (Some(folder), Some(name)) = (to.parent(), to.file_name()) else { return Err(error) };
            let aside = folder.join(format!(".{}.takt-moving", name.to_string_lossy()));
            fs::copy(from, &aside).await?;
            fs::File::open(&aside).await?.sync_all().await?;
            fs::rename(&aside, to).await?;
            fs::remove_file(from).await
        }
        moved => moved,
    }
}

/// The first file of a folder whose name holds this text, and that is finished.
pub(super) async fn named_with(folder: &Path, text: &str) -> io::Result<Option<PathBuf>> {
    let mut entries = fs::read_dir(folder).await?;
    while let Some(entry) = entries.next_entry().await? {
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.contains(text) && !super::names::is_unfinished(&name) {
            return Ok(Some(entry.path()));
        }
    }
    Ok(None)
}

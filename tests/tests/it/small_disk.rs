//! A disk with room for little, which a test fills to its end: a file system in memory.

use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What it needs.
pub(crate) const NEEDS: &str = "a small disk needs root and `mount`";

/// What is written at once while it is filled.
const PIECE: usize = 64 << 10;

/// A mounted one. Gone when dropped.
pub(crate) struct SmallDisk {
    dir: tempfile::TempDir,
}

impl SmallDisk {
    /// A new one; why not, where the machine cannot have one.
    pub(crate) fn make(size_mib: u64) -> Result<Self, String> {
        let disk = Self { dir: tempfile::tempdir().map_err(|error| error.to_string())? };
        std::fs::create_dir(disk.root()).map_err(|error| error.to_string())?;
        let size = format!("size={size_mib}m");
        run("mount", &["-t".as_ref(), "tmpfs".as_ref(), "-o".as_ref(), size.as_ref(), "takt-test".as_ref(), disk.root().as_ref()])?;
        Ok(disk)
    }

    /// Where to write.
    pub(crate) fn root(&self) -> PathBuf {
        self.dir.path().join("disk")
    }

    fn filler(&self) -> PathBuf {
        self.root().join("filler")
    }

    /// Writes until there is no room for one byte more.
    pub(crate) fn fill(&self) {
        let mut file = File::create(self.filler()).unwrap();
        for piece in [PIECE, 1] {
            let full = loop {
                if let Err(error) = file.write_all(&vec![b'#'; piece]) {
                    break error;
                }
            };
            assert_eq!(full.kind(), ErrorKind::StorageFull, "{full}");
        }
    }

    /// Whether there is no room.
    pub(crate) fn is_full(&self) -> bool {
        let probe = self.root().join("probe");
        let full = std::fs::write(&probe, vec![b'#'; PIECE]).is_err_and(|error| error.kind() == ErrorKind::StorageFull);
        drop(std::fs::remove_file(probe));
        full
    }

    /// Gives the room back.
    pub(crate) fn free(&self) {
        std::fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Fails where it was never mounted, which is no harm.
        drop(run("umount", &[self.root().as_ref()]));
    }
}

fn run(program: &str, arguments: &[&Path]) -> Result<(), String> {
    let done = Command::new(program).args(arguments).output().map_err(|error| format!("{program}: {error}"))?;
    if done.status.success() { Ok(()) } else { Err(format!("{program}: {}", String::from_utf8_lossy(&done.stderr).trim())) }
}

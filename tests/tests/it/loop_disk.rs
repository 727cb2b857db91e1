//! A disk whose power can be cut: a file system in an image file. What the file system has not yet given to its disk is
//! not in the image, so a copy of the image is the disk as a power cut at that moment would have left it.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The log of the file system is written when somebody asks for it, not every five seconds by itself.
const OPTIONS: &str = "loop,noatime,commit=300";

/// A mounted image. Gone when dropped.
pub(crate) struct LoopDisk {
    dir: tempfile::TempDir,
}

impl LoopDisk {
    /// A new disk; why not, where the machine cannot have one.
    pub(crate) fn make(size_mib: u64) -> Result<Self, String> {
        let disk = Self::place()?;
        let image = std::fs::File::create(disk.image()).map_err(|error| error.to_string())?;
        image.set_len(size_mib << 20).map_err(|error| error.to_string())?;
        run("mkfs.ext4", &["-q".as_ref(), disk.image().as_ref()])?;
        disk.mounted()
    }

    /// The disk as it would be found after a power cut now. Nobody may be writing; if the file system writes by itself
    /// while the image is copied, the copy is no moment of it and is taken again.
    pub(crate) fn cut(&self) -> Self {
        let copy = Self::place().unwrap();
        loop {
            let before = self.written();
            run("cp", &["--sparse=always".as_ref(), self.image().as_ref(), copy.image().as_ref()]).unwrap();
            if before == self.written() && before.1 == 0 {
                return copy.mounted().unwrap();
            }
        }
    }

    /// Where to write.
    pub(crate) fn root(&self) -> PathBuf {
        self.dir.path().join("disk")
    }

    fn place() -> Result<Self, String> {
        let dir = tempfile::tempdir().map_err(|error| error.to_string())?;
        std::fs::create_dir(dir.path().join("disk")).map_err(|error| error.to_string())?;
        Ok(Self { dir })
    }

    fn image(&self) -> PathBuf {
        self.dir.path().join("image")
    }

    fn mounted(self) -> Result<Self, String> {
        run("mount", &["-o".as_ref(), OPTIONS.as_ref(), self.image().as_ref(), self.root().as_ref()])?;
        Ok(self)
    }

    /// How often the disk was written to, and how many requests it has not finished.
    fn written(&self) -> (u64, u64) {
        let root = self.root();
        let mounts = std::fs::read_to_string("/proc/mounts").unwrap();
        let mount = mounts.lines().find(|line| line.split(' ').nth(1) == root.to_str()).expect("the disk is mounted");
        let device = mount.split(' ').next().and_then(|path| path.strip_prefix("/dev/")).unwrap();
        let stat = std::fs::read_to_string(Path::new("/sys/block").join(device).join("stat")).unwrap();
        let numbers: Vec<u64> = stat.split_whitespace().map(|number| number.parse().unwrap()).collect();
        (numbers[4], numbers[8])
    }
}

impl Drop for LoopDisk {
    fn drop(&mut self) {
        // Fails where it was never mounted, which is no harm.
        if let Err(why) = run("umount", &[self.root().as_ref()]) {
            eprintln!("{why}");
        }
    }
}

fn run(program: &str, arguments: &[&std::ffi::OsStr]) -> Result<(), String> {
    let done = Command::new(program).args(arguments).output().map_err(|error| format!("{program}: {error}"))?;
    if done.status.success() { Ok(()) } else { Err(format!("{program}: {}", String::from_utf8_lossy(&done.stderr).trim())) }
}

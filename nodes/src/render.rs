//! `takt render`: configuration for the programs beside Takt, written from Takt's own text. It holds secrets, so only its owner may
//! read a file, and nothing of them is shown. Starts nothing.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::{doctor, screens};

mod nats;

/// What to write.
#[derive(Clone, Debug, Subcommand)]
pub enum Render {
    /// Writes configuration for the nats-servers of every region that is on JetStream, one file a server: an account a region, users that
    /// may do no more than their work needs, every write on the disk before it is acknowledged.
    Nats(Nats),
}

/// Configuration for nats-servers.
#[derive(Clone, Debug, Args)]
pub struct Nats {
    /// Where the files are written; those that were written before are written again.
    dir: PathBuf,
    /// The folder that holds mesh.yaml, regions.yaml and roads.yaml. Passwords are taken from the environment, as these files say.
    #[arg(long, default_value = ".")]
    config: PathBuf,
    /// Where a server keeps its data on its own machine.
    #[arg(long, default_value = "/var/lib/nats")]
    store: String,
    /// Where a server finds, on its own machine, `<its name>.crt`, `<its name>.key` and `ca.crt`; needed where `root_certificates` makes
    /// TLS a must.
    #[arg(long, default_value = "/etc/nats/tls")]
    certificates: String,
}

/// A file to be written.
struct File {
    /// Below the folder.
    path: PathBuf,
    text: String,
    /// What it is, for a person.
    is: String,
}

/// What is to be written, or all that keeps it from being.
#[derive(Default)]
struct Plan {
    files: Vec<File>,
    warnings: Vec<String>,
    wrong: Vec<String>,
}

/// Writes, and says by its exit code how it went: 0 written, 1 nothing is.
pub fn render(what: &Render, as_json: bool) -> ExitCode {
    let Render::Nats(wanted) = what;
    let text = match doctor::read(&wanted.config, &std::env::vars().collect(), &["regions.yaml", "roads.yaml"]) {
        Ok(text) => text,
        Err(findings) => {
            screens::findings(&findings, as_json);
            return ExitCode::FAILURE;
        }
    };
    let mut plan = nats::plan(&text, wanted);
    if plan.wrong.is_empty() {
        plan.wrong.extend(plan.files.iter().find_map(|file| written(&wanted.dir, file).err()));
    }
    if !plan.wrong.is_empty() {
        plan.wrong.iter().for_each(|why| screens::wrong(why));
        return ExitCode::FAILURE;
    }
    if as_json {
        screens::print(&screens::pretty(&told(&wanted.dir, &plan)));
    } else {
        screens::print(&lines(&wanted.dir, &plan).join("\n"));
    }
    ExitCode::SUCCESS
}

fn told(dir: &Path, plan: &Plan) -> Value {
    let file = |file: &File| json!({ "file": dir.join(&file.path), "is": file.is });
    json!({ "files": plan.files.iter().map(file).collect::<Vec<_>>(), "warnings": plan.warnings })
}

fn lines(dir: &Path, plan: &Plan) -> Vec<String> {
    let files = plan.files.iter().map(|file| format!("  {}  {}", dir.join(&file.path).display(), file.is));
    let warnings = plan.warnings.iter().map(|warning| format!("  LOOK  {warning}"));
    let head = format!("written for {} servers; each file holds passwords, and only you can read it:", plan.files.len());
    let next = "bring each to its machine, start it there with `nats-server -c FILE`, and look with `takt doctor`".to_owned();
    std::iter::once(head).chain(files).chain(warnings).chain([next]).collect()
}

/// Whole, and never readable by others, not even while it is written.
fn written(dir: &Path, file: &File) -> Result<(), String> {
    let path = dir.join(&file.path);
    whole(&path, file.text.as_bytes()).map_err(|error| format!("cannot write {}: {error}", path.display()))
}

fn whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let aside = path.with_extension("new");
    if aside.exists() {
        fs::remove_file(&aside)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&aside, path)
}

#[cfg(test)]
mod tests;

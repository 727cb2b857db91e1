//! The nats-servers of a test: real ones, which end with it.

use std::path::{Path, PathBuf};

use takt_cluster::jetstream::servers::{Plan, Servers, find};

/// Their program; where this machine has none, it is fetched into the target folder.
pub(crate) fn program() -> PathBuf {
    let here = std::env::current_exe().unwrap();
    find(here.ancestors().find(|path| path.ends_with("target")).unwrap_or(here.parent().unwrap())).unwrap()
}

/// Three of them with one account, which sync before they acknowledge.
pub(crate) fn three(dir: &Path) -> Servers {
    Servers::start(&program(), dir, Plan { servers: 3, accounts: 1, sync_always: true }).unwrap()
}

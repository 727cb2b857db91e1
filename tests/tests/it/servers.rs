//! The nats-servers of a test: real ones, which end with it; and how a stream stands by their word.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use takt_cluster::jetstream::servers::{Plan, Servers, Stand, find};

use crate::several::until;

/// Their program; where this machine has none, it is fetched into the target folder.
pub(crate) fn program() -> PathBuf {
    let here = std::env::current_exe().unwrap();
    find(here.ancestors().find(|path| path.ends_with("target")).unwrap_or(here.parent().unwrap())).unwrap()
}

/// Three of them with one account, which sync before they acknowledge.
pub(crate) fn three(dir: &Path) -> Servers {
    three_at(dir, &[])
}

/// The same, where the first of them stand so.
pub(crate) fn three_at(dir: &Path, stands: &[Stand]) -> Servers {
    Servers::start_at(&program(), dir, Plan { servers: 3, accounts: 1, sync_always: true }, stands).unwrap()
}

/// Who leads a stream by the word of a server, and whether every copy has all of it.
pub(crate) async fn stream(servers: &Servers, at: usize, name: &str) -> Option<(String, bool)> {
    let monitor = servers.monitors().get(at)?.clone();
    let url = format!("http://{monitor}/jsz?accounts=true&streams=true&config=true");
    let told = reqwest::Client::new().get(url).timeout(Duration::from_secs(2)).send();
    let told: Value = told.await.ok()?.json().await.ok()?;
    let accounts = told["account_details"].as_array()?;
    let mut streams = accounts.iter().flat_map(|account| account["stream_detail"].as_array().cloned().unwrap_or_default());
    let found = streams.find(|stream| stream["name"] == name)?;
    let copies = found["cluster"]["replicas"].as_array()?;
    let whole = copies.len() == 2 && copies.iter().all(|copy| copy["current"] == true && copy["offline"] != true);
    Some((found["cluster"]["leader"].as_str()?.to_owned(), whole))
}

/// The server that leads a stream, by its own word.
pub(crate) async fn leader(servers: &Servers, name: &str) -> Option<usize> {
    for at in 0..servers.count() {
        if let Some((leader, _)) = stream(servers, at, name).await
            && servers.named(&leader) == Some(at)
        {
            return Some(at);
        }
    }
    None
}

/// Waits until every copy of a stream has all of it.
pub(crate) async fn whole(servers: &Servers, name: &str) {
    until("every copy of the log is current", async || {
        let Some(leader) = leader(servers, name).await else { return false };
        stream(servers, leader, name).await.is_some_and(|(_, whole)| whole)
    })
    .await;
}

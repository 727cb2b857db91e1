//! A line to a database that breaks at the worst moment: the server was told to commit and has done so, and the client does not hear it.
//! It knows nothing of the protocol but the word; both databases are told it as text.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const COMMIT: &[u8] = b"COMMIT";

/// A line that breaks behind every so-manieth commit.
pub(crate) struct Cutter {
    port: u16,
    commits: Arc<AtomicUsize>,
    cuts: Arc<AtomicUsize>,
    running: tokio::task::JoinHandle<()>,
}

impl Cutter {
    /// Before the server at this port.
    pub(crate) async fn before(port: u16, every: usize) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let own = listener.local_addr().unwrap().port();
        let (commits, cuts) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let shared = (Arc::clone(&commits), Arc::clone(&cuts));
        let running = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (commits, cuts) = (Arc::clone(&shared.0), Arc::clone(&shared.1));
                tokio::spawn(async move { Box::pin(carry(client, port, every, &commits, &cuts)).await });
            }
        });
        Self { port: own, commits, cuts, running }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// How often it broke.
    pub(crate) fn cuts(&self) -> usize {
        self.cuts.load(Ordering::Relaxed)
    }

    /// How many commits it carried, those included behind which it broke.
    pub(crate) fn commits(&self) -> usize {
        self.commits.load(Ordering::Relaxed)
    }
}

impl Drop for Cutter {
    fn drop(&mut self) {
        self.running.abort();
    }
}

/// Carries both directions until one side is gone, or the line breaks.
async fn carry(mut client: TcpStream, port: u16, every: usize, commits: &AtomicUsize, cuts: &AtomicUsize) {
    let Ok(mut server) = TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).await else { return };
    let (mut asked, mut answered) = ([0_u8; 16_384], [0_u8; 16_384]);
    loop {
        tokio::select! {
            read = client.read(&mut asked) => {
                let Some(bytes) = read.ok().filter(|read| *read > 0).and_then(|read| asked.get(..read)) else { return };
                if server.write_all(bytes).await.is_err() {
                    return;
                }
                let commits_now = bytes.windows(COMMIT.len()).any(|word| word == COMMIT);
                if commits_now && commits.fetch_add(1, Ordering::Relaxed) % every == every - 1 {
                    // The server says that it has done it, and nobody hears.
                    if let Ok(Ok(heard)) = tokio::time::timeout(Duration::from_secs(20), server.read(&mut answered)).await
                        && heard > 0
                    {
                        cuts.fetch_add(1, Ordering::Relaxed);
                    }
                    return;
                }
            }
            read = server.read(&mut answered) => {
                let Some(bytes) = read.ok().filter(|read| *read > 0).and_then(|read| answered.get(..read)) else { return };
                if client.write_all(bytes).await.is_err() {
                    return;
                }
            }
        }
    }
}

//! A wire between two places that a test cuts and mends, or makes slow.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use takt_cluster::clock::SystemClock;
use takt_cluster::seam::Clock as _;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

/// Bytes that are taken at once, and how many such pieces are on their way.
const PIECE: usize = 64 << 10;
const ON_THEIR_WAY: usize = 256;

/// A wire that can be cut: whatever goes over it then is lost, and nobody gets through.
pub(crate) struct Wire {
    /// Its near end.
    pub(crate) address: SocketAddr,
    /// Whether it is cut.
    pub(crate) is_cut: watch::Sender<bool>,
    /// How long each byte takes, in each direction.
    pub(crate) lag: watch::Sender<Duration>,
}

impl Wire {
    /// A wire to a server.
    pub(crate) async fn to(server: String) -> Self {
        Self::between(Ipv4Addr::LOCALHOST, server).await
    }

    /// The same with its near end at another address of ours.
    pub(crate) async fn between(here: Ipv4Addr, server: String) -> Self {
        let listener = TcpListener::bind((here, 0)).await.unwrap();
        let (address, is_cut, lag) = (listener.local_addr().unwrap(), watch::Sender::new(false), watch::Sender::new(Duration::ZERO));
        let (cut, slow, clock) = (is_cut.clone(), lag.clone(), Arc::new(SystemClock::start()));
        tokio::spawn(async move {
            loop {
                let (near, _) = listener.accept().await.unwrap();
                let (server, mut cut, slow, clock) = (server.clone(), cut.subscribe(), slow.subscribe(), Arc::clone(&clock));
                tokio::spawn(async move {
                    let carried = async {
                        let far = TcpStream::connect(server.trim_start_matches("nats://")).await.unwrap();
                        let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
                        let there = carry(from_near, to_far, &slow, &clock);
                        tokio::join!(there, carry(from_far, to_near, &slow, &clock));
                    };
                    tokio::select! {
                        biased;
                        _ = cut.wait_for(|cut| *cut) => {}
                        () = carried => {}
                    }
                });
            }
        });
        Self { address, is_cut, lag }
    }
}

/// One direction, until either end closes. How that came about is the test's business.
async fn carry(mut from: impl AsyncRead + Unpin, mut to: impl AsyncWrite + Unpin, lag: &watch::Receiver<Duration>, clock: &SystemClock) {
    let (sender, mut on_its_way) = mpsc::channel::<(Duration, Vec<u8>)>(ON_THEIR_WAY);
    let read = async move {
        let mut piece = vec![0; PIECE];
        while let Ok(count) = from.read(&mut piece).await
            && count > 0
        {
            let at = clock.elapsed() + *lag.borrow();
            if sender.send((at, piece[..count].to_vec())).await.is_err() {
                break;
            }
        }
    };
    let write = async {
        while let Some((at, bytes)) = on_its_way.recv().await {
            let early = at.saturating_sub(clock.elapsed());
            if !early.is_zero() {
                tokio::time::sleep(early).await;
            }
            if to.write_all(&bytes).await.is_err() {
                break;
            }
        }
        drop(to.shutdown().await);
        // Nobody takes what is still read.
        on_its_way.close();
    };
    tokio::join!(read, write);
}

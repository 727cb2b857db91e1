//! The doors of a node, open: the HTTP port and the gRPC port over one reception. Apart from what is said at each because
//! starting and stopping is one concern. Stops by taking nobody new, and answering what is in flight.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::ask::Reception;
use crate::http;

/// How long what is in flight may take when the doors close, in ms.
const GRACE_MS: u64 = 15_000;

/// Doors that are open.
pub struct Doors {
    /// Where HTTP is spoken.
    pub http: SocketAddr,
    stopping: watch::Sender<bool>,
    gone: mpsc::Receiver<Infallible>,
    serving: Vec<JoinHandle<()>>,
}

/// Opens the doors. A port of 0 is any that is free; the addresses bound are in what is returned.
pub async fn serve(mut reception: Reception, http: SocketAddr) -> std::io::Result<Doors> {
    let listener = TcpListener::bind(http).await?;
    let address = listener.local_addr()?;
    let (stopping, stopped) = watch::channel(false);
    let gone = reception.last_out();
    let router = http::router(Arc::new(reception));
    let speaking = tokio::spawn(async move {
        if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(told_to_stop(stopped)).await {
            tracing::error!(%error, "the HTTP door fell shut");
        }
    });
    Ok(Doors { http: address, stopping, gone, serving: vec![speaking] })
}

impl Doors {
    /// Takes nobody new, answers what is in flight, and closes; what takes too long is cut off. Nobody holds the mesh through
    /// these doors when this returns.
    pub async fn stop(mut self) {
        self.stopping.send_replace(true);
        let cut: Vec<_> = self.serving.iter().map(JoinHandle::abort_handle).collect();
        let quiet = async {
            for serving in self.serving {
                drop(serving.await);
            }
            self.gone.recv().await
        };
        if tokio::time::timeout(Duration::from_millis(GRACE_MS), quiet).await.is_err() {
            tracing::warn!(GRACE_MS, "requests in flight did not end in time and are cut off");
            cut.iter().for_each(tokio::task::AbortHandle::abort);
        }
    }
}

async fn told_to_stop(mut stopped: watch::Receiver<bool>) {
    // An error means that nobody can tell us any more: that is a stop, too.
    drop(stopped.wait_for(|stop| *stop).await);
}

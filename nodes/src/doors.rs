//! The doors of a node, open: the HTTP port and the gRPC port over one reception. Apart from what is said at each because
//! starting and stopping is one concern. Stops by taking nobody new, and answering what is in flight.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::ask::Reception;
use crate::{http, rpc};

/// How long what is in flight may take when the doors close, in ms.
const GRACE_MS: u64 = 15_000;

/// How long an HTTP/2 connection may be silent before it is asked whether it is still there, and may take to say so, in ms.
const KEEPALIVE_MS: u64 = 30_000;

/// How long the head of a request may take, in ms.
const HEAD_MS: u64 = 10_000;

/// Connections at once to a door; the rest waits in the system's own line.
const CONNECTIONS_MAX: usize = 4_096;

/// Requests at once on an HTTP/2 connection.
const STREAMS_MAX: u32 = 256;

/// What a client may write ahead on one stream, and on a connection, in bytes. The library ends a connection that keeps many small frames
/// waiting; how many it bears follows from the second, so a stream of small messages fills the first before that.
const STREAM_WINDOW: u32 = 256 << 10;
const CONNECTION_WINDOW: u32 = 8 << 20;

/// How long to wait after a connection could not be taken in, in ms.
const ACCEPT_AGAIN_MS: u64 = 100;

/// Doors that are open.
pub struct Doors {
    /// Where HTTP is spoken.
    pub http: SocketAddr,
    /// Where gRPC is spoken; the same address when one was given for both.
    pub grpc: SocketAddr,
    stopping: watch::Sender<bool>,
    gone: mpsc::Receiver<Infallible>,
    serving: Vec<JoinHandle<()>>,
}

/// Opens the doors. A port of 0 is any that is free, one address given for both is one port for both; the addresses bound
/// are in what is returned.
pub async fn serve(mut reception: Reception, http: SocketAddr, grpc: SocketAddr) -> std::io::Result<Doors> {
    let gone = reception.last_out();
    let reception = Arc::new(reception);
    reception.answer_abroad();
    let stopping = reception.closing();
    let stopped = stopping.subscribe();
    let http_listener = TcpListener::bind(http).await?;
    let http_bound = http_listener.local_addr()?;
    let paths = http::router(Arc::clone(&reception));
    let calls = rpc::routes(reception).await?;
    if http == grpc {
        let serving = vec![tokio::spawn(speak(http_listener, paths.merge(calls), stopped))];
        return Ok(Doors { http: http_bound, grpc: http_bound, stopping, gone, serving });
    }
    let grpc_listener = TcpListener::bind(grpc).await?;
    let grpc_bound = grpc_listener.local_addr()?;
    let serving = vec![tokio::spawn(speak(http_listener, paths, stopped.clone())), tokio::spawn(speak(grpc_listener, calls, stopped))];
    Ok(Doors { http: http_bound, grpc: grpc_bound, stopping, gone, serving })
}

impl Doors {
    /// Takes nobody new, answers what is in flight, and closes; what takes too long is cut off. Nobody holds the mesh through
    /// these doors when this returns.
    pub async fn stop(mut self) {
        self.stopping.send_replace(true);
        let cut: Vec<_> = self.serving.iter().map(JoinHandle::abort_handle).collect();
        let serving = self.serving;
        let quiet = async {
            for serving in serving {
                drop(serving.await);
            }
            self.gone.recv().await
        };
        if tokio::time::timeout(Duration::from_millis(GRACE_MS), quiet).await.is_err() {
            tracing::warn!(GRACE_MS, "requests in flight did not end in time and are cut off");
            cut.iter().for_each(tokio::task::AbortHandle::abort);
            // What is cut off lets go a moment later.
            drop(tokio::time::timeout(Duration::from_millis(GRACE_MS), self.gone.recv()).await);
        }
    }
}

/// Takes in whoever comes, in the protocol they speak, while there is room.
async fn speak(listener: TcpListener, paths: Router, stopped: watch::Receiver<bool>) {
    let (room, graceful, mut connections) = (Arc::new(Semaphore::new(CONNECTIONS_MAX)), GracefulShutdown::new(), JoinSet::new());
    let mut stop = Box::pin(told_to_stop(stopped.clone()));
    loop {
        let Ok(place) = Arc::clone(&room).acquire_owned().await else { break };
        let accepted = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file descriptors, mostly: others will close theirs.
                tracing::warn!(%error, "failed to take a connection in");
                tokio::time::sleep(Duration::from_millis(ACCEPT_AGAIN_MS)).await;
                continue;
            }
        };
        connections.spawn(serve_one(stream, paths.clone(), stopped.clone(), graceful.watcher(), place));
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    graceful.shutdown().await;
}

/// One connection, from its first byte to its end. Who connects and says nothing is not waited for.
async fn serve_one(stream: TcpStream, paths: Router, stopped: watch::Receiver<bool>, watcher: Watcher, _place: OwnedSemaphorePermit) {
    drop(stream.set_nodelay(true));
    let first = tokio::select! {
        biased;
        () = told_to_stop(stopped) => return,
        first = tokio::time::timeout(Duration::from_millis(HEAD_MS), stream.readable()) => first,
    };
    if matches!(first, Ok(Ok(()))) {
        let protocols = protocols();
        let connection = protocols.serve_connection(TokioIo::new(stream), TowerToHyperService::new(paths)).into_owned();
        if let Err(error) = watcher.watch(connection).await {
            tracing::debug!(%error, "a connection broke");
        }
    }
}

/// HTTP/1 and HTTP/2, each with its limits: who begins a request and does not go on is not waited for.
fn protocols() -> Builder<TokioExecutor> {
    let mut protocols = Builder::new(TokioExecutor::new());
    protocols.http1().timer(TokioTimer::new()).header_read_timeout(Duration::from_millis(HEAD_MS));
    let keepalive = Duration::from_millis(KEEPALIVE_MS);
    protocols
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(keepalive)
        .keep_alive_timeout(keepalive)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_concurrent_streams(STREAMS_MAX);
    protocols
}

async fn told_to_stop(mut stopped: watch::Receiver<bool>) {
    // An error means that nobody can tell us any more: that is a stop, too.
    drop(stopped.wait_for(|stop| *stop).await);
}

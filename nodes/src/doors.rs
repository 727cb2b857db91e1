//! The doors of a node, open: the HTTP port and the gRPC port over one reception. Apart from what is said at each because
//! starting and stopping is one concern. Stops by taking nobody new, and answering what is in flight.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tonic::service::Routes;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;

use crate::ask::Reception;
use crate::{http, rpc};

/// How long what is in flight may take when the doors close, in ms.
const GRACE_MS: u64 = 15_000;

/// How long a gRPC connection may be silent before it is asked whether it is still there, in ms.
const KEEPALIVE_MS: u64 = 30_000;

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
    let stopping = reception.closing();
    let stopped = stopping.subscribe();
    let http_listener = TcpListener::bind(http).await?;
    let http_bound = http_listener.local_addr()?;
    let paths = http::router(Arc::clone(&reception));
    let calls = rpc::routes(reception).await?;
    if http == grpc && http.port() != 0 {
        let both = paths.merge(calls.into_axum_router().reset_fallback());
        let serving = vec![tokio::spawn(speak_http(http_listener, both, stopped))];
        return Ok(Doors { http: http_bound, grpc: http_bound, stopping, gone, serving });
    }
    let grpc_listener = TcpListener::bind(grpc).await?;
    let grpc_bound = grpc_listener.local_addr()?;
    let serving = vec![
        tokio::spawn(speak_http(http_listener, paths, stopped.clone())),
        tokio::spawn(speak_grpc(TcpIncoming::from(grpc_listener).with_nodelay(Some(true)), calls, stopped)),
    ];
    Ok(Doors { http: http_bound, grpc: grpc_bound, stopping, gone, serving })
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

async fn speak_http(listener: TcpListener, paths: axum::Router, stopped: watch::Receiver<bool>) {
    if let Err(error) = axum::serve(listener, paths).with_graceful_shutdown(told_to_stop(stopped)).await {
        tracing::error!(%error, "the HTTP door fell shut");
    }
}

async fn speak_grpc(incoming: TcpIncoming, calls: Routes, stopped: watch::Receiver<bool>) {
    let server = Server::builder().http2_keepalive_interval(Some(Duration::from_millis(KEEPALIVE_MS))).add_routes(calls);
    if let Err(error) = server.serve_with_incoming_shutdown(incoming, told_to_stop(stopped)).await {
        tracing::error!(%error, "the gRPC door fell shut");
    }
}

async fn told_to_stop(mut stopped: watch::Receiver<bool>) {
    // An error means that nobody can tell us any more: that is a stop, too.
    drop(stopped.wait_for(|stop| *stop).await);
}

//! HTTP connections, from the moment they are accepted until they end or become WebSockets. HTTP/1 and HTTP/2 share a port.
//!
//! A connection *waits* while it has no request in progress. A connection that waits too long is closed, and so is one whose
//! request does not arrive in time. The number of connections is limited, in total and per address, before anything is
//! read. At a limit, a new connection takes the place of one that waits. If none waits, the new one is closed.
//!
//! hyper has one time limit for both the head of a request and the wait before it. Here the two differ, and the wait also
//! covers the first bytes of a connection and HTTP/2.

mod list;
mod stream;
#[cfg(test)]
mod tests;

use std::{
    convert::Infallible,
    future::poll_fn,
    net::SocketAddr,
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::{Body, Bytes, HttpBody},
    extract::ConnectInfo,
    http::Version,
    serve::Listener,
};
use hyper::{
    Request, Response,
    body::{Frame, Incoming, SizeHint},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto::Builder,
};
use service::settings::Limits;
use tokio::{
    net::TcpStream,
    time::{Instant, sleep_until},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::Service as _;
use tower_http::timeout::TimeoutBody;

pub use self::list::Connections;
use self::{
    list::{OpenConnection, RequestInProgress},
    stream::ObservedStream,
};

/// How many requests one HTTP/2 connection may have in progress.
const MAX_STREAMS: u32 = 100;

/// The size limit of a buffer of HTTP/1. It bounds the head of a request, and so the address of a GET.
const HTTP1_BUFFER_BYTES: usize = 128 * 1024;

/// The size limit of the head of a request over HTTP/2.
const MAX_HEADER_BYTES: u32 = 64 * 1024;

/// How much of an answer HTTP/2 buffers for each request.
const STREAM_BUFFER_BYTES: usize = 64 * 1024;

/// How often the peer of an HTTP/2 connection must give a sign of life, and how long it may take to do so.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(20);

/// How long an HTTP/2 connection stays open after the server has announced its end.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, Copy)]
pub struct ConnectionLimits {
    /// How many connections may be open, including WebSockets.
    pub connections: usize,
    /// How many connections one address may have, not including WebSockets. `None` behind a proxy: there every connection
    /// is the proxy's.
    pub connections_per_address: Option<usize>,
    /// How long the head of a request may take, from its first byte. A new connection has as long to send its first request.
    pub head: Duration,
    /// The longest pause in the body of a request.
    pub body: Duration,
    /// How long a connection may wait for its next request.
    pub keep_alive: Duration,
}

impl From<Limits> for ConnectionLimits {
    fn from(limits: Limits) -> Self {
        Self {
            connections: limits.connections,
            connections_per_address: (limits.trusted_proxies == 0).then_some(limits.connections_per_address),
            head: Duration::from_secs(10),
            body: Duration::from_secs(20),
            keep_alive: limits.keep_alive,
        }
    }
}

/// Serves the connections of a listener. After `stop`, no connection is accepted, connections without a request are closed,
/// and this returns when the others have ended.
pub async fn serve<L>(mut listener: L, router: Router, connections: Connections, stop: CancellationToken)
where
    L: Listener<Io = TcpStream, Addr = SocketAddr>,
{
    let tasks = TaskTracker::new();
    loop {
        let (stream, peer) = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.cancelled() => break,
        };
        let Some(connection) = connections.open(peer.ip()) else { continue };
        // Messages are small, and each is written at once. Without this option, a message would wait until the one before is
        // acknowledged.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY cannot be set on a connection");
        }
        tasks.spawn(serve_connection(stream, peer, router.clone(), connection, stop.clone()));
    }
    drop(listener);
    tasks.close();
    tasks.wait().await;
}

fn builder(limits: &ConnectionLimits) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    builder.http1().max_buf_size(HTTP1_BUFFER_BYTES);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_send_buf_size(STREAM_BUFFER_BYTES)
        .max_header_list_size(MAX_HEADER_BYTES)
        .keep_alive_interval(KEEP_ALIVE_INTERVAL.min(limits.keep_alive))
        .keep_alive_timeout(KEEP_ALIVE_INTERVAL);
    builder
}

async fn serve_connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    connection: OpenConnection,
    stop: CancellationToken,
) {
    // This is dropped last, so the connection ends after everything else that uses it.
    let connection = connection;
    let limits = *connection.limits();
    let served = connection.share();
    let service = service_fn(move |request: Request<Incoming>| {
        let in_progress = served.begin(request.version() == Version::HTTP_2);
        let mut request = request.map(|body| Body::new(TimeoutBody::new(limits.body, body)));
        request.extensions_mut().insert(ConnectInfo(peer));
        let answer = router.clone().call(request);
        async move {
            let answer: Response<Body> = answer.await?;
            Ok::<_, Infallible>(answer.map(|body| AnswerBody { body, _in_progress: in_progress }))
        }
    });
    let builder = builder(&limits);
    let stream = TokioIo::new(ObservedStream::new(stream, connection.share()));
    let mut serving = pin!(builder.serve_connection_with_upgrades(stream, service));
    let mut stopped = pin!(stop.cancelled());
    let mut timer = pin!(sleep_until(Instant::now() + limits.head));
    let mut is_stopping = false;
    let mut has_said_goodbye = false;
    let ended = poll_fn(|context| {
        connection.wake_with(context.waker());
        loop {
            if let Poll::Ready(result) = serving.as_mut().poll(context) {
                return Poll::Ready(result);
            }
            if connection.is_displaced() {
                return Poll::Ready(Ok(()));
            }
            if !is_stopping && stopped.as_mut().poll(context).is_ready() {
                is_stopping = true;
                serving.as_mut().graceful_shutdown();
                continue;
            }
            let Some(deadline) = connection.deadline() else { return Poll::Pending };
            if timer.deadline() != deadline {
                timer.as_mut().reset(deadline);
            }
            if timer.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            if has_said_goodbye || !connection.is_http2() {
                return Poll::Ready(Ok(()));
            }
            // With HTTP/2, the server announces the end first, so that the client learns which of its requests are still
            // served.
            has_said_goodbye = true;
            connection.say_goodbye();
            serving.as_mut().graceful_shutdown();
        }
    });
    if let Err(error) = ended.await {
        tracing::trace!(error, "a connection ended with an error");
    }
}

/// The body of an answer. The request is in progress until this body is dropped.
struct AnswerBody {
    body: Body,
    _in_progress: RequestInProgress,
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

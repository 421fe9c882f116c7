//! Graceful shutdown: a server stops without dropping a request that it has accepted.
//!
//! 1. Announce: the server goes on serving, but `/health/ready` is 503 and every response closes its connection. Proxies
//!    send new requests elsewhere, and clients lose a kept-alive connection after a response, not in place of one.
//! 2. Close: the listener is closed. Connections in the kernel's backlog are accepted first. Later ones are refused, so
//!    their clients can try another server.
//! 3. Linger: connections that were accepted last have time to send their request.
//! 4. Drain: idle connections are closed, and requests in progress are finished.

use std::{collections::VecDeque, io, net::SocketAddr, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, Version, header},
    middleware::{self, Next},
    response::Response,
    serve::Listener,
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

use crate::connections::{self, Connections};

/// The longest duration of each step.
#[derive(Debug, Clone, Copy)]
pub struct ShutdownSteps {
    /// The time in which the server still accepts connections.
    pub announcing: Duration,
    /// The time from closing the listener until idle connections are closed.
    pub lingering: Duration,
    /// The time for requests in progress to end.
    pub draining: Duration,
}

/// Serves until `shutdown`, and then until every connection has ended or the steps are over. Cancels `closing` when the
/// listener is closed.
///
/// # Errors
/// When the listener's address cannot be read.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    connections: Connections,
    steps: ShutdownSteps,
    shutdown: CancellationToken,
    closing: CancellationToken,
) -> io::Result<()> {
    let router = router.layer(middleware::from_fn_with_state(shutdown.clone(), end_connection));
    let listener = DrainingListener::new(listener, closing.clone())?;
    let closed = listener.closed.clone();
    let lingered = CancellationToken::new();
    let serving = connections::serve(listener, router, connections, lingered.clone());
    let stopping = async {
        shutdown.cancelled().await;
        sleep(steps.announcing).await;
        closing.cancel();
        closed.cancelled().await;
        sleep(steps.lingering).await;
        lingered.cancel();
        sleep(steps.draining).await;
    };
    tokio::select! {
        () = serving => {}
        () = stopping => tracing::warn!("shutdown: some connections did not end in time and are dropped"),
    }
    Ok(())
}

/// During shutdown, makes each response the last one on its connection. A protocol upgrade is left alone. HTTP/2 has no such
/// header: its clients learn of the end when idle connections are closed.
async fn end_connection(State(shutdown): State<CancellationToken>, request: Request, next: Next) -> Response {
    let is_http2 = request.version() == Version::HTTP_2;
    let mut response = next.run(request).await;
    if shutdown.is_cancelled() && !is_http2 && response.status() != StatusCode::SWITCHING_PROTOCOLS {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// A listener that accepts the kernel's whole backlog before it closes. Clients in the backlog are already connected: they
/// would notice a reset only after sending a request.
struct DrainingListener {
    /// `None` once it is closed.
    listener: Option<TcpListener>,
    address: SocketAddr,
    /// Connections that were in the backlog when the listener was closed.
    waiting: VecDeque<(TcpStream, SocketAddr)>,
    closing: CancellationToken,
    closed: CancellationToken,
}

impl DrainingListener {
    fn new(listener: TcpListener, closing: CancellationToken) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let closed = CancellationToken::new();
        Ok(Self { listener: Some(listener), address, waiting: VecDeque::new(), closing, closed })
    }

    fn close(&mut self) -> io::Result<()> {
        let Some(listener) = self.listener.take() else { return Ok(()) };
        // This asks the kernel directly, because the runtime may not know of the latest connections yet.
        let listener = listener.into_std()?;
        loop {
            match listener.accept() {
                Ok((stream, address)) => {
                    stream.set_nonblocking(true)?;
                    self.waiting.push_back((TcpStream::from_std(stream)?, address));
                }
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            }
        }
    }
}

impl Listener for DrainingListener {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        if let Some(listener) = &mut self.listener {
            tokio::select! {
                accepted = Listener::accept(listener) => return accepted,
                () = self.closing.cancelled() => {}
            }
            if let Err(error) = self.close() {
                tracing::warn!(%error, "some connections in the backlog are not accepted");
            }
        }
        if let Some(first) = self.waiting.pop_front() {
            return first;
        }
        self.closed.cancel();
        std::future::pending().await
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}

#[cfg(test)]
mod tests {
    use std::{io::Write as _, sync::Arc};

    use axum::routing::get;
    use futures_util::FutureExt as _;
    use service::settings::Limits;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        sync::Notify,
        task::JoinHandle,
        time::timeout,
    };

    use super::*;

    const LONG: Duration = Duration::from_hours(1);
    const LIMIT: Duration = Duration::from_secs(30);
    const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: here.example\r\n\r\n";

    struct Stage {
        address: SocketAddr,
        shutdown: CancellationToken,
        /// Notified when a request for `/slow` has begun.
        waits: Arc<Notify>,
        /// Lets the response to `/slow` go out.
        go_on: Arc<Notify>,
        serving: JoinHandle<io::Result<()>>,
    }

    impl Stage {
        async fn set(announcing: Duration, lingering: Duration, draining: Duration) -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let (waits, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
            let (begun, goes_on) = (Arc::clone(&waits), Arc::clone(&go_on));
            let slow = async move || {
                begun.notify_one();
                goes_on.notified().await;
                "answered"
            };
            let router = Router::new().route("/", get(async || "answered")).route("/slow", get(slow));
            let (shutdown, closing) = (CancellationToken::new(), CancellationToken::new());
            let steps = ShutdownSteps { announcing, lingering, draining };
            let connections = Connections::new(Limits::default().into());
            let serving = tokio::spawn(serve(listener, router, connections, steps, shutdown.clone(), closing));
            Self { address, shutdown, waits, go_on, serving }
        }

        async fn connect(&self) -> TcpStream {
            within(TcpStream::connect(self.address)).await.unwrap()
        }

        /// A connection with a request in progress.
        async fn wait_for_slow(&self) -> TcpStream {
            let mut stream = self.connect().await;
            stream.write_all(b"GET /slow HTTP/1.1\r\nhost: here.example\r\n\r\n").await.unwrap();
            within(self.waits.notified()).await;
            stream
        }

        /// Waits until the listener is closed.
        async fn is_closed(&self) {
            let closed = async { while TcpStream::connect(self.address).await.is_ok() {} };
            within(closed).await;
        }
    }

    async fn within<T>(future: impl Future<Output = T>) -> T {
        timeout(LIMIT, future).await.expect("took too long")
    }

    /// Reads a whole response.
    async fn answer(stream: &mut TcpStream) -> String {
        let mut text = String::new();
        let read = async {
            while !text.ends_with("answered") {
                let mut bytes = [0; 1024];
                let count = stream.read(&mut bytes).await.unwrap();
                assert!(count > 0, "no answer, but {text:?}");
                text.push_str(std::str::from_utf8(&bytes[..count]).unwrap());
            }
        };
        within(read).await;
        text
    }

    async fn request(stream: &mut TcpStream) -> String {
        stream.write_all(REQUEST).await.unwrap();
        answer(stream).await
    }

    async fn has_ended(stream: &mut TcpStream) -> bool {
        matches!(within(stream.read(&mut [0; 1])).await, Ok(0))
    }

    #[tokio::test]
    async fn announcing_server_still_answers_and_closes_each_connection_after_it() {
        let stage = Stage::set(LONG, LONG, LONG).await;
        let mut kept = stage.connect().await;
        assert!(!request(&mut kept).await.contains("connection: close"));
        stage.shutdown.cancel();
        for mut stream in [kept, stage.connect().await] {
            assert!(request(&mut stream).await.contains("connection: close"));
            assert!(has_ended(&mut stream).await);
        }
        assert!(!stage.serving.is_finished());
    }

    #[tokio::test]
    async fn connection_accepted_before_the_close_can_still_send_a_request() {
        let stage = Stage::set(Duration::ZERO, LONG, LONG).await;
        let mut silent = stage.connect().await;
        stage.shutdown.cancel();
        stage.is_closed().await;
        assert!(request(&mut silent).await.contains("connection: close"));
    }

    #[tokio::test]
    async fn request_in_progress_is_finished() {
        let stage = Stage::set(Duration::ZERO, Duration::ZERO, LONG).await;
        let [mut idle, mut busy] = [stage.connect().await, stage.wait_for_slow().await];
        request(&mut idle).await;
        stage.shutdown.cancel();
        assert!(has_ended(&mut idle).await);
        assert!(!stage.serving.is_finished());
        stage.go_on.notify_one();
        answer(&mut busy).await;
        within(stage.serving).await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn request_that_does_not_end_in_time_is_dropped() {
        let stage = Stage::set(Duration::ZERO, Duration::ZERO, Duration::ZERO).await;
        let _busy = stage.wait_for_slow().await;
        stage.shutdown.cancel();
        within(stage.serving).await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn backlog_is_accepted_before_the_listener_is_closed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let closing = CancellationToken::new();
        let mut listener = DrainingListener::new(listener, closing.clone()).unwrap();
        let knock = |_| {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            stream.write_all(REQUEST).unwrap();
            stream
        };
        let knocking: Vec<_> = (0..50).map(knock).collect();
        closing.cancel();
        for _ in &knocking {
            let (mut stream, _) = within(Listener::accept(&mut listener)).await;
            let mut request = vec![0; REQUEST.len()];
            stream.read_exact(&mut request).await.unwrap();
        }
        assert!(Listener::accept(&mut listener).now_or_never().is_none());
        assert!(listener.closed.is_cancelled());
        assert!(std::net::TcpStream::connect(address).is_err());
    }
}

//! How a server stops without leaving anybody unanswered who came in time.
//!
//! 1. It goes on, but says so: `/health/ready` is 503, and every answer ends its connection. So proxies send requests
//!    elsewhere, and clients that keep a connection open lose it after an answer, not in place of one.
//! 2. It closes its door: whom the kernel has let in already it takes, everybody else is refused and may ask elsewhere.
//! 3. It listens to whom it took last.
//! 4. Connections on which nothing is under way are ended, and what is under way is finished.

use std::{collections::VecDeque, io, net::SocketAddr, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::{self, Next},
    response::Response,
    serve::{Listener, ListenerExt},
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::sleep,
};
use tokio_util::sync::CancellationToken;

/// How long the steps take, at most.
#[derive(Debug, Clone, Copy)]
pub struct Steps {
    /// With the door open.
    pub saying_so: Duration,
    /// With the door closed.
    pub listening: Duration,
    /// For what is under way.
    pub finishing: Duration,
}

/// Serves until `shutdown`, and then until everything has ended, or its time has. `closing` is cancelled when the door is
/// to be closed.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    steps: Steps,
    shutdown: CancellationToken,
    closing: CancellationToken,
) -> io::Result<()> {
    let router = router.layer(middleware::from_fn_with_state(shutdown.clone(), end_connection));
    let door = Door::new(listener, closing.clone())?;
    let closed = door.closed.clone();
    // Messages are small and each is written at once: none is to wait until the one before it was received.
    let door = door.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection keeps Nagle's algorithm");
        }
    });
    let listened = CancellationToken::new();
    let serving = axum::serve(door, router.into_make_service_with_connect_info::<SocketAddr>())
        .with_graceful_shutdown(listened.clone().cancelled_owned());
    let stopping = async {
        shutdown.cancelled().await;
        sleep(steps.saying_so).await;
        closing.cancel();
        closed.cancelled().await;
        sleep(steps.listening).await;
        listened.cancel();
        sleep(steps.finishing).await;
    };
    tokio::select! {
        result = serving => result?,
        () = stopping => tracing::warn!("some connections did not end in time"),
    }
    Ok(())
}

/// The answer is the last one on its connection. (One that switches to another protocol is none.)
async fn end_connection(State(shutdown): State<CancellationToken>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    if shutdown.is_cancelled() && response.status() != StatusCode::SWITCHING_PROTOCOLS {
        response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}

/// A listener that is closed without leaving anybody before it: of connections that the kernel has made and nobody has
/// accepted, clients hear when it is too late to ask elsewhere.
struct Door {
    /// Until it is closed.
    listener: Option<TcpListener>,
    address: SocketAddr,
    /// Who was before the door as it was closed.
    waiting: VecDeque<(TcpStream, SocketAddr)>,
    closing: CancellationToken,
    closed: CancellationToken,
}

impl Door {
    fn new(listener: TcpListener, closing: CancellationToken) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let closed = CancellationToken::new();
        Ok(Self { listener: Some(listener), address, waiting: VecDeque::new(), closing, closed })
    }

    fn close(&mut self) -> io::Result<()> {
        let Some(listener) = self.listener.take() else { return Ok(()) };
        // The kernel is asked, as the runtime may not have heard yet of who came last.
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

impl Listener for Door {
    type Io = TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (TcpStream, SocketAddr) {
        if let Some(listener) = &mut self.listener {
            tokio::select! {
                accepted = Listener::accept(listener) => return accepted,
                () = self.closing.cancelled() => {}
            }
            if let Err(error) = self.close() {
                tracing::warn!(%error, "some connections that were just made are not accepted");
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
        /// That somebody waits for `/slow`, and may have the answer.
        waits: Arc<Notify>,
        go_on: Arc<Notify>,
        serving: JoinHandle<io::Result<()>>,
    }

    impl Stage {
        async fn set(saying_so: Duration, listening: Duration, finishing: Duration) -> Self {
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
            let steps = Steps { saying_so, listening, finishing };
            let serving = tokio::spawn(serve(listener, router, steps, shutdown.clone(), closing));
            Self { address, shutdown, waits, go_on, serving }
        }

        async fn connect(&self) -> TcpStream {
            within(TcpStream::connect(self.address)).await.unwrap()
        }

        /// A connection on which a request is under way.
        async fn wait_for_slow(&self) -> TcpStream {
            let mut stream = self.connect().await;
            stream.write_all(b"GET /slow HTTP/1.1\r\nhost: here.example\r\n\r\n").await.unwrap();
            within(self.waits.notified()).await;
            stream
        }

        /// Waits until the door is closed.
        async fn is_closed(&self) {
            let closed = async { while TcpStream::connect(self.address).await.is_ok() {} };
            within(closed).await;
        }
    }

    async fn within<T>(future: impl Future<Output = T>) -> T {
        timeout(LIMIT, future).await.expect("it takes too long")
    }

    /// The head of the answer.
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

    async fn ask(stream: &mut TcpStream) -> String {
        stream.write_all(REQUEST).await.unwrap();
        answer(stream).await
    }

    async fn has_ended(stream: &mut TcpStream) -> bool {
        matches!(within(stream.read(&mut [0; 1])).await, Ok(0))
    }

    #[tokio::test]
    async fn at_first_it_goes_on_and_ends_connections_after_an_answer() {
        let stage = Stage::set(LONG, LONG, LONG).await;
        let mut kept = stage.connect().await;
        assert!(!ask(&mut kept).await.contains("connection: close"));
        stage.shutdown.cancel();
        for mut stream in [kept, stage.connect().await] {
            assert!(ask(&mut stream).await.contains("connection: close"));
            assert!(has_ended(&mut stream).await);
        }
        assert!(!stage.serving.is_finished());
    }

    #[tokio::test]
    async fn whom_it_took_last_it_listens_to() {
        let stage = Stage::set(Duration::ZERO, LONG, LONG).await;
        let mut silent = stage.connect().await;
        stage.shutdown.cancel();
        stage.is_closed().await;
        assert!(ask(&mut silent).await.contains("connection: close"));
    }

    #[tokio::test]
    async fn what_is_under_way_is_finished() {
        let stage = Stage::set(Duration::ZERO, Duration::ZERO, LONG).await;
        let [mut idle, mut busy] = [stage.connect().await, stage.wait_for_slow().await];
        ask(&mut idle).await;
        stage.shutdown.cancel();
        assert!(has_ended(&mut idle).await);
        assert!(!stage.serving.is_finished());
        stage.go_on.notify_one();
        answer(&mut busy).await;
        within(stage.serving).await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn what_does_not_end_is_left() {
        let stage = Stage::set(Duration::ZERO, Duration::ZERO, Duration::ZERO).await;
        let _busy = stage.wait_for_slow().await;
        stage.shutdown.cancel();
        within(stage.serving).await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn whoever_is_before_the_door_is_let_in_before_it_is_closed() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let closing = CancellationToken::new();
        let mut door = Door::new(listener, closing.clone()).unwrap();
        let knock = |_| {
            let mut stream = std::net::TcpStream::connect(address).unwrap();
            stream.write_all(REQUEST).unwrap();
            stream
        };
        let knocking: Vec<_> = (0..50).map(knock).collect();
        closing.cancel();
        for _ in &knocking {
            let (mut stream, _) = within(Listener::accept(&mut door)).await;
            let mut request = vec![0; REQUEST.len()];
            stream.read_exact(&mut request).await.unwrap();
        }
        assert!(Listener::accept(&mut door).now_or_never().is_none());
        assert!(door.closed.is_cancelled());
        assert!(std::net::TcpStream::connect(address).is_err());
    }
}

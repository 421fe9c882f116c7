use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::Request as HttpRequest,
    response::IntoResponse,
    routing::{get, post},
};
use hyper::client::conn::http2::{self, SendRequest};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
    sync::Notify,
    time::timeout,
};

use super::*;

const LONG: Duration = Duration::from_hours(1);
const SHORT: Duration = Duration::from_millis(100);
const LIMIT: Duration = Duration::from_secs(30);
const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nhost: here.example\r\n\r\n";

const PATIENT: ConnectionLimits =
    ConnectionLimits { connections: 100, connections_per_address: Some(100), head: LONG, body: LONG, keep_alive: LONG };

struct Stage {
    address: SocketAddr,
    connections: Connections,
    /// Notified when a request for `/slow` has begun.
    begun: Arc<Notify>,
    /// Lets the answers to `/slow` go out.
    go_on: CancellationToken,
    stop: CancellationToken,
}

impl Stage {
    async fn set(limits: ConnectionLimits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (begun, go_on) = (Arc::new(Notify::new()), CancellationToken::new());
        let (begins, goes_on) = (Arc::clone(&begun), go_on.clone());
        let slow = async move || {
            begins.notify_one();
            goes_on.cancelled().await;
            "answered"
        };
        let read = async |request: HttpRequest| match axum::body::to_bytes(request.into_body(), 100).await {
            Ok(_) => "answered".into_response(),
            Err(_) => axum::http::StatusCode::REQUEST_TIMEOUT.into_response(),
        };
        let router =
            Router::new().route("/", get(async || "answered")).route("/slow", get(slow)).route("/read", post(read));
        let connections = Connections::new(limits);
        let stop = CancellationToken::new();
        tokio::spawn(serve(listener, router, connections.clone(), stop.clone()));
        Self { address, connections, begun, go_on, stop }
    }

    async fn connect(&self) -> TcpStream {
        within(TcpStream::connect(self.address)).await.unwrap()
    }

    /// Opens a connection and sends these bytes.
    async fn send(&self, bytes: &[u8]) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(bytes).await.unwrap();
        stream
    }

    /// Opens a connection, and waits until its request is in progress.
    async fn wait_for_slow(&self) -> TcpStream {
        let stream = self.send(b"GET /slow HTTP/1.1\r\nhost: here.example\r\n\r\n").await;
        within(self.begun.notified()).await;
        stream
    }

    async fn http2(&self) -> SendRequest<Body> {
        let stream = TokioIo::new(self.connect().await);
        let (sender, connection) = within(http2::handshake(TokioExecutor::new(), stream)).await.unwrap();
        tokio::spawn(connection);
        sender
    }

    async fn has_open(&self, count: usize) {
        let open = async {
            while self.connections.count() != count {
                tokio::task::yield_now().await;
            }
        };
        within(open).await;
    }
}

async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(LIMIT, future).await.expect("took too long")
}

/// Reads a whole answer.
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

/// Waits until the connection has ended.
async fn has_ended(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    // A connection that ends before all of its bytes were read is reset.
    let _ = within(stream.read_to_end(&mut rest)).await;
}

async fn get_http2(sender: &mut SendRequest<Body>, path: &str) -> Result<axum::http::StatusCode, hyper::Error> {
    let uri = format!("http://here.example{path}");
    let request = Request::builder().uri(uri).body(Body::empty()).unwrap();
    within(sender.send_request(request)).await.map(|answer| answer.status())
}

#[tokio::test]
async fn connections_without_a_whole_head_end_and_others_are_kept() {
    let stage = Stage::set(ConnectionLimits { head: SHORT, ..PATIENT }).await;
    let mut kept = stage.send(REQUEST).await;
    answer(&mut kept).await;
    let mut busy = stage.wait_for_slow().await;
    let beginnings: [&[u8]; 5] =
        [b"", b"G", &REQUEST[..20], b"PRI * HTTP/2.0\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"];
    for beginning in beginnings {
        has_ended(&mut stage.send(beginning).await).await;
    }
    request(&mut kept).await;
    stage.go_on.cancel();
    answer(&mut busy).await;
    kept.write_all(&REQUEST[..20]).await.unwrap();
    has_ended(&mut kept).await;
    drop(busy);
    stage.has_open(0).await;
}

#[tokio::test]
async fn idle_connections_end_after_the_time_of_keep_alive() {
    let stage = Stage::set(ConnectionLimits { keep_alive: SHORT, ..PATIENT }).await;
    let mut idle = stage.send(REQUEST).await;
    answer(&mut idle).await;
    has_ended(&mut idle).await;
    // A connection with a request in progress is not idle.
    let mut busy = stage.wait_for_slow().await;
    let mut other = stage.send(REQUEST).await;
    has_ended(&mut other).await;
    stage.go_on.cancel();
    answer(&mut busy).await;
}

#[tokio::test]
async fn bodies_that_stop_are_given_up() {
    let stage = Stage::set(ConnectionLimits { body: SHORT, ..PATIENT }).await;
    let head = b"POST /read HTTP/1.1\r\nhost: here.example\r\ncontent-length: 8\r\n\r\n";
    let mut whole = stage.send(&[&head[..], b"the body"].concat()).await;
    answer(&mut whole).await;
    let mut half = stage.send(&[&head[..], b"the "].concat()).await;
    let mut text = String::new();
    within(half.read_to_string(&mut text)).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 408"), "{text}");
}

#[tokio::test]
async fn new_connections_take_the_place_of_those_that_wait() {
    let stage = Stage::set(ConnectionLimits { connections: 5, ..PATIENT }).await;
    let mut busy = stage.wait_for_slow().await;
    let mut idle = stage.send(REQUEST).await;
    answer(&mut idle).await;
    let mut silent = Vec::new();
    for _ in 0..20 {
        silent.push(stage.connect().await);
    }
    let mut late = stage.send(REQUEST).await;
    answer(&mut late).await;
    // Those that have sent nothing make room first.
    request(&mut idle).await;
    has_ended(&mut silent[0]).await;
    stage.go_on.cancel();
    answer(&mut busy).await;
    assert!(stage.connections.displaced() >= 18, "{}", stage.connections.displaced());
}

#[tokio::test]
async fn connections_are_refused_if_nobody_waits() {
    for limits in [
        ConnectionLimits { connections: 2, ..PATIENT },
        ConnectionLimits { connections_per_address: Some(2), ..PATIENT },
    ] {
        let stage = Stage::set(limits).await;
        let [mut first, mut second] = [stage.wait_for_slow().await, stage.wait_for_slow().await];
        has_ended(&mut stage.connect().await).await;
        stage.go_on.cancel();
        answer(&mut first).await;
        answer(&mut second).await;
        let mut third = stage.send(REQUEST).await;
        answer(&mut third).await;
    }
}

#[tokio::test]
async fn addresses_are_limited_by_themselves() {
    let connections = Connections::new(ConnectionLimits { connections_per_address: Some(1), ..PATIENT });
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    let first = connections.open(ip("2001:db8:1:2::1")).unwrap();
    let first_is_busy = first.share().begin(false);
    assert!(connections.open(ip("2001:db8:1:2:3::4")).is_none(), "the same /64");
    let other = connections.open(ip("2001:db8:1:3::1")).unwrap();
    assert!(!other.is_displaced());
    drop((first_is_busy, first));
    // The handle of a WebSocket's stream keeps the connection open. The connection does not count for its address.
    let socket = connections.open(ip("192.0.2.1")).unwrap().share();
    let next = connections.open(ip("192.0.2.1")).unwrap();
    assert!(!next.is_displaced());
    assert_eq!(connections.count(), 3);
    drop((socket, next, other));
    assert_eq!(connections.count(), 0);

    let proxied = Connections::new(ConnectionLimits { connections_per_address: None, ..PATIENT });
    let many: Vec<_> = (0..50).map(|_| proxied.open(ip("192.0.2.1")).unwrap()).collect();
    assert!(many.iter().all(|connection| !connection.is_displaced()));
}

#[tokio::test]
async fn http2_is_spoken_on_the_same_port() {
    let stage = Stage::set(ConnectionLimits { head: SHORT, ..PATIENT }).await;
    let mut sender = stage.http2().await;
    assert_eq!(get_http2(&mut sender, "/").await.unwrap(), 200);
    let slow = {
        let mut sender = sender.clone();
        tokio::spawn(async move { get_http2(&mut sender, "/slow").await })
    };
    within(stage.begun.notified()).await;
    // The time limit for the first request has now passed on another connection. It does not apply to this one, which has had a
    // request.
    has_ended(&mut stage.connect().await).await;
    assert_eq!(get_http2(&mut sender, "/").await.unwrap(), 200);
    // A shutdown lets requests in progress end.
    stage.stop.cancel();
    while get_http2(&mut sender, "/").await.is_ok() {}
    stage.go_on.cancel();
    assert_eq!(within(slow).await.unwrap().unwrap(), 200);
    stage.has_open(0).await;
}

#[tokio::test]
async fn idle_http2_connections_end() {
    let stage = Stage::set(ConnectionLimits { keep_alive: SHORT, ..PATIENT }).await;
    let mut sender = stage.http2().await;
    assert_eq!(get_http2(&mut sender, "/").await.unwrap(), 200);
    stage.has_open(0).await;
    assert!(get_http2(&mut sender, "/").await.is_err());
}

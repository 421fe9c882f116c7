//! Thousands of sockets in one thread. They do little more than read and count, because clients that cost more than the
//! server would dominate the measurement.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
    thread::JoinHandle,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    runtime::Handle,
    sync::{Notify, Semaphore, oneshot},
    task::JoinSet,
};

const CONNECT_CONCURRENCY: usize = 64;
const TIMEOUT: Duration = Duration::from_mins(1);
/// Latencies are counted by millisecond. Longer ones count as this one.
const MAX_LATENCY_MS: usize = 10_000;
/// The sockets that connect from one local address. Each address has its own ports.
const SOCKETS_PER_ADDRESS: usize = 10_000;

pub struct Clients {
    shared: Arc<Shared>,
    runtime: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    begun: Instant,
    received: AtomicU64,
    goal: AtomicU64,
    reached: Notify,
    /// The instant of the last publication, in microseconds since `begun`.
    published: AtomicU64,
    latencies: Vec<AtomicU32>,
    sockets: Mutex<Vec<Arc<AtomicU32>>>,
    sample: Mutex<String>,
    problem: Mutex<Option<anyhow::Error>>,
}

impl Clients {
    pub fn start() -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let _ = runtime.block_on(stopped);
        });
        let shared = Shared {
            begun: Instant::now(),
            received: AtomicU64::new(0),
            goal: AtomicU64::new(u64::MAX),
            reached: Notify::new(),
            published: AtomicU64::new(0),
            latencies: (0..=MAX_LATENCY_MS).map(|_| AtomicU32::new(0)).collect(),
            sockets: Mutex::default(),
            sample: Mutex::default(),
            problem: Mutex::default(),
        };
        Ok(Self { shared: Arc::new(shared), runtime: handle, stop: Some(stop), thread: Some(thread) })
    }

    /// Connects the sockets with these numbers. Each sends the message that `subscribe` returns for its number. The sockets
    /// of each server have local addresses of their own, because the ports of closed sockets are not free at once.
    pub async fn connect(
        &self,
        server: u16,
        numbers: std::ops::Range<usize>,
        subscribe: impl Fn(usize) -> String,
    ) -> Result<()> {
        let [high, low] = server.to_be_bytes();
        let turns = Arc::new(Semaphore::new(CONNECT_CONCURRENCY));
        let mut connecting = JoinSet::new();
        for number in numbers {
            let (turns, shared, text) = (Arc::clone(&turns), Arc::clone(&self.shared), subscribe(number));
            let source = Ipv4Addr::new(127, high, low, 1 + u8::try_from(number / SOCKETS_PER_ADDRESS)?);
            let connect = async move {
                let _turn = turns.acquire().await?;
                let stream = connect((Ipv4Addr::LOCALHOST, server).into(), source, &text).await?;
                let count = Arc::new(AtomicU32::new(0));
                locked(&shared.sockets).push(Arc::clone(&count));
                tokio::spawn(read_all(stream, shared, count));
                Ok::<_, anyhow::Error>(())
            };
            connecting.spawn_on(connect, &self.runtime);
        }
        while let Some(connected) = connecting.join_next().await {
            connected??;
        }
        Ok(())
    }

    /// Marks the instant of a publication. Latencies of later messages are measured from it.
    pub fn mark(&self) {
        self.shared.published.store(self.shared.elapsed(), Ordering::Relaxed);
    }

    pub fn received(&self) -> u64 {
        self.shared.received.load(Ordering::Acquire)
    }

    /// Waits until all sockets together have received this number of messages since the start.
    pub async fn wait_for(&self, goal: u64) -> Result<()> {
        self.shared.goal.store(goal, Ordering::SeqCst);
        let reached = async {
            while self.received() < goal && !self.shared.has_problem() {
                self.shared.reached.notified().await;
            }
        };
        let result = tokio::time::timeout(TIMEOUT, reached).await;
        if let Some(problem) = locked(&self.shared.problem).take() {
            return Err(problem);
        }
        result.map_err(|_| anyhow!("{} messages of {goal} came", self.received()))
    }

    /// Checks that every socket has received this number of messages.
    pub fn ensure_all_had(&self, messages: u64) -> Result<()> {
        let sockets = locked(&self.shared.sockets);
        let wrong = sockets.iter().filter(|count| u64::from(count.load(Ordering::Relaxed)) != messages).count();
        ensure!(wrong == 0, "{wrong} sockets did not get {messages} messages each");
        Ok(())
    }

    /// The text of one received message.
    pub fn sample(&self) -> String {
        locked(&self.shared.sample).clone()
    }

    /// Resets the latencies, and returns the number of messages for each millisecond.
    pub fn take_latencies(&self) -> Vec<u32> {
        self.shared.latencies.iter().map(|count| count.swap(0, Ordering::Relaxed)).collect()
    }
}

impl Drop for Clients {
    fn drop(&mut self) {
        if let (Some(stop), Some(thread)) = (self.stop.take(), self.thread.take()) {
            let _ = stop.send(());
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn elapsed(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX)
    }

    fn has_problem(&self) -> bool {
        locked(&self.problem).is_some()
    }

    fn note(&self, messages: u32) {
        let age = self.elapsed().saturating_sub(self.published.load(Ordering::Relaxed)) / 1000;
        let age = usize::try_from(age).unwrap_or(MAX_LATENCY_MS).min(MAX_LATENCY_MS);
        self.latencies[age].fetch_add(messages, Ordering::Relaxed);
        let received = self.received.fetch_add(messages.into(), Ordering::SeqCst) + u64::from(messages);
        if received >= self.goal.load(Ordering::SeqCst) {
            self.reached.notify_one();
        }
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn connect(server: SocketAddr, source: Ipv4Addr, subscribe: &str) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind((source, 0).into())?;
    let mut stream = socket.connect(server).await?;
    stream.set_nodelay(true)?;
    let request = "GET /graphql/ws HTTP/1.1\r\nhost: bench\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        sec-websocket-protocol: graphql-transport-ws\r\n\r\n";
    stream.write_all(request.as_bytes()).await?;
    let answer = read_until(&mut stream, |bytes| bytes.ends_with(b"\r\n\r\n")).await?;
    ensure!(answer.starts_with(b"HTTP/1.1 101"), "no socket: {}", String::from_utf8_lossy(&answer));
    stream.write_all(&frame(TEXT, br#"{"type":"connection_init"}"#)).await?;
    read_until(&mut stream, |bytes| bytes.ends_with(b"}")).await?;
    stream.write_all(&frame(TEXT, subscribe.as_bytes())).await?;
    Ok(stream)
}

async fn read_until(stream: &mut TcpStream, is_complete: impl Fn(&[u8]) -> bool) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    while !is_complete(&bytes) {
        let read = tokio::time::timeout(TIMEOUT, stream.read_buf(&mut bytes)).await??;
        ensure!(read > 0 && bytes.len() < 4096, "unexpected: {}", String::from_utf8_lossy(&bytes));
    }
    Ok(bytes)
}

/// The high bit. In the first byte it means the last frame of a message, in the second byte a masked payload.
const FLAG: u8 = 0x80;
/// This value in the length field means that the length is in the next two bytes.
const LONG: u8 = 0x7e;
const TEXT: u8 = 1;
const PING: u8 = 9;
const PONG: u8 = 10;

/// A frame from a client. It is masked with zeros, which leave the payload unchanged.
fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![FLAG | kind];
    match u8::try_from(payload.len()) {
        Ok(length) if length < LONG => frame.push(FLAG | length),
        _ => {
            frame.push(FLAG | LONG);
            frame.extend(u16::try_from(payload.len()).unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}

/// The kind and the range of the payload of a server's first frame. `None` if the frame is not complete.
fn parse(bytes: &[u8]) -> Result<Option<(u8, std::ops::Range<usize>)>> {
    let [first, second, ..] = bytes else { return Ok(None) };
    let (start, length) = match *second {
        LONG if bytes.len() < 4 => return Ok(None),
        LONG => (4, usize::from(u16::from_be_bytes([bytes[2], bytes[3]]))),
        0x7f.. => bail!("a frame longer than any that is expected"),
        length => (2, usize::from(length)),
    };
    Ok((bytes.len() >= start + length).then_some((first & 0x0f, start..start + length)))
}

async fn read_all(stream: TcpStream, shared: Arc<Shared>, count: Arc<AtomicU32>) {
    if let Err(error) = try_read_all(stream, &shared, &count).await {
        locked(&shared.problem).get_or_insert(error);
        shared.reached.notify_one();
    }
}

async fn try_read_all(mut stream: TcpStream, shared: &Shared, count: &AtomicU32) -> Result<()> {
    let mut buffer = [0; 2048];
    let mut length = 0;
    loop {
        let read = stream.read(&mut buffer[length..]).await.context("a socket")?;
        ensure!(read > 0, "the server closed a socket");
        length += read;
        let (mut at, mut messages) = (0, 0);
        let mut is_pinged = false;
        while let Some((kind, payload)) = parse(&buffer[at..length])? {
            let payload = at + payload.start..at + payload.end;
            at = payload.end;
            match kind {
                TEXT => {
                    if count.load(Ordering::Relaxed) == 0 && messages == 0 {
                        check(&buffer[payload], shared)?;
                    }
                    messages += 1;
                }
                PING => is_pinged = true,
                _ => bail!("the server ends a socket: {}", String::from_utf8_lossy(&buffer[payload])),
            }
        }
        buffer.copy_within(at..length, 0);
        length -= at;
        ensure!(length < buffer.len(), "a message longer than any that is expected");
        if messages > 0 {
            count.fetch_add(messages, Ordering::Relaxed);
            shared.note(messages);
        }
        if is_pinged {
            stream.write_all(&frame(PONG, b"")).await?;
        }
    }
}

/// Checks that the first message of a socket is a change without errors.
fn check(payload: &[u8], shared: &Shared) -> Result<()> {
    let text = std::str::from_utf8(payload)?;
    ensure!(text.contains(r#""type":"next""#) && !text.contains(r#""errors""#), "not a change: {text}");
    text.clone_into(&mut locked(&shared.sample));
    Ok(())
}

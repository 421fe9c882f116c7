//! A proxy between a program and PostgreSQL. It can refuse, cut or silence connections, and it can lose the answer to a
//! commit, while the database itself works. It also counts round trips.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, AtomicU64, Ordering},
    },
};

use anyhow::{Context, Result, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{AbortHandle, JoinSet},
};

use crate::{
    ports::free_port,
    wait::{LIMIT, eventually},
};

/// Dropping it cuts all connections.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    open: Option<AbortHandle>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// Where new connections lead.
    target: Mutex<SocketAddr>,
    /// How many more answers to commits will be lost.
    commits_to_lose: AtomicU32,
    round_trips: AtomicU64,
    /// While true, nothing is forwarded.
    is_silent: watch::Sender<bool>,
}

impl Proxy {
    /// Starts a proxy for the database at `url`, such as `postgres://insession@127.0.0.1:20000/test_1`. Also returns the
    /// address of the database through the proxy.
    pub async fn before(url: &str) -> Result<(Self, String)> {
        let (start, host, database) = parts(url)?;
        let shared = Shared {
            target: Mutex::new(host.parse()?),
            commits_to_lose: AtomicU32::default(),
            round_trips: AtomicU64::default(),
            is_silent: watch::Sender::default(),
        };
        let mut proxy = Self { port: free_port()?, open: None, shared: Arc::new(shared) };
        proxy.allow().await?;
        let url = format!("{start}@127.0.0.1:{}/{database}", proxy.port);
        Ok((proxy, url))
    }

    /// New connections lead to the server of this address. Those that are open stay as they are.
    pub fn redirect(&self, url: &str) -> Result<()> {
        let (_, host, _) = parts(url)?;
        *self.shared.target.lock().expect("not poisoned") = host.parse()?;
        Ok(())
    }

    /// Cuts all connections and refuses new ones.
    pub fn refuse(&mut self) {
        if let Some(open) = self.open.take() {
            open.abort();
        }
    }

    /// Accepts connections again.
    pub async fn allow(&mut self) -> Result<()> {
        ensure!(self.open.is_none(), "connections are allowed");
        let port = self.port;
        let listen = async || Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?);
        let listener = eventually(LIMIT, "the port to be free", listen).await?;
        let shared = Arc::clone(&self.shared);
        let accepting = tokio::spawn(async move {
            // Dropping this with the task cuts the connections.
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let target = *shared.target.lock().expect("not poisoned");
                connections.spawn(pass(client, target, Arc::clone(&shared)));
                while connections.try_join_next().is_some() {}
            }
        });
        self.open = Some(accepting.abort_handle());
        Ok(())
    }

    /// While silent, connections stay open and nothing is forwarded in either direction.
    pub fn silence(&self, is_silent: bool) {
        self.shared.is_silent.send_replace(is_silent);
    }

    /// The database executes the next `count` commits, but the connection is cut before the answer gets through.
    pub fn lose_commits(&self, count: u32) {
        self.shared.commits_to_lose.store(count, Ordering::Relaxed);
    }

    /// How often a client has sent something and waited for the answer, on all connections. Messages that only test a
    /// connection are not counted, because it depends on the time whether they are sent.
    pub fn round_trips(&self) -> u64 {
        self.shared.round_trips.load(Ordering::Relaxed)
    }

    /// How many of these commits have not been sent yet.
    pub fn commits_to_lose(&self) -> u32 {
        self.shared.commits_to_lose.load(Ordering::Relaxed)
    }
}

/// The parts of an address: before `@`, between `@` and `/`, and after `/`.
fn parts(url: &str) -> Result<(&str, &str, &str)> {
    let (start, rest) = url.split_once('@').context("an address has a user")?;
    let (host, database) = rest.split_once('/').context("an address has a database")?;
    Ok((start, host, database))
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.refuse();
    }
}

async fn pass(mut client: TcpStream, target: SocketAddr, shared: Arc<Shared>) -> Result<()> {
    let mut database = TcpStream::connect(target).await?;
    client.set_nodelay(true)?;
    database.set_nodelay(true)?;
    let mut is_silent = shared.is_silent.subscribe();
    let (mut from_client, mut from_database) = (vec![0; 64 * 1024], vec![0; 64 * 1024]);
    let mut is_answered = true;
    loop {
        is_silent.wait_for(|is_silent| !is_silent).await?;
        tokio::select! {
            read = client.read(&mut from_client) => {
                let bytes = &from_client[..read?];
                ensure!(!bytes.is_empty(), "the client is gone");
                if std::mem::take(&mut is_answered) && bytes != SYNC {
                    shared.round_trips.fetch_add(1, Ordering::Relaxed);
                }
                is_silent.wait_for(|is_silent| !is_silent).await?;
                database.write_all(bytes).await?;
                if is_commit(bytes) && take_one(&shared.commits_to_lose) {
                    // The first answer means that the commit is done.
                    let _ = database.read(&mut from_database).await?;
                    return Ok(());
                }
            }
            read = database.read(&mut from_database) => {
                let bytes = &from_database[..read?];
                ensure!(!bytes.is_empty(), "the database is gone");
                is_answered = true;
                is_silent.wait_for(|is_silent| !is_silent).await?;
                client.write_all(bytes).await?;
            }
        }
    }
}

/// The message by which the driver tests whether a connection is still there.
const SYNC: &[u8] = b"S\0\0\0\x04";

/// The driver commits by a simple query.
fn is_commit(bytes: &[u8]) -> bool {
    bytes.first() == Some(&b'Q') && bytes.windows(7).any(|window| window == b"COMMIT\0")
}

fn take_one(count: &AtomicU32) -> bool {
    count.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| count.checked_sub(1)).is_ok()
}

//! The socket on which a server listens. A restart refuses no connection, in two ways:
//!
//! - *Socket activation*: systemd, or whoever starts the server, holds the socket and passes it on (`LISTEN_FDS`).
//!   Connections wait in it while no server runs.
//! - *A shared port*: a new server listens on the port of the old one (`SO_REUSEPORT`) before the old one is stopped. Only
//!   servers of the same installation share a port. For others the port is in use, as always.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use anyhow::Context as _;
use serde_json::Value;
use tokio::net::{TcpListener, TcpSocket};

/// How long the server that already has the port may take to answer with its installation.
const ASK_TIMEOUT: Duration = Duration::from_secs(5);

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 1024;

/// The socket that was passed to this process, or else a new one at the address. `installation` is the name of the
/// installation, which the database stores; see [`service::App::installation`].
///
/// # Errors
/// When the address is in use, or the passed socket is not one for TCP.
pub async fn listen(wanted: SocketAddr, installation: &str) -> anyhow::Result<TcpListener> {
    if let Some(passed) = passed_socket()? {
        return Ok(passed);
    }
    listen_on(wanted, installation).await.with_context(|| {
        format!("cannot listen on {wanted} (--port or the setting PORT chooses another port, HOST another address)")
    })
}

fn passed_socket() -> anyhow::Result<Option<TcpListener>> {
    let mut passed = listenfd::ListenFd::from_env();
    if passed.len() > 1 {
        anyhow::bail!("LISTEN_FDS is {}: pass one socket", passed.len());
    }
    let socket = passed.take_tcp_listener(0).context("the socket passed by LISTEN_FDS cannot be used")?;
    let Some(socket) = socket else { return Ok(None) };
    socket.set_nonblocking(true)?;
    Ok(Some(TcpListener::from_std(socket)?))
}

async fn listen_on(wanted: SocketAddr, installation: &str) -> io::Result<TcpListener> {
    // This first attempt does not set SO_REUSEPORT, so it fails if any server listens there.
    match TcpListener::bind(wanted).await {
        // With port 0 the kernel chooses a free port, which no other server can share.
        Ok(listener) if wanted.port() == 0 => return Ok(listener),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            if installation_at(wanted).await.as_deref() != Some(installation) {
                return Err(error);
            }
            tracing::info!(
                address = %wanted,
                "another server of this installation listens here: both get connections until one is stopped"
            );
        }
        Err(error) => return Err(error),
    }
    let socket = if wanted.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.set_reuseport(true)?;
    socket.bind(wanted)?;
    socket.listen(BACKLOG)
}

/// The installation of the server at this address. `None` if it is not a server of InSession.
async fn installation_at(wanted: SocketAddr) -> Option<String> {
    let host: IpAddr = match wanted.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    let url = format!("http://{}/health/ready", SocketAddr::new(host, wanted.port()));
    let client = reqwest::Client::builder().no_proxy().timeout(ASK_TIMEOUT).build().ok()?;
    let body: Value = client.get(url).send().await.ok()?.json().await.ok()?;
    body["installation"].as_str().map(ToOwned::to_owned)
}

#[cfg(test)]
mod tests {
    use axum::{Json, Router, routing::get};
    use serde_json::json;

    use super::*;

    #[tokio::test]
    async fn port_is_shared_with_servers_of_the_same_installation_only() {
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let free = listen_on(any, "ours").await.unwrap().local_addr().unwrap();
        let first = listen_on(free, "ours").await.unwrap();
        let router = Router::new().route("/health/ready", get(async || Json(json!({ "installation": "ours" }))));
        let serving = tokio::spawn(async move { axum::serve(first, router).await });
        assert_eq!(listen_on(free, "theirs").await.unwrap_err().kind(), io::ErrorKind::AddrInUse);
        let second = listen_on(free, "ours").await.unwrap();
        assert_eq!(second.local_addr().unwrap(), free);
        serving.abort();

        // A server that is not one of InSession. It answers 404.
        let other = TcpListener::bind(any).await.unwrap();
        let taken = other.local_addr().unwrap();
        let answering = tokio::spawn(async move { axum::serve(other, Router::new()).await });
        assert_eq!(listen_on(taken, "ours").await.unwrap_err().kind(), io::ErrorKind::AddrInUse);
        answering.abort();
    }
}

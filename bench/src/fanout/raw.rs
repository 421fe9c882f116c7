//! The baseline: axum's WebSockets with a broadcast channel for each topic. It implements only the part of the protocol
//! that the clients need to connect.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use anyhow::Result;
use axum::{
    Router,
    extract::{
        State, WebSocketUpgrade,
        ws::{Message, Utf8Bytes, WebSocket},
    },
    response::Response,
    routing::{get, post},
    serve::ListenerExt,
};
use tokio::{net::TcpListener, sync::broadcast};

#[derive(Clone)]
struct Broadcast(Arc<Shared>);

struct Shared {
    topics: Vec<broadcast::Sender<Utf8Bytes>>,
    text: Mutex<Utf8Bytes>,
    subscribers: AtomicUsize,
}

pub async fn serve(port: u16, topics: usize) -> Result<()> {
    rlimit::increase_nofile_limit(u64::MAX)?;
    let shared = Shared {
        topics: (0..topics).map(|_| broadcast::channel(1024).0).collect(),
        text: Mutex::default(),
        subscribers: AtomicUsize::new(0),
    };
    let router = Router::new()
        .route("/graphql/ws", get(upgrade))
        .route("/subscribers", get(count))
        .route("/text", post(set_text))
        .route("/publish", post(publish))
        .with_state(Broadcast(Arc::new(shared)));
    let listener = TcpListener::bind(("127.0.0.1", port)).await?.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    Ok(axum::serve(listener, router).await?)
}

async fn count(State(Broadcast(shared)): State<Broadcast>) -> String {
    shared.subscribers.load(Ordering::Relaxed).to_string()
}

async fn set_text(State(Broadcast(shared)): State<Broadcast>, text: String) {
    *shared.text.lock().unwrap_or_else(PoisonError::into_inner) = text.into();
}

/// Sends one message to each topic.
async fn publish(State(Broadcast(shared)): State<Broadcast>) {
    let text = shared.text.lock().unwrap_or_else(PoisonError::into_inner).clone();
    for topic in &shared.topics {
        // Sending fails if the topic has no subscribers, which is fine.
        let _ = topic.send(text.clone());
    }
}

async fn upgrade(State(broadcast): State<Broadcast>, upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .read_buffer_size(4096)
        .write_buffer_size(0)
        .protocols(["graphql-transport-ws"])
        .on_upgrade(move |socket| serve_socket(socket, broadcast))
}

async fn serve_socket(mut socket: WebSocket, Broadcast(shared): Broadcast) {
    let Some(Ok(_init)) = socket.recv().await else { return };
    if socket.send(Message::Text(r#"{"type":"connection_ack"}"#.into())).await.is_err() {
        return;
    }
    let Some(Ok(Message::Text(topic))) = socket.recv().await else { return };
    let Some(topic) = topic.parse().ok().and_then(|topic: usize| shared.topics.get(topic)) else { return };
    let mut texts = topic.subscribe();
    shared.subscribers.fetch_add(1, Ordering::Relaxed);
    loop {
        tokio::select! {
            text = texts.recv() => {
                let Ok(text) = text else { break };
                if socket.send(Message::Text(text)).await.is_err() {
                    break;
                }
            }
            message = socket.recv() => {
                if !matches!(message, Some(Ok(_))) {
                    break;
                }
            }
        }
    }
    shared.subscribers.fetch_sub(1, Ordering::Relaxed);
}

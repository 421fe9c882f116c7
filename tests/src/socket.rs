//! A client of graphql-transport-ws.
//!
//! A task reads the socket all the time. Messages that a call does not want stay in order for the next call. Pings are
//! answered.

use std::{
    collections::VecDeque,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    net::{TcpSocket, TcpStream},
    sync::mpsc,
    time::Instant,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

use crate::wait::{LIMIT, within};

pub const PROTOCOL: &str = "graphql-transport-ws";

/// A message of the protocol.
#[derive(Debug, Clone)]
pub struct Received {
    pub message: Value,
}

impl Received {
    pub fn kind(&self) -> &str {
        self.message["type"].as_str().unwrap_or_default()
    }

    pub fn id(&self) -> Option<&str> {
        self.message["id"].as_str()
    }

    /// The value of a field: `payload.data.<field>`.
    pub fn field(&self, name: &str) -> &Value {
        &self.message["payload"]["data"][name]
    }
}

/// How the server closed the socket. Code 1006 means without a close frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closed {
    pub code: u16,
    pub reason: String,
}

#[derive(Debug)]
enum Order {
    Send(Message),
    Read(bool),
}

#[derive(Debug)]
enum Event {
    Received(Received),
    Closed(Closed),
}

/// Dropping it drops the connection without a close frame.
#[derive(Debug)]
pub struct Socket {
    orders: mpsc::UnboundedSender<Order>,
    events: mpsc::UnboundedReceiver<Event>,
    inbox: VecDeque<Received>,
    closed: Option<Closed>,
    request_id: Option<String>,
}

impl Socket {
    /// Connects to the server at `url` (`http://...`), sends `connection_init` with the token and waits for the ack.
    pub async fn connect(url: &str, token: Option<&str>) -> Result<Self> {
        let mut socket = Self::open(url, Some(PROTOCOL)).await?;
        socket.init(token)?;
        socket.expect_ack().await?;
        Ok(socket)
    }

    /// Connects with this subprotocol and sends nothing.
    pub async fn open(url: &str, protocol: Option<&str>) -> Result<Self> {
        Self::open_from(Ipv4Addr::LOCALHOST, url, protocol).await
    }

    /// The same from another local address, such as 127.0.0.2. Each address has its own ports and its own limits.
    pub async fn open_from(source: Ipv4Addr, url: &str, protocol: Option<&str>) -> Result<Self> {
        let address: SocketAddr = url.trim_start_matches("http://").parse().with_context(|| url.to_owned())?;
        let url = format!("ws://{address}/graphql/ws");
        let mut request = url.as_str().into_client_request()?;
        if let Some(protocol) = protocol {
            request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_str(protocol)?);
        }
        let connect = async {
            let tcp = TcpSocket::new_v4()?;
            if source != Ipv4Addr::LOCALHOST {
                tcp.bind((source, 0).into())?;
            }
            let tcp = tcp.connect(address).await?;
            tcp.set_nodelay(true)?;
            Ok::<_, anyhow::Error>(client_async(request, tcp).await?)
        };
        let (stream, answer) = within(LIMIT, "a connection", connect).await?.context(url)?;
        let request_id = answer.headers().get("x-request-id").and_then(|id| id.to_str().ok()).map(ToOwned::to_owned);
        let (orders, order_receiver) = mpsc::unbounded_channel();
        let (event_sender, events) = mpsc::unbounded_channel();
        tokio::spawn(pump(stream, order_receiver, event_sender));
        Ok(Self { orders, events, inbox: VecDeque::new(), closed: None, request_id })
    }

    /// The id of the request that opened the socket, as the server logs it.
    pub fn request_id(&self) -> Option<&str> {
        self.request_id.as_deref()
    }

    /// Sends `connection_init` with the token in its payload.
    pub fn init(&self, token: Option<&str>) -> Result<()> {
        let payload = token.map_or_else(|| json!({}), |token| json!({ "authorization": format!("Bearer {token}") }));
        self.send(&json!({ "type": "connection_init", "payload": payload }))
    }

    pub async fn expect_ack(&mut self) -> Result<()> {
        self.receive("the ack", LIMIT, |received| received.kind() == "connection_ack").await?;
        Ok(())
    }

    /// Starts a subscription, or any other operation, under this id.
    pub fn subscribe(&self, id: &str, document: &str, variables: Value) -> Result<()> {
        let mut message = json!({ "type": "subscribe", "id": id, "payload": { "query": document } });
        message["payload"]["variables"] = variables;
        self.send(&message)
    }

    /// Ends a subscription.
    pub fn complete(&self, id: &str) -> Result<()> {
        self.send(&json!({ "type": "complete", "id": id }))
    }

    pub fn send(&self, message: &Value) -> Result<()> {
        self.send_raw(Message::text(message.to_string()))
    }

    /// Sends any frame, valid or not.
    pub fn send_raw(&self, message: Message) -> Result<()> {
        self.orders.send(Order::Send(message)).ok().context("the socket is closed")
    }

    /// Stops reading. Messages then fill the buffers of the operating system.
    pub fn stop_reading(&self) -> Result<()> {
        self.orders.send(Order::Read(false)).ok().context("the socket is closed")
    }

    pub fn read_again(&self) -> Result<()> {
        self.orders.send(Order::Read(true)).ok().context("the socket is closed")
    }

    /// Waits for the next `next` message of this subscription.
    ///
    /// # Errors
    /// When `error` or `complete` comes instead, or `limit` has passed.
    pub async fn next_for(&mut self, id: &str, limit: Duration) -> Result<Received> {
        let what = format!("a message for {id}");
        let received = self.receive(&what, limit, |received| received.id() == Some(id)).await?;
        ensure!(received.kind() == "next", "expected {what}, got {}", received.message);
        Ok(received)
    }

    /// Waits for the next message of this subscription that `is_wanted`. Messages before it are dropped.
    pub async fn next_where(
        &mut self,
        id: &str,
        limit: Duration,
        is_wanted: impl Fn(&Received) -> bool,
    ) -> Result<Received> {
        let end = Instant::now() + limit;
        let mut others = Vec::new();
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.next_for(id, left).await {
                Ok(received) if is_wanted(&received) => return Ok(received),
                Ok(received) => others.push(received.message.to_string()),
                Err(error) => {
                    return Err(error)
                        .with_context(|| format!("other messages within {limit:?}: {}", others.join("\n")));
                }
            }
        }
    }

    /// Waits for the next message of this operation, of any type.
    pub async fn any_for(&mut self, id: &str, limit: Duration) -> Result<Received> {
        let what = format!("a message for {id}");
        self.receive(&what, limit, |received| received.id() == Some(id)).await
    }

    /// Waits for the next message that `is_wanted`. Other messages stay for later.
    pub async fn receive(
        &mut self,
        what: &str,
        limit: Duration,
        is_wanted: impl Fn(&Received) -> bool,
    ) -> Result<Received> {
        if let Some(place) = self.inbox.iter().position(&is_wanted) {
            return self.inbox.remove(place).context("the message is in the inbox");
        }
        let wait = async {
            loop {
                match self.event().await {
                    Event::Received(received) if is_wanted(&received) => return Ok(received),
                    Event::Received(received) => self.inbox.push_back(received),
                    Event::Closed(closed) => bail!("expected {what}, but the socket is closed: {closed:?}"),
                }
            }
        };
        within(limit, what, wait).await.with_context(|| format!("other messages: {:?}", self.inbox))?
    }

    /// Takes all messages that have arrived, in order, without waiting.
    pub fn take_all(&mut self) -> Vec<Received> {
        while let Ok(event) = self.events.try_recv() {
            match event {
                Event::Received(received) => self.inbox.push_back(received),
                Event::Closed(closed) => self.closed = Some(closed),
            }
        }
        self.inbox.drain(..).collect()
    }

    /// Waits until the server closes the socket. Messages that arrive before stay.
    pub async fn closed(&mut self, limit: Duration) -> Result<Closed> {
        let wait = async {
            loop {
                match self.event().await {
                    Event::Received(received) => self.inbox.push_back(received),
                    Event::Closed(closed) => return closed,
                }
            }
        };
        within(limit, "the socket to be closed", wait).await
    }

    async fn event(&mut self) -> Event {
        if let Some(closed) = &self.closed {
            return Event::Closed(closed.clone());
        }
        let gone = Event::Closed(Closed { code: 1006, reason: "the connection is gone".into() });
        let event = self.events.recv().await.unwrap_or(gone);
        if let Event::Closed(closed) = &event {
            self.closed = Some(closed.clone());
        }
        event
    }
}

async fn pump(
    mut stream: WebSocketStream<TcpStream>,
    mut orders: mpsc::UnboundedReceiver<Order>,
    events: mpsc::UnboundedSender<Event>,
) {
    let mut reads = true;
    let closed = loop {
        tokio::select! {
            order = orders.recv() => match order {
                Some(Order::Read(wanted)) => reads = wanted,
                // If the connection is gone, reading reports why.
                Some(Order::Send(message)) => drop(stream.send(message).await),
                None => return,
            },
            frame = stream.next(), if reads => match frame {
                Some(Ok(Message::Close(Some(frame)))) => {
                    break Closed { code: frame.code.into(), reason: frame.reason.to_string() };
                }
                Some(Ok(Message::Close(None))) => break Closed { code: 1005, reason: String::new() },
                Some(Ok(Message::Text(text))) => {
                    let message: Value = serde_json::from_str(&text).unwrap_or_else(|_| Value::from(text.as_str()));
                    if message["type"] == "ping" {
                        drop(stream.send(Message::text(json!({ "type": "pong" }).to_string())).await);
                    }
                    if events.send(Event::Received(Received { message })).is_err() {
                        return;
                    }
                }
                Some(Ok(_)) => {}
                Some(Err(error)) => break Closed { code: 1006, reason: error.to_string() },
                None => break Closed { code: 1006, reason: "the connection is gone".into() },
            },
        }
    };
    // The close frame is answered before the connection ends.
    drop(stream.close(None).await);
    drop(events.send(Event::Closed(closed)));
}

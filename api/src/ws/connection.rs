//! The task of one socket.

use std::{
    collections::VecDeque,
    future::poll_fn,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use async_graphql::{Request, Response, ServerError, parser::types::OperationType};
use auth::unread::find_unread_token;
use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use domain::access::Viewer;
use futures_util::{
    FutureExt, SinkExt, StreamExt,
    future::{AbortHandle, Abortable, BoxFuture},
    stream::FuturesUnordered,
};
use governor::{DefaultDirectRateLimiter, RateLimiter};
use graphql::{document::Reader, error::ApiError, socket_heartbeats::SocketHeartbeats};
use live::{CloseReason, Content, OperationNumber, QueuedMessage, Subscription};
use serde_json::{Map, Value};
use service::rate::ClientAddress;
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tracing::Instrument as _;

use super::{
    AuthError, Entry, Identity, Opening,
    operation::{Running, errors_text},
    protocol::{self, ClientMessage, Close},
    request::SocketRequest,
};
use crate::{admission::Refused, documents::HeldDocument, large_requests::LargeRequests};

/// How many messages are written before the socket is read again.
const WRITE_BATCH: usize = 32;
/// How many pongs and acknowledgements may be queued for a peer that does not read.
const MAX_CONTROLS: usize = 64;
/// The longest timer. Timers do not support arbitrarily distant instants.
const MAX_TIMER: Duration = Duration::from_hours(24);

/// Serves a socket until it ends. Not an `async fn`: that would store the arguments in each socket's task, beside the
/// connection.
pub(super) fn serve(socket: WebSocket, entry: Entry, opening: Opening) -> impl Future<Output = ()> + Send {
    let mut connection = Connection::new(socket, entry, opening);
    async move {
        let ending = connection.run().await;
        if ending != Ending::Gone {
            // Boxed, so that each task does not reserve memory for this rare case.
            Box::pin(connection.finish(ending)).await;
        }
    }
}

struct Connection {
    socket: WebSocket,
    entry: Entry,
    phase: Phase,
    /// What the opening request says about the viewer. Dropped after `connection_init`.
    opening: Option<Box<Opening>>,
    identifying: Option<Identifying>,
    /// Reads a large message. Meanwhile no other message is read.
    large: Option<BoxFuture<'static, Result<Incoming, Close>>>,
    operations: Vec<Operation>,
    last_operation: OperationNumber,
    subscription_rate: DefaultDirectRateLimiter,
    running: Option<Box<FuturesUnordered<Abortable<BoxFuture<'static, Finished>>>>>,
    /// Control messages. They are sent before the messages of the mailbox.
    controls: VecDeque<Message>,
    /// The last message has not been written completely yet.
    is_writing: bool,
    next_ping: Instant,
    /// A ping was sent, and nothing has been received since.
    awaits_sign_of_life: bool,
    /// A ping was sent, and its pong has not arrived yet.
    awaits_pong: bool,
    /// When the token expires. It is checked at that time too, not only at the next ping.
    check_token_at: Option<Instant>,
    /// Its clones count the running queries and mutations, including those that the client has completed early.
    under_way: Arc<()>,
    /// The visits whose heartbeats this socket sends. Created with the first mutation.
    heartbeats: Option<SocketHeartbeats>,
}

#[derive(Debug)]
enum Phase {
    Opened {
        init_by: Instant,
    },
    /// `connection_init` was received, and its token is being checked.
    Identifying,
    Acknowledged(Arc<Identity>),
}

struct Operation {
    number: OperationNumber,
    /// The id as a JSON string, as messages contain it.
    id: Box<str>,
    /// Only for a subscription.
    document: Option<Arc<HeldDocument>>,
    state: State,
}

/// A token that is being checked: that of `connection_init`, or one that renews it.
struct Identifying {
    identity: BoxFuture<'static, Result<Identity, AuthError>>,
    /// The message that is sent if the token is valid.
    answer: &'static str,
}

/// A message from the client. Its request was read, or is refused.
type Incoming = ClientMessage<Result<SocketRequest, ServerError>>;

/// Reads the messages of a socket.
struct MessageReader {
    reader: Reader,
    viewer: Viewer,
    address: ClientAddress,
}

impl MessageReader {
    fn read(&self, text: &str) -> Result<Incoming, Close> {
        let message = protocol::parse(text).map_err(|error| Close::BadRequest(error.to_string()))?;
        let data = |request: Request| request.data(self.viewer).data(self.address);
        Ok(message.map_request(|request| SocketRequest::read(&self.reader, data(request))))
    }
}

/// Reads a large message as soon as there is a permit. Without a permit the socket is closed, because the operation's id
/// stands in the message that may not be read.
async fn read_large(large_requests: LargeRequests, reader: MessageReader, text: Utf8Bytes) -> Result<Incoming, Close> {
    let try_again = |error: ApiError| Close::TryAgain(error.message().to_owned());
    let ClientAddress(client) = reader.address;
    let _permit = large_requests.permit(Some(client)).await.map_err(try_again)?;
    large_requests.read(move || reader.read(&text)).await.map_err(try_again)?
}

enum State {
    Running(AbortHandle),
    Live(#[expect(dead_code, reason = "kept for its Drop, which ends the subscription")] Subscription),
    /// The last message of the operation is queued.
    Ended,
}

struct Finished {
    number: OperationNumber,
    subscription: Option<Subscription>,
}

/// How a connection ends.
#[derive(Debug, PartialEq, Eq)]
enum Ending {
    Close(Close),
    /// The peer has sent a close frame.
    Closing,
    /// The peer is gone, so no close frame is sent.
    Gone,
}

enum Event {
    Read(Message),
    ReadLarge(Result<Incoming, Close>),
    Identified(Result<Identity, AuthError>, &'static str),
    Finished(Finished),
    Tick,
    End(Ending),
}

impl Connection {
    fn new(socket: WebSocket, entry: Entry, opening: Opening) -> Self {
        let limits = entry.sockets.0.settings.limits;
        let now = Instant::now();
        Self {
            socket,
            entry,
            phase: Phase::Opened { init_by: now + limits.init_timeout },
            opening: Some(Box::new(opening)),
            identifying: None,
            large: None,
            operations: Vec::new(),
            last_operation: 0,
            subscription_rate: RateLimiter::direct(limits.subscription_quota),
            running: None,
            controls: VecDeque::new(),
            is_writing: false,
            next_ping: now + limits.ping_interval,
            awaits_sign_of_life: false,
            awaits_pong: false,
            check_token_at: None,
            under_way: Arc::default(),
            heartbeats: None,
        }
    }

    async fn run(&mut self) -> Ending {
        if let Some(Opening::Refused(close)) = self.opening.as_deref() {
            return Ending::Close(close.clone());
        }
        let mut timer = pin!(sleep_until(self.next_tick()));
        loop {
            let event = poll_fn(|context| self.poll_event(context, timer.as_mut())).await;
            let ended = match event {
                Event::Read(message) => self.read(message),
                Event::ReadLarge(incoming) => self.handle(incoming),
                Event::Identified(result, answer) => self.acknowledge(result, answer).map_err(Ending::Close),
                Event::Finished(finished) => {
                    self.settle(finished);
                    Ok(())
                }
                Event::Tick => self.tick(),
                Event::End(ending) => Err(ending),
            };
            if let Err(ending) = ended {
                return ending;
            }
            let next = self.next_tick();
            if timer.deadline() != next {
                timer.as_mut().reset(next);
            }
        }
    }

    fn poll_event(&mut self, context: &mut Context<'_>, timer: Pin<&mut Sleep>) -> Poll<Event> {
        if let Poll::Ready(ending) = self.poll_write(context) {
            return Poll::Ready(Event::End(ending));
        }
        if let Some(large) = &mut self.large {
            if let Poll::Ready(incoming) = large.poll_unpin(context) {
                self.large = None;
                return Poll::Ready(Event::ReadLarge(incoming));
            }
        } else {
            match self.socket.poll_next_unpin(context) {
                Poll::Ready(Some(Ok(message))) => return Poll::Ready(Event::Read(message)),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Event::End(ending_after(&error))),
                Poll::Ready(None) => return Poll::Ready(Event::End(Ending::Gone)),
                Poll::Pending => {}
            }
        }
        if let Some(Identifying { identity, answer }) = &mut self.identifying
            && let Poll::Ready(result) = identity.poll_unpin(context)
        {
            let answer = *answer;
            self.identifying = None;
            return Poll::Ready(Event::Identified(result, answer));
        }
        while let Some(running) = &mut self.running {
            match running.poll_next_unpin(context) {
                Poll::Ready(Some(Ok(finished))) => return Poll::Ready(Event::Finished(finished)),
                // Aborted: the client has completed the operation.
                Poll::Ready(Some(Err(_))) => {}
                Poll::Ready(None) => self.running = None,
                Poll::Pending => break,
            }
        }
        timer.poll(context).map(|()| Event::Tick)
    }

    /// Writes queued messages. Ready only when the connection must end.
    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<Ending> {
        for _ in 0..WRITE_BATCH {
            if self.is_writing {
                match self.socket.poll_flush_unpin(context) {
                    // The peer's machine accepts data, which is a sign of life.
                    Poll::Ready(Ok(())) => (self.is_writing, self.awaits_sign_of_life) = (false, false),
                    Poll::Ready(Err(_)) => return Poll::Ready(Ending::Gone),
                    // The mailbox may be closed in the meantime.
                    Poll::Pending => {
                        return self.entry.mailbox.poll_closed(context).map(|why| Ending::Close(why.into()));
                    }
                }
            }
            let message = match self.next_control() {
                Some(control) => control,
                None => match self.entry.mailbox.poll_next(context) {
                    Poll::Ready(Ok(queued)) => match self.message(queued) {
                        Some(message) => message,
                        None => continue,
                    },
                    Poll::Ready(Err(why)) => return Poll::Ready(Ending::Close(why.into())),
                    Poll::Pending => return Poll::Pending,
                },
            };
            if self.start_write(message, context).is_err() {
                return Poll::Ready(Ending::Gone);
            }
        }
        // There may be more messages, but reading comes first.
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn next_control(&mut self) -> Option<Message> {
        let control = self.controls.pop_front()?;
        // There are seldom any, so an empty queue keeps no memory.
        if self.controls.is_empty() {
            self.controls = VecDeque::new();
        }
        Some(control)
    }

    fn start_write(&mut self, message: Message, context: &mut Context<'_>) -> Result<(), axum::Error> {
        // The socket is ready, because the last message is flushed.
        let _ = self.socket.poll_ready_unpin(context)?;
        self.socket.start_send_unpin(message)?;
        // Most messages are written at once. The rest is flushed before the next message.
        self.is_writing = self.socket.poll_flush_unpin(context)?.is_pending();
        Ok(())
    }

    /// Builds the protocol's message for a queued one. `None` if its operation has ended. The last message of an operation ends
    /// it.
    fn message(&mut self, queued: QueuedMessage) -> Option<Message> {
        let index = self.operations.iter().position(|operation| operation.number == queued.operation)?;
        let id = &self.operations[index].id;
        let text = match queued.content {
            Content::Next(payload) => protocol::next(id, &payload),
            Content::Errors(payload) => {
                let text = protocol::error(id, &payload);
                self.operations.swap_remove(index);
                text
            }
            Content::Complete => {
                let text = protocol::complete(id);
                self.operations.swap_remove(index);
                text
            }
        };
        Some(Message::Text(Utf8Bytes::from(text)))
    }

    fn read(&mut self, message: Message) -> Result<(), Ending> {
        self.awaits_sign_of_life = false;
        match message {
            Message::Text(text) if text.len() > LargeRequests::BYTES => {
                let large_requests = self.entry.sockets.0.settings.large_requests.clone();
                self.large = Some(read_large(large_requests, self.reader(), text).boxed());
                Ok(())
            }
            Message::Text(text) => {
                let incoming = self.reader().read(&text);
                self.handle(incoming)
            }
            Message::Binary(_) => {
                Err(Ending::Close(Close::BadRequest("A message must be text, not binary".to_owned())))
            }
            // The library has already answered the ping.
            Message::Ping(_) => Ok(()),
            Message::Pong(_) => {
                if std::mem::take(&mut self.awaits_pong)
                    && let Some(heartbeats) = &self.heartbeats
                {
                    heartbeats.beat();
                }
                Ok(())
            }
            Message::Close(_) => Err(Ending::Closing),
        }
    }

    fn reader(&self) -> MessageReader {
        let viewer = match &self.phase {
            Phase::Acknowledged(identity) => identity.viewer,
            Phase::Opened { .. } | Phase::Identifying => Viewer::NOBODY,
        };
        let reader = self.entry.sockets.0.settings.reader.clone();
        MessageReader { reader, viewer, address: ClientAddress(self.entry.permit.address()) }
    }

    fn handle(&mut self, incoming: Result<Incoming, Close>) -> Result<(), Ending> {
        let handled = incoming.and_then(|message| match message {
            ClientMessage::ConnectionInit(payload) => self.identify(payload.as_ref()),
            ClientMessage::Ping(payload) => self.answer_ping(payload),
            ClientMessage::Pong => Ok(()),
            ClientMessage::Subscribe { id, request } => self.subscribe(&id, *request),
            ClientMessage::Complete { id } => {
                self.complete(&id);
                Ok(())
            }
        });
        handled.map_err(Ending::Close)
    }

    /// The first `connection_init` says who the viewer is. Another one renews the token if it has one.
    fn identify(&mut self, payload: Option<&Map<String, Value>>) -> Result<(), Close> {
        let token = payload.map(token_of).transpose()?.flatten();
        match (&self.phase, token) {
            (Phase::Opened { .. }, token) => {
                let token = match (token, self.opening.take().map(|opening| *opening)) {
                    (None, Some(Opening::Authorization(text))) => Some(text.into()),
                    (None, Some(Opening::UnreadToken(place))) => return Err(Close::UnreadToken(place.to_owned())),
                    (token, _) => token,
                };
                self.phase = Phase::Identifying;
                self.check(token, protocol::CONNECTION_ACK);
                Ok(())
            }
            (Phase::Acknowledged(_), Some(token)) if self.identifying.is_none() => {
                self.check(Some(token), protocol::CONNECTION_ACK);
                Ok(())
            }
            _ => Err(Close::TooManyInits),
        }
    }

    /// A ping with a token renews the token of the connection. The pong says that the new one is valid.
    fn answer_ping(&mut self, payload: Option<Map<String, Value>>) -> Result<(), Close> {
        let token = payload.as_ref().map(token_of).transpose()?.flatten();
        match (&self.phase, token) {
            (_, None) => self.control(protocol::pong(payload)),
            (Phase::Acknowledged(_), Some(token)) => {
                self.check(Some(token), protocol::PONG);
                Ok(())
            }
            (Phase::Opened { .. } | Phase::Identifying, Some(_)) => Err(Close::Unauthorized),
        }
    }

    fn check(&mut self, token: Option<String>, answer: &'static str) {
        let identity = (self.entry.sockets.0.settings.authenticate)(token);
        self.identifying = Some(Identifying { identity, answer });
    }

    fn acknowledge(&mut self, result: Result<Identity, AuthError>, answer: &'static str) -> Result<(), Close> {
        let identity = result?;
        // The live subscriptions were started with the rights of the viewer.
        if let Phase::Acknowledged(before) = &self.phase
            && before.viewer != identity.viewer
        {
            return Err(Close::Forbidden("The new token has another viewer: open another socket".to_owned()));
        }
        self.phase = Phase::Acknowledged(self.entry.identify(identity)?);
        self.check_token()?;
        self.control(answer.to_owned())
    }

    fn control(&mut self, text: String) -> Result<(), Close> {
        if self.controls.len() >= MAX_CONTROLS {
            return Err(Close::Behind);
        }
        self.controls.push_back(Message::Text(Utf8Bytes::from(text)));
        Ok(())
    }

    fn subscribe(&mut self, id: &str, asked: Result<SocketRequest, ServerError>) -> Result<(), Close> {
        let Phase::Acknowledged(identity) = &self.phase else { return Err(Close::Unauthorized) };
        let viewer = identity.viewer;
        self.check_token()?;
        let quoted = protocol::quoted(id);
        if self.operations.iter().any(|operation| operation.id == quoted) {
            return Err(Close::SubscriberExists(format!("Subscriber for {id} already exists")));
        }
        self.last_operation += 1;
        let number = self.last_operation;
        let address = ClientAddress(self.entry.permit.address());
        let asked = match asked {
            Ok(asked) => asked,
            Err(error) => {
                self.refuse(quoted, error);
                return Ok(());
            }
        };
        let kind = asked.operation.kind;
        let is_subscription = kind == OperationType::Subscription;
        if let Some(limit) = self.limit_reached(is_subscription) {
            self.refuse(quoted, ApiError::rate_limited(limit).into());
            return Ok(());
        }
        let document = if is_subscription {
            let (key, bytes) = (asked.document_key(viewer), asked.operation.kept_bytes);
            match self.entry.sockets.0.settings.documents.hold(address.0, Some(self.entry.number), key, bytes) {
                Ok(document) => Some(Arc::new(document)),
                Err(Refused(reason)) => {
                    self.refuse(quoted, ApiError::rate_limited(reason).into());
                    return Ok(());
                }
            }
        } else {
            None
        };
        let is_mutation = kind == OperationType::Mutation;
        let running = Running {
            sockets: self.entry.sockets.clone(),
            mailbox: Arc::clone(&self.entry.mailbox),
            number,
            viewer,
            address,
            document: document.clone(),
            under_way: (!is_subscription).then(|| Arc::clone(&self.under_way)),
            heartbeats: is_mutation.then(|| self.heartbeats.get_or_insert_default().clone()),
        };
        let span = asked.span(&self.entry.request_id, id);
        let run = running.run(asked).instrument(span);
        let run = run.map(move |subscription| Finished { number, subscription }).boxed();
        let (abort, registration) = AbortHandle::new_pair();
        self.running.get_or_insert_default().push(Abortable::new(run, registration));
        if self.operations.is_empty() {
            // Most sockets have one. Without this, the list would make room for four.
            self.operations.reserve_exact(1);
        }
        self.operations.push(Operation { number, id: quoted, document, state: State::Running(abort) });
        Ok(())
    }

    fn limit_reached(&mut self, is_subscription: bool) -> Option<String> {
        let limits = self.entry.sockets.0.settings.limits;
        if is_subscription {
            let limit = limits.subscriptions_per_socket;
            let count = self.operations.iter().filter(|operation| operation.document.is_some()).count();
            if count >= limit {
                return Some(format!(
                    "A socket has at most {limit} subscriptions. Pass several ids in sessionIds to follow more sessions with one."
                ));
            }
            let is_too_fast = self.subscription_rate.check().is_err();
            is_too_fast.then(|| "This socket starts subscriptions too fast. Wait a moment and try again.".to_owned())
        } else {
            let limit = limits.operations_in_flight;
            let count = Arc::strong_count(&self.under_way) - 1;
            (count >= limit).then(|| {
                format!(
                    "A socket runs at most {limit} queries and mutations at once. Wait for one to end and try again."
                )
            })
        }
    }

    /// Answers an operation with an error, without running it.
    fn refuse(&mut self, id: Box<str>, error: ServerError) {
        let mut response = Response::from_errors(vec![error]);
        (self.entry.sockets.0.settings.complete_errors)(&mut response);
        let number = self.last_operation;
        self.operations.push(Operation { number, id, document: None, state: State::Ended });
        let content = Content::Errors(errors_text(&response.errors));
        // If the mailbox is full, it closes the socket.
        self.entry.mailbox.push(QueuedMessage { operation: number, coalescing: None, content });
    }

    /// Ends an operation that the client has completed. It may have ended already.
    fn complete(&mut self, id: &str) {
        let quoted = protocol::quoted(id);
        if let Some(index) = self.operations.iter().position(|operation| operation.id == quoted)
            && let State::Running(abort) = self.operations.swap_remove(index).state
        {
            abort.abort();
        }
    }

    fn settle(&mut self, finished: Finished) {
        if let Some(operation) = self.operations.iter_mut().find(|operation| operation.number == finished.number) {
            operation.state = finished.subscription.map_or(State::Ended, State::Live);
        }
    }

    /// Closes the socket when the token has expired. Otherwise schedules the next check for its expiry.
    fn check_token(&mut self) -> Result<(), Close> {
        let Phase::Acknowledged(identity) = &self.phase else { return Ok(()) };
        let Some(expires_at) = identity.expires_at else { return Ok(()) };
        let left = expires_at - self.entry.sockets.0.settings.clock.now();
        let left = left.to_std().unwrap_or_default();
        if left.is_zero() {
            return Err(Close::Forbidden("Token expired".to_owned()));
        }
        // The clock has a resolution of one millisecond, so the check is a millisecond late rather than early.
        self.check_token_at = Some(Instant::now() + left.min(MAX_TIMER) + Duration::from_millis(1));
        Ok(())
    }

    fn tick(&mut self) -> Result<(), Ending> {
        let now = Instant::now();
        if let Phase::Opened { init_by } = self.phase
            && now >= init_by
        {
            return Err(Ending::Close(Close::InitTimeout));
        }
        self.check_token().map_err(Ending::Close)?;
        if now >= self.next_ping {
            // A large message may wait. Until it has been read, no other message of the peer is read.
            if self.awaits_sign_of_life && self.large.is_none() {
                return Err(Ending::Gone);
            }
            (self.awaits_sign_of_life, self.awaits_pong) = (true, true);
            self.controls.push_back(Message::Ping(axum::body::Bytes::new()));
            self.next_ping = now + self.entry.sockets.0.settings.limits.ping_interval;
        }
        Ok(())
    }

    /// When the next timed task is due: a ping, the expiry of the token, or the end of the wait for `connection_init`.
    fn next_tick(&self) -> Instant {
        let at = match self.phase {
            Phase::Opened { init_by } => Some(init_by),
            Phase::Identifying => None,
            Phase::Acknowledged(_) => self.check_token_at,
        };
        at.map_or(self.next_ping, |at| at.min(self.next_ping))
    }

    /// Sends the close frame, and waits for the peer's answer up to a limit.
    async fn finish(mut self, ending: Ending) {
        let limit = self.entry.sockets.0.settings.limits.close_timeout;
        if let Ending::Close(close) = &ending {
            self.entry.note_close(close.frame().code);
        }
        let is_restart = ending == Ending::Close(Close::Restart);
        let close_handshake = async {
            if is_restart {
                while let Some(queued) = self.entry.mailbox.take_remaining() {
                    if let Some(message) = self.message(queued) {
                        self.socket.send(message).await?;
                    }
                }
            }
            self.operations.clear();
            self.running = None;
            if let Ending::Close(close) = &ending {
                self.socket.send(Message::Close(Some(close.frame()))).await?;
            }
            while let Some(Ok(_)) = self.socket.recv().await {}
            Ok::<_, axum::Error>(())
        };
        // The socket is dropped, whether or not the peer has answered.
        let _ = timeout(limit, close_handshake).await;
    }
}

/// The token of a payload: `authorization`, `Authorization`, or the header `Authorization` in `headers`.
///
/// If the value is not a string, or if only another place of the payload has something that looks like a token.
fn token_of(payload: &Map<String, Value>) -> Result<Option<String>, Close> {
    let header = || {
        let headers = payload.get("headers")?.as_object()?;
        let header =
            headers.iter().find(|(name, value)| name.eq_ignore_ascii_case("authorization") && !value.is_null());
        header.map(|(_, value)| value)
    };
    let given = ["authorization", "Authorization"].into_iter().filter_map(|name| payload.get(name));
    match given.into_iter().find(|value| !value.is_null()).or_else(header) {
        Some(Value::String(token)) => Ok(Some(token.clone())),
        Some(_) => Err(Close::Forbidden("The authorization must be a string".to_owned())),
        None => find_unread_token(payload).map_or(Ok(None), |place| Err(Close::UnreadToken(place))),
    }
}

impl From<AuthError> for Close {
    fn from(error: AuthError) -> Self {
        match error {
            AuthError::Unavailable => Self::TryAgain(error.to_string()),
            _ => Self::Forbidden(error.to_string()),
        }
    }
}

impl From<CloseReason> for Close {
    fn from(why: CloseReason) -> Self {
        match why {
            CloseReason::Behind => Self::Behind,
            CloseReason::Restart => Self::Restart,
            CloseReason::Revoked => AuthError::Revoked.into(),
        }
    }
}

/// How the connection ends after an error of the socket. The library does not export its error type, so this reads the text.
fn ending_after(error: &axum::Error) -> Ending {
    let text = error.to_string();
    if text.starts_with("Space limit exceeded") {
        Ending::Close(Close::TooBig)
    } else if text.starts_with("IO error") || text.contains("without closing handshake") {
        Ending::Gone
    } else {
        Ending::Close(Close::NotWebSocket)
    }
}

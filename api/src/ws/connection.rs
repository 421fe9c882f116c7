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
use axum::extract::ws::{Message, Utf8Bytes, WebSocket};
use futures_util::{
    FutureExt, SinkExt, StreamExt,
    future::{AbortHandle, Abortable, BoxFuture},
    stream::FuturesUnordered,
};
use governor::{DefaultDirectRateLimiter, RateLimiter};
use graphql::{execute::ClientAddress, hearts::Hearts};
use live::{Content, CutOff, Letter, OperationNumber, Subscription};
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tracing::Instrument as _;

use super::{
    AuthError, Entry, Identity,
    document::Operation as Asked,
    operation::{Running, errors_text, refusal},
    protocol::{self, ClientMessage, Close},
};

/// How many messages are written before the socket is read again.
const WRITES: usize = 32;
/// How many pongs and acknowledgements may wait for a peer that does not read.
const CONTROLS: usize = 64;
const LONGEST_TIMER: Duration = Duration::from_hours(24);

/// Not an `async fn`, which would keep room for its arguments beside the connection, in each socket's task.
pub(super) fn serve(socket: WebSocket, entry: Entry, speaks_protocol: bool) -> impl Future<Output = ()> + Send {
    let mut connection = Connection::new(socket, entry);
    async move {
        let ending =
            if speaks_protocol { connection.talk().await } else { Ending::Close(Close::SubprotocolNotAcceptable) };
        if ending != Ending::Gone {
            // Boxed, as it is seldom needed.
            Box::pin(connection.finish(ending)).await;
        }
    }
}

struct Connection {
    socket: WebSocket,
    entry: Entry,
    phase: Phase,
    identifying: Option<BoxFuture<'static, Result<Identity, AuthError>>>,
    operations: Vec<Operation>,
    last_operation: OperationNumber,
    subscription_rate: DefaultDirectRateLimiter,
    running: Option<Box<FuturesUnordered<Abortable<BoxFuture<'static, Finished>>>>>,
    /// What goes before the mailbox.
    controls: VecDeque<Message>,
    /// The last message is not wholly written yet.
    is_writing: bool,
    next_ping: Instant,
    /// A ping went out, and nothing was heard since.
    awaits_life: bool,
    /// A ping went out that was not answered yet.
    awaits_pong: bool,
    /// When to look whether the token still holds, beside every ping.
    check_token_at: Option<Instant>,
    /// One clone for each query or mutation under way, also those whose answer nobody wants any more.
    under_way: Arc<()>,
    /// Of the visits that beat over this socket; made with its first mutation.
    hearts: Option<Hearts>,
}

#[derive(Debug, Clone, Copy)]
enum Phase {
    Opened {
        init_by: Instant,
    },
    /// `connection_init` came, and its token is being checked.
    Identifying,
    Acknowledged(Identity),
}

struct Operation {
    number: OperationNumber,
    /// As it stands in messages.
    id: Box<str>,
    is_subscription: bool,
    state: State,
}

enum State {
    Running(AbortHandle),
    Live(#[expect(dead_code, reason = "kept for its Drop, which ends the subscription")] Subscription),
    /// Only its last message is still to be sent.
    Ended,
}

struct Finished {
    number: OperationNumber,
    subscription: Option<Subscription>,
}

/// How the talk ends.
#[derive(Debug, PartialEq, Eq)]
enum Ending {
    Close(Close),
    /// The peer closes.
    Closing,
    /// Nobody is there any more.
    Gone,
}

enum Event {
    Read(Message),
    Identified(Result<Identity, AuthError>),
    Finished(Finished),
    Tick,
    End(Ending),
}

impl Connection {
    fn new(socket: WebSocket, entry: Entry) -> Self {
        let limits = entry.sockets.0.settings.limits;
        let now = Instant::now();
        Self {
            socket,
            entry,
            phase: Phase::Opened { init_by: now + limits.init_timeout },
            identifying: None,
            operations: Vec::new(),
            last_operation: 0,
            subscription_rate: RateLimiter::direct(limits.subscription_quota),
            running: None,
            controls: VecDeque::new(),
            is_writing: false,
            next_ping: now + limits.ping_interval,
            awaits_life: false,
            awaits_pong: false,
            check_token_at: None,
            under_way: Arc::default(),
            hearts: None,
        }
    }

    async fn talk(&mut self) -> Ending {
        let mut timer = pin!(sleep_until(self.next_tick()));
        loop {
            let event = poll_fn(|context| self.poll_event(context, timer.as_mut())).await;
            let ended = match event {
                Event::Read(message) => self.read(message),
                Event::Identified(result) => self.acknowledge(result).map_err(Ending::Close),
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
        match self.socket.poll_next_unpin(context) {
            Poll::Ready(Some(Ok(message))) => return Poll::Ready(Event::Read(message)),
            Poll::Ready(Some(Err(error))) => return Poll::Ready(Event::End(ending_after(&error))),
            Poll::Ready(None) => return Poll::Ready(Event::End(Ending::Gone)),
            Poll::Pending => {}
        }
        if let Some(identifying) = &mut self.identifying
            && let Poll::Ready(result) = identifying.poll_unpin(context)
        {
            self.identifying = None;
            return Poll::Ready(Event::Identified(result));
        }
        while let Some(running) = &mut self.running {
            match running.poll_next_unpin(context) {
                Poll::Ready(Some(Ok(finished))) => return Poll::Ready(Event::Finished(finished)),
                // Aborted: the client wants no answer.
                Poll::Ready(Some(Err(_))) => {}
                Poll::Ready(None) => self.running = None,
                Poll::Pending => break,
            }
        }
        timer.poll(context).map(|()| Event::Tick)
    }

    /// Writes what there is to write. Ready only when the socket is to end.
    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<Ending> {
        for _ in 0..WRITES {
            if self.is_writing {
                match self.socket.poll_flush_unpin(context) {
                    // The peer's machine takes what we write: it lives.
                    Poll::Ready(Ok(())) => (self.is_writing, self.awaits_life) = (false, false),
                    Poll::Ready(Err(_)) => return Poll::Ready(Ending::Gone),
                    // Meanwhile there may be a reason to stop.
                    Poll::Pending => {
                        return self.entry.mailbox.poll_cut_off(context).map(|why| Ending::Close(why.into()));
                    }
                }
            }
            let message = match self.controls.pop_front() {
                Some(control) => control,
                None => match self.entry.mailbox.poll_next(context) {
                    Poll::Ready(Ok(letter)) => match self.message(letter) {
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
        // There may be more, but reading has its turn first.
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn start_write(&mut self, message: Message, context: &mut Context<'_>) -> Result<(), axum::Error> {
        // Ready, for the last message is flushed.
        let _ = self.socket.poll_ready_unpin(context)?;
        self.socket.start_send_unpin(message)?;
        // Most messages go out at once; what is left is flushed before the next.
        self.is_writing = self.socket.poll_flush_unpin(context)?.is_pending();
        Ok(())
    }

    /// The message for a letter, unless its operation is over. The last one ends the operation.
    fn message(&mut self, letter: Letter) -> Option<Message> {
        let index = self.operations.iter().position(|operation| operation.number == letter.operation)?;
        let id = &self.operations[index].id;
        let text = match letter.content {
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
        self.awaits_life = false;
        match message {
            Message::Text(text) => match protocol::parse(&text) {
                Ok(message) => self.handle(message).map_err(Ending::Close),
                Err(reason) => Err(Ending::Close(Close::BadRequest(reason))),
            },
            Message::Binary(_) => Err(Ending::Close(Close::BadRequest("Messages are text".to_owned()))),
            // The answer to a ping goes by itself.
            Message::Ping(_) => Ok(()),
            Message::Pong(_) => {
                if std::mem::take(&mut self.awaits_pong)
                    && let Some(hearts) = &self.hearts
                {
                    hearts.beat();
                }
                Ok(())
            }
            Message::Close(_) => Err(Ending::Closing),
        }
    }

    fn handle(&mut self, message: ClientMessage) -> Result<(), Close> {
        match message {
            ClientMessage::ConnectionInit(payload) => self.identify(payload.as_ref()),
            ClientMessage::Ping(payload) => self.control(protocol::pong(payload)),
            ClientMessage::Pong => Ok(()),
            ClientMessage::Subscribe { id, request } => self.subscribe(&id, *request),
            ClientMessage::Complete { id } => {
                self.complete(&id);
                Ok(())
            }
        }
    }

    fn identify(&mut self, payload: Option<&serde_json::Map<String, serde_json::Value>>) -> Result<(), Close> {
        if !matches!(self.phase, Phase::Opened { .. }) {
            return Err(Close::TooManyInits);
        }
        let authorization = payload.and_then(|payload| {
            let value = payload.get("authorization").or_else(|| payload.get("Authorization"))?;
            (!value.is_null()).then_some(value)
        });
        let token = match authorization {
            None => None,
            Some(serde_json::Value::String(token)) => Some(token.clone()),
            Some(_) => return Err(Close::Forbidden("The authorization is not a string".to_owned())),
        };
        self.phase = Phase::Identifying;
        self.identifying = Some((self.entry.sockets.0.settings.authenticate)(token));
        Ok(())
    }

    fn acknowledge(&mut self, result: Result<Identity, AuthError>) -> Result<(), Close> {
        let identity = result?;
        self.entry.identify(identity)?;
        self.phase = Phase::Acknowledged(identity);
        self.check_token()?;
        self.control(protocol::CONNECTION_ACK.to_owned())
    }

    fn control(&mut self, text: String) -> Result<(), Close> {
        if self.controls.len() >= CONTROLS {
            return Err(Close::Behind);
        }
        self.controls.push_back(Message::Text(Utf8Bytes::from(text)));
        Ok(())
    }

    fn subscribe(&mut self, id: &str, request: Request) -> Result<(), Close> {
        let Phase::Acknowledged(Identity { viewer, .. }) = self.phase else { return Err(Close::Unauthorized) };
        self.check_token()?;
        let quoted = protocol::quoted(id);
        if self.operations.iter().any(|operation| operation.id == quoted) {
            return Err(Close::SubscriberExists(format!("Subscriber for {id} already exists")));
        }
        self.last_operation += 1;
        let number = self.last_operation;
        let asked = match Asked::of(request) {
            Ok(asked) => asked,
            Err(error) => {
                self.refuse(quoted, error);
                return Ok(());
            }
        };
        let is_subscription = asked.kind == OperationType::Subscription;
        if let Some(limit) = self.limit_reached(is_subscription) {
            self.refuse(quoted, refusal("RATE_LIMITED", &limit));
            return Ok(());
        }
        let is_mutation = asked.kind == OperationType::Mutation;
        let running = Running {
            sockets: self.entry.sockets.clone(),
            mailbox: Arc::clone(&self.entry.mailbox),
            number,
            viewer,
            address: ClientAddress(self.entry.permit.address()),
            under_way: (!is_subscription).then(|| Arc::clone(&self.under_way)),
            hearts: is_mutation.then(|| self.hearts.get_or_insert_default().clone()),
        };
        let span = asked.span(&self.entry.request_id, id);
        let run = running.run(asked).instrument(span);
        let run = run.map(move |subscription| Finished { number, subscription }).boxed();
        let (abort, registration) = AbortHandle::new_pair();
        self.running.get_or_insert_default().push(Abortable::new(run, registration));
        self.operations.push(Operation { number, id: quoted, is_subscription, state: State::Running(abort) });
        Ok(())
    }

    fn limit_reached(&mut self, is_subscription: bool) -> Option<String> {
        let limits = self.entry.sockets.0.settings.limits;
        if is_subscription {
            let limit = limits.subscriptions_per_socket;
            let count = self.operations.iter().filter(|operation| operation.is_subscription).count();
            if count >= limit {
                return Some(format!("A socket has at most {limit} subscriptions: sessionIds takes several."));
            }
            let is_too_fast = self.subscription_rate.check().is_err();
            is_too_fast.then(|| "This socket subscribes too often: try again later.".to_owned())
        } else {
            let limit = limits.operations_in_flight;
            let count = Arc::strong_count(&self.under_way) - 1;
            (count >= limit).then(|| format!("A socket has at most {limit} queries and mutations under way."))
        }
    }

    /// Answers with `error` at once.
    fn refuse(&mut self, id: Box<str>, error: ServerError) {
        let mut response = Response::from_errors(vec![error]);
        (self.entry.sockets.0.settings.complete_errors)(&mut response);
        let number = self.last_operation;
        self.operations.push(Operation { number, id, is_subscription: false, state: State::Ended });
        let content = Content::Errors(errors_text(&response.errors));
        // When there is no room, the socket ends.
        self.entry.mailbox.push(Letter { operation: number, about: None, content });
    }

    /// The client wants no more of it. It may have ended meanwhile.
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

    /// Refuses when the token has ended; else sees to it that this is asked again when it will have.
    fn check_token(&mut self) -> Result<(), Close> {
        let Phase::Acknowledged(Identity { expires_at: Some(expires_at), .. }) = self.phase else { return Ok(()) };
        let left = expires_at - self.entry.sockets.0.settings.clock.now();
        let left = left.to_std().unwrap_or_default();
        if left.is_zero() {
            return Err(Close::Forbidden("Token expired".to_owned()));
        }
        // The clock has whole milliseconds; and timers don't like centuries.
        self.check_token_at = Some(Instant::now() + left.min(LONGEST_TIMER) + Duration::from_millis(1));
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
            if self.awaits_life {
                return Err(Ending::Gone);
            }
            (self.awaits_life, self.awaits_pong) = (true, true);
            self.controls.push_back(Message::Ping(axum::body::Bytes::new()));
            self.next_ping = now + self.entry.sockets.0.settings.limits.ping_interval;
        }
        Ok(())
    }

    /// When there is next something to be done because of the time.
    fn next_tick(&self) -> Instant {
        let at = match self.phase {
            Phase::Opened { init_by } => Some(init_by),
            Phase::Identifying => None,
            Phase::Acknowledged(_) => self.check_token_at,
        };
        at.map_or(self.next_ping, |at| at.min(self.next_ping))
    }

    /// Says goodbye, and gives the peer a moment to hear it.
    async fn finish(mut self, ending: Ending) {
        let limit = self.entry.sockets.0.settings.limits.close_timeout;
        if let Ending::Close(close) = &ending {
            self.entry.note_close(close.frame().code);
        }
        let is_restart = ending == Ending::Close(Close::Restart);
        let goodbye = async {
            if is_restart {
                while let Some(letter) = self.entry.mailbox.take_left() {
                    if let Some(message) = self.message(letter) {
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
        // Whether or not it was heard, the socket is dropped now.
        let _ = timeout(limit, goodbye).await;
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

impl From<CutOff> for Close {
    fn from(why: CutOff) -> Self {
        match why {
            CutOff::Behind => Self::Behind,
            CutOff::Restart => Self::Restart,
            CutOff::Revoked => AuthError::Revoked.into(),
        }
    }
}

/// What to do about an error of the socket itself. The library's own error type can't be named here, only read.
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

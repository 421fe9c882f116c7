//! One operation, from its `subscribe` message until it is answered or live.

use std::{future::ready, sync::Arc};

use async_graphql::{Response, ServerError, Value, parser::types::OperationType};
use domain::access::Viewer;
use futures_util::{FutureExt, StreamExt};
use graphql::{
    error::{ApiError, is_failure},
    socket_heartbeats::SocketHeartbeats,
    subscribe::{Purpose, Registrar},
};
use live::{
    ChargeCost, CloseReason, Content, Mailbox, OperationNumber, QueuedMessage, Rendered, ReplayError, StartExecution,
    Subscription,
};
use service::rate::ClientAddress;
use tracing::{Instrument as _, error};

use super::{Sockets, request::SocketRequest};
use crate::documents::HeldDocument;

/// What an operation needs to run: its socket's mailbox, its number and its viewer.
pub(super) struct Running {
    pub(super) sockets: Sockets,
    pub(super) mailbox: Arc<Mailbox>,
    pub(super) number: OperationNumber,
    pub(super) viewer: Viewer,
    pub(super) address: ClientAddress,
    /// The document that a subscription holds. `None` for queries and mutations.
    pub(super) document: Option<Arc<HeldDocument>>,
    /// Each running query and mutation of the socket holds a clone, so the reference count is their number.
    pub(super) under_way: Option<Arc<()>>,
    /// The visits whose heartbeats this socket sends. For mutations only.
    pub(super) heartbeats: Option<SocketHeartbeats>,
}

impl Running {
    /// Runs the operation. Returns the subscription if it is live; dropping that ends the operation.
    pub(super) async fn run(self, request: SocketRequest) -> Option<Subscription> {
        match request.operation.kind {
            OperationType::Subscription => self.start(request).await,
            kind => {
                self.answer(&request, kind).await;
                None
            }
        }
    }

    async fn answer(self, asked: &SocketRequest, kind: OperationType) {
        let mut request = asked.request().data(self.viewer).data(self.address);
        if let Some(heartbeats) = &self.heartbeats {
            request = request.data(heartbeats.clone());
        }
        let execution = self.sockets.0.executor.execute(request);
        let mut response = if kind == OperationType::Mutation {
            // The mutation has its own task, so that it is finished even when the client disconnects.
            let under_way = self.under_way.clone();
            let execution = async move {
                let response = execution.await;
                drop(under_way);
                response
            };
            let executed = self.sockets.0.tasks.spawn(execution.in_current_span()).await;
            executed.unwrap_or_else(|failure| ApiError::internal(failure).into_response())
        } else {
            execution.await
        };
        (self.sockets.0.settings.complete_errors)(&mut response);
        if is_refused(&response) && response.errors.iter().all(|error| error.path.is_empty()) {
            self.send(Content::Errors(errors_text(&response.errors))).await;
        } else if self.send(Content::Next(text(&response))).await {
            self.send(Content::Complete).await;
        }
    }

    async fn start(self, asked: SocketRequest) -> Option<Subscription> {
        let complete_errors = self.sockets.0.settings.complete_errors;
        let registrar = Registrar::default();
        let request = asked.request().data(self.viewer).data(self.address).data(Purpose::Begin(registrar.clone()));
        let mut responses = self.sockets.0.executor.execute_stream(request);
        let mut has_started = false;
        while let Some(mut response) = responses.next().await {
            complete_errors(&mut response);
            // After a resolver has registered, an error without data belongs to the item. A snapshot in which a part failed is
            // refused as well, because the client would take it for complete.
            let is_refusal = !registrar.is_registered() && is_refused(&response);
            if !has_started && (is_refusal || is_failure(&response)) {
                self.send(Content::Errors(errors_text(&response.errors))).await;
                return None;
            }
            has_started = true;
            if !self.send(Content::Next(text(&response))).await {
                return None;
            }
        }
        drop(responses);
        let Some(registration) = registrar.take() else {
            self.send(Content::Complete).await;
            return None;
        };

        let key = asked.group(self.viewer, registration.narrowing.followed());
        // A shared execution runs without a viewer. If a field was declared public by mistake, clients see too little rather
        // than too much.
        let viewer = key.viewer.unwrap_or(Viewer::NOBODY);
        let sockets = self.sockets.clone();
        let points = asked.operation.cost.points();
        // Somebody pays only while a subscription holds the document. The group may outlive the subscription that began it.
        let payer = self.document.as_deref().map(HeldDocument::payer);
        let pay: ChargeCost = Box::new(move |messages| match &payer {
            Some(payer) => payer.clone().pay(viewer, points.saturating_mul(messages as u64)).boxed(),
            None => ready(()).boxed(),
        });
        let start: StartExecution = Box::new(move |feed| {
            let responses = sockets.0.executor.execute_stream(asked.request().data(viewer).data(Purpose::Serve(feed)));
            let texts = responses.map(move |mut response| {
                complete_errors(&mut response);
                Rendered { text: text(&response), is_failure: is_failure(&response) }
            });
            texts.boxed()
        });
        let mut subscription = self.sockets.0.hub.attach_with_cost(key, start, pay);
        match subscription.go_live(registration, &self.mailbox, self.number).await {
            Ok(()) => return Some(subscription),
            Err(ReplayError::Expired) => {
                self.send(Content::Errors(errors_text(&[ApiError::cursor_expired().into()]))).await;
            }
            Err(ReplayError::Failed) => self.mailbox.close(CloseReason::Behind),
            Err(ReplayError::Closed) => {}
        }
        None
    }

    async fn send(&self, content: Content) -> bool {
        self.mailbox.send(QueuedMessage { operation: self.number, coalescing: None, content }).await
    }
}

/// Whether the response has errors and no data.
fn is_refused(response: &Response) -> bool {
    !response.errors.is_empty() && response.data == Value::Null
}

pub(super) fn errors_text(errors: &[ServerError]) -> Arc<str> {
    json(&errors)
}

fn text(response: &Response) -> Arc<str> {
    json(response)
}

/// Writes a value as JSON. This fails only for maps with keys that are not strings, and responses have none.
fn json(value: &impl serde::Serialize) -> Arc<str> {
    match serde_json::to_string(value) {
        Ok(text) => text.into(),
        Err(failure) => {
            error!(%failure, "a response cannot be written as JSON");
            "null".into()
        }
    }
}

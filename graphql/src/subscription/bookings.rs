//! `bookingStatusChanged`: how a subscription to bookings begins, and its messages.

use async_graphql::{Context, ID, Object, Subscription};
use domain::{
    ids::BookingId,
    news::{BookingNarrowing, BookingStep, Narrowing, Position},
};
use futures_util::stream::BoxStream;
use live::{LiveEvent, Registration};
use service::{
    bookings::{self, BookingsOf},
    log,
};
use std::sync::Arc;

use crate::{
    change_cursor,
    context::{Result, app, parse_id, viewer},
    error::ApiError,
    loaders::load,
    subscribe::{Beginning, subscribe},
    types::{
        booking::{Booking, BookingStatus},
        scalars::{Cursor, DateTime},
    },
};

/// The most bookings that a snapshot has.
const SNAPSHOT_LIMIT: u64 = 500;

/// The state when a subscription begins, read in one database snapshot with its position.
struct Snapshot {
    position: Position,
    at: chrono::DateTime<chrono::Utc>,
    bookings: Option<Vec<bookings::Booking>>,
}

#[derive(Clone)]
enum Message {
    Snapshot(Arc<Snapshot>),
    Event(LiveEvent),
}

pub struct BookingStatusChange(Message);

impl BookingStatusChange {
    /// The message of an event. All events of [`Narrowing::Bookings`] are steps.
    fn of_event(event: LiveEvent) -> Option<Self> {
        event.change.event.as_booking()?;
        Some(Self(Message::Event(event)))
    }

    fn step(&self) -> Option<&BookingStep> {
        match &self.0 {
            Message::Snapshot(_) => None,
            Message::Event(event) => event.change.event.as_booking(),
        }
    }
}

/// A message of `bookingStatusChanged`. The first message of a subscription without `after` is a snapshot: it has
/// `bookings`, `cursor` and `occurredAt`, and everything else is null.
#[Object]
impl BookingStatusChange {
    /// The position of this message in the log of changes. A subscription that gets it as `after` continues with the
    /// next message.
    async fn cursor(&self, ctx: &Context<'_>) -> Result<Cursor> {
        let position = match &self.0 {
            Message::Snapshot(snapshot) => snapshot.position,
            Message::Event(event) => event.change.position,
        };
        change_cursor::write(app(ctx)?, position).await
    }

    /// The instant of the change. For a snapshot, the instant at which it was read.
    async fn occurred_at(&self) -> DateTime {
        DateTime(match &self.0 {
            Message::Snapshot(snapshot) => snapshot.at,
            Message::Event(event) => event.change.occurred_at,
        })
    }

    /// For a snapshot, all bookings that the subscription selects, the newest first. Null for other messages. Null if
    /// there are more than 500, too: then read them with `bookings`, select `changeCursor` in the same query, and
    /// subscribe with that cursor as `after`.
    async fn bookings(&self) -> Option<Vec<Booking>> {
        let Message::Snapshot(snapshot) = &self.0 else { return None };
        Some(snapshot.bookings.clone()?.into_iter().map(Booking).collect())
    }

    /// The booking, as it is when the message is sent. Null for a snapshot, and if the viewer may no longer see the
    /// booking.
    async fn booking(&self, ctx: &Context<'_>) -> Result<Option<Booking>> {
        let Some(step) = self.step() else { return Ok(None) };
        let viewer = viewer(ctx);
        let row = load(ctx, step.booking).await?;
        Ok(row.filter(|row| row.is_seen_by(viewer)).map(Booking))
    }

    /// The status before the change. Null for a new booking, and for a snapshot.
    async fn old_status(&self) -> Option<BookingStatus> {
        self.step()?.old_status.map(BookingStatus::from)
    }

    /// The status after the change. Null for a snapshot.
    async fn new_status(&self) -> Option<BookingStatus> {
        Some(self.step()?.new_status.into())
    }

    /// True if the time slot began before anybody started the booking. Null for a snapshot.
    async fn is_delayed(&self) -> Option<bool> {
        Some(self.step()?.is_delayed)
    }

    /// A sentence for people that says why the status changed. Null for a snapshot.
    async fn reason(&self) -> Option<&str> {
        Some(&self.step()?.reason)
    }
}

#[derive(Default)]
pub struct BookingSubscription;

#[Subscription]
impl BookingSubscription {
    /// Sends a message for each change of a booking's status. Only the mentor, the student and admins may follow a
    /// booking.
    ///
    /// Without `after`, the first message is a snapshot. With `after`, the subscription sends each change since that
    /// cursor once and in order, and then new ones. If the cursor is too old, the error is CURSOR_EXPIRED: subscribe
    /// again without `after`.
    async fn booking_status_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Only this booking. The default is all bookings in which the viewer is the mentor or the student. For an admin who is no person it is all bookings."
        )]
        booking_id: Option<ID>,
        #[graphql(desc = "The cursor of the last message, or `changeCursor` of a query.")] after: Option<Cursor>,
    ) -> Result<BoxStream<'static, BookingStatusChange>> {
        let begin = async {
            let booking = booking_id.as_ref().map(|id| parse_id("bookingId", id)).transpose()?;
            let narrowing = authorize(ctx, booking).await?;
            let (first, from) = if let Some(cursor) = change_cursor::given(ctx, after) {
                (None, change_cursor::resumable(ctx, &cursor).await?)
            } else {
                let snapshot = read_snapshot(ctx, narrowing).await?;
                let position = snapshot.position;
                (Some(BookingStatusChange(Message::Snapshot(Arc::new(snapshot)))), position)
            };
            let registration = Registration { narrowing: Narrowing::Bookings(narrowing), from, person_at: None };
            Ok(Beginning { registration, first })
        };
        subscribe(ctx, begin, BookingStatusChange::of_event).await
    }
}

/// Checks who may follow: one booking by those who may see it, and without a booking the viewer's own ones. Admins who are no
/// person follow all bookings.
async fn authorize(ctx: &Context<'_>, booking: Option<BookingId>) -> Result<BookingNarrowing> {
    let viewer = viewer(ctx);
    if !viewer.is_signed_in() {
        return Err(ApiError::unauthenticated("Sign in to follow bookings."));
    }
    match (booking, viewer.person) {
        (Some(id), _) => {
            let row = load(ctx, id).await?.filter(|row| row.is_seen_by(viewer));
            row.map(|_| BookingNarrowing::One(id))
                .ok_or_else(|| ApiError::not_found(format!("There is no booking {id} that you may follow.")))
        }
        (None, Some(person)) => Ok(BookingNarrowing::Of(person)),
        (None, None) => Ok(BookingNarrowing::All),
    }
}

/// Reads the state and the position in the log in one database snapshot (rule 23).
async fn read_snapshot(ctx: &Context<'_>, narrowing: BookingNarrowing) -> Result<Snapshot> {
    let app = app(ctx)?;
    let snapshot = log::snapshot(app).await?;
    let bookings = match narrowing {
        BookingNarrowing::One(id) => Some(bookings::find_bookings(&snapshot, &[id]).await?),
        BookingNarrowing::Of(person) => {
            bookings::find_all_of(&snapshot, BookingsOf::Person(person), SNAPSHOT_LIMIT).await?
        }
        BookingNarrowing::All => bookings::find_all_of(&snapshot, BookingsOf::Everybody, SNAPSHOT_LIMIT).await?,
    };
    Ok(Snapshot { position: snapshot.position, at: app.now(), bookings })
}

//! Relay connections: pages of the service's lists as GraphQL shows them.

use async_graphql::{
    Context, Object, OutputType,
    connection::{Connection, Edge, EmptyFields},
};
use service::{
    audit::{self, AuditFilter},
    bookings::{self, BookingFilter, BookingsOf},
    check_ins::{self, CheckInsOf},
    instances::{self, ActiveFilter, InstanceRange},
    lists::{Page, RowCursor, Slice},
    people,
    presence::visits::{self, VisitFilter},
    sessions::{self, SessionFilter},
    time_slots::{self, SlotFilter},
};

use crate::context::{Result, app};

/// What a connection would list, to be counted only when `totalCount` is selected.
pub enum Counted {
    Sessions(SessionFilter),
    Instances(InstanceRange),
    Active(ActiveFilter),
    CheckIns(CheckInsOf),
    People(Option<String>),
    Visits(VisitFilter),
    TimeSlots(SlotFilter),
    Bookings(BookingsOf, BookingFilter),
    Audit(AuditFilter),
}

#[Object]
impl Counted {
    /// How many there are in all; counted only when asked for.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<i64> {
        let app = app(ctx)?;
        Ok(match self {
            Self::Sessions(filter) => sessions::count_sessions(app, filter).await?,
            Self::Instances(range) => instances::count_instances(app, *range).await?,
            Self::Active(filter) => instances::count_active(app, filter).await?,
            Self::CheckIns(of) => check_ins::count_check_ins(app, *of).await?,
            Self::Audit(filter) => audit::count_entries(app, filter).await?,
            Self::Visits(filter) => visits::count_visits(app, filter).await?,
            Self::People(name_contains) => people::count_people(app, name_contains.as_deref()).await?,
            Self::TimeSlots(filter) => time_slots::count_slots(app, filter).await?,
            Self::Bookings(of, filter) => bookings::count_bookings(app, *of, filter).await?,
        })
    }
}

pub type Nodes<T> = Connection<String, T, Counted, EmptyFields>;

/// Shows a slice: `cursor` tells where a row stands in the list, `node` how it is shown.
pub fn connection<R, T: OutputType>(
    slice: Slice<R>,
    counted: Counted,
    cursor: impl Fn(&R) -> RowCursor,
    node: impl Fn(R) -> T,
) -> Nodes<T> {
    let mut connection = Connection::with_additional_fields(slice.has_previous, slice.has_next, counted);
    connection.edges.extend(slice.rows.into_iter().map(|row| Edge::new(cursor(&row).write(), node(row))));
    connection
}

pub fn page(first: Option<i32>, after: Option<String>, last: Option<i32>, before: Option<String>) -> Page {
    Page { first, after, last, before }
}

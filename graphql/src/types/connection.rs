//! Relay connections: pages of the service's lists as GraphQL shows them. These are not the types of async-graphql,
//! because those have no descriptions of their own.

use std::borrow::Cow;

use async_graphql::{Context, Object, OutputType, SimpleObject, TypeName};
use domain::access::Viewer;
use service::{
    audit::{self, AuditFilter},
    bookings::{
        self, BookingFilter, BookingsOf,
        time_slots::{self, SlotFilter},
    },
    check_ins::{self, CheckInsOf},
    instances::{self, ActiveFilter, InstanceRange},
    lists::{Page, RowCursor, Slice},
    people::{self, PeopleFilter, api_keys},
    presence::{
        roster::{self, Roster},
        visits::{self, VisitFilter},
    },
    sessions::{self, SessionFilter},
};

use crate::context::{Result, app};

/// What `totalCount` counts, if it is selected.
pub enum Counted {
    Sessions(SessionFilter),
    Instances(InstanceRange),
    Active(ActiveFilter),
    CheckIns(CheckInsOf),
    People(Option<String>),
    Roster(Roster),
    Visits(VisitFilter),
    TimeSlots(SlotFilter),
    Bookings(BookingsOf, BookingFilter),
    Audit(AuditFilter),
    ApiKeys(Viewer),
}

impl Counted {
    async fn count(&self, ctx: &Context<'_>) -> Result<i64> {
        let app = app(ctx)?;
        Ok(match self {
            Self::Sessions(filter) => sessions::count_sessions(app, filter).await?,
            Self::Instances(range) => instances::count_instances(app, *range).await?,
            Self::Active(filter) => instances::count_active(app, filter).await?,
            Self::CheckIns(of) => check_ins::count_check_ins(app, *of).await?,
            Self::Audit(filter) => audit::count_entries(app, filter).await?,
            Self::ApiKeys(viewer) => api_keys::count_api_keys(app, *viewer).await?,
            Self::Visits(filter) => visits::count_visits(app, filter).await?,
            Self::People(name_contains) => {
                let filter = PeopleFilter { name_contains: name_contains.as_deref(), ..PeopleFilter::default() };
                people::count_people(app, filter).await?
            }
            Self::Roster(roster) => roster::count_roster(app, *roster).await?,
            Self::TimeSlots(filter) => time_slots::count_slots(app, filter).await?,
            Self::Bookings(of, filter) => bookings::count_bookings(app, *of, filter).await?,
        })
    }
}

/// One page of a list.
pub struct Nodes<T> {
    edges: Vec<Edge<T>>,
    has_previous: bool,
    has_next: bool,
    counted: Counted,
}

/// An item of a list, and where it is.
pub struct Edge<T> {
    cursor: String,
    node: T,
}

/// Where a page is in its list.
#[derive(SimpleObject)]
pub struct PageInfo {
    /// True if the list has items before this page.
    has_previous_page: bool,
    /// True if the list has items after this page.
    has_next_page: bool,
    /// The cursor of the first item. Null if the page is empty.
    start_cursor: Option<String>,
    /// The cursor of the last item, for `after` of the next page. Null if the page is empty.
    end_cursor: Option<String>,
}

impl<T: OutputType> TypeName for Nodes<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", T::type_name()).into()
    }
}

/// One page of a list, as the Relay specification describes connections.
#[Object(name_type)]
impl<T: OutputType> Nodes<T> {
    /// The items of this page, each with its cursor.
    async fn edges(&self) -> &[Edge<T>] {
        &self.edges
    }

    /// The items of this page, without cursors.
    async fn nodes(&self) -> Vec<&T> {
        self.edges.iter().map(|edge| &edge.node).collect()
    }

    /// Where this page is in the list.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_previous_page: self.has_previous,
            has_next_page: self.has_next,
            start_cursor: self.edges.first().map(|edge| edge.cursor.clone()),
            end_cursor: self.edges.last().map(|edge| edge.cursor.clone()),
        }
    }

    /// The number of items in the whole list.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<i64> {
        self.counted.count(ctx).await
    }
}

impl<T: OutputType> TypeName for Edge<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", T::type_name()).into()
    }
}

/// An item of a list, with its cursor.
#[Object(name_type)]
impl<T: OutputType> Edge<T> {
    /// Where the item is in the list: a value for `after` or `before`.
    async fn cursor(&self) -> &str {
        &self.cursor
    }

    /// The item.
    async fn node(&self) -> &T {
        &self.node
    }
}

/// The connection for a page of rows. `cursor` makes the cursor of a row, `node` the object that clients see.
pub fn connection<R, T: OutputType>(
    slice: Slice<R>,
    counted: Counted,
    cursor: impl Fn(&R) -> RowCursor,
    node: impl Fn(R) -> T,
) -> Nodes<T> {
    let cursors = slice.rows.iter().map(|row| cursor(row).write()).collect();
    connection_with(slice, counted, cursors, node)
}

/// Does the same as [`connection`], with the cursors as text, one for each row.
pub fn connection_with<R, T: OutputType>(
    slice: Slice<R>,
    counted: Counted,
    cursors: Vec<String>,
    node: impl Fn(R) -> T,
) -> Nodes<T> {
    let edges = slice.rows.into_iter().zip(cursors).map(|(row, cursor)| Edge { cursor, node: node(row) }).collect();
    Nodes { edges, has_previous: slice.has_previous, has_next: slice.has_next, counted }
}

pub fn page(first: Option<i32>, after: Option<String>, last: Option<i32>, before: Option<String>) -> Page {
    Page { first, after, last, before }
}

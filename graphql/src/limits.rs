//! What a request may cost, in fields: a list counts as often as it may have rows.

use service::lists::{DEFAULT_PAGE, MAX_PAGE};

/// Introspection is 15 deep, so that much is allowed, and some more.
pub const DEPTH: usize = 30;

/// Fields of one request, lists multiplied out.
pub const COMPLEXITY: usize = 20_000;

/// What a list counts that is given whole, such as what is on in one city: as if it had so many rows.
pub const LIST: usize = 30;

/// How many rows a page may have.
pub fn page(first: Option<i32>, last: Option<i32>) -> usize {
    let asked = first.or(last).map(|count| count.clamp(0, MAX_PAGE));
    asked.and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::try_from(DEFAULT_PAGE).unwrap_or(20))
}

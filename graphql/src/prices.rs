//! What fields cost. A document has its price before it runs: see [`operation`](super::operation).
//!
//! A mutation that is not in [`PRICES`] costs as much as most of them do. Another field that is not there costs no statement.
//! It has one row, or [`LIST`] rows if it is a list.

use service::lists::DEFAULT_PAGE;

/// How many fields a document may resolve, its lists multiplied out.
pub const FIELDS: u64 = 20_000;

/// How many statements the database may be asked by a document.
pub const STATEMENTS: u64 = 200;

/// How many fields of introspection a document may resolve. What clients send to read the whole schema takes about a
/// third of this.
pub const INTROSPECTION: u64 = 120_000;

/// What looking up one type costs, in fields of introspection: async-graphql looks which types are visible each time.
pub const TYPE_LOOKUP: u64 = 500;

/// How many bytes of arguments may be read: a value counts as often as its field is resolved. An item of a list and a field
/// of an object count as [`ITEM_BYTES`] more.
pub const ARGUMENT_BYTES: u64 = 1024 * 1024;

/// What an item of a list or a field of an object costs, in bytes of arguments.
pub const ITEM_BYTES: u64 = 8;

/// How many fields cost as much as a statement of the database: a point.
pub const FIELDS_A_POINT: u64 = 200;

/// How many fields of introspection cost a point.
pub const INTROSPECTION_A_POINT: u64 = 1_000;

/// How many bytes of arguments cost a point.
pub const ARGUMENT_BYTES_A_POINT: u64 = 16 * 1024;

/// How many bytes of a document cost a point. They have to be read, even if the document is then refused.
pub const TEXT_BYTES_A_POINT: u64 = 4 * 1024;

/// How deep fields may stand in fields. Introspection is 15 deep.
pub const DEPTH: usize = 30;

/// How many rows a list counts that is given whole, such as what is on in one city.
pub const LIST: u64 = 30;

/// How many bytes the value of a field takes at most in an answer: most texts have 200 characters.
pub const VALUE_BYTES: u64 = 1_300;

/// How many bytes a longer text takes at most: the page that a visit is at has 2,000 characters.
pub const TEXT_BYTES: u64 = 12_000;

/// How many bytes the text of the schema takes at most.
pub const SCHEMA_BYTES: u64 = 300_000;

/// How many resolved fields share one more statement of a loader: its batches are no longer.
pub const BATCH: u64 = 1_000;

/// What is loaded for the rows of lists that are read one by one comes at different times, so that not all of it is loaded
/// together: so many lists add one statement.
pub const LISTS_A_BATCH: u64 = 10;

/// How the database is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statements {
    None,
    /// Each time the field is resolved, so many.
    Each(u64),
    /// By a loader: fields of one depth are read together.
    Loaded,
    /// By a mutation, about so many. The rate of mutations is limited, and not how many statements they are.
    Writes(u64),
}

/// How many rows a field has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// What its type says: one, or [`LIST`].
    OfType,
    /// As `first` or `last` say, or as many as this without them. None at all count as one.
    Page(u64),
    Most(u64),
    /// As many as the list has that is given as this argument. None at all count as one.
    Given(&'static str),
}

#[derive(Debug, Clone, Copy)]
pub struct Price {
    pub statements: Statements,
    pub rows: Rows,
}

const PAGE: Rows = Rows::Page(DEFAULT_PAGE);

const fn each(statements: u64, rows: Rows) -> Price {
    Price { statements: Statements::Each(statements), rows }
}

/// What most mutations cost.
const WRITE: Price = writes(10);

const fn writes(statements: u64) -> Price {
    Price { statements: Statements::Writes(statements), rows: Rows::OfType }
}

const LOADED: Price = Price { statements: Statements::Loaded, rows: Rows::OfType };

/// Entities of six types are each read together, and for people also who may see them.
const ENTITIES: Price = each(8, Rows::Given("representations"));

/// Of fields, by their type and name.
const PRICES: &[(&str, &str, Price)] = &[
    ("Query", "viewer", LOADED),
    // One kind of node, a check-in, is read by itself, and then whether it may be seen.
    ("Query", "node", each(1, Rows::OfType)),
    ("Query", "session", LOADED),
    ("Query", "sessionByPath", each(1, Rows::OfType)),
    ("Query", "sessions", each(1, PAGE)),
    ("Query", "sessionInstance", LOADED),
    ("Query", "activeSessionInstances", each(1, PAGE)),
    ("Query", "person", LOADED),
    ("Query", "people", each(2, PAGE)),
    ("Query", "timeSlots", each(1, PAGE)),
    ("Query", "booking", LOADED),
    ("Query", "bookings", each(1, PAGE)),
    // It reads nothing, but computes more than other fields.
    ("Query", "previewRecurrence", each(2, Rows::OfType)),
    ("Query", "changeCursor", each(1, Rows::OfType)),
    ("Query", "activity", each(1, Rows::OfType)),
    ("Query", "presence", each(1, Rows::OfType)),
    ("Query", "presences", each(1, PAGE)),
    ("Query", "presenceStatistics", each(5, Rows::OfType)),
    ("Query", "auditLog", each(1, PAGE)),
    ("Query", "apiKeys", each(1, PAGE)),
    ("Query", "_entities", ENTITIES),
    // It is a long text.
    ("_Service", "sdl", each(20, Rows::OfType)),
    ("Mutation", "heartbeat", writes(2)),
    ("Mutation", "leaveActivity", writes(5)),
    ("Mutation", "leaveQueue", writes(5)),
    ("Mutation", "completePresence", writes(5)),
    ("Mutation", "mergePeople", writes(30)),
    ("Mutation", "erasePerson", writes(30)),
    ("Mutation", "sweep", writes(50)),
    ("Mutation", "importCalendar", writes(100)),
    ("Session", "isActive", LOADED),
    ("Session", "activeInstances", LOADED),
    ("Session", "organizers", LOADED),
    ("Session", "viewerCanEdit", LOADED),
    ("Session", "problem", LOADED),
    ("RecurrencePreview", "occurrences", Price { statements: Statements::None, rows: Rows::Page(10) }),
    ("Session", "skips", Price { statements: Statements::Loaded, rows: Rows::Most(20) }),
    ("Session", "occurrences", Price { statements: Statements::Loaded, rows: Rows::Page(10) }),
    ("Session", "instances", each(1, PAGE)),
    ("SessionInstance", "session", LOADED),
    ("SessionInstance", "activeExplanation", LOADED),
    ("SessionInstance", "checkInCode", LOADED),
    ("SessionInstance", "attendingCount", LOADED),
    ("SessionInstance", "presentCount", LOADED),
    ("SessionInstance", "checkIns", each(1, PAGE)),
    ("SessionInstance", "viewerCheckIn", LOADED),
    ("SessionInstance", "nearbyActiveInstances", LOADED),
    ("Person", "activeSessionInstance", LOADED),
    ("Person", "nearbyActiveInstances", LOADED),
    ("Person", "checkIns", each(1, PAGE)),
    ("CheckIn", "person", LOADED),
    // The person says whether others may see these instants.
    ("CheckIn", "checkedInAt", LOADED),
    ("CheckIn", "arrivedAt", LOADED),
    ("CheckIn", "sessionInstance", LOADED),
    ("TimeSlot", "mentor", LOADED),
    ("TimeSlot", "isFree", LOADED),
    ("TimeSlot", "booking", LOADED),
    ("Booking", "student", LOADED),
    ("Booking", "timeSlot", LOADED),
    ("Activity", "isFull", LOADED),
    ("Activity", "occupancy", LOADED),
    ("Activity", "occupancyByLanguage", LOADED),
    ("Activity", "people", each(2, PAGE)),
    ("Activity", "queueLength", LOADED),
    ("Presence", "activity", LOADED),
    ("Presence", "queuePlace", LOADED),
    ("Presence", "person", LOADED),
    ("AuditEntry", "actorPerson", LOADED),
    ("AuditEntry", "apiKey", LOADED),
    ("ApiKey", "person", LOADED),
    // A snapshot has up to 500.
    ("ActiveSessionChange", "activeInstances", Price { statements: Statements::Loaded, rows: Rows::Most(100) }),
    ("ActiveSessionChange", "sessions", Price { statements: Statements::Loaded, rows: Rows::Most(100) }),
    ("ActiveSessionChange", "session", LOADED),
    ("ActiveSessionChange", "sessionInstance", LOADED),
    ("ActiveSessionChange", "previousSessionInstance", LOADED),
    ("ActiveSessionChange", "person", LOADED),
    ("BookingStatusChange", "booking", LOADED),
    ("BookingStatusChange", "bookings", LOADED),
    ("PresenceChange", "activity", LOADED),
    ("PresenceChange", "onlineCount", LOADED),
    ("PresenceChange", "queueLength", LOADED),
    ("QueueChange", "activity", LOADED),
];

/// Fields whose values are longer texts.
const TEXTS: &[(&str, &str)] = &[
    ("Session", "problem"),
    ("Session", "description"),
    ("SessionInstance", "activeExplanation"),
    ("Presence", "currentPage"),
    ("Recurrence", "text"),
    ("Recurrence", "rrules"),
    ("RecurrencePreview", "text"),
    ("RecurrencePreview", "rrules"),
    ("AuditChange", "from"),
    ("RefusedEvent", "reason"),
    ("RefusedEvent", "uid"),
    ("RefusedEvent", "summary"),
    ("ImportedEvent", "uid"),
    ("AuditChange", "to"),
];

/// What a field costs.
pub fn price(of: &str, field: &str) -> Price {
    if field == "totalCount" {
        return each(1, Rows::OfType);
    }
    let usual = if of == "Mutation" { WRITE } else { Price { statements: Statements::None, rows: Rows::OfType } };
    let found = PRICES.iter().find(|(known, name, _)| *known == of && *name == field);
    found.map_or(usual, |(_, _, price)| *price)
}

/// How many bytes the value of a field takes at most.
pub fn value_bytes(of: &str, field: &str) -> u64 {
    match (of, field) {
        ("_Service", "sdl") => SCHEMA_BYTES,
        text if TEXTS.contains(&text) => TEXT_BYTES,
        _ => VALUE_BYTES,
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::Name;

    use super::*;
    use crate::registry::Types;

    #[test]
    fn every_price_is_of_a_field_of_the_schema() {
        let types = Types::read(&crate::federated_sdl()).unwrap();
        let named = PRICES.iter().map(|(of, field, _)| (of, field)).chain(TEXTS.iter().map(|(of, field)| (of, field)));
        for (of, field) in named {
            assert!(types.field(&Name::new(of), &Name::new(field)).is_some(), "{of}.{field}");
        }
    }

    #[test]
    fn every_connection_is_a_page() {
        let types = Types::read(&crate::sdl()).unwrap();
        for (of, field, leads_to) in types.fields() {
            if leads_to.ends_with("Connection") {
                let price = price(of, field);
                assert!(matches!(price.statements, Statements::Each(1..)), "{of}.{field} costs statements");
                assert!(matches!(price.rows, Rows::Page(_)), "{of}.{field} has as many rows as are asked for");
            }
        }
    }

    #[test]
    fn schema_is_not_longer_than_it_is_taken_for() {
        // Quotes and line breaks take two bytes in JSON.
        let text = crate::subgraph_sdl();
        let bytes = text.len() + text.matches(['\n', '\t', '"']).count();
        assert!(bytes as u64 <= SCHEMA_BYTES, "{bytes}");
    }
}

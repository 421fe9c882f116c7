//! The prices of fields. The price of a document is known before it runs: see [`operation`](super::operation).
//!
//! A mutation that is not in [`PRICES`] has the price of most mutations. Another field that is not there costs no statement.
//! Such a field has one row, or [`LIST`] rows if it is a list.

use service::lists::DEFAULT_PAGE;

/// How many fields a document may resolve, with its lists multiplied out.
pub const FIELDS: u64 = 20_000;

/// How many statements of the database a document may need.
pub const STATEMENTS: u64 = 200;

/// How many fields of introspection a document may resolve. The queries with which clients read the whole schema need about a
/// third of this.
pub const INTROSPECTION: u64 = 120_000;

/// The price of looking up one type, in fields of introspection. For each lookup, async-graphql computes which types are
/// visible.
pub const TYPE_LOOKUP: u64 = 500;

/// How many bytes of arguments may be read. A value counts as often as its field is resolved. Each item of a list and each
/// field of an object adds [`ITEM_BYTES`].
pub const ARGUMENT_BYTES: u64 = 1024 * 1024;

/// The price of an item of a list or a field of an object, in bytes of arguments.
pub const ITEM_BYTES: u64 = 8;

/// How many fields cost as much as a statement of the database: a point.
pub const FIELDS_A_POINT: u64 = 200;

/// How many fields of introspection cost a point.
pub const INTROSPECTION_A_POINT: u64 = 1_000;

/// How many bytes of arguments cost a point.
pub const ARGUMENT_BYTES_A_POINT: u64 = 16 * 1024;

/// How many bytes of names in the answer cost a point.
pub const NAME_BYTES_A_POINT: u64 = 16 * 1024;

/// The price of reading a token over HTTP, in points.
pub const TOKEN: u64 = 1;

/// How many bytes of a document cost a point. They are read even if the document is refused afterwards.
pub const TEXT_BYTES_A_POINT: u64 = 4 * 1024;

/// The deepest nesting of fields. Introspection needs 15.
pub const DEPTH: usize = 30;

/// The assumed number of rows of a list without pages, such as the active instances of one city.
pub const LIST: u64 = 30;

/// The greatest length of a field's value in an answer, in bytes. Most texts have at most 200 characters.
pub const VALUE_BYTES: u64 = 1_300;

/// The greatest length of a longer text in an answer, in bytes. The page of a visit has at most 2,000 characters.
pub const TEXT_BYTES: u64 = 12_000;

/// The greatest length of the schema's text, in bytes.
pub const SCHEMA_BYTES: u64 = 300_000;

/// How many resolved fields add one statement of a loader: a batch has at most this many keys.
pub const BATCH: u64 = 1_000;

/// How many lists that are read one by one add one statement of a loader. Their rows come at different times, so they cannot
/// all be loaded in one batch.
pub const LISTS_A_BATCH: u64 = 10;

/// A query that costs more points than this is expensive. Few expensive queries run at the same time, and they have their own
/// connections to the database.
pub const EXPENSIVE: u64 = 25;

/// How a field reads from the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Statements {
    None,
    /// This many statements each time the field is resolved.
    Each(u64),
    /// This many statements for each item of a list: the argument's name, and the name of the list in it.
    EachItem(u64, &'static str, &'static str),
    /// Through a loader: all fields of one depth are read together.
    Loaded,
    /// About this many statements, by a mutation. Only the rate of mutations is limited, not their statements.
    Writes(u64),
}

/// The number of rows of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// One, or [`LIST`] if the type is a list.
    OfType,
    /// As many as `first` or `last` asks for, or this number without them. At least one.
    Page(u64),
    Most(u64),
    /// As many as the list in this argument has. At least one.
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

/// Entities of each of the six types are read together. For people, also whether the viewer may see them.
const ENTITIES: Price = each(8, Rows::Given("representations"));

const PREVIEW: Price = Price { statements: Statements::EachItem(2, "input", "schedules"), rows: Rows::OfType };

/// The prices of fields, by type and name.
const PRICES: &[(&str, &str, Price)] = &[
    ("Query", "viewer", LOADED),
    // A check-in is read by itself, and then whether the viewer may see it. Other nodes cost no more.
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
    // This reads nothing. But each schedule is computed up to its first meeting, and those with an end up to the last one.
    ("Query", "previewRecurrence", PREVIEW),
    ("Query", "changeCursor", each(1, Rows::OfType)),
    ("Query", "activity", each(1, Rows::OfType)),
    ("Query", "presence", each(1, Rows::OfType)),
    ("Query", "presences", each(1, PAGE)),
    ("Query", "presenceStatistics", each(5, Rows::OfType)),
    ("Query", "auditLog", each(1, PAGE)),
    ("Query", "apiKeys", each(1, PAGE)),
    ("Query", "_entities", ENTITIES),
    // This is a long text.
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
    // Whether others may see these instants depends on the person.
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
    ("QueuePlace", "activity", LOADED),
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
    ("ImportedEvent", "notes"),
    ("AuditChange", "to"),
];

/// The price of a field.
pub fn price(of: &str, field: &str) -> Price {
    if field == "totalCount" {
        return each(1, Rows::OfType);
    }
    let usual = if of == "Mutation" { WRITE } else { Price { statements: Statements::None, rows: Rows::OfType } };
    let found = PRICES.iter().find(|(known, name, _)| *known == of && *name == field);
    found.map_or(usual, |(_, _, price)| *price)
}

/// The longest value of a field in an answer, in bytes.
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

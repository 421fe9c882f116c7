//! Decides which subscriptions viewers share. The subscriptions of a group are executed once for all of them.

use std::collections::BTreeSet;

use async_graphql::{
    Name, Positioned,
    parser::types::{Directive, Field},
};
use async_graphql_value::Value;

use super::registry::Types;

/// Fields by their type and name.
pub type ShareableFields = &'static [(&'static str, &'static str)];

/// Fields that are the same for every viewer. Viewers share a subscription only if all of its fields are in this list. A field
/// that somebody forgot to list is not shared, which costs time but discloses nothing.
pub const SAME_FOR_EVERYONE: ShareableFields = &[
    ("ActiveOverride", "active"),
    ("ActiveOverride", "until"),
    ("ActiveSessionChange", "activeInstances"),
    ("ActiveSessionChange", "cursor"),
    ("ActiveSessionChange", "deactivatedSessionInstanceId"),
    ("ActiveSessionChange", "kind"),
    ("ActiveSessionChange", "occurredAt"),
    ("ActiveSessionChange", "previousSessionInstance"),
    ("ActiveSessionChange", "session"),
    ("ActiveSessionChange", "sessionInstance"),
    ("ActiveSessionChange", "sessionInstanceId"),
    ("ActiveSessionChange", "sessions"),
    ("Activity", "id"),
    ("Activity", "isFull"),
    ("Activity", "isRosterPublic"),
    ("Activity", "key"),
    ("Activity", "maxConcurrent"),
    ("Activity", "maxIdleMinutes"),
    ("Activity", "name"),
    ("Activity", "occupancy"),
    ("Activity", "occupancyByLanguage"),
    ("Activity", "offerSeconds"),
    ("Activity", "queueGraceSeconds"),
    ("Activity", "queueLength"),
    ("Activity", "seatsPer"),
    ("Booking", "cancelledAt"),
    ("Booking", "completedAt"),
    ("Booking", "id"),
    ("Booking", "isDelayed"),
    ("Booking", "startedAt"),
    ("Booking", "status"),
    ("Booking", "student"),
    ("Booking", "timeSlot"),
    ("BookingStatusChange", "cursor"),
    ("BookingStatusChange", "isDelayed"),
    ("BookingStatusChange", "newStatus"),
    ("BookingStatusChange", "occurredAt"),
    ("BookingStatusChange", "oldStatus"),
    ("BookingStatusChange", "reason"),
    ("CheckIn", "attendance"),
    ("CheckIn", "id"),
    ("CheckIn", "sessionInstance"),
    ("CheckInConnection", "edges"),
    ("CheckInConnection", "nodes"),
    ("CheckInConnection", "pageInfo"),
    ("CheckInConnection", "totalCount"),
    ("CheckInEdge", "cursor"),
    ("CheckInEdge", "node"),
    ("LanguageCount", "count"),
    ("LanguageCount", "languageCode"),
    ("MonthDaySchedule", "days"),
    ("MonthDaySchedule", "endTime"),
    ("MonthDaySchedule", "everyNMonths"),
    ("MonthDaySchedule", "months"),
    ("MonthDaySchedule", "startTime"),
    ("MonthlySchedule", "endTime"),
    ("MonthlySchedule", "everyNMonths"),
    ("MonthlySchedule", "months"),
    ("MonthlySchedule", "startTime"),
    ("MonthlySchedule", "weekday"),
    ("MonthlySchedule", "which"),
    ("Occurrence", "date"),
    ("Occurrence", "endsAt"),
    ("Occurrence", "sessionInstance"),
    ("Occurrence", "startsAt"),
    ("PageInfo", "endCursor"),
    ("PageInfo", "hasNextPage"),
    ("PageInfo", "hasPreviousPage"),
    ("PageInfo", "startCursor"),
    ("Person", "city"),
    ("Person", "country"),
    ("Person", "displayName"),
    ("Person", "id"),
    ("Person", "isDeactivated"),
    ("Person", "isGuest"),
    ("PresenceChange", "activity"),
    ("PresenceChange", "occupancy"),
    ("PresenceChange", "occurredAt"),
    ("PresenceChange", "onlineCount"),
    ("PresenceChange", "queueLength"),
    ("Recurrence", "rrules"),
    ("Recurrence", "schedules"),
    ("Recurrence", "text"),
    ("Session", "activeBufferMinutesAfter"),
    ("Session", "activeBufferMinutesBefore"),
    ("Session", "activeInstances"),
    ("Session", "autoCreateHoursAhead"),
    ("Session", "autoCreateInstances"),
    ("Session", "checkInCodes"),
    ("Session", "city"),
    ("Session", "country"),
    ("Session", "description"),
    ("Session", "distanceKm"),
    ("Session", "id"),
    ("Session", "initiationDate"),
    ("Session", "instances"),
    ("Session", "isActive"),
    ("Session", "latitude"),
    ("Session", "location"),
    ("Session", "longitude"),
    ("Session", "name"),
    ("Session", "occurrences"),
    ("Session", "path"),
    ("Session", "pictureUrl"),
    ("Session", "recurrence"),
    ("Session", "requiresCode"),
    ("Session", "skips"),
    ("Session", "state"),
    ("Session", "terminationDate"),
    ("Session", "timeZone"),
    ("Session", "website"),
    ("SessionInstance", "activeExplanation"),
    ("SessionInstance", "activeFrom"),
    ("SessionInstance", "activeOverride"),
    ("SessionInstance", "activeUntil"),
    ("SessionInstance", "attendingCount"),
    ("SessionInstance", "date"),
    ("SessionInstance", "endTime"),
    ("SessionInstance", "endsAt"),
    ("SessionInstance", "id"),
    ("SessionInstance", "isActive"),
    ("SessionInstance", "isCancelled"),
    ("SessionInstance", "locationOverride"),
    ("SessionInstance", "nearbyActiveInstances"),
    ("SessionInstance", "presentCount"),
    ("SessionInstance", "session"),
    ("SessionInstance", "startTime"),
    ("SessionInstance", "startsAt"),
    ("SessionInstanceConnection", "edges"),
    ("SessionInstanceConnection", "nodes"),
    ("SessionInstanceConnection", "pageInfo"),
    ("SessionInstanceConnection", "totalCount"),
    ("SessionInstanceEdge", "cursor"),
    ("SessionInstanceEdge", "node"),
    ("Skip", "from"),
    ("Skip", "id"),
    ("Skip", "reason"),
    ("Skip", "to"),
    ("Subscription", "activeSessionChanged"),
    ("Subscription", "presenceChanged"),
    ("TimeSlot", "endsAt"),
    ("TimeSlot", "id"),
    ("TimeSlot", "isFree"),
    ("TimeSlot", "mentor"),
    ("TimeSlot", "startsAt"),
    ("WeeklySchedule", "endTime"),
    ("WeeklySchedule", "everyNWeeks"),
    ("WeeklySchedule", "months"),
    ("WeeklySchedule", "startTime"),
    ("WeeklySchedule", "weekStart"),
    ("WeeklySchedule", "weekday"),
];

/// Fields that a subscription reaches and that depend on the viewer. The list exists for a test: each field must be in exactly
/// one of the two lists.
#[cfg(test)]
const VIEWER_DEPENDENT: ShareableFields = &[
    // Only subscriptions with `personId` have this. They belong to their viewer.
    ("ActiveSessionChange", "person"),
    ("BookingStatusChange", "booking"),
    // The bookings of the viewer.
    ("BookingStatusChange", "bookings"),
    // Not visible to everybody if the person hides their place.
    ("CheckIn", "arrivedAt"),
    ("CheckIn", "checkedInAt"),
    ("CheckIn", "person"),
    ("Person", "activeSessionInstance"),
    ("Person", "checkIns"),
    ("Person", "externalId"),
    ("Person", "hidesPlace"),
    // These are near the place of a person, which not everybody may know.
    ("Person", "nearbyActiveInstances"),
    ("Session", "organizers"),
    ("Session", "problem"),
    ("Session", "viewerCanEdit"),
    ("CheckInCode", "code"),
    ("CheckInCode", "expiresAt"),
    ("CheckInCode", "url"),
    ("SessionInstance", "checkInCode"),
    ("SessionInstance", "checkIns"),
    ("SessionInstance", "viewerCheckIn"),
    // Visible to admins, and to those who have a seat.
    ("Activity", "people"),
    ("PersonConnection", "edges"),
    ("PersonConnection", "nodes"),
    ("PersonConnection", "pageInfo"),
    ("PersonConnection", "totalCount"),
    ("PersonEdge", "cursor"),
    ("PersonEdge", "node"),
    // These belong to the visit that is followed.
    ("QueueChange", "activity"),
    ("QueueChange", "admitted"),
    ("QueueChange", "isElsewhere"),
    ("QueueChange", "occurredAt"),
    ("QueueChange", "queuePlace"),
    ("QueuePlace", "activity"),
    ("QueuePlace", "estimatedWaitSeconds"),
    ("QueuePlace", "joinedAt"),
    ("QueuePlace", "length"),
    ("QueuePlace", "offer"),
    ("QueuePlace", "position"),
    ("SeatOffer", "expiresAt"),
    ("Subscription", "bookingStatusChanged"),
    ("Subscription", "queueChanged"),
    ("TimeSlot", "booking"),
];

/// The arguments of subscriptions that only choose events, and never change their content (rule 25).
const NARROWING_ARGUMENTS: &[&str] =
    &["sessionIds", "personId", "city", "country", "activityKey", "bookingId", "after"];

/// Which subscriptions share executions.
#[derive(Debug, Default)]
pub struct Sharing {
    /// Whether no field depends on the viewer.
    pub by_everyone: bool,
    /// Whether the subscription follows a person. It then belongs to its viewer.
    pub follows_person: bool,
    /// Variables that stand in narrowing arguments.
    narrowing: BTreeSet<Name>,
    /// Variables that stand anywhere else.
    others: BTreeSet<Name>,
}

impl Sharing {
    /// The state before any field is read.
    pub(super) fn of_everyone() -> Self {
        Self { by_everyone: true, ..Self::default() }
    }

    pub(super) fn add_arguments(&mut self, field: &Field, is_root: bool) {
        for (argument, value) in &field.arguments {
            self.follows_person |= is_root && argument.node == "personId";
            let narrows = is_root && NARROWING_ARGUMENTS.contains(&argument.node.as_str());
            add_variables(&value.node, if narrows { &mut self.narrowing } else { &mut self.others });
        }
    }

    pub(super) fn add_directives(&mut self, directives: &[Positioned<Directive>]) {
        for (_, value) in directives.iter().flat_map(|directive| &directive.node.arguments) {
            add_variables(&value.node, &mut self.others);
        }
    }

    /// Whether a variable only chooses events. Subscriptions that differ in nothing else share executions.
    pub fn is_narrowing(&self, variable: &Name) -> bool {
        self.narrowing.contains(variable) && !self.others.contains(variable)
    }
}

fn add_variables(value: &Value, variables: &mut BTreeSet<Name>) {
    match value {
        Value::Variable(name) => drop(variables.insert(name.clone())),
        Value::List(items) => items.iter().for_each(|item| add_variables(item, variables)),
        Value::Object(fields) => fields.values().for_each(|value| add_variables(value, variables)),
        _ => {}
    }
}

/// Whether a field is the same for every viewer. A field of an interface is, if the field is the same in all of its objects.
pub fn is_shareable(types: &Types, shareable: ShareableFields, of: &Name, field: &str) -> bool {
    let is_listed = |of: &str| field == "__typename" || shareable.contains(&(of, field));
    match types.possible_types(of) {
        Some(objects) => objects.iter().all(|object| is_listed(object)),
        None => is_listed(of),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The fields of all types that a subscription may reach.
    fn reached_fields(types: &Types) -> BTreeSet<(&str, &str)> {
        let mut fields = BTreeSet::new();
        let mut left = vec!["Subscription"];
        let mut seen = BTreeSet::new();
        while let Some(of) = left.pop() {
            if !seen.insert(of) {
                continue;
            }
            left.extend(types.possible_types(&Name::new(of)).into_iter().flatten().map(Name::as_str));
            for (_, name, leads_to) in types.fields().filter(|(owner, ..)| *owner == of) {
                fields.insert((of, name));
                left.push(leads_to);
            }
        }
        fields
    }

    /// Each field that a subscription reaches must be in one of the two lists. A field in neither is not shared, and costs an
    /// execution for each socket.
    #[test]
    fn every_field_that_a_subscription_reaches_is_classified() {
        let types = Types::read(&crate::sdl()).unwrap();
        let reached = reached_fields(&types);
        for field in &reached {
            let lists = [SAME_FOR_EVERYONE, VIEWER_DEPENDENT].map(|list| list.iter().filter(|it| *it == field).count());
            assert!(matches!(lists, [1, 0] | [0, 1]), "does {field:?} depend on who asks? {lists:?}");
        }
        for field in SAME_FOR_EVERYONE.iter().chain(VIEWER_DEPENDENT) {
            assert!(reached.contains(field), "no subscription reaches {field:?}");
        }
    }

    #[test]
    fn a_field_of_an_interface_is_shared_if_each_object_shares_it() {
        let sdl = "schema { query: A } interface I { x: Int y: Int } union U = A | B
                   type A implements I { x: Int y: Int } type B implements I { x: Int y: Int z: Int }";
        let types = Types::read(sdl).unwrap();
        let shareable: ShareableFields = &[("A", "x"), ("B", "x"), ("A", "y"), ("I", "y")];
        let is_shareable = |of: &str, field: &str| is_shareable(&types, shareable, &Name::new(of), field);
        for (of, field) in [("I", "x"), ("A", "y"), ("I", "__typename"), ("U", "__typename")] {
            assert!(is_shareable(of, field), "{of}.{field}");
        }
        for (of, field) in [("I", "y"), ("B", "y"), ("B", "z"), ("A", "unknown"), ("Unknown", "x")] {
            assert!(!is_shareable(of, field), "{of}.{field}");
        }
    }
}

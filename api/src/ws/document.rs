//! What an operation asks, as far as the socket must know: its kind, and with whom a subscription may share executions.

use std::{collections::BTreeSet, convert::Infallible};

use async_graphql::{
    Name, Pos, Positioned, Request, ServerError, Value, Variables,
    parser::types::{Directive, DocumentOperations, ExecutableDocument, Field, OperationType, Selection, SelectionSet},
};
use domain::{access::Viewer, ids::PersonId};
use graphql::document::{check_document, find_operation, operation_name, shortened};
use live::GroupKey;
use tracing::Span;

/// Fields whose value depends on who asks, wherever they stand. Beside [`SAME_FOR_EVERYONE`] so that a test of the schema
/// can ask of every field which of the two it is ([`is_classified`]).
pub const VIEWER_DEPENDENT: &[&str] = &[
    "activeSessionInstance",
    "actorPerson",
    // Of people who hide their place.
    "arrivedAt",
    "auditLog",
    "booking",
    "bookings",
    // Those of the viewer.
    "bookingStatusChanged",
    "checkedInAt",
    "checkIns",
    // Of a visit, which is its person's.
    "completedAt",
    "currentPage",
    "externalId",
    "hidesPlace",
    "isOnline",
    "lastSeenAt",
    // Of a person it starts where that person is.
    "nearbyActiveInstances",
    "organizers",
    "people",
    "person",
    "presence",
    "presenceStatistics",
    "presences",
    "problem",
    "startedAt",
    "viewer",
    "viewerCanEdit",
    "viewerCheckIn",
    "viewerIsAdmin",
];

/// Fields that are the same whoever asks. Only documents made of these are shared by different viewers: a field that
/// nobody thought of is not shared, which costs time but gives nothing away.
pub const SAME_FOR_EVERYONE: &[&str] = &[
    "__typename",
    "action",
    "active",
    "activeBufferMinutesAfter",
    "activeBufferMinutesBefore",
    "activeExplanation",
    "activeFrom",
    "activeInstances",
    "activeOverride",
    "activeSessionChanged",
    "activeUntil",
    "activity",
    "actor",
    "attendance",
    "attendingCount",
    "autoCreateHoursAhead",
    "autoCreateInstances",
    "cancelledAt",
    "changes",
    "city",
    "count",
    "country",
    "cursor",
    "date",
    "displayName",
    "edges",
    "endCursor",
    "endsAt",
    "endTime",
    "everyNWeeks",
    "field",
    "from",
    "hasNextPage",
    "hasPreviousPage",
    "id",
    "initiationDate",
    "instances",
    "isActive",
    "isCancelled",
    "isDeactivated",
    "isDelayed",
    "isFree",
    "isFull",
    "key",
    "kind",
    "languageCode",
    "location",
    "locationOverride",
    "maxConcurrent",
    "mentor",
    "name",
    "newStatus",
    "node",
    "nodeId",
    "nodes",
    "occupancy",
    "occupancyByLanguage",
    "occurredAt",
    "occurrences",
    "oldStatus",
    "pageInfo",
    "path",
    "presenceChanged",
    "presentCount",
    "previousSessionInstance",
    "reason",
    "recurrence",
    "rrules",
    "schedules",
    "session",
    "sessionInstance",
    "sessionInstanceId",
    "sessions",
    "startCursor",
    "startsAt",
    "startTime",
    "state",
    "status",
    "student",
    "terminationDate",
    "text",
    "timeSlot",
    "timeSlots",
    "timeZone",
    "to",
    "totalCount",
    "until",
    "weekday",
    "which",
];

/// The arguments of subscriptions that only choose which events come, never what they say (rule 25).
const NARROWING_ARGUMENTS: &[&str] =
    &["sessionIds", "personId", "city", "country", "activityKey", "bookingId", "after"];

/// Is it known whether a field depends on the viewer?
pub fn is_classified(field: &str) -> bool {
    VIEWER_DEPENDENT.contains(&field) != SAME_FOR_EVERYONE.contains(&field)
}

/// An operation about to be executed.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) kind: OperationType,
    /// The request's own text, to execute it again.
    question: Question,
    document: ExecutableDocument,
    shared: Shared,
}

#[derive(Debug, Clone)]
struct Question {
    query: String,
    operation_name: Option<String>,
    variables: Variables,
    extensions: async_graphql::Extensions,
}

#[derive(Debug, Default)]
struct Shared {
    /// No field depends on who asks.
    by_everyone: bool,
    /// Variables that only narrow.
    narrowing: BTreeSet<Name>,
}

impl Operation {
    /// # Errors
    /// The request's errors: those of [`check_document`], or that a subscription does not have exactly one field.
    pub(super) fn of(mut request: Request) -> Result<Self, ServerError> {
        let kind = check_document(&mut request)?;
        let mut document = request.parsed_query()?.clone();
        let Request { query, operation_name, variables, extensions, .. } = request;
        let mut shared = Shared::default();
        if kind == OperationType::Subscription {
            let field = only_field(&mut document, operation_name.as_deref())?;
            shared = Shared::of(&document, &field, &variables);
        }
        let question = Question { query, operation_name, variables, extensions };
        Ok(Self { kind, question, document, shared })
    }

    /// In which it runs, until it has its answer or is live: the log names it by the request that opened its socket, and
    /// the id that the client gave it there.
    pub(super) fn span(&self, request_id: &str, id: &str) -> Span {
        let name = operation_name(&self.document, self.question.operation_name.as_deref());
        let (id, kind, transport) = (shortened(id), self.kind, "websocket");
        tracing::info_span!(parent: None, "operation", request_id, id, %kind, name, transport)
    }

    /// The request, as often as it is executed.
    pub(super) fn request(&self) -> Request {
        let mut request = Request::new(self.question.query.clone());
        request.operation_name.clone_from(&self.question.operation_name);
        request.variables = self.question.variables.clone();
        request.extensions = self.question.extensions.clone();
        request.set_parsed_query(self.document.clone());
        request
    }

    /// With whom this subscription shares. Those that ask for a person share with that person's, of the same viewer.
    pub(super) fn group(&self, viewer: Viewer, person: Option<PersonId>) -> GroupKey {
        let Question { query, operation_name, variables, extensions } = &self.question;
        let others: Vec<_> = variables.iter().filter(|(name, _)| !self.shared.narrowing.contains(*name)).collect();
        let mut extensions: Vec<_> = extensions.iter().collect();
        extensions.sort_unstable_by_key(|(name, _)| *name);
        // Debug text quotes every string, so that no two questions look the same.
        let question = format!("{query:?} {operation_name:?} {others:?} {extensions:?}").into();
        let is_public = self.shared.by_everyone && person.is_none();
        GroupKey { question, viewer: (!is_public).then_some(viewer), person }
    }
}

/// The one field of a subscription, as the GraphQL specification asks. async-graphql would execute several, and ignore
/// those in fragments at the root: these are put in their place here.
fn only_field(document: &mut ExecutableDocument, name: Option<&str>) -> Result<Field, ServerError> {
    let operation = &find_operation(document, name)?.node;
    let (pos, items) = (operation.selection_set.pos, &operation.selection_set.node.items);
    if let [Positioned { node: Selection::Field(field), .. }] = items.as_slice() {
        return Ok(field.node.clone());
    }
    let mut only: Option<Positioned<Field>> = None;
    let mut spread = BTreeSet::new();
    merge_fields(document, items.clone(), &mut spread, &mut only, pos)?;
    let Some(field) = only else { return Err(not_one_field(pos)) };
    let operation = match &mut document.operations {
        DocumentOperations::Single(operation) => Some(operation),
        DocumentOperations::Multiple(operations) => match name {
            Some(name) => operations.get_mut(name),
            None => operations.values_mut().next(),
        },
    };
    if let Some(operation) = operation {
        operation.node.selection_set.node.items = vec![Positioned::new(Selection::Field(field.clone()), pos)];
    }
    // They are used no more, which a document may not have; unless another operation uses them.
    let mut reached = Reached::default();
    document.operations.iter().for_each(|(_, operation)| reached.visit(document, &operation.node.selection_set.node));
    document.fragments.retain(|name, _| !spread.contains(name) || reached.fragments.contains(name));
    Ok(field.node)
}

fn merge_fields(
    document: &ExecutableDocument,
    items: Vec<Positioned<Selection>>,
    spread: &mut BTreeSet<Name>,
    only: &mut Option<Positioned<Field>>,
    pos: Pos,
) -> Result<(), ServerError> {
    for item in items {
        match item.node {
            Selection::Field(field) => match only {
                None => *only = Some(field),
                Some(first) if is_same_field(&first.node, &field.node) => {
                    first.node.selection_set.node.items.extend(field.node.selection_set.node.items);
                }
                Some(_) => return Err(not_one_field(pos)),
            },
            Selection::FragmentSpread(fragment) if fragment.node.directives.is_empty() => {
                let name = &fragment.node.fragment_name.node;
                let Some(definition) = document.fragments.get(name) else {
                    return Err(ServerError::new(format!("There is no fragment '{name}'."), Some(item.pos)));
                };
                if spread.insert(name.clone()) {
                    let items = definition.node.selection_set.node.items.clone();
                    merge_fields(document, items, spread, only, pos)?;
                }
            }
            Selection::InlineFragment(fragment) if fragment.node.directives.is_empty() => {
                merge_fields(document, fragment.node.selection_set.node.items, spread, only, pos)?;
            }
            Selection::FragmentSpread(_) | Selection::InlineFragment(_) => return Err(not_one_field(pos)),
        }
    }
    Ok(())
}

fn is_same_field(one: &Field, other: &Field) -> bool {
    let arguments = |field: &Field| {
        let mut arguments: Vec<_> =
            field.arguments.iter().map(|(name, value)| (name.node.clone(), &value.node)).collect();
        arguments.sort_by(|one, other| one.0.cmp(&other.0));
        format!("{arguments:?}")
    };
    one.response_key().node == other.response_key().node
        && one.name.node == other.name.node
        && one.directives.is_empty()
        && other.directives.is_empty()
        && arguments(one) == arguments(other)
}

fn not_one_field(pos: Pos) -> ServerError {
    ServerError::new("A subscription selects exactly one field.", Some(pos))
}

impl Shared {
    fn of(document: &ExecutableDocument, root: &Field, variables: &Variables) -> Self {
        let mut narrowing = BTreeSet::new();
        let mut others = BTreeSet::new();
        for (argument, variables) in argument_variables(root) {
            let narrows = NARROWING_ARGUMENTS.contains(&argument.as_str());
            if narrows { narrowing.extend(variables) } else { others.extend(variables) }
        }
        others.extend(directive_variables(&root.directives));
        let mut reached = Reached::default();
        reached.visit(document, &root.selection_set.node);
        others.append(&mut reached.variables);
        narrowing.retain(|name| !others.contains(name) && variables.contains_key(name));
        reached.fields.insert(root.name.node.clone());
        let by_everyone = reached.fields.iter().all(|field| SAME_FOR_EVERYONE.contains(&field.as_str()));
        Self { by_everyone, narrowing }
    }
}

/// The names that a selection leads to, through fragments too.
#[derive(Default)]
struct Reached {
    fields: BTreeSet<Name>,
    variables: BTreeSet<Name>,
    fragments: BTreeSet<Name>,
}

impl Reached {
    fn visit(&mut self, document: &ExecutableDocument, selections: &SelectionSet) {
        for selection in &selections.items {
            self.variables.extend(directive_variables(selection.node.directives()));
            match &selection.node {
                Selection::Field(field) => {
                    self.fields.insert(field.node.name.node.clone());
                    self.variables.extend(argument_variables(&field.node).flat_map(|(_, variables)| variables));
                    self.visit(document, &field.node.selection_set.node);
                }
                Selection::InlineFragment(fragment) => self.visit(document, &fragment.node.selection_set.node),
                Selection::FragmentSpread(fragment) => {
                    let name = &fragment.node.fragment_name.node;
                    if self.fragments.insert(name.clone())
                        && let Some(fragment) = document.fragments.get(name)
                    {
                        self.visit(document, &fragment.node.selection_set.node);
                    }
                }
            }
        }
    }
}

/// Each argument with the variables in it. Values of documents have a type that async-graphql does not let out: what
/// is in them is seen by putting something in the place of each variable.
fn argument_variables(field: &Field) -> impl Iterator<Item = (&Name, Vec<Name>)> {
    field.arguments.iter().map(|(argument, value)| {
        let mut variables = Vec::new();
        let _ = value.node.clone().into_const_with(|name| {
            variables.push(name);
            Ok::<_, Infallible>(Value::Null)
        });
        (&argument.node, variables)
    })
}

fn directive_variables(directives: &[Positioned<Directive>]) -> Vec<Name> {
    let mut variables = Vec::new();
    for (_, value) in directives.iter().flat_map(|directive| &directive.node.arguments) {
        let _ = value.node.clone().into_const_with(|name| {
            variables.push(name);
            Ok::<_, Infallible>(Value::Null)
        });
    }
    variables
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use async_graphql::parser::{
        parse_schema,
        types::{BaseType, TypeKind, TypeSystemDefinition},
    };

    use super::*;

    /// All that a subscription may ask for is either for everyone alike or not: what is in neither list is not shared, and
    /// costs an execution for each socket.
    #[test]
    fn every_field_that_a_subscription_reaches_is_classified() {
        let mut fields: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
        for definition in parse_schema(graphql::sdl()).unwrap().definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            let name = definition.node.name.node.to_string();
            let of = match definition.node.kind {
                TypeKind::Object(object) => object.fields,
                TypeKind::Interface(interface) => interface.fields,
                TypeKind::Union(union) => {
                    let members =
                        union.members.into_iter().map(|member| ("__typename".into(), member.node.to_string()));
                    fields.entry(name).or_default().extend(members);
                    continue;
                }
                _ => continue,
            };
            for field in of {
                let mut of = &field.node.ty.node;
                let leads_to = loop {
                    match &of.base {
                        BaseType::Named(name) => break name.to_string(),
                        BaseType::List(item) => of = item,
                    }
                };
                fields.entry(name.clone()).or_default().push((field.node.name.node.to_string(), leads_to));
            }
        }
        let mut types = vec!["Subscription".to_owned()];
        let mut seen = BTreeSet::new();
        let mut unclassified = BTreeSet::new();
        while let Some(name) = types.pop() {
            if !seen.insert(name.clone()) {
                continue;
            }
            for (field, leads_to) in fields.get(&name).into_iter().flatten() {
                if !is_classified(field) {
                    unclassified.insert(format!("{name}.{field}"));
                }
                types.push(leads_to.clone());
            }
        }
        assert!(unclassified.is_empty(), "does what these say depend on who asks? {unclassified:?}");
    }
}

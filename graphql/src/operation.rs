//! Reads a request once into an [`Operation`]: its kind, its name, its price, the number of its mutations, whether it shows the
//! schema, who may share it, and the shape of its answer. Transports, rights, limits and the completion of answers all use
//! this. [`Reader`](super::document::Reader) makes it, and it stays in the request's data.
//!
//! The price of an operation is computed before it runs, from its fields with lists multiplied out, its statements, its fields
//! of introspection, and the bytes of its text and its arguments. [`prices`](super::prices) has the price of each field, and
//! the limits.

use std::{
    any::TypeId,
    collections::BTreeSet,
    convert::Infallible,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_graphql::{
    Name, Positioned, Request, Variables,
    parser::types::{
        BaseType, Directive, ExecutableDocument, Field, OperationDefinition, OperationType, Selection, SelectionSet,
        VariableDefinition,
    },
};
use async_graphql_value::{ConstValue, Value};
use service::lists::MAX_PAGE;

use super::{
    completion::Shape,
    document::{Reader, operation_name},
    error::ApiError,
    prices::{self, Rows, Statements},
    registry::{self, Types, named_type},
    sharing::{Sharing, is_shareable},
    wrong_value::WrongValue,
};

/// How many selections a document may have, with all fragments written out. Before it looks at any limit of its own,
/// async-graphql walks all of them, again for each spread. Fragments that spread fragments can double the number at every step.
const SELECTIONS: usize = 10_000;

/// The deepest nesting of selections, including fragments.
const NESTING: usize = 100;

/// How many aliases a document may have, with all fragments written out. With an alias, the same field is resolved once more.
const ALIASES: usize = 250;

/// How many directives a document may have, with all fragments written out.
const DIRECTIVES: usize = 250;

/// How many operations and fragments a document may define.
const DEFINITIONS: usize = 100;

/// The approximate size of a selection of a parsed document in memory, in bytes.
const SELECTION_BYTES: usize = 500;

/// The least size of an item of a list in memory, in bytes.
const ITEM_MEMORY: u64 = 72;

/// One operation of a request.
#[derive(Debug)]
pub struct Operation {
    pub kind: OperationType,
    /// Its name, shortened for logs and traces. `None` if it has none.
    pub name: Option<String>,
    pub cost: Cost,
    /// How many fields are selected at the root. For a mutation, each of them changes something.
    pub root_fields: u32,
    /// Whether it selects a part of the schema: `__schema`, `__type` or `_service`.
    pub shows_schema: bool,
    /// Whether it asks for the position in the log: `changeCursor`.
    pub reads_position: bool,
    /// For a subscription: which others share its executions.
    pub sharing: Sharing,
    /// The shape of the answer.
    pub shape: Shape,
    /// The approximate size of the document and its variables while they are kept, in bytes.
    pub kept_bytes: usize,
    is_validated: AtomicBool,
}

/// The cost of an operation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// How many fields are resolved.
    pub fields: u64,
    /// How many statements queries execute.
    pub statements: u64,
    /// About how many statements its mutations execute.
    pub writes: u64,
    /// How many fields of introspection are resolved.
    pub introspection: u64,
    /// How many bytes of arguments are read. A value counts as often as its field is resolved.
    pub argument_bytes: u64,
    /// How many bytes of names the answer has. The name of a field, or its alias, counts as often as the field is resolved.
    pub name_bytes: u64,
    /// The longest possible answer, in bytes.
    pub answer_bytes: u64,
    /// The length of the document, in bytes.
    pub text_bytes: u64,
}

impl Operation {
    /// Reads the operation that a request names. The document's other operations only count towards its size.
    ///
    /// # Errors
    /// QUERY_TOO_COMPLEX, if the document is too large, or the operation costs too much. The rest of the document has then not
    /// been read.
    pub(super) fn read(
        reader: &Reader,
        document: &ExecutableDocument,
        (name, operation): (Option<&str>, &OperationDefinition),
        variables: &Variables,
        text_bytes: u64,
    ) -> Result<Self, ApiError> {
        let mut walk = Walk {
            reader,
            types: &reader.types,
            document,
            definitions: &operation.variable_definitions,
            variables,
            size: Size::default(),
            cost: Cost { text_bytes, ..Cost::default() },
            root_fields: 0,
            shows_schema: false,
            reads_position: false,
            sharing: Sharing::of_everyone(),
            loaded: BTreeSet::new(),
        };
        walk.definitions()?;
        walk.directives(&operation.directives)?;
        let mut shape = Shape::default();
        let of = reader.types.root(operation.ty);
        let parent = Parent { of, times: 1, rows: 1, lists: 1, depth: 0, nesting: 0, scope: Scope::Any };
        walk.selections(&operation.selection_set.node, parent, &mut shape)?;
        for (_, other) in
            document.operations.iter().filter(|(_, other)| !std::ptr::eq(&raw const other.node, operation))
        {
            walk.size.add_directives(other.node.directives.len())?;
            walk.count(&other.node.selection_set.node, 0)?;
        }
        let kept_bytes = walk.size.selections * SELECTION_BYTES + variables_bytes(variables);
        let Walk { cost, root_fields, shows_schema, reads_position, sharing, .. } = walk;
        let name = operation_name(document, name);
        Ok(Self {
            kind: operation.ty,
            name,
            cost,
            root_fields,
            shows_schema,
            reads_position,
            sharing,
            shape,
            kept_bytes,
            is_validated: AtomicBool::new(false),
        })
    }

    /// Whether the operation passed the validation of the schema, in this request or in an earlier one.
    pub(super) fn is_validated(&self) -> bool {
        self.is_validated.load(Ordering::Relaxed)
    }

    pub(super) fn note_validated(&self) {
        self.is_validated.store(true, Ordering::Relaxed);
    }

    /// The operation that was read from a request.
    pub(super) fn of(request: &Request) -> Option<&Arc<Self>> {
        request.data.get(&TypeId::of::<Arc<Self>>())?.downcast_ref()
    }
}

/// The size of a document, with all fragments written out.
#[derive(Debug, Default)]
struct Size {
    selections: usize,
    aliases: usize,
    directives: usize,
}

impl Size {
    fn add(&mut self, selection: &Selection) -> Result<(), ApiError> {
        let is_renamed = matches!(selection, Selection::Field(field) if field.node.alias.is_some());
        self.selections += 1;
        self.aliases += usize::from(is_renamed);
        self.add_directives(selection.directives().len())
    }

    fn add_directives(&mut self, count: usize) -> Result<(), ApiError> {
        self.directives += count;
        let is_reasonable = self.selections <= SELECTIONS && self.aliases <= ALIASES && self.directives <= DIRECTIVES;
        if is_reasonable { Ok(()) } else { Err(too_large()) }
    }
}

fn too_large() -> ApiError {
    ApiError::query_too_complex("The query asks for too much, or its fragments multiply: split it up.")
}

impl Cost {
    /// The price of the operation, in points. A point is about what one statement of the database costs.
    pub fn points(&self) -> u64 {
        self.statements
            + self.writes
            + self.fields / prices::FIELDS_A_POINT
            + self.introspection / prices::INTROSPECTION_A_POINT
            + self.argument_bytes / prices::ARGUMENT_BYTES_A_POINT
            + self.name_bytes / prices::NAME_BYTES_A_POINT
            + Self::points_of_text(self.text_bytes)
    }

    pub fn is_expensive(&self) -> bool {
        self.points() > prices::EXPENSIVE
    }

    /// The price of reading a document of this length, in points.
    pub fn points_of_text(bytes: u64) -> u64 {
        1 + bytes / prices::TEXT_BYTES_A_POINT
    }

    fn check(&self) -> Result<(), ApiError> {
        let too_much = |what: &str, most: u64| {
            Err(ApiError::query_too_complex(format!(
                "the document asks for too much: {what} (at most {most}); ask for shorter lists, or split it up"
            )))
        };
        if self.fields > prices::FIELDS {
            return too_much("too many fields, with lists multiplied out", prices::FIELDS);
        }
        if self.statements > prices::STATEMENTS {
            return too_much("too many statements of the database", prices::STATEMENTS);
        }
        if self.introspection > prices::INTROSPECTION {
            return too_much("too many fields of introspection", prices::INTROSPECTION);
        }
        if self.argument_bytes > prices::ARGUMENT_BYTES {
            return too_much("too many bytes of arguments", prices::ARGUMENT_BYTES);
        }
        Ok(())
    }
}

/// What is known of the objects to which a selection set belongs.
#[derive(Clone, Copy)]
struct Parent<'a> {
    /// The type whose fields are selected, if the schema knows it.
    of: Option<&'a Name>,
    /// How often the selection set is resolved.
    times: u64,
    /// For a connection, its number of rows. Otherwise 1.
    rows: u64,
    /// The number of lists around it that are read one by one.
    lists: u64,
    /// The number of fields around it.
    depth: usize,
    /// The number of fields and fragments around it.
    nesting: usize,
    scope: Scope,
}

/// For introspection: which types the selection set is resolved for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// For single types, which can be any of the schema's.
    Any,
    /// For all types, once each.
    All,
}

struct Walk<'a> {
    reader: &'a Reader,
    types: &'a Types,
    document: &'a ExecutableDocument,
    definitions: &'a [Positioned<VariableDefinition>],
    variables: &'a Variables,
    size: Size,
    cost: Cost,
    root_fields: u32,
    shows_schema: bool,
    reads_position: bool,
    sharing: Sharing,
    /// The fields that loaders read, by depth, type and name. Each was counted as one statement.
    loaded: BTreeSet<(usize, &'a str, &'a str)>,
}

impl<'a> Walk<'a> {
    fn definitions(&self) -> Result<(), ApiError> {
        let count = self.document.fragments.len() + self.document.operations.iter().count();
        if count <= DEFINITIONS { Ok(()) } else { Err(too_large()) }
    }

    /// Reads the directives of the operation itself.
    fn directives(&mut self, directives: &[Positioned<Directive>]) -> Result<(), ApiError> {
        self.sharing.add_directives(directives);
        self.size.add_directives(directives.len())
    }

    /// Counts the selections of an operation that is not executed.
    fn count(&mut self, selections: &SelectionSet, nesting: usize) -> Result<(), ApiError> {
        if nesting > NESTING {
            return Err(too_large());
        }
        for selection in &selections.items {
            self.size.add(&selection.node)?;
            match &selection.node {
                Selection::Field(field) => self.count(&field.node.selection_set.node, nesting + 1)?,
                Selection::InlineFragment(fragment) => {
                    self.count(&fragment.node.selection_set.node, nesting + 1)?;
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.node.fragment_name.node) {
                        self.count(&fragment.node.selection_set.node, nesting + 1)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn selections(
        &mut self,
        selections: &'a SelectionSet,
        parent: Parent<'a>,
        shape: &mut Shape,
    ) -> Result<(), ApiError> {
        if parent.nesting > NESTING || parent.depth > prices::DEPTH {
            let message = format!("fields stand in fields too deep (at most {}): split the document up", prices::DEPTH);
            return Err(ApiError::query_too_complex(message));
        }
        let inner = Parent { nesting: parent.nesting + 1, ..parent };
        for selection in &selections.items {
            self.size.add(&selection.node)?;
            self.sharing.add_directives(selection.node.directives());
            for (_, value) in selection.node.directives().iter().flat_map(|directive| &directive.node.arguments) {
                let bytes = self.bytes(&value.node);
                add(&mut self.cost.argument_bytes, bytes, parent.times);
            }
            self.cost.check()?;
            match &selection.node {
                Selection::Field(field) => self.field(&field.node, inner, shape)?,
                Selection::InlineFragment(fragment) => {
                    let condition = fragment.node.type_condition.as_ref().map(|condition| &condition.node.on.node);
                    let of = condition.or(parent.of);
                    self.selections(&fragment.node.selection_set.node, Parent { of, ..inner }, shape)?;
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = self.document.fragments.get(&spread.node.fragment_name.node) {
                        let of = Some(&fragment.node.type_condition.node.on.node);
                        self.selections(&fragment.node.selection_set.node, Parent { of, ..inner }, shape)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn field(&mut self, field: &'a Field, parent: Parent<'a>, shape: &mut Shape) -> Result<(), ApiError> {
        let name = field.name.node.as_str();
        let of = parent.of.map_or("", Name::as_str);
        if parent.depth == 0 {
            self.root_fields += 1;
        }
        self.sharing.add_arguments(field, parent.depth == 0);
        if !parent.of.is_some_and(|of| is_shareable(self.types, self.reader.shareable, of, name)) {
            self.sharing.by_everyone = false;
        }
        self.reads_position |= (of, name) == ("Query", "changeCursor");
        let arguments: u64 = field.arguments.iter().map(|(_, value)| self.bytes(&value.node)).sum();
        add(&mut self.cost.argument_bytes, arguments, parent.times);
        let is_leaf = field.selection_set.node.items.is_empty();
        let name_bytes = len(&field.response_key().node);
        add(&mut self.cost.name_bytes, name_bytes, parent.times);
        let key = name_bytes + 8;
        let value = if is_leaf { prices::value_bytes(of, name) } else { 2 };
        add(&mut self.cost.answer_bytes, key + value, parent.times);

        self.shows_schema |= name == "_service";
        let is_introspection = of.starts_with("__") || matches!(name, "__schema" | "__type");
        if is_introspection {
            self.shows_schema = true;
            let lookup = if of.starts_with("__") { 1 } else { prices::TYPE_LOOKUP };
            add(&mut self.cost.introspection, lookup, parent.times);
        } else {
            add(&mut self.cost.fields, 1, parent.times);
        }
        // Validation will refuse a field that the schema does not know. Only `__typename` is not in the schema's text.
        let known = parent.of.and_then(|of| self.types.field(of, &field.name.node));
        if let Some(wrong_value) = known.and_then(|known| self.wrong_value(field, known)) {
            shape.note_wrong_value(&field.response_key().node, wrong_value);
        }
        let inside = shape.add(&field.response_key().node, known.map(|known| &known.of));
        let child = Parent { depth: parent.depth + 1, rows: 1, scope: Scope::Any, ..parent };
        let Some(known) = known else {
            self.cost.check()?;
            return self.selections(&field.selection_set.node, Parent { of: None, ..child }, inside);
        };
        let child = Parent { of: Some(named_type(&known.of)), ..child };
        let child = if is_introspection {
            let (times, scope) = self.rows_of_introspection(name, parent);
            Parent { times, scope, ..child }
        } else {
            let price = prices::price(of, name);
            let rows = match price.rows {
                Rows::Page(usual) => self.page(field, usual),
                Rows::Most(rows) => rows,
                Rows::Given(argument) => self.given(field, argument),
                Rows::OfType if matches!(known.of.base, BaseType::List(_)) => prices::LIST,
                Rows::OfType => 1,
            };
            let mut lists = parent.lists;
            match price.statements {
                Statements::None => {}
                Statements::Each(statements) => {
                    add(&mut self.cost.statements, statements, parent.times);
                    lists = parent.times;
                }
                Statements::EachItem(statements, argument, list) => {
                    let items = self.given_in(field, argument, list);
                    add(&mut self.cost.statements, statements, parent.times.saturating_mul(items));
                }
                Statements::Writes(statements) => add(&mut self.cost.writes, statements, parent.times),
                Statements::Loaded => {
                    if self.loaded.insert((parent.depth, of, name)) {
                        self.cost.statements += 1;
                    }
                    self.cost.statements += parent.times / prices::BATCH + parent.lists / prices::LISTS_A_BATCH;
                }
            }
            let is_connection = named_type(&known.of).as_str().ends_with("Connection");
            let times = if is_connection {
                parent.times
            } else if of.ends_with("Connection") && matches!(name, "nodes" | "edges") {
                parent.times.saturating_mul(parent.rows)
            } else {
                parent.times.saturating_mul(rows)
            };
            Parent { times, rows: if is_connection { rows } else { 1 }, lists, ..child }
        };
        self.cost.check()?;
        self.selections(&field.selection_set.node, child, inside)
    }

    /// How often the selection set inside a field of introspection is resolved.
    fn rows_of_introspection(&self, name: &str, parent: Parent<'_>) -> (u64, Scope) {
        let sizes = self.types.sizes();
        let of = parent.of.map_or("", Name::as_str);
        let (all, most) = match (of, name) {
            ("__Schema", "types") => return (parent.times.saturating_mul(sizes.types), Scope::All),
            ("__Schema", "directives") => return (parent.times.saturating_mul(sizes.directives), Scope::Any),
            ("__Type", "fields") => (sizes.fields, sizes.most_fields),
            ("__Type", "inputFields") => (sizes.input_fields, sizes.most_input_fields),
            ("__Type", "enumValues") => (sizes.enum_values, sizes.most_enum_values),
            ("__Type", "possibleTypes" | "interfaces") => (sizes.possible_types, sizes.most_possible_types),
            ("__Field", "args") => (sizes.arguments, sizes.most_arguments),
            ("__Directive", "args") => return (parent.times.saturating_mul(2), Scope::Any),
            _ => return (parent.times, Scope::Any),
        };
        if parent.scope == Scope::All {
            let passes = parent.times / if of == "__Field" { sizes.fields } else { sizes.types }.max(1);
            let scope = if name == "fields" { Scope::All } else { Scope::Any };
            (passes.max(1).saturating_mul(all), scope)
        } else {
            (parent.times.saturating_mul(most), Scope::Any)
        }
    }

    /// The largest number of rows of a page.
    fn page(&self, field: &Field, usual: u64) -> u64 {
        let asked = ["first", "last"].into_iter().find_map(|name| match &field.get_argument(name)?.node {
            Value::Number(number) => number.as_i64(),
            Value::Variable(variable) => match self.value(variable)? {
                ConstValue::Number(number) => number.as_i64(),
                _ => None,
            },
            _ => None,
        });
        let most = i64::from(MAX_PAGE);
        asked.map_or(usual, |asked| asked.clamp(1, most).unsigned_abs())
    }

    /// The number of items of a list that is given as an argument.
    fn given(&self, field: &Field, argument: &str) -> u64 {
        self.items(field.get_argument(argument).map(|value| &value.node))
    }

    /// The number of items of a list that stands in an argument.
    fn given_in(&self, field: &Field, argument: &str, list: &str) -> u64 {
        match field.get_argument(argument).map(|value| &value.node) {
            Some(Value::Object(fields)) => self.items(fields.get(list)),
            Some(Value::Variable(variable)) => match self.value(variable) {
                Some(ConstValue::Object(fields)) => items(fields.get(list)),
                _ => 1,
            },
            _ => 1,
        }
    }

    /// Does the same as [`items`] for a value that may be a variable.
    fn items(&self, value: Option<&Value>) -> u64 {
        match value {
            Some(Value::List(items)) => items.len().max(1) as u64,
            Some(Value::Variable(variable)) => items(self.value(variable)),
            _ => 1,
        }
    }

    fn value(&self, variable: &Name) -> Option<&ConstValue> {
        self.variables.get(variable).or_else(|| {
            let definition = self.definitions.iter().find(|definition| definition.node.name.node == *variable)?;
            definition.node.default_value.as_ref().map(|default| &default.node)
        })
    }

    /// The first part of the arguments that its scalar refuses.
    fn wrong_value(&self, field: &Field, known: &registry::Field) -> Option<WrongValue> {
        field.arguments.iter().find_map(|(name, value)| {
            let input = known.arguments.get(&name.node)?;
            // A variable may be large, and a document may use it often. So its value is not copied.
            if let Value::Variable(variable) = &value.node {
                return WrongValue::find(self.types, &name.node, &input.of, self.value(variable)?);
            }
            let given = |variable: Name| Ok::<_, Infallible>(self.value(&variable).cloned().unwrap_or_default());
            let Ok(value) = value.node.clone().into_const_with(given);
            WrongValue::find(self.types, &name.node, &input.of, &value)
        })
    }

    fn bytes(&self, value: &Value) -> u64 {
        match value {
            Value::Variable(name) => self.value(name).map_or(0, const_bytes),
            Value::String(text) => len(text),
            Value::Enum(name) => len(name),
            Value::Binary(bytes) => bytes.len() as u64,
            Value::List(items) => items.iter().map(|item| prices::ITEM_BYTES + self.bytes(item)).sum(),
            Value::Object(fields) => {
                fields.iter().map(|(name, value)| prices::ITEM_BYTES + len(name) + self.bytes(value)).sum()
            }
            Value::Null | Value::Number(_) | Value::Boolean(_) => prices::ITEM_BYTES,
        }
    }
}

fn const_bytes(value: &ConstValue) -> u64 {
    match value {
        ConstValue::String(text) => len(text),
        ConstValue::Enum(name) => len(name),
        ConstValue::Binary(bytes) => bytes.len() as u64,
        ConstValue::List(items) => items.iter().map(|item| prices::ITEM_BYTES + const_bytes(item)).sum(),
        ConstValue::Object(fields) => {
            fields.iter().map(|(name, value)| prices::ITEM_BYTES + len(name) + const_bytes(value)).sum()
        }
        ConstValue::Null | ConstValue::Number(_) | ConstValue::Boolean(_) => prices::ITEM_BYTES,
    }
}

fn variables_bytes(variables: &Variables) -> usize {
    // An item takes more bytes in memory than it counts as an argument.
    let bytes: u64 = variables.values().map(const_bytes).sum();
    usize::try_from(bytes.saturating_mul(ITEM_MEMORY / prices::ITEM_BYTES)).unwrap_or(usize::MAX)
}

/// The number of items of a list. At least one, which is also the number of a value that is no list.
fn items(value: Option<&ConstValue>) -> u64 {
    match value {
        Some(ConstValue::List(items)) => items.len().max(1) as u64,
        _ => 1,
    }
}

fn len(text: &str) -> u64 {
    text.len() as u64
}

fn add(sum: &mut u64, price: u64, times: u64) {
    *sum = sum.saturating_add(price.saturating_mul(times));
}

#[cfg(test)]
mod introspection;
#[cfg(test)]
mod tests;

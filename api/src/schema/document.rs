//! What is asked of a document before it is executed, on every transport alike.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned, Request, ServerError, Value, Variables,
    parser::types::{
        BaseType, DocumentOperations, ExecutableDocument, OperationDefinition, OperationType, Selection, SelectionSet,
        Type,
    },
};

use super::error::ApiError;

/// How many selections a document may come to when its fragments are written out. async-graphql walks all of them, for
/// each spread anew, before it looks at any limit of its own: fragments that spread fragments double at every step.
const EXPANDED_SELECTIONS: usize = 10_000;

/// Deeper than this no document is looked at; the schema's own limit is lower.
const DOCUMENT_DEPTH: usize = 100;

/// Parses the document of a request and says what kind of operation it asks for, so that a transport can choose how
/// to execute it. The parsed document stays in the request.
///
/// Makes the checks that async-graphql leaves out, for every transport: that fragments don't multiply beyond reason,
/// and that variables which may not be null are there (GraphQL, 6.1.2).
///
/// # Errors
///
/// A request error. It may lack a code: see [`add_missing_codes`](super::error::add_missing_codes).
pub fn check_document(request: &mut Request) -> Result<OperationType, ServerError> {
    // Taken out for a moment, because parsing borrows the request.
    let (name, variables) = (request.operation_name.take(), std::mem::take(&mut request.variables));
    let checked = request.parsed_query().and_then(|document| {
        check_size(document)?;
        let operation = find_operation(document, name.as_deref())?;
        check_variables(operation, &variables)?;
        Ok(operation.node.ty)
    });
    (request.operation_name, request.variables) = (name, variables);
    checked
}

/// The operation that a request names.
///
/// # Errors
///
/// A request error, when there is no such operation, or several and none is named.
pub fn find_operation<'a>(
    document: &'a ExecutableDocument,
    name: Option<&str>,
) -> Result<&'a Positioned<OperationDefinition>, ServerError> {
    match (&document.operations, name) {
        (DocumentOperations::Single(operation), None) => Ok(operation),
        (DocumentOperations::Multiple(operations), None) if operations.len() == 1 => {
            operations.values().next().ok_or_else(unnamed)
        }
        (DocumentOperations::Multiple(_), None) => Err(unnamed()),
        (DocumentOperations::Multiple(operations), Some(name)) if operations.contains_key(name) => {
            Ok(&operations[name])
        }
        (_, Some(name)) => Err(ServerError::new(format!("Unknown operation named \"{name}\"."), None)),
    }
}

fn unnamed() -> ServerError {
    ServerError::new("The document has several operations: name one in operationName.", None)
}

fn check_variables(operation: &Positioned<OperationDefinition>, variables: &Variables) -> Result<(), ServerError> {
    for definition in &operation.node.variable_definitions {
        let (name, expected) = (&definition.node.name.node, &definition.node.var_type.node);
        let problem = match variables.get(name) {
            None if expected.nullable || definition.node.default_value.is_some() => continue,
            None => "was not provided",
            Some(value) if !has_forbidden_null(expected, value) => continue,
            Some(_) => "must not be null, nor hold null where its type forbids it",
        };
        let message = format!("Variable \"${name}\" of required type \"{expected}\" {problem}.");
        return Err(ServerError::new(message, Some(definition.pos)));
    }
    Ok(())
}

fn has_forbidden_null(expected: &Type, value: &Value) -> bool {
    match (&expected.base, value) {
        (_, Value::Null) => !expected.nullable,
        (BaseType::List(item), Value::List(values)) => values.iter().any(|value| has_forbidden_null(item, value)),
        _ => false,
    }
}

fn check_size(document: &ExecutableDocument) -> Result<(), ServerError> {
    let mut expansion = Expansion { document, sizes: HashMap::new() };
    let mut total = 0_usize;
    for (_, operation) in document.operations.iter() {
        total = total.saturating_add(expansion.size(&operation.node.selection_set.node, 0)?);
    }
    if total > EXPANDED_SELECTIONS {
        return Err(too_complex());
    }
    Ok(())
}

/// Counts selections with all fragments written out, each fragment once.
struct Expansion<'a> {
    document: &'a ExecutableDocument,
    /// Sizes of fragments; none while a fragment is being counted, which it is again only in a cycle.
    sizes: HashMap<&'a Name, Option<usize>>,
}

impl<'a> Expansion<'a> {
    fn size(&mut self, selections: &'a SelectionSet, depth: usize) -> Result<usize, ServerError> {
        if depth > DOCUMENT_DEPTH {
            return Err(too_complex());
        }
        let mut total = 0_usize;
        for selection in &selections.items {
            let inner = match &selection.node {
                Selection::Field(field) => self.size(&field.node.selection_set.node, depth + 1)?,
                Selection::InlineFragment(fragment) => self.size(&fragment.node.selection_set.node, depth + 1)?,
                Selection::FragmentSpread(spread) => self.fragment_size(&spread.node.fragment_name.node, depth + 1)?,
            };
            total = total.saturating_add(inner).saturating_add(1);
        }
        Ok(total)
    }

    /// Unknown fragments and cycles count nothing: validation refuses them.
    fn fragment_size(&mut self, name: &'a Name, depth: usize) -> Result<usize, ServerError> {
        if let Some(size) = self.sizes.get(name) {
            return Ok(size.unwrap_or(0));
        }
        let Some(fragment) = self.document.fragments.get(name) else {
            return Ok(0);
        };
        self.sizes.insert(name, None);
        let size = self.size(&fragment.node.selection_set.node, depth)?;
        self.sizes.insert(name, Some(size));
        Ok(size)
    }
}

fn too_complex() -> ServerError {
    ApiError::query_too_complex("The query asks for too much, or its fragments multiply: split it up.").into()
}

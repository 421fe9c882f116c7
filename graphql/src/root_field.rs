//! A subscription selects exactly one field (GraphQL, 5.2.3.1). async-graphql would execute several fields, and ignore fields
//! in fragments at the root.

use std::collections::BTreeSet;

use async_graphql::{
    Name, Pos, Positioned, ServerError,
    parser::types::{DocumentOperations, ExecutableDocument, Field, Selection, SelectionSet},
};

use super::document::find_operation;

/// The document with the field directly at the root, if it stands in fragments or more than once. `None` if it is already
/// directly there.
///
/// # Errors
/// When the subscription that `name` names does not have exactly one field.
pub fn only_field(
    document: &ExecutableDocument,
    name: Option<&str>,
) -> Result<Option<ExecutableDocument>, ServerError> {
    let operation = &find_operation(document, name)?.node;
    let (pos, items) = (operation.selection_set.pos, &operation.selection_set.node.items);
    if let [Positioned { node: Selection::Field(_), .. }] = items.as_slice() {
        return Ok(None);
    }
    let mut only: Option<Positioned<Field>> = None;
    let mut spread = BTreeSet::new();
    merge_fields(document, items.clone(), &mut spread, &mut only, pos)?;
    let Some(field) = only else { return Err(not_one_field(pos)) };
    let mut document = document.clone();
    let operation = match &mut document.operations {
        DocumentOperations::Single(operation) => Some(operation),
        DocumentOperations::Multiple(operations) => match name {
            Some(name) => operations.get_mut(name),
            None => operations.values_mut().next(),
        },
    };
    if let Some(operation) = operation {
        operation.node.selection_set.node.items = vec![Positioned::new(Selection::Field(field), pos)];
    }
    // A document may not have unused fragments, so these are removed, unless another operation uses them.
    let mut used = BTreeSet::new();
    for (_, operation) in document.operations.iter() {
        add_fragments(&document, &operation.node.selection_set.node, &mut used);
    }
    document.fragments.retain(|name, _| !spread.contains(name) || used.contains(name));
    Ok(Some(document))
}

/// Adds the fragments that a selection spreads.
fn add_fragments(document: &ExecutableDocument, selections: &SelectionSet, used: &mut BTreeSet<Name>) {
    for selection in &selections.items {
        match &selection.node {
            Selection::Field(field) => add_fragments(document, &field.node.selection_set.node, used),
            Selection::InlineFragment(fragment) => {
                add_fragments(document, &fragment.node.selection_set.node, used);
            }
            Selection::FragmentSpread(fragment) => {
                let name = &fragment.node.fragment_name.node;
                if used.insert(name.clone())
                    && let Some(fragment) = document.fragments.get(name)
                {
                    add_fragments(document, &fragment.node.selection_set.node, used);
                }
            }
        }
    }
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

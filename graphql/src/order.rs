//! Puts the fields of an answer in the order in which they were asked for (GraphQL, 6.3.2). async-graphql 7.2 has
//! them in the order in which resolvers finish, which is another each time.

use async_graphql::{
    Name, Request, Value,
    indexmap::IndexMap,
    parser::types::{DocumentOperations, ExecutableDocument, Selection, SelectionSet},
};

/// The keys that a selection set answers with, in order, each with those of its own.
#[derive(Debug, Default)]
pub struct Order(Vec<(Name, Order)>);

/// Documents are checked for size before; these bounds only keep this walk finite where they are not.
const DEEPEST: usize = 64;
const MOST: usize = 20_000;

impl Order {
    /// The order that a request asks for; none when it can't be read, in which case there is no data either.
    pub fn of(request: &mut Request) -> Self {
        let name = request.operation_name.clone();
        let Ok(document) = request.parsed_query() else { return Self::default() };
        let operation = match (&document.operations, name) {
            (DocumentOperations::Single(operation), _) => Some(operation),
            (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name.as_str()),
            (DocumentOperations::Multiple(_), None) => None,
        };
        let mut order = Self::default();
        if let Some(operation) = operation {
            order.add(document, &operation.node.selection_set.node, DEEPEST, &mut MOST.clone());
        }
        order
    }

    fn add(&mut self, document: &ExecutableDocument, selections: &SelectionSet, depth: usize, left: &mut usize) {
        if depth == 0 || *left == 0 {
            return;
        }
        for selection in &selections.items {
            *left = left.saturating_sub(1);
            match &selection.node {
                Selection::Field(field) => {
                    let key = &field.node.response_key().node;
                    let at = self.0.iter().position(|(known, _)| known == key).unwrap_or_else(|| {
                        self.0.push((key.clone(), Self::default()));
                        self.0.len() - 1
                    });
                    self.0[at].1.add(document, &field.node.selection_set.node, depth - 1, left);
                }
                Selection::InlineFragment(fragment) => {
                    self.add(document, &fragment.node.selection_set.node, depth - 1, left);
                }
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = document.fragments.get(&spread.node.fragment_name.node) {
                        self.add(document, &fragment.node.selection_set.node, depth - 1, left);
                    }
                }
            }
        }
    }

    /// Puts the data, and all that is in it, in this order. Scalars are left alone, also those that are objects.
    pub fn apply(&self, data: &mut Value) {
        match data {
            Value::List(items) if !self.0.is_empty() => items.iter_mut().for_each(|item| self.apply(item)),
            Value::Object(fields) if !self.0.is_empty() => self.arrange(fields),
            _ => {}
        }
    }

    fn arrange(&self, fields: &mut IndexMap<Name, Value>) {
        let mut present = self.0.iter().filter(|(key, _)| fields.contains_key(key));
        let is_in_order = fields.keys().all(|key| present.next().is_some_and(|(next, _)| next == key));
        if !is_in_order {
            let place = |key: &Name| self.0.iter().position(|(known, _)| known == key).unwrap_or(usize::MAX);
            fields.sort_by_cached_key(|key, _| place(key));
        }
        for (key, order) in &self.0 {
            if let Some(value) = fields.get_mut(key) {
                order.apply(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use async_graphql::value;

    use super::*;

    #[test]
    fn an_answer_has_the_order_of_its_question() {
        let query = "query A { b: x { z ...F y } a ... on Query { c b { w } } } fragment F on X { q z } query B { a }";
        let order = Order::of(&mut Request::new(query).operation_name("A"));
        let mut data = value!({
            "c": 1,
            "a": 2,
            "b": [{ "w": 1, "y": 2, "q": 3, "z": { "free": 1, "form": 2 } }, null, { "q": 1 }],
        });
        order.apply(&mut data);
        let expected = "{b: [{z: {free: 1, form: 2}, q: 3, y: 2, w: 1}, null, {q: 1}], a: 2, c: 1}";
        assert_eq!(data.to_string(), expected);
    }

    #[test]
    fn fragments_that_spread_each_other_end() {
        let query = "{ ...A } fragment A on Q { a ...B } fragment B on Q { b ...A ...B }";
        Order::of(&mut Request::new(query)).apply(&mut value!({ "b": 1, "a": 2 }));
        assert!(Order::of(&mut Request::new("{")).0.is_empty());
    }
}

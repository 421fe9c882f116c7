//! Finds the part of an argument that its scalar refuses. The error of async-graphql has the reason, but not the place.

use async_graphql::parser::types::{BaseType, Type};
use async_graphql_value::ConstValue;

use super::{
    error::ApiError,
    registry::{Types, named_type},
    types::scalars::{Problem, problem_with},
};

/// A part of an argument that its scalar refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongValue {
    /// Its path, such as `schedules.1.weekly.startTime`. As in other errors, it has no `input` in front.
    field: String,
    problem: Problem,
}

impl WrongValue {
    /// The first wrong part of an argument, if there is one.
    pub fn find(types: &Types, argument: &str, of: &Type, value: &ConstValue) -> Option<Self> {
        let (mut path, problem) = find(types, of, value)?;
        if path.is_empty() || argument != "input" {
            path.push(argument.to_owned());
        }
        path.reverse();
        Some(Self { field: path.join("."), problem })
    }

    pub fn to_error(&self) -> ApiError {
        ApiError::invalid(self.field.clone(), &self.problem.0)
    }
}

/// The path of the wrong part, in reverse order.
fn find(types: &Types, of: &Type, value: &ConstValue) -> Option<(Vec<String>, Problem)> {
    let within = |segment: String, found: Option<(Vec<String>, Problem)>| {
        found.map(|(mut path, problem)| {
            path.push(segment);
            (path, problem)
        })
    };
    match (value, &of.base) {
        (ConstValue::Null, _) => None,
        (ConstValue::List(items), BaseType::List(of)) => {
            items.iter().enumerate().find_map(|(index, item)| within(index.to_string(), find(types, of, item)))
        }
        // A single item may stand for a list.
        (item, BaseType::List(of)) => find(types, of, item),
        (value, BaseType::Named(name)) => match (types.input_object(named_type(of)), value) {
            (Some(object), ConstValue::Object(fields)) => fields.iter().find_map(|(name, value)| {
                let input = object.fields.get(name)?;
                within(name.to_string(), find(types, &input.of, value))
            }),
            (Some(_), _) => None,
            (None, value) => problem_with(name, value).map(|problem| (Vec::new(), problem)),
        },
    }
}

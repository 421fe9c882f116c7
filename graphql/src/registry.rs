//! The types of a schema, read from its text. async-graphql keeps its own registry to itself.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned,
    parser::{
        self, parse_schema,
        types::{BaseType, ConstDirective, InputValueDefinition, OperationType, Type, TypeKind, TypeSystemDefinition},
    },
};

/// What the specification adds to every schema (GraphQL, 4.2), as far as it has arguments.
const INTROSPECTION: &str = include_str!("introspection.graphql");

/// The types of a schema, with those of introspection.
#[derive(Debug, Default)]
pub struct Types {
    /// Objects and interfaces.
    composites: HashMap<Name, HashMap<Name, Field>>,
    input_objects: HashMap<Name, InputObject>,
    /// The arguments of directives.
    directives: HashMap<Name, HashMap<Name, Input>>,
    query: Option<Name>,
    mutation: Option<Name>,
    subscription: Option<Name>,
}

#[derive(Debug)]
pub struct Field {
    pub of: Type,
    pub arguments: HashMap<Name, Input>,
}

#[derive(Debug)]
pub struct InputObject {
    pub fields: HashMap<Name, Input>,
    /// Exactly one of its fields is given.
    pub is_one_of: bool,
}

/// An argument, or a field of an input object.
#[derive(Debug)]
pub struct Input {
    pub of: Type,
    pub has_default: bool,
}

impl Types {
    /// Reads the text of a schema, as `Schema::sdl` prints it.
    ///
    /// # Errors
    /// When it can't be parsed.
    pub fn read(sdl: &str) -> Result<Self, parser::Error> {
        let mut types = Self::default();
        for definition in parse_schema(sdl)?.definitions {
            types.add(definition);
        }
        for definition in parse_schema(INTROSPECTION)?.definitions {
            types.add(definition);
        }
        // Both fields of introspection are fields of the root of queries.
        let hidden = types.composites.remove("__Query").unwrap_or_default();
        if let Some(root) = types.query.as_ref().and_then(|query| types.composites.get_mut(query)) {
            root.extend(hidden);
        }
        Ok(types)
    }

    fn add(&mut self, definition: TypeSystemDefinition) {
        match definition {
            TypeSystemDefinition::Schema(schema) => {
                self.query = schema.node.query.map(|name| name.node);
                self.mutation = schema.node.mutation.map(|name| name.node);
                self.subscription = schema.node.subscription.map(|name| name.node);
            }
            TypeSystemDefinition::Type(definition) => {
                let name = definition.node.name.node;
                let fields = match definition.node.kind {
                    TypeKind::Object(object) => object.fields,
                    TypeKind::Interface(interface) => interface.fields,
                    TypeKind::InputObject(object) => {
                        let is_one_of = has_directive(&definition.node.directives, "oneOf");
                        self.input_objects.insert(name, InputObject { fields: inputs(object.fields), is_one_of });
                        return;
                    }
                    _ => return,
                };
                let fields = fields.into_iter().map(|Positioned { node: field, .. }| {
                    (field.name.node, Field { of: field.ty.node, arguments: inputs(field.arguments) })
                });
                self.composites.entry(name).or_default().extend(fields);
            }
            TypeSystemDefinition::Directive(definition) => {
                let definition = definition.node;
                self.directives.insert(definition.name.node, inputs(definition.arguments));
            }
        }
    }

    /// The object whose fields an operation selects.
    pub fn root(&self, kind: OperationType) -> Option<&Name> {
        match kind {
            OperationType::Query => self.query.as_ref(),
            OperationType::Mutation => self.mutation.as_ref(),
            OperationType::Subscription => self.subscription.as_ref(),
        }
    }

    pub fn field(&self, of: &Name, name: &Name) -> Option<&Field> {
        self.composites.get(of)?.get(name)
    }

    pub fn directive_argument(&self, directive: &Name, name: &Name) -> Option<&Input> {
        self.directives.get(directive)?.get(name)
    }

    pub fn input_object(&self, name: &Name) -> Option<&InputObject> {
        self.input_objects.get(name)
    }
}

fn inputs(definitions: Vec<Positioned<InputValueDefinition>>) -> HashMap<Name, Input> {
    let input = |Positioned { node: it, .. }: Positioned<InputValueDefinition>| {
        (it.name.node, Input { of: it.ty.node, has_default: it.default_value.is_some() })
    };
    definitions.into_iter().map(input).collect()
}

fn has_directive(directives: &[Positioned<ConstDirective>], name: &str) -> bool {
    directives.iter().any(|directive| directive.node.name.node == name)
}

/// The type of which a type is a list, or a list of lists; or the type itself.
pub fn named_type(of: &Type) -> &Name {
    match &of.base {
        BaseType::Named(name) => name,
        BaseType::List(item) => named_type(item),
    }
}

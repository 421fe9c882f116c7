//! The types of a schema, read from its text. async-graphql does not publish its own registry.

use std::collections::HashMap;

use async_graphql::{
    Name, Positioned,
    parser::{
        self, parse_schema,
        types::{BaseType, ConstDirective, InputValueDefinition, OperationType, Type, TypeKind, TypeSystemDefinition},
    },
};

/// The types that the specification adds to every schema (GraphQL, 4.2), as far as their fields have arguments.
const INTROSPECTION: &str = include_str!("introspection.graphql");

/// The types of a schema, with those of introspection.
#[derive(Debug, Default)]
pub struct Types {
    /// Objects and interfaces.
    composites: HashMap<Name, HashMap<Name, Field>>,
    /// The objects of each interface and union.
    possible: HashMap<Name, Vec<Name>>,
    input_objects: HashMap<Name, InputObject>,
    /// The arguments of directives.
    directives: HashMap<Name, HashMap<Name, Input>>,
    sizes: Sizes,
    query: Option<Name>,
    mutation: Option<Name>,
    subscription: Option<Name>,
}

/// The size of the schema, for the price of introspection. Each number is for all types together; a number `most_…` is for the
/// largest one.
#[derive(Debug, Default, Clone, Copy)]
pub struct Sizes {
    pub types: u64,
    pub directives: u64,
    pub fields: u64,
    pub most_fields: u64,
    pub arguments: u64,
    pub most_arguments: u64,
    pub input_fields: u64,
    pub most_input_fields: u64,
    pub enum_values: u64,
    pub most_enum_values: u64,
    /// Also counts interfaces: each pair of an interface and an object is visible from both.
    pub possible_types: u64,
    pub most_possible_types: u64,
}

#[derive(Debug)]
pub struct Field {
    pub of: Type,
    pub arguments: HashMap<Name, Input>,
}

#[derive(Debug)]
pub struct InputObject {
    pub fields: HashMap<Name, Input>,
    /// Exactly one of its fields must be given.
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
        types.sizes = types.count(sdl)?;
        // The two fields of introspection, `__schema` and `__type`, are fields of the root of queries.
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
                    TypeKind::Object(object) => {
                        for interface in object.implements {
                            self.possible.entry(interface.node).or_default().push(name.clone());
                        }
                        object.fields
                    }
                    TypeKind::Interface(interface) => {
                        self.possible.entry(name.clone()).or_default();
                        interface.fields
                    }
                    TypeKind::Union(union) => {
                        self.possible.insert(name, union.members.into_iter().map(|member| member.node).collect());
                        return;
                    }
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

    /// Counts the size of the schema, including introspection.
    fn count(&self, sdl: &str) -> Result<Sizes, parser::Error> {
        let mut sizes = Sizes { directives: 8, ..Sizes::default() };
        let mut add = |all: fn(&mut Sizes) -> (&mut u64, &mut u64), count: usize| {
            let count = count as u64;
            let (all, most) = all(&mut sizes);
            *all += count;
            *most = (*most).max(count);
        };
        for fields in self.composites.values() {
            add(|sizes| (&mut sizes.fields, &mut sizes.most_fields), fields.len());
            for field in fields.values() {
                add(|sizes| (&mut sizes.arguments, &mut sizes.most_arguments), field.arguments.len());
            }
        }
        for object in self.input_objects.values() {
            add(|sizes| (&mut sizes.input_fields, &mut sizes.most_input_fields), object.fields.len());
        }
        let mut types = self.composites.len() + self.input_objects.len();
        let mut implementations: HashMap<Name, usize> = HashMap::new();
        for definition in parse_schema(sdl)?.definitions {
            let TypeSystemDefinition::Type(definition) = definition else { continue };
            match definition.node.kind {
                TypeKind::Enum(of) => {
                    add(|sizes| (&mut sizes.enum_values, &mut sizes.most_enum_values), of.values.len());
                }
                TypeKind::Union(of) => {
                    add(|sizes| (&mut sizes.possible_types, &mut sizes.most_possible_types), of.members.len());
                }
                TypeKind::Object(object) => {
                    for interface in object.implements {
                        *implementations.entry(interface.node).or_default() += 1;
                    }
                    continue;
                }
                TypeKind::Scalar => {}
                _ => continue,
            }
            types += 1;
        }
        // The two enums of introspection: __TypeKind and __DirectiveLocation.
        add(|sizes| (&mut sizes.enum_values, &mut sizes.most_enum_values), 8);
        add(|sizes| (&mut sizes.enum_values, &mut sizes.most_enum_values), 19);
        for count in implementations.into_values() {
            // Counts them from the interface, and from the objects.
            add(|sizes| (&mut sizes.possible_types, &mut sizes.most_possible_types), count);
        }
        // The five scalars that every schema has, and the two enums of introspection.
        sizes.types = types as u64 + 7;
        Ok(sizes)
    }

    /// The type whose fields an operation of this kind selects at the root.
    pub fn root(&self, kind: OperationType) -> Option<&Name> {
        match kind {
            OperationType::Query => self.query.as_ref(),
            OperationType::Mutation => self.mutation.as_ref(),
            OperationType::Subscription => self.subscription.as_ref(),
        }
    }

    pub fn sizes(&self) -> Sizes {
        self.sizes
    }

    /// All fields of objects and interfaces: the type, the name, and the type that they lead to.
    pub fn fields(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        self.composites.iter().flat_map(|(of, fields)| {
            fields.iter().map(move |(name, field)| (of.as_str(), name.as_str(), named_type(&field.of).as_str()))
        })
    }

    /// The objects of an interface or a union.
    pub fn possible_types(&self, of: &Name) -> Option<&[Name]> {
        self.possible.get(of).map(Vec::as_slice)
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

/// The name of a type, or of the type of a list's items, at any depth.
pub fn named_type(of: &Type) -> &Name {
    match &of.base {
        BaseType::Named(name) => name,
        BaseType::List(item) => named_type(item),
    }
}

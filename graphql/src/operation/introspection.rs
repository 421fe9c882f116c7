//! Tests that clients can read the whole schema, and that queries that go round in it are refused before they run.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use async_graphql::{Data, Executor, Request, Response};
use futures_util::stream::{self, BoxStream, StreamExt as _};
use serde_json::{Value as Json, json};
use service::settings::{Introspection, Limits};

use crate::execute::{Execution, Guard};

/// `getIntrospectionQuery()` of graphql-js 16 with all of its options. GraphiQL and Apollo send it with some of them.
const GRAPHQL_JS: &str = "
    query IntrospectionQuery {
      __schema {
        description
        queryType { name kind }
        mutationType { name kind }
        subscriptionType { name kind }
        types {
          ...FullType
        }
        directives {
          name
          description
          isRepeatable
          locations
          args(includeDeprecated: true) {
            ...InputValue
          }
        }
      }
    }

    fragment FullType on __Type {
      kind
      name
      description
      specifiedByURL
      isOneOf
      fields(includeDeprecated: true) {
        name
        description
        args(includeDeprecated: true) {
          ...InputValue
        }
        type {
          ...TypeRef
        }
        isDeprecated
        deprecationReason
      }
      inputFields(includeDeprecated: true) {
        ...InputValue
      }
      interfaces {
        ...TypeRef
      }
      enumValues(includeDeprecated: true) {
        name
        description
        isDeprecated
        deprecationReason
      }
      possibleTypes {
        ...TypeRef
      }
    }

    fragment InputValue on __InputValue {
      name
      description
      type { ...TypeRef }
      defaultValue
      isDeprecated
      deprecationReason
    }

    fragment TypeRef on __Type {
      kind
      name
      ofType {
        kind
        name
        ofType {
          kind
          name
          ofType {
            kind
            name
            ofType {
              kind
              name
              ofType {
                kind
                name
                ofType {
                  kind
                  name
                  ofType {
                    kind
                    name
                    ofType {
                      kind
                      name
                      ofType {
                        kind
                        name
                      }
                    }
                  }
                }
              }
            }
          }
        }
      }
    }";

/// The `introspectionQuery` of older versions, without options. Tools around Relay send it.
const OLDER: &str = "
    query IntrospectionQuery {
      __schema {
        queryType { name }
        mutationType { name }
        subscriptionType { name }
        types {
          ...FullType
        }
        directives {
          name
          description
          locations
          args {
            ...InputValue
          }
        }
      }
    }

    fragment FullType on __Type {
      kind
      name
      description
      fields(includeDeprecated: true) {
        name
        description
        args {
          ...InputValue
        }
        type {
          ...TypeRef
        }
        isDeprecated
        deprecationReason
      }
      inputFields {
        ...InputValue
      }
      interfaces {
        ...TypeRef
      }
      enumValues(includeDeprecated: true) {
        name
        description
        isDeprecated
        deprecationReason
      }
      possibleTypes {
        ...TypeRef
      }
    }

    fragment InputValue on __InputValue {
      name
      description
      type { ...TypeRef }
      defaultValue
    }

    fragment TypeRef on __Type {
      kind
      name
      ofType {
        kind
        name
        ofType {
          kind
          name
          ofType {
            kind
            name
            ofType {
              kind
              name
              ofType {
                kind
                name
                ofType {
                  kind
                  name
                  ofType {
                    kind
                    name
                  }
                }
              }
            }
          }
        }
      }
    }";

fn guard() -> Guard {
    Guard::new(Introspection::Everybody, &Limits::default(), crate::reader(false).unwrap())
}

async fn answer(document: &str) -> Json {
    let execution = Execution::new(crate::builder::<crate::query::Query>().finish(), guard());
    serde_json::to_value(execution.execute(Request::new(document)).await).unwrap()
}

#[tokio::test]
async fn clients_read_the_whole_schema() {
    for document in [GRAPHQL_JS, OLDER] {
        let answer = answer(document).await;
        assert_eq!(answer.get("errors"), None, "{document}");
        let types = answer["data"]["__schema"]["types"].as_array().unwrap();
        for name in ["Session", "ScheduleInput", "BookingStatus", "Node", "Schedule"] {
            assert!(types.iter().any(|it| it["name"] == name), "{name}");
        }
    }
}

#[tokio::test]
async fn the_schema_may_be_read_twice_in_one_document() {
    let (operation, fragments) = GRAPHQL_JS.split_once("fragment FullType").unwrap();
    let inside = operation.split_once('{').unwrap().1.trim_end().strip_suffix('}').unwrap();
    let second = inside.replacen("__schema", "again: __schema", 1);
    let answer =
        answer(&format!("query IntrospectionQuery {{ {inside} {second} }} fragment FullType{fragments}")).await;
    assert_eq!(answer.get("errors"), None);
    assert_eq!(answer["data"]["__schema"], answer["data"]["again"]);
}

/// An executor that notes that something was executed.
#[derive(Clone, Default)]
struct Noting(Arc<AtomicBool>);

impl Executor for Noting {
    async fn execute(&self, _request: Request) -> Response {
        self.0.store(true, Ordering::Relaxed);
        Response::default()
    }

    fn execute_stream(&self, _request: Request, _data: Option<Arc<Data>>) -> BoxStream<'static, Response> {
        self.0.store(true, Ordering::Relaxed);
        stream::empty().boxed()
    }
}

async fn is_refused_before_it_runs(document: &str) -> bool {
    let noting = Noting::default();
    let execution = Execution::new(noting.clone(), guard());
    let answer = serde_json::to_value(execution.execute(Request::new(document)).await).unwrap();
    !noting.0.load(Ordering::Relaxed) && answer["errors"][0]["extensions"]["code"] == json!("QUERY_TOO_COMPLEX")
}

/// Selections that lead from one type to the next.
const STEPS: [&str; 7] = [
    "fields { type { NEXT } }",
    "fields { args { type { NEXT } } }",
    "inputFields { type { NEXT } }",
    "possibleTypes { NEXT }",
    "interfaces { NEXT }",
    "ofType { NEXT }",
    "fields { type { ofType { NEXT } } }",
];

const STARTS: [&str; 2] = ["{ __type(name: \"Session\") { ...F0 } }", "{ __schema { types { ...F0 } } }"];

#[tokio::test]
async fn fragments_that_spread_themselves_are_refused() {
    for start in STARTS {
        for step in STEPS {
            for other in STEPS {
                let fragment = |name: &str, step: &str, next: &str| {
                    format!("fragment {name} on __Type {{ name {} }}", step.replace("NEXT", next))
                };
                let document = format!("{start} {} {}", fragment("F0", step, "...F1"), fragment("F1", other, "...F0"));
                assert!(is_refused_before_it_runs(&document).await, "{document}");
            }
        }
    }
}

#[tokio::test]
async fn long_ways_through_the_schema_are_refused() {
    // `ofType` leads to only one type, so its path must be longer before it costs too much.
    for (step, count) in STEPS.iter().map(|step| (step, if step.starts_with("ofType") { 40 } else { 9 })) {
        let fragment = |n: usize| {
            let next = format!("...F{}", n + 1);
            format!("fragment F{n} on __Type {{ name {} }} ", step.replace("NEXT", &next))
        };
        let fragments = (0..count).map(fragment).collect::<Vec<_>>().concat();
        for start in STARTS {
            let document = format!("{start} {fragments} fragment F{count} on __Type {{ name }}");
            assert!(is_refused_before_it_runs(&document).await, "{document}");
        }
    }
}

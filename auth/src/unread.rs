//! Finds tokens in places that are not read, such as `{"authToken": "…"}` in `connection_init` or `?token=…` in an address.
//! Otherwise such a client would be anonymous without knowing why. So the transports refuse it.

use serde_json::{Map, Value};
use service::people::api_keys;

/// Finds a value that looks like a token in the payload of `connection_init`, at any depth. Returns its place, such as
/// `headers.token`.
pub fn find_unread_token(payload: &Map<String, Value>) -> Option<String> {
    payload.iter().find_map(|(name, value)| {
        let inside = |path: Option<String>| path.map(|path| format!("{name}.{path}"));
        match value {
            Value::String(text) => {
                let is_token = !text.trim().is_empty() && (names_a_token(name) || looks_like_a_token(text));
                is_token.then(|| name.clone())
            }
            Value::Object(fields) => inside(find_unread_token(fields)),
            Value::Array(items) => {
                let fields = items.iter().enumerate().map(|(index, item)| (index.to_string(), item.clone())).collect();
                let is_token = names_a_token(name) && items.iter().any(Value::is_string);
                if is_token { Some(name.clone()) } else { inside(find_unread_token(&fields)) }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => None,
        }
    })
}

/// Whether the query string of an address has a parameter that looks like a token.
pub fn has_unread_token(query: Option<&str>) -> bool {
    query.unwrap_or_default().split('&').any(|parameter| {
        let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
        !value.is_empty() && (names_a_token(name) || looks_like_a_token(value))
    })
}

/// Whether this header has a token and is one in which other systems read tokens. Headers that proxies add, such as
/// `X-Forwarded-Access-Token`, do not count. Nor do keys of other forms: a gateway may read them.
pub fn is_unread_header(name: &str, value: &[u8]) -> bool {
    const NAMES: [&str; 7] = ["accesstoken", "apikey", "authtoken", "authentication", "bearer", "jwt", "token"];

    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    NAMES.contains(&name.strip_prefix('x').unwrap_or(&name)) && str::from_utf8(value).is_ok_and(looks_like_a_token)
}

/// Whether an offered subprotocol looks like a token. Browsers cannot set headers on a WebSocket, so some clients send it
/// there.
pub fn is_unread_subprotocol(subprotocol: &str) -> bool {
    looks_like_a_token(subprotocol)
        || names_a_token(subprotocol.split_once(['.', '-', '_']).map_or(subprotocol, |(name, _)| name))
}

/// Whether fields of this name usually contain a token.
fn names_a_token(name: &str) -> bool {
    const PARTS: [&str; 8] =
        ["token", "jwt", "bearer", "authorization", "authentication", "apikey", "credential", "secret"];

    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    // A token against forged requests does not identify anybody.
    let is_against_forgery = name.contains("csrf") || name.contains("xsrf");
    !is_against_forgery && (["auth", "password"].contains(&&*name) || PARTS.iter().any(|part| name.contains(part)))
}

fn looks_like_a_token(text: &str) -> bool {
    let text = text.trim();
    let has_scheme = text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("bearer "));
    has_scheme || is_jwt(text) || text.starts_with(api_keys::PREFIX)
}

/// Whether the text has the form of a JWT: three parts, and the first is a JSON object in base64.
fn is_jwt(text: &str) -> bool {
    let is_base64 = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_=".contains(&byte));
    text.starts_with("eyJ") && text.split('.').count() == 3 && text.split('.').all(is_base64)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln";

    #[test]
    fn tokens_in_payloads_are_found_wherever_they_are() {
        let cases = [
            (json!({ "authToken": "abc" }), Some("authToken")),
            (json!({ "token": JWT }), Some("token")),
            (json!({ "access_token": "undefined" }), Some("access_token")),
            (json!({ "AUTHORIZATION": "Bearer abc" }), Some("AUTHORIZATION")),
            (json!({ "bearer": "abc" }), Some("bearer")),
            (json!({ "x-api-key": "abc" }), Some("x-api-key")),
            (json!({ "jwt": ["abc"] }), Some("jwt")),
            (json!({ "headers": { "x-auth-token": "abc" } }), Some("headers.x-auth-token")),
            (json!({ "context": { "user": { "session": JWT } } }), Some("context.user.session")),
            (json!({ "values": [{ "a": "bearer abc" }] }), Some("values.0.a")),
            (json!({ "key": "isk_abc" }), Some("key")),
            (json!({ "x-hasura-admin-secret": "abc" }), Some("x-hasura-admin-secret")),
            (json!({ "authentication": "abc" }), Some("authentication")),
            (json!({ "authToken": null, "headers": {}, "token": "" }), None),
            (json!({ "client": "web 1.2.3", "headers": { "x-csrf-token": "abc" }, "isAuthenticated": false }), None),
            (json!({ "note": "the bearer of good news", "version": "1.2.3" }), None),
        ];
        for (payload, expected) in cases {
            let Value::Object(fields) = &payload else { panic!("{payload}") };
            assert_eq!(find_unread_token(fields).as_deref(), expected, "{payload}");
        }
    }

    #[test]
    fn tokens_in_addresses_and_subprotocols_are_found() {
        for (query, expected) in [
            (None, false),
            (Some(""), false),
            (Some("query=%7Ba%7D&operationName=token"), false),
            (Some("token="), false),
            (Some("access_token=abc"), true),
            (Some(&*format!("a=1&b={JWT}")), true),
            (Some("key=isk_abc"), true),
        ] {
            assert_eq!(has_unread_token(query), expected, "{query:?}");
        }
        for (subprotocol, expected) in
            [("graphql-transport-ws", false), ("graphql-ws", false), (JWT, true), ("bearer", true), ("token.abc", true)]
        {
            assert_eq!(is_unread_subprotocol(subprotocol), expected, "{subprotocol}");
        }
        for (header, value, expected) in [
            ("x-auth-token", JWT, true),
            ("x-api-key", "isk_abc", true),
            ("token", "bearer abc", true),
            ("x-api-key", "a key of the gateway", false),
            ("x-csrf-token", JWT, false),
            ("x-forwarded-access-token", JWT, false),
            ("cf-access-jwt-assertion", JWT, false),
        ] {
            assert_eq!(is_unread_header(header, value.as_bytes()), expected, "{header}: {value}");
        }
    }
}

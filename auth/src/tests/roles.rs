//! Where identity providers put the roles of a person, and how they write them.

use super::*;

fn is_admin(claims: &Value, roles_claim: &str, admin_role: &str) -> Result<bool, AuthError> {
    let (roles_claim, admin_role) = (roles_claim.to_owned(), admin_role.to_owned());
    let rules = Rules { roles_claim, admin_role, ..Rules::default() };
    let mut all = json!({ "sub": "auth0|5f", "exp": NOW + 1 });
    all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
    let now = DateTime::from_timestamp(NOW, 0).unwrap();
    Claims::read(all.as_object().unwrap(), &rules, now).map(|claims| claims.is_admin)
}

#[test]
fn roles_are_found_at_the_path_of_the_setting() {
    for (path, claims, expected) in [
        ("roles", json!({ "roles": ["admin"] }), true),
        ("groups", json!({ "groups": ["admin"], "roles": ["editor"] }), true),
        ("groups", json!({ "roles": ["admin"] }), false),
        ("realm_access.roles", json!({ "realm_access": { "roles": ["offline_access", "admin"] } }), true),
        ("realm_access.roles", json!({ "realm_access": { "roles": ["editor"] }, "roles": ["admin"] }), false),
        ("realm_access.roles", json!({ "realm_access": "admin" }), false),
        ("resource_access.my.app.roles", json!({ "resource_access": { "my.app": { "roles": ["admin"] } } }), true),
        ("https://example/roles", json!({ "https://example/roles": ["admin"] }), true),
        ("https://example.org/roles", json!({ "https://example.org/roles": ["admin"] }), true),
        ("https://example.org/app.roles", json!({ "https://example.org/app": { "roles": ["admin"] } }), true),
        ("a.b", json!({ "a.b": ["editor"], "a": { "b": ["admin"] } }), false),
        ("a..b", json!({ "a": { "": { "b": "admin" } } }), true),
        (".", json!({}), false),
    ] {
        assert_eq!(is_admin(&claims, path, "admin"), Ok(expected), "{path} in {claims}");
    }
}

#[test]
fn roles_are_read_in_each_form_that_providers_write() {
    let admin = "Site Admin";
    for (roles, expected) in [
        (json!("Site Admin"), Ok(true)),
        (json!(["editor", "Site Admin"]), Ok(true)),
        (json!([{ "id": 7, "name": "Site Admin" }]), Ok(true)),
        (json!([{ "value": "editor" }, { "value": "Site Admin", "display": "x" }]), Ok(true)),
        (json!([{ "authority": "Site Admin" }, "editor"]), Ok(true)),
        (json!([{ "role": "Site Admin" }]), Ok(true)),
        // The keys are roles, and the values the organisations in which the person has the role.
        (json!({ "Site Admin": { "1": "example.org" } }), Ok(true)),
        (json!({ "Site Admin": false }), Ok(false)),
        (json!([]), Ok(false)),
        (json!(""), Ok(false)),
        // A string is one role. Roles are compared as a whole.
        (json!("No Site Admin"), Ok(false)),
        (json!("editor, Site Admin"), Ok(false)),
        (json!("site admin"), Ok(false)),
        (json!(["Site", "Admin"]), Ok(false)),
        (json!([{ "display": "Site Admin", "value": "x" }]), Ok(false)),
        (json!([{ "display": "Site Admin" }]), Err(AuthError::BadRoles)),
        (json!([["Site Admin"]]), Err(AuthError::BadRoles)),
        (json!(["Site Admin", 7]), Err(AuthError::BadRoles)),
        (json!(7), Err(AuthError::BadRoles)),
        (json!(true), Err(AuthError::BadRoles)),
        // Some providers send null to a person without roles.
        (json!(null), Ok(false)),
    ] {
        assert_eq!(is_admin(&json!({ "roles": roles }), "roles", admin), expected, "{roles}");
    }
}

#[test]
fn scopes_are_separated_by_spaces() {
    for (path, claims, expected) in [
        ("scope", json!({ "scope": "openid insession:admin" }), true),
        ("scp", json!({ "scp": ["openid", "insession:admin"] }), true),
        ("access.scope", json!({ "access": { "scope": "insession:admin" } }), true),
        ("scope", json!({ "scope": "openid insession:administrator" }), false),
        ("roles", json!({ "roles": "openid insession:admin" }), false),
    ] {
        assert_eq!(is_admin(&claims, path, "insession:admin"), Ok(expected), "{path} in {claims}");
    }
}

#[test]
fn issued_tokens_have_the_role_where_it_is_looked_for() {
    for (path, role) in [("roles", "admin"), ("realm_access.roles", "boss"), ("https://example.org/roles", "boss")] {
        let rules = Rules { roles_claim: path.into(), admin_role: role.into(), ..Rules::default() };
        let authenticator = with_secret().with_rules(rules).unwrap();
        for person in [None, Some(PersonId(7))] {
            let token = authenticator.issue(person, true, TimeDelta::hours(1)).unwrap();
            let viewer = authenticate(&authenticator, Some(&format!("Bearer {token}"))).unwrap().viewer;
            assert_eq!((viewer.is_admin, viewer.person), (true, person), "{path}");
        }
        let token = authenticator.issue(Some(PersonId(7)), false, TimeDelta::hours(1)).unwrap();
        assert!(!authenticate(&authenticator, Some(&format!("Bearer {token}"))).unwrap().viewer.is_admin);
    }
}

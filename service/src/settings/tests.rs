use std::{cell::RefCell, collections::BTreeSet};

use super::*;

/// Each setting that is a number, with its lowest and its highest value.
const NUMBERS: [(&str, &str, &str); 35] = [
    ("ABANDON_AFTER_HOURS", "0.0001", "87600"),
    ("AUDIT_LOG_DAYS", "1", "36500"),
    ("CHANGE_LOG_DAYS", "1", "3650"),
    ("CONNECTION_INIT_SECONDS", "1", "600"),
    ("COST_BURST_PER_ADDRESS", "1", "1000000000"),
    ("COST_BURST_PER_PERSON", "1", "1000000000"),
    ("COST_PER_SECOND_PER_ADDRESS", "1", "1000000000"),
    ("COST_PER_SECOND_PER_PERSON", "1", "1000000000"),
    ("CRON_REQUESTS_PER_MINUTE", "1", "60000"),
    ("DATABASE_CONNECTIONS", "2", "10000"),
    ("GUEST_DAYS", "1", "3650"),
    // At most the online window.
    ("HEARTBEAT_SECONDS", "1", "60"),
    ("JWT_LEEWAY_SECONDS", "0", "600"),
    ("KEEP_ALIVE_SECONDS", "1", "86400"),
    ("MAX_ANSWER_BYTES", "1024", "4294967296"),
    ("MAX_CONNECTIONS", "10", "10000000"),
    ("MAX_CONNECTIONS_PER_ADDRESS", "1", "10000000"),
    ("MAX_QUERIES", "1", "100000"),
    ("MAX_QUERIES_PER_ADDRESS", "1", "100000"),
    ("MAX_SOCKETS", "1", "10000000"),
    ("MAX_SOCKETS_PER_ADDRESS", "1", "10000000"),
    ("MAX_SOCKET_MESSAGE_BYTES", "1024", "67108864"),
    ("MAX_SUBSCRIPTIONS_PER_SOCKET", "1", "10000"),
    ("MAX_SUBSCRIPTION_BYTES_PER_ADDRESS", "1024", "1099511627776"),
    ("MAX_SUBSCRIPTION_BYTES_PER_SOCKET", "1024", "1099511627776"),
    ("MUTATIONS_PER_SECOND_PER_ADDRESS", "1", "1000000"),
    ("MUTATIONS_PER_SECOND_PER_PERSON", "1", "1000000"),
    ("ONLINE_WINDOW_SECONDS", "1", "86400"),
    ("PORT", "0", "65535"),
    ("PRESENCE_DAYS", "1", "36500"),
    ("REQUEST_SECONDS", "1", "600"),
    ("SOCKETS_PER_SECOND_PER_ADDRESS", "1", "1000000"),
    ("SOCKET_BURST_PER_ADDRESS", "1", "1000000"),
    ("SUBSCRIPTIONS_PER_SECOND_PER_SOCKET", "1", "1000000"),
    ("TRUSTED_PROXIES", "0", "10"),
];

/// Each other setting that can be wrong, with a wrong value.
const CHOICES: [(&str, &str); 19] = [
    ("ALLOW_GUESTS", "maybe"),
    ("ANONYMOUS_PRESENCE", "maybe"),
    ("AUTO_REGISTER", "2"),
    ("CORS_ORIGINS", "example.org"),
    ("DATABASE_URL", "mysql://db"),
    ("FEDERATION", "maybe"),
    ("GRAPHIQL", "maybe"),
    ("HOST", "a host"),
    ("INTROSPECTION", "maybe"),
    ("JWT_ROLES_CLAIM", "$['realm_access'].roles"),
    ("JWT_SUBJECTS", "names"),
    ("LOG_FORMAT", "xml"),
    // It needs `OIDC_ISSUER` too.
    ("OIDC_CLIENT_ID", "insession"),
    ("OIDC_ISSUER", "example.org"),
    ("OIDC_PROVIDERS", "Our Office"),
    ("PLACEMENT_RULE", "nearest"),
    ("PUBLIC_URL", "example.org"),
    ("REDIS_PREFIX", "all of *"),
    ("REDIS_URL", "localhost:6379"),
];

/// Each setting that accepts any text.
const TEXTS: [&str; 13] = [
    "CRON_SECRET",
    "JWKS_URL",
    "JWT_ADMIN_ROLE",
    "JWT_AUDIENCE",
    "JWT_ISSUER",
    "JWT_PERSON_CLAIM",
    "JWT_PUBLIC_KEY",
    "JWT_SECRET",
    "OIDC_CLIENT_SECRET",
    "OIDC_NAME",
    "OIDC_SCOPES",
    "TRUSTED_DOCUMENTS",
    "ZONEINFO",
];

fn with(name: &str, value: &str) -> Result<Settings, SettingError> {
    Settings::from(&Source(&|asked| (asked == name).then(|| value.to_owned())))
}

#[test]
fn every_setting_is_in_one_of_the_tables() {
    let read = RefCell::new(BTreeSet::new());
    let note = |name: &str| {
        read.borrow_mut().insert(name.to_owned());
        None
    };
    Settings::from(&Source(&note)).unwrap();
    let numbers = NUMBERS.iter().map(|(name, ..)| *name);
    let tables = numbers.chain(CHOICES.iter().map(|(name, _)| *name)).chain(TEXTS);
    assert_eq!(read.into_inner(), tables.map(str::to_owned).collect());
}

#[test]
fn numbers_out_of_range_are_refused_with_the_setting_and_its_range() {
    for (name, low, high) in NUMBERS {
        for value in [low, high] {
            with(name, value).expect(name);
        }
        let below = low.parse::<f64>().unwrap() - 1.0;
        let above = high.parse::<f64>().unwrap() + 1.0;
        for value in [
            below.to_string().as_str(),
            above.to_string().as_str(),
            "-1",
            "99999999999999999999999",
            "NaN",
            "many",
            "5 5",
            "0x10",
        ] {
            let error = with(name, value).expect_err(name).to_string();
            let kind = if name == "ABANDON_AFTER_HOURS" { "a number" } else { "a whole number" };
            assert_eq!(error, format!("{name} is {value:?}: it must be {kind} from {low} to {high}"));
        }
    }
    assert!(with("PORT", "80.5").is_err());
}

#[test]
fn other_wrong_values_are_refused_with_the_name_of_the_setting() {
    for (name, value) in CHOICES {
        let error = with(name, value).expect_err(name).to_string();
        assert!(error.starts_with(&format!("{name} ")), "{error}");
    }
}

#[test]
fn beats_are_asked_for_several_times_a_window() {
    let presence = |name: &'static str, value: &'static str| {
        let settings = Settings::from(&Source(&move |asked| (asked == name).then(|| value.to_owned())));
        settings.map(|settings| settings.presence)
    };
    assert_eq!(presence("", "").unwrap(), PresenceSettings::default());
    assert_eq!(presence("ONLINE_WINDOW_SECONDS", "6").unwrap().heartbeat, Duration::from_secs(2));
    assert_eq!(presence("ONLINE_WINDOW_SECONDS", "1").unwrap().heartbeat, Duration::from_secs(1));
    assert_eq!(presence("HEARTBEAT_SECONDS", "5").unwrap().heartbeat, Duration::from_secs(5));
    assert_eq!(presence("HEARTBEAT_SECONDS", "45").unwrap().heartbeat, Duration::from_secs(20));
    assert_eq!(presence("ABANDON_AFTER_HOURS", "0.5").unwrap().rules.abandon_after, TimeDelta::minutes(30));
    for (name, value) in [
        ("HEARTBEAT_SECONDS", "61"),
        ("ONLINE_WINDOW_SECONDS", "0"),
        ("ABANDON_AFTER_HOURS", "NaN"),
        ("ANONYMOUS_PRESENCE", "maybe"),
    ] {
        assert!(presence(name, value).is_err(), "{name}={value}");
    }
}

#[test]
fn path_of_the_roles_may_be_written_as_in_jsonpath() {
    let claim = |value: &str| with("JWT_ROLES_CLAIM", value).map(|settings| settings.sign_in.roles_claim);
    for (value, expected) in [
        ("$.realm_access.roles", "realm_access.roles"),
        ("$.roles", "roles"),
        ("realm_access.roles", "realm_access.roles"),
        ("https://example.org/roles", "https://example.org/roles"),
    ] {
        assert_eq!(claim(value).unwrap().as_deref(), Some(expected), "{value}");
    }
    for value in ["$", "$.", "$..roles", "$roles", "$.realm_access.roles[*]"] {
        assert!(claim(value).is_err(), "{value}");
    }
}

#[test]
fn limits_have_defaults() {
    assert_eq!(with("", "").unwrap().limits, Limits::default());
    assert_eq!(with("MAX_SOCKETS", "7").unwrap().limits.sockets, 7);
    assert_eq!(with("CHANGE_LOG_DAYS", "1").unwrap().change_log_kept, TimeDelta::days(1));
}

#[test]
fn the_schema_is_hidden_from_strangers_in_production() {
    let with = |settings: &[(&str, &str)]| {
        let find = |asked: &str| settings.iter().find(|(name, _)| *name == asked).map(|(_, value)| (*value).to_owned());
        Settings::from(&Source(&find)).map(|settings| (settings.introspection, settings.graphiql))
    };
    let postgres = ("DATABASE_URL", "postgres://db");
    assert_eq!(with(&[]).unwrap(), (Introspection::Everybody, true));
    assert_eq!(with(&[postgres]).unwrap(), (Introspection::Everybody, true));
    assert_eq!(with(&[("HOST", "0.0.0.0")]).unwrap(), (Introspection::Everybody, true));
    assert_eq!(with(&[postgres, ("HOST", "0.0.0.0")]).unwrap(), (Introspection::Admins, false));
    assert_eq!(with(&[postgres, ("TRUSTED_PROXIES", "1")]).unwrap(), (Introspection::Admins, false));
    let shown = [postgres, ("HOST", "::"), ("INTROSPECTION", "true")];
    assert_eq!(with(&shown).unwrap(), (Introspection::Everybody, true));
    assert_eq!(with(&[("INTROSPECTION", "admins"), ("GRAPHIQL", "true")]).unwrap(), (Introspection::Admins, true));
    assert!(with(&[("INTROSPECTION", "false"), ("GRAPHIQL", "true")]).is_err());
}

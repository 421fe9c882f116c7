//! Tokens that are accepted, and tokens that are refused.

mod algorithms;
mod roles;

use std::{fs, io};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::clock::ManualClock;
use futures_util::FutureExt as _;
use serde_json::{Value, json};

use super::*;

const SECRET: &str = "a secret of more than thirty-two bytes";
const NOW: i64 = 1_800_000_000;

// Public keys, and tokens that were signed with their private keys. The private keys no longer exist. All tokens are for
// Person:7 and end an hour after NOW.
const RSA_KEY: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA38u3AwK4/YAZFuwvucru
aFEt8nUEGI+gvTgjKXmIEOcnJlMmq0TKShOtnds718KcxVqVlVixm4t8c+oiThBs
VnWcxP2oZ9Cs4zNHF1ADkXBHkUNOelEZHf68EguKEwI2KmU2rm3TzR5g0rSTb1vE
V9dOVzlmYjaLDAQcRDloxxWKbBA3m5dUx+PeWO8QEq/NiWpKCX3qQXYQjVVoFi9d
waaD9JXl6eKgYnO/pP+oANJpqmsTqCp7MDFnFpe3W2sw9dpSmvAtTfgAH0pHGg2e
oV3D8hHVIttme9uHgLMZiYG3Mfmm4ef3yAHuDlJsjKYJwIsBleqbbLW8DcN//gmn
JQIDAQAB
-----END PUBLIC KEY-----";
const EC_KEY: &str = "-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEIU36vEMFAKe8R87yR8kpnuNthDG3
wqNEJ/Pr9whoF6ljrevUxWoQCzcaVct1nyzZr7xTrjw2JuXm2THTclKhJg==
-----END PUBLIC KEY-----";
const ED_KEY: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAAdYNIF6PLwjPR8lvI++87s9qEpbDMJ1ydC2GUk3G5pg=
-----END PUBLIC KEY-----";
const P521_KEY: &str = "-----BEGIN PUBLIC KEY-----
MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQANxbiyLijr31PrqXsGj5iFIxcF02T
JX+JnSPev+0W3Is3lHM4qzxHFIBqcUxWT0Rv9XcZnrg6KxjFmCuhQnr09zEBtmmB
hFxfTasAj8fof4nILkvr4FOeshb8KPdE9CUqPJfUZLLisMySOY1sVuBa7gUN+05R
uVgI982N26gIeg/S4Nw=
-----END PUBLIC KEY-----";
const RS256: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJQZXJzb246NyIsImV4cCI6MTgwMDAwMzYwMH0.3kl5jAj64QPc5WB7r_Aaq-GugnbKtdpAsMnAU2q1-sHkDuS42pZNH5TxI520M8CYVeazM8NJqEBAzK6ekjlWcH568HQbBw2RVEhMBffVvHpjze9GDaJQCgox9FBVi2uxmdR5m3nCR0qg5PWm9FVyHNFH5IuwAzXN2fARAJqzzCD0GJ8cQPZpvrNyUBGdOnEaghkv3y6T5__O6CsdREaMTt8efgMvJFCT0-cCxb9jFA6um5Zg2p7-saSnxXBogHoRtZDOalyTB9w1j-sWPONGnoT2roK1eIxkUfI5RDp2cq3Z-7pHfkKeC6KrqwS-wKjv-Csn5Q2sP83hA8vkO_jNQQ";
const RS512: &str = "eyJhbGciOiJSUzUxMiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJQZXJzb246NyIsImV4cCI6MTgwMDAwMzYwMH0.mJJSaihKjBD6q5A_kZtpJ922o6aWGUZmFh_oGN36w2nyCsAl1nVxV9ZtN5G1F28OaJ9u6R-t8V8_z4-GjhK2keQfTKd81RdqQ6IpoSXme4AT9iA9dcuidXBYPOrgH0mFJVdbj7qlYcJkT78H05m-OUh9tUQLxKct__8yOsX94U3w1WqgDL-vOUX0T6beyA-kohORoGoGMkwER_5Uwn1HyClByN78NMudz7mzyTqTb2q4WkBnavAdYqImv-ZmRs_wc7mRAp9FLhvsjzNhsBhKwLjJZZtJKz-6_Fm36uiGD6xUbZqKefbp7teBJtUxXwYkyi65AXUIHBfxQBgsslmB3Q";
const ES256: &str = "eyJhbGciOiJFUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJQZXJzb246NyIsImV4cCI6MTgwMDAwMzYwMH0.6DVIA2aXzHyW-MT-X-WLmH8Qaqb7Ch-hhPeFjBB1wO52xv6Ja70LCaGHN1ih0MtWaHXzcamhgvu61hmiDZHzGQ";
const EDDSA: &str = "eyJhbGciOiJFZERTQSIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJQZXJzb246NyIsImV4cCI6MTgwMDAwMzYwMH0.jSQLpQICQ52JCadVJhrBR4PVNs6InUCYQ_Uf9B-jKTkhjJzFziDoQIgkraN6sOMZLGNqKScIoMhg2sPkRrMvCA";

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(DateTime::from_timestamp(NOW, 0).unwrap()))
}

fn with_secret() -> Authenticator {
    Authenticator::new(&Keys::Secret(SECRET.into()), clock()).unwrap()
}

/// Checks a token without a lookup of people, so the result is available at once.
fn authenticate(authenticator: &Authenticator, authorization: Option<&str>) -> Result<Identity, AuthError> {
    authenticator.authenticate(authorization).now_or_never().unwrap()
}

fn with_key(pem: &str) -> Authenticator {
    naming_people_by_id(Authenticator::new(&Keys::PublicKey(pem.into()), clock()).unwrap())
}

/// Sets `JWT_SUBJECTS=ids`, and no audience.
fn naming_people_by_id(authenticator: Authenticator) -> Authenticator {
    Authenticator { rules: Rules { subjects_are_ids: Some(true), ..Rules::default() }, ..authenticator }
}

fn signed(header: &Header, claims: &Value, secret: &str) -> String {
    let token = jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap();
    format!("Bearer {token}")
}

fn viewer_of(claims: &Value) -> Result<Viewer, AuthError> {
    let authorization = signed(&Header::new(Algorithm::HS256), claims, SECRET);
    authenticate(&with_secret(), Some(&authorization)).map(|identity| identity.viewer)
}

#[test]
fn request_without_token_is_anonymous() {
    assert_eq!(authenticate(&with_secret(), None), Ok(Identity::NOBODY));
}

#[test]
fn claims_name_the_viewer() {
    let seven = Viewer::person(PersonId(7));
    let cases = [
        (json!({ "sub": "Person:7", "exp": NOW + 1 }), Ok(seven)),
        (json!({ "sub": "Person:7", "exp": NOW + 1, "roles": [] }), Ok(seven)),
        (json!({ "sub": "Person:7", "exp": NOW + 1, "roles": ["editor"] }), Ok(seven)),
        (json!({ "sub": "Person:7", "exp": NOW + 1, "roles": ["admin"] }), Ok(Viewer { is_admin: true, ..seven })),
        (json!({ "sub": "root", "exp": NOW + 1, "roles": ["editor", "admin"] }), Ok(Viewer::admin("root"))),
        (json!({ "exp": NOW + 1, "roles": ["admin"] }), Ok(Viewer::ADMIN)),
        // The audience is checked only if there is a setting. The start is always checked.
        (json!({ "sub": "Person:7", "exp": NOW + 1, "aud": "someone else", "iss": 3 }), Ok(seven)),
        (json!({ "sub": "Person:7", "exp": NOW + 1, "nbf": NOW }), Ok(seven)),
        (json!({ "sub": "Person:7", "exp": NOW + 99, "nbf": NOW + 60, "iat": NOW + 60 }), Ok(seven)),
        (json!({ "sub": "Person:7", "exp": NOW + 99, "nbf": NOW + 61 }), Err(AuthError::NotYetValid)),
        (json!({ "sub": "Person:7", "exp": NOW + 99, "iat": NOW + 61 }), Err(AuthError::NotYetValid)),
        (json!({ "sub": "Person:7", "exp": NOW + 9, "iat": "now" }), Err(AuthError::BadStart)),
        (json!({ "sub": "Person:7", "exp": NOW + 9, "nbf": "now" }), Err(AuthError::BadStart)),
        // There is no leeway at the end.
        (json!({ "sub": "Person:7", "exp": NOW }), Err(AuthError::Expired)),
        (json!({ "sub": "Person:7", "exp": 1.8e9 + 0.5 }), Ok(seven)),
        (json!({ "sub": "Person:7", "exp": 1.8e9 - 0.5 }), Err(AuthError::Expired)),
        (json!({ "sub": "Person:7" }), Err(AuthError::BadExpiry)),
        (json!({ "sub": "Person:7", "exp": null }), Err(AuthError::BadExpiry)),
        (json!({ "sub": "Person:7", "exp": "1900000000" }), Err(AuthError::BadExpiry)),
        (json!({ "sub": "Person:7", "exp": 1e300 }), Err(AuthError::BadExpiry)),
        (json!({ "sub": "Person:7", "exp": u64::MAX }), Err(AuthError::BadExpiry)),
        (json!({ "sub": "Person:7", "exp": NOW + 1, "roles": "admin" }), Ok(Viewer { is_admin: true, ..seven })),
        (json!({ "sub": "Person:7", "exp": NOW + 1, "roles": null }), Ok(seven)),
        (json!({ "sub": "Person:7", "exp": NOW + 1, "roles": ["admin", 1] }), Err(AuthError::BadRoles)),
        (json!({ "sub": "Session:7", "exp": NOW + 1 }), Err(AuthError::BadSubject)),
        (json!({ "sub": "7", "exp": NOW + 1 }), Err(AuthError::BadSubject)),
        (json!({ "sub": 7, "exp": NOW + 1 }), Err(AuthError::BadSubject)),
        (json!({ "exp": NOW + 1 }), Err(AuthError::BadSubject)),
        (json!(["Person:7"]), Err(AuthError::Malformed)),
    ];
    for (claims, expected) in cases {
        assert_eq!(viewer_of(&claims), expected, "{claims}");
    }
}

#[test]
fn leeway_is_for_the_beginning_of_a_token_only() {
    let rules = |leeway| Rules { leeway: TimeDelta::seconds(leeway), subjects_are_ids: Some(true), ..Rules::default() };
    for (leeway, ahead, is_valid) in [(0, 0, true), (0, 1, false), (300, 300, true), (300, 301, false)] {
        let authenticator = with_secret().with_rules(rules(leeway)).unwrap();
        let claims = json!({ "sub": "Person:7", "exp": NOW + 900, "iat": NOW + ahead, "nbf": NOW + ahead });
        let authorization = signed(&Header::new(Algorithm::HS256), &claims, SECRET);
        assert_eq!(authenticate(&authenticator, Some(&authorization)).is_ok(), is_valid, "{ahead} s with {leeway} s");
        let ended = json!({ "sub": "Person:7", "exp": NOW });
        let authorization = signed(&Header::new(Algorithm::HS256), &ended, SECRET);
        assert_eq!(authenticate(&authenticator, Some(&authorization)), Err(AuthError::Expired));
    }
}

#[test]
fn token_from_the_future_counts_as_made_as_early_as_it_may_have_been() {
    let now = DateTime::from_timestamp(NOW, 0).unwrap();
    for (iat, issued_at) in [(NOW - 9, NOW - 9), (NOW, NOW), (NOW + 2, NOW + 2), (NOW + 3, NOW - 57), (NOW + 60, NOW)] {
        let claims = json!({ "sub": "auth0|5f", "exp": NOW + 900, "iat": iat });
        let read = Claims::read(claims.as_object().unwrap(), &Rules::default(), now).unwrap();
        assert_eq!(read.issued_at.map(|at| at.timestamp()), Some(issued_at), "{iat}");
    }
}

#[test]
fn invalid_token_is_refused() {
    let claims = json!({ "sub": "Person:7", "exp": NOW + 1 });
    let good = signed(&Header::new(Algorithm::HS256), &claims, SECRET);
    let token = good.strip_prefix("Bearer ").unwrap();
    let unsigned = {
        let part = |json: &Value| URL_SAFE_NO_PAD.encode(json.to_string());
        format!("Bearer {}.{}.", part(&json!({ "alg": "none" })), part(&claims))
    };
    let critical = Header { crit: Some(vec!["b64".into()]), ..Header::new(Algorithm::HS256) };
    let cases = [
        (String::new(), AuthError::NotBearer),
        ("Bearer".into(), AuthError::NotBearer),
        ("Bearer ".into(), AuthError::NotBearer),
        (format!("Basic {token}"), AuthError::NotBearer),
        (token.into(), AuthError::NotBearer),
        ("Bearer undefined".into(), AuthError::Malformed),
        ("Bearer a.b.c".into(), AuthError::Malformed),
        (format!("{good} {token}"), AuthError::Malformed),
        (format!("{good}x"), AuthError::BadSignature),
        (signed(&Header::new(Algorithm::HS256), &claims, "another secret"), AuthError::BadSignature),
        (signed(&Header::new(Algorithm::HS512), &claims, SECRET), AuthError::BadSignature),
        (signed(&critical, &claims, SECRET), AuthError::Malformed),
        (unsigned, AuthError::Malformed),
        (format!("Bearer {RS256}"), AuthError::BadSignature),
    ];
    for (authorization, expected) in cases {
        assert_eq!(authenticate(&with_secret(), Some(&authorization)), Err(expected), "{authorization}");
    }
    for spelled in [format!("bearer {token}"), format!("BEARER   {token} ")] {
        assert!(authenticate(&with_secret(), Some(&spelled)).is_ok(), "{spelled}");
    }
}

#[test]
fn public_key_accepts_only_the_algorithms_of_its_type() {
    let keys = [(RSA_KEY, RS256), (EC_KEY, ES256), (ED_KEY, EDDSA)];
    for (key, own) in keys {
        let expires_at = DateTime::from_timestamp(NOW + 3600, 0);
        let seven = Identity { viewer: Viewer::person(PersonId(7)), expires_at, ..Identity::NOBODY };
        assert_eq!(authenticate(&with_key(key), Some(&format!("Bearer {own}"))), Ok(seven));
        assert_eq!(authenticate(&with_key(&key.replace('\n', "\\n")), Some(&format!("Bearer {own}"))), Ok(seven));

        for other in keys.map(|(_, token)| token).into_iter().filter(|token| *token != own) {
            let refused = authenticate(&with_key(key), Some(&format!("Bearer {other}")));
            assert_eq!(refused, Err(AuthError::BadSignature));
        }
        // The public key is not a secret. A token that is signed with it as an HMAC key is refused.
        let claims = json!({ "sub": "root", "exp": NOW + 1, "roles": ["admin"] });
        let forged = signed(&Header::new(Algorithm::HS256), &claims, key);
        assert_eq!(authenticate(&with_key(key), Some(&forged)), Err(AuthError::BadSignature));
        assert_eq!(authenticate(&with_key(key), Some(&format!("Bearer {RS512}"))).is_ok(), key == RSA_KEY);
    }
}

#[test]
fn unusable_keys_are_refused() {
    let refused = |keys| Authenticator::new(&keys, clock()).unwrap_err();
    assert_eq!(refused(Keys::Secret(" ".into())), KeyError::EmptySecret);
    assert_eq!(refused(Keys::PublicKey(String::new())), KeyError::NotAPublicKey);
    assert_eq!(refused(Keys::PublicKey(SECRET.into())), KeyError::NotAPublicKey);
    assert_eq!(refused(Keys::PublicKey(P521_KEY.into())), KeyError::NotAPublicKey);
    let private = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    assert_eq!(refused(Keys::PublicKey(private.into())), KeyError::PrivateKey);
    assert_eq!(format!("{:?}", Keys::Secret(SECRET.into())), "Secret(..)");
}

#[test]
fn issued_token_is_valid_until_its_end() {
    let clock = clock();
    let authenticator = Authenticator::new(&Keys::Secret("short".into()), Arc::clone(&clock) as _).unwrap();
    let hour = TimeDelta::hours(1);
    for (person, admin) in [(Some(PersonId(7)), false), (Some(PersonId(7)), true), (None, true)] {
        let authorization = format!("Bearer {}", authenticator.issue(person, admin, hour).unwrap());
        let identity = authenticate(&authenticator, Some(&authorization)).unwrap();
        assert_eq!((identity.viewer.person, identity.viewer.is_admin), (person, admin));
        assert!(!identity.is_expired(clock.now() + hour - TimeDelta::milliseconds(1)));
        assert!(identity.is_expired(clock.now() + hour));

        clock.advance(hour);
        assert_eq!(authenticate(&authenticator, Some(&authorization)), Err(AuthError::Expired));
    }
    assert_eq!(authenticator.issue(None, false, hour), Err(IssueError::NobodyNamed));
    assert_eq!(authenticator.issue(None, true, TimeDelta::MAX), Err(IssueError::LifetimeTooLong));
    assert_eq!(with_key(ED_KEY).issue(None, true, hour), Err(IssueError::PublicKeyOnly));
}

#[test]
fn secret_beside_a_database_is_created_once() {
    let mut nonce = [0; 8];
    getrandom::fill(&mut nonce).unwrap();
    let folder = std::env::temp_dir().join(format!("insession-secret-{}", URL_SAFE_NO_PAD.encode(nonce)));
    fs::create_dir(&folder).unwrap();
    let database = folder.join("insession.db");

    let made: Vec<String> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..8).map(|_| scope.spawn(|| secret_beside(&database).unwrap())).collect();
        starts.into_iter().map(|start| start.join().unwrap()).collect()
    });
    assert_eq!(URL_SAFE_NO_PAD.decode(&made[0]).unwrap().len(), 32);
    assert!(made.iter().all(|secret| *secret == made[0]));
    assert_eq!(secret_beside(&database).unwrap(), made[0]);

    let files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(files, [folder.join("insession.db.jwt-secret")]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&files[0]).unwrap().permissions().mode() & 0o777, 0o600);
    }

    fs::write(&files[0], "\n").unwrap();
    assert_eq!(secret_beside(&database).unwrap_err().kind(), io::ErrorKind::InvalidData);
    fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn issuer_and_audience_are_checked_if_they_are_set() {
    let rules = Rules {
        issuer: Some("https://id.example/".into()),
        audiences: vec!["insession".into(), "other".into()],
        ..Rules::default()
    };
    let authenticator = with_secret().with_rules(rules).unwrap();
    let claims =
        |issuer: Value, audience: Value| json!({ "sub": "Person:7", "exp": NOW + 1, "iss": issuer, "aud": audience });
    let (ours, us) = (json!("https://id.example/"), json!("insession"));
    let cases = [
        (claims(ours.clone(), us.clone()), None),
        (claims(ours.clone(), json!(["someone", "other"])), None),
        (claims(json!("https://id.example"), us.clone()), Some(AuthError::WrongIssuer)),
        (claims(json!([ours]), us), Some(AuthError::WrongIssuer)),
        (claims(ours.clone(), json!("insession2")), Some(AuthError::WrongAudience)),
        (claims(ours, json!([])), Some(AuthError::WrongAudience)),
        (json!({ "sub": "Person:7", "exp": NOW + 1 }), Some(AuthError::WrongIssuer)),
    ];
    for (claims, expected) in cases {
        let authorization = signed(&Header::new(Algorithm::HS256), &claims, SECRET);
        assert_eq!(authenticate(&authenticator, Some(&authorization)).err(), expected, "{claims}");
    }
    let issued = authenticator.issue(Some(PersonId(7)), false, TimeDelta::hours(1)).unwrap();
    assert!(authenticate(&authenticator, Some(&format!("Bearer {issued}"))).is_ok());
}

#[test]
fn other_claim_than_sub_is_never_a_person_id() {
    let rules = Rules { person_claim: Some("nick".into()), ..Rules::default() };
    let authenticator = with_secret().with_rules(rules).unwrap();
    let claims = json!({ "sub": "Person:7", "nick": "Person:1", "exp": NOW + 1 });
    let authorization = signed(&Header::new(Algorithm::HS256), &claims, SECRET);
    assert_eq!(authenticate(&authenticator, Some(&authorization)), Err(AuthError::BadSubject));
}

#[test]
fn identity_provider_needs_an_audience_and_does_not_know_our_ids() {
    let authenticator = || Authenticator::new(&Keys::PublicKey(ED_KEY.into()), clock()).unwrap();
    assert_eq!(authenticator().with_rules(Rules::default()).unwrap_err(), KeyError::NoAudience);
    assert!(KeyError::NoAudience.to_string().starts_with("JWT_AUDIENCE "));
    let for_us = || Rules { audiences: vec!["insession".into()], ..Rules::default() };
    assert_eq!(authenticator().with_rules(for_us()).unwrap().rules.subjects_are_ids, Some(false));
    assert_eq!(with_secret().with_rules(for_us()).unwrap().rules.subjects_are_ids, Some(true));

    let claims = json!({ "sub": "Person:7", "exp": NOW + 1 });
    let rules = |subjects_are_ids| Rules { subjects_are_ids, ..Rules::default() };
    for (subjects_are_ids, expected) in
        [(Some(true), Subject::Person(PersonId(7))), (None, Subject::External("Person:7".into()))]
    {
        let now = DateTime::from_timestamp(NOW, 0).unwrap();
        let read = Claims::read(claims.as_object().unwrap(), &rules(subjects_are_ids), now).unwrap();
        assert_eq!(read.subject, Some(expected));
    }
    let external = with_secret().with_rules(rules(Some(false))).unwrap();
    let hour = TimeDelta::hours(1);
    assert_eq!(external.issue(Some(PersonId(7)), false, hour), Err(IssueError::ExternalSubjects));
    assert!(external.issue(None, true, hour).is_ok());
}

mod published {
    //! An identity provider whose keys change, and which is sometimes unavailable.

    use std::sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    };

    use axum::{Router, http::StatusCode, routing::get};
    use tokio::{net::TcpListener, time::Duration};

    use super::*;

    // Private keys for these tests, each with the `x` of its public key.
    const FIRST: (&str, &str) = (
        "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIKOp6e/JTgmzQOyKW41AyLGnWZYR86P8LitD6MNoe5mB
-----END PRIVATE KEY-----",
        "5HgjI5nI81kszZMg2kKfqkixhC7jxzctZFVDfCt2Z_8",
    );
    const SECOND: (&str, &str) = (
        "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIHfOA4lE285iVCH+O5jro2qzf1+iviCFr5LF7o0P0S3J
-----END PRIVATE KEY-----",
        "n87upc28UhBkBEz5Zs5ZAMoTbG1To7lbUDzWml68HR0",
    );

    struct Provider {
        keys: Arc<Mutex<Option<Value>>>,
        asked: Arc<AtomicUsize>,
        authenticator: Arc<Authenticator>,
    }

    fn jwk(id: &str, (_, x): (&str, &str)) -> Value {
        json!({ "kid": id, "kty": "OKP", "crv": "Ed25519", "x": x, "use": "sig", "alg": "EdDSA" })
    }

    fn token(id: Option<&str>, (private, _): (&str, &str)) -> String {
        let header = Header { kid: id.map(str::to_owned), ..Header::new(Algorithm::EdDSA) };
        let key = EncodingKey::from_ed_pem(private.as_bytes()).unwrap();
        format!(
            "Bearer {}",
            jsonwebtoken::encode(&header, &json!({ "sub": "Person:7", "exp": NOW + 9 }), &key).unwrap()
        )
    }

    impl Provider {
        async fn start(keys: &[Value]) -> Self {
            let keys = Arc::new(Mutex::new(Some(json!({ "keys": keys }))));
            let asked = Arc::new(AtomicUsize::new(0));
            let (published, counter) = (Arc::clone(&keys), Arc::clone(&asked));
            let answer = get(async move || {
                counter.fetch_add(1, Ordering::SeqCst);
                published.lock().unwrap().as_ref().map(Value::to_string).ok_or(StatusCode::SERVICE_UNAVAILABLE)
            });
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/keys", listener.local_addr().unwrap());
            tokio::spawn(async move { axum::serve(listener, Router::new().route("/keys", answer)).await });
            let authenticator = Authenticator::new(&Keys::Published(url), clock()).unwrap();
            let authenticator = Arc::new(naming_people_by_id(authenticator));
            Self { keys, asked, authenticator }
        }

        fn publish(&self, keys: Option<&[Value]>) {
            *self.keys.lock().unwrap() = keys.map(|keys| json!({ "keys": keys }));
        }

        async fn authenticate(&self, authorization: &str) -> Result<Identity, AuthError> {
            self.authenticator.authenticate(Some(authorization)).await
        }

        fn asked(&self) -> usize {
            self.asked.load(Ordering::SeqCst)
        }
    }

    async fn pass(duration: Duration) {
        tokio::time::pause();
        tokio::time::advance(duration).await;
        tokio::time::resume();
    }

    #[tokio::test]
    async fn keys_are_fetched_again_for_an_unknown_key_but_not_for_every_token() {
        let provider = Provider::start(&[jwk("one", FIRST)]).await;
        let together = (0..8).map(|_| async { provider.authenticate(&token(Some("one"), FIRST)).await });
        for result in futures_util::future::join_all(together).await {
            assert!(result.is_ok(), "{result:?}");
        }
        assert!(provider.authenticate(&token(None, FIRST)).await.is_ok());
        assert_eq!(provider.asked(), 1);

        provider.publish(Some(&[jwk("two", SECOND)]));
        for _ in 0..3 {
            assert_eq!(provider.authenticate(&token(Some("two"), SECOND)).await, Err(AuthError::BadSignature));
        }
        assert_eq!(provider.asked(), 1);
        pass(Duration::from_secs(10)).await;
        assert!(provider.authenticate(&token(Some("two"), SECOND)).await.is_ok());
        assert_eq!(provider.authenticate(&token(Some("one"), FIRST)).await, Err(AuthError::BadSignature), "withdrawn");
        assert_eq!(provider.authenticate(&token(Some("two"), FIRST)).await, Err(AuthError::BadSignature));
        assert_eq!(provider.asked(), 2);
    }

    #[tokio::test]
    async fn known_keys_stay_valid_while_the_provider_is_away() {
        let provider = Provider::start(&[jwk("one", FIRST)]).await;
        provider.publish(None);
        assert_eq!(provider.authenticate(&token(Some("one"), FIRST)).await, Err(AuthError::Unavailable));
        pass(Duration::from_secs(10)).await;
        provider.publish(Some(&[jwk("one", FIRST)]));
        assert!(provider.authenticate(&token(Some("one"), FIRST)).await.is_ok());

        provider.publish(None);
        pass(Duration::from_hours(24)).await;
        assert!(provider.authenticate(&token(Some("one"), FIRST)).await.is_ok());
        assert_eq!(provider.authenticate(&token(Some("two"), SECOND)).await, Err(AuthError::Unavailable));
    }

    #[tokio::test]
    async fn only_keys_for_our_signatures_are_used() {
        let secret = json!({ "kid": "secret", "kty": "oct", "k": URL_SAFE_NO_PAD.encode(SECRET), "alg": "HS256" });
        let mut encrypting = jwk("encrypting", SECOND);
        encrypting["use"] = json!("enc");
        let mut other = jwk("other", SECOND);
        other["alg"] = json!("ES256");
        let strange = json!({ "kid": "strange", "kty": "new", "n": 1 });
        let provider = Provider::start(&[secret, encrypting, other, strange, jwk("one", FIRST)]).await;
        assert!(provider.authenticate(&token(Some("one"), FIRST)).await.is_ok());
        for id in ["encrypting", "other"] {
            assert_eq!(provider.authenticate(&token(Some(id), SECOND)).await, Err(AuthError::BadSignature), "{id}");
        }
        let claims = json!({ "sub": "Person:7", "exp": NOW + 9, "roles": ["admin"] });
        for id in ["secret", "one"] {
            let header = Header { kid: Some(id.into()), ..Header::new(Algorithm::HS256) };
            for secret in [SECRET, FIRST.1] {
                let forged = signed(&header, &claims, secret);
                assert_eq!(provider.authenticate(&forged).await, Err(AuthError::BadSignature), "{id}");
            }
        }
    }

    #[test]
    fn address_must_be_http() {
        for wrong in ["", "keys.json", "file:///etc/passwd", "ftp://example.com/keys"] {
            let refused = Authenticator::new(&Keys::Published(wrong.into()), clock()).unwrap_err();
            assert_eq!(refused, KeyError::NotAnAddress, "{wrong}");
        }
    }
}

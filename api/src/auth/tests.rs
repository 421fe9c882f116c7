use domain::clock::ManualClock;
use serde_json::json;

use super::*;

const SECRET: &str = "a secret of more than thirty-two bytes";
const NOW: i64 = 1_800_000_000;

// Public keys, and tokens signed once with their private halves, which nobody kept. All are for Person:7, until
// an hour after NOW.
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
const P384_KEY: &str = "-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAESkcoPFwB1OUtcw/FrAr2jonrwqZNkYNW
vap9at33idniEG+tGLJG4BTWeE4ya/4iHyZtHHFf/XNdHl6YekukUah4S+Xurk7g
0ceb7C1DPngcalTDShA2Cg2Ia4JGIIb0
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

fn with_key(pem: &str) -> Authenticator {
    Authenticator::new(&Keys::PublicKey(pem.into()), clock()).unwrap()
}

fn signed(header: &Header, claims: &Value, secret: &str) -> String {
    let token = jsonwebtoken::encode(header, claims, &EncodingKey::from_secret(secret.as_bytes())).unwrap();
    format!("Bearer {token}")
}

fn viewer_of(claims: &Value) -> Result<Viewer, AuthError> {
    let authorization = signed(&Header::new(Algorithm::HS256), claims, SECRET);
    with_secret().authenticate(Some(&authorization)).map(|identity| identity.viewer)
}

#[test]
fn without_a_token_it_is_nobody() {
    assert_eq!(with_secret().authenticate(None), Ok(Identity::NOBODY));
}

#[test]
fn claims_name_the_viewer() {
    let seven = Viewer::person(PersonId(7));
    let cases = [
        (json!({ "sub": "Person:7", "exp": NOW + 1 }), Ok(seven)),
        (json!({ "sub": "Person:7", "exp": NOW + 1, "roles": [] }), Ok(seven)),
        (json!({ "sub": "Person:7", "exp": NOW + 1, "roles": ["editor"] }), Ok(seven)),
        (json!({ "sub": "Person:7", "exp": NOW + 1, "roles": ["admin"] }), Ok(Viewer { is_admin: true, ..seven })),
        (json!({ "sub": "root", "exp": NOW + 1, "roles": ["editor", "admin"] }), Ok(Viewer::ADMIN)),
        (json!({ "exp": NOW + 1, "roles": ["admin"] }), Ok(Viewer::ADMIN)),
        // Whom the token is meant for is not asked; when it starts is.
        (json!({ "sub": "Person:7", "exp": NOW + 1, "aud": "someone else", "iss": 3 }), Ok(seven)),
        (json!({ "sub": "Person:7", "exp": NOW + 1, "nbf": NOW }), Ok(seven)),
        (json!({ "sub": "Person:7", "exp": NOW + 9, "nbf": NOW + 1 }), Err(AuthError::NotYetValid)),
        (json!({ "sub": "Person:7", "exp": NOW + 9, "nbf": "now" }), Err(AuthError::BadNotBefore)),
        // No leeway at the end.
        (json!({ "sub": "Person:7", "exp": NOW }), Err(AuthError::Expired)),
        (json!({ "sub": "Person:7", "exp": 1.8e9 + 0.5 }), Ok(seven)),
        (json!({ "sub": "Person:7", "exp": 1.8e9 - 0.5 }), Err(AuthError::Expired)),
        (json!({ "sub": "Person:7" }), Err(AuthError::BadExpiry)),
        (json!({ "sub": "Person:7", "exp": null }), Err(AuthError::BadExpiry)),
        (json!({ "sub": "Person:7", "exp": "1900000000" }), Err(AuthError::BadExpiry)),
        (json!({ "sub": "Person:7", "exp": 1e300 }), Err(AuthError::BadExpiry)),
        (json!({ "sub": "Person:7", "exp": u64::MAX }), Err(AuthError::BadExpiry)),
        (json!({ "sub": "Person:7", "exp": NOW + 1, "roles": "admin" }), Err(AuthError::BadRoles)),
        (json!({ "sub": "Person:7", "exp": NOW + 1, "roles": null }), Err(AuthError::BadRoles)),
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
fn what_is_there_but_not_valid_is_refused() {
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
        assert_eq!(with_secret().authenticate(Some(&authorization)), Err(expected), "{authorization}");
    }
    for spelled in [format!("bearer {token}"), format!("BEARER   {token} ")] {
        assert!(with_secret().authenticate(Some(&spelled)).is_ok(), "{spelled}");
    }
}

#[test]
fn a_public_key_takes_the_algorithm_of_its_kind_and_no_other() {
    let keys = [(RSA_KEY, RS256), (EC_KEY, ES256), (ED_KEY, EDDSA)];
    for (key, own) in keys {
        let expires_at = DateTime::from_timestamp(NOW + 3600, 0);
        let seven = Identity { viewer: Viewer::person(PersonId(7)), expires_at };
        assert_eq!(with_key(key).authenticate(Some(&format!("Bearer {own}"))), Ok(seven));
        assert_eq!(with_key(&key.replace('\n', "\\n")).authenticate(Some(&format!("Bearer {own}"))), Ok(seven));

        for other in keys.map(|(_, token)| token).into_iter().chain([RS512]).filter(|token| *token != own) {
            let refused = with_key(key).authenticate(Some(&format!("Bearer {other}")));
            assert_eq!(refused, Err(AuthError::BadSignature));
        }
        // The public key is no secret: what is signed with it as one is refused.
        let claims = json!({ "sub": "root", "exp": NOW + 1, "roles": ["admin"] });
        let forged = signed(&Header::new(Algorithm::HS256), &claims, key);
        assert_eq!(with_key(key).authenticate(Some(&forged)), Err(AuthError::BadSignature));
    }
}

#[test]
fn unusable_keys_are_refused_at_the_start() {
    let refused = |keys| Authenticator::new(&keys, clock()).unwrap_err();
    assert_eq!(refused(Keys::Secret(" ".into())), KeyError::EmptySecret);
    assert_eq!(refused(Keys::PublicKey(String::new())), KeyError::NotAPublicKey);
    assert_eq!(refused(Keys::PublicKey(SECRET.into())), KeyError::NotAPublicKey);
    assert_eq!(refused(Keys::PublicKey(P384_KEY.into())), KeyError::NotAPublicKey);
    let private = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    assert_eq!(refused(Keys::PublicKey(private.into())), KeyError::PrivateKey);
    assert_eq!(format!("{:?}", Keys::Secret(SECRET.into())), "Secret(..)");
}

#[test]
fn issued_tokens_are_valid_until_their_end() {
    let clock = clock();
    let authenticator = Authenticator::new(&Keys::Secret("short".into()), Arc::clone(&clock) as _).unwrap();
    let hour = TimeDelta::hours(1);
    for (person, admin) in [(Some(PersonId(7)), false), (Some(PersonId(7)), true), (None, true)] {
        let authorization = format!("Bearer {}", authenticator.issue(person, admin, hour).unwrap());
        let identity = authenticator.authenticate(Some(&authorization)).unwrap();
        assert_eq!(identity.viewer, Viewer { person, is_admin: admin });
        assert!(!identity.is_expired(clock.now() + hour - TimeDelta::milliseconds(1)));
        assert!(identity.is_expired(clock.now() + hour));

        clock.advance(hour);
        assert_eq!(authenticator.authenticate(Some(&authorization)), Err(AuthError::Expired));
    }
    assert_eq!(authenticator.issue(None, false, hour), Err(IssueError::NobodyNamed));
    assert_eq!(authenticator.issue(None, true, TimeDelta::MAX), Err(IssueError::LifetimeTooLong));
    assert_eq!(with_key(ED_KEY).issue(None, true, hour), Err(IssueError::PublicKeyOnly));
}

#[test]
fn the_secret_beside_a_database_is_made_once() {
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

//! Keys as identity providers publish them: with and without `alg`, and beside keys of unknown types.

use jsonwebtoken::jwk::Jwk;

use super::*;
use crate::key::Key;

// Private keys for these tests.
const RSA: &str = "-----BEGIN PRIVATE KEY-----
MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQC8DsBc7NiOei8W
wYi4UusQJ9885wVDdCZS+EQ34hbPfzpm9QgavAiQ67tx51Q0R8UbJlHUIYEOhw6p
S7XR6fAFkSWC8NN4iW7E1OQhfOyFPJB1VDYsLmSvNTZxu9Wktat7T+h+3VQS1bYF
jE+XIry+CeB45lZFt6NpykeyakB1t9wHkLjngDTaOAIiiQ9k1zmFfnE27uFqpy7/
Mg2xcTszASJ7x+EVisgaGQ0doU/yp9Uv6Gv19cyc/uThr6YOkPExyTDQ85q4YiqK
qPYaVdFCs7H7IX/bUkJUW1BWX0jQkeZGqk0nVV4vSHZ+SbEw1/FLKccp7erTTynJ
Arlf46aDAgMBAAECggEAGTFyDGuKWLlTpPJzv3BpnzYdjkogsWMBCK0hGR9yZi/U
LMYiD3rQkaGS8J/ImbcNAnsatpbFHvjG5QqIfBZL77hR1H3bcVLFV8ccHMRgkeTa
3BerqOA6NXf6fY1oAfMjMEI0klz8410P+nmhO/e3s08dbEo8lTBpyvACCjZ5FjaQ
M6KDPbcblQ4CdgbKFE1KUR1OImRXLLhVRF2iTcmBl1jXhgXQCTg7sShOwBnULc/k
fXjW78YH/O2KHM/R5EvrKCq/426RgBA5WMyh8bkitFqkMPyk2MlXTaqxdlbw2tKI
FymF5gWX72HFSns5252LA7+Uhnwv3FQavmkxLUzGUQKBgQDigTmIjwrBp0lOmI9Q
vg4iFVXqFcl6WDk1xXjGEwHWt/JTcH5yG0CamX0nd5WDxJxmPo4laMKCuTpcABQs
k5JEkKJn2Grx5SDq4jKb+6Yk1Cq0iRFuYmYsnLQv2Dxmen+Adq1ri1lqL3JINOjo
w6CYWkkz5YWkO0LcAZxj2ehxiQKBgQDUi9mgjzU3IM7Q9+Ud9SH8oT4i+EqNnhK/
U288sRKjgXhCNC0ocV/B6Bn4bx/IQ4DJYZLAw+R7EjsK4Mr46JFE2kj3dpnV7yDm
cVgS4rISTmb+uEzWxh4+gnVhDtPNGy4or6mc+WmUbc+SSFAzjwwsv3c844XSjGLB
iqy0fL1QqwKBgH64HzD4HeNzrL6M+XkJqyyEVTmOENcirncX0Fa4YYn4BVmLESLT
flQ/1NYUwBAlGf7Vtn7VWiT6bdz0qlS6BtXXORTx7fsA3maqP/gmVLA8BtxT5u2j
nVgOH3y49Cm9FMIRIzqMjmyquLwO5dL7R0iVEmk3WookIWamfBEc4z9JAoGBAIUN
rwTF4WhLT2ydYn5ocAg34DAAApu4sr+2uVHi/2n/qIq5IvPIVUuLwoY0+k5hg4ON
Y1LszmEEvpVGt4kt/ZJ+m2LeidrUwWHA3oOkChlPn0YhlWh1yYUUIerKX2hsdW7e
2Gz97UwPmftW7W35RIPWsAwb2jA91ayW5RpvZAvVAoGBAJoKPi9/hj5t92UZcJjL
nUW7A/qo4oECsNDksjt4WrXJ48aLK67crYAzS+Hj42mARk64HBj0AJMoj7Wr/yJ8
316H43y/XlBXGMYMiyaJTrk+DJH8NwxgSbX6/cNACmT3ZwQFTEYPbF3UpMAW2nbR
6Qse7+RUit9zMY/1xx0/K1Ue
-----END PRIVATE KEY-----";
const P384: &str = "-----BEGIN PRIVATE KEY-----
MIG2AgEAMBAGByqGSM49AgEGBSuBBAAiBIGeMIGbAgEBBDAj9Sffv3vup4EyskKb
WpSKSICL9IqghPNqte2jFUYp8nGBFdxHDE/l4PdPZqqVOx+hZANiAASUidxBSyRe
eC6/JHObw8R0+X0LC1nevelT7mSWi+xfgZAxz9ulTy430ix1TCwRyJc1kaisDeMW
86dXKsxhPcVfk8GcSr94Ry2Om5QFAE/0A2ysuPyhJjM6HfPxo8qN/UU=
-----END PRIVATE KEY-----";

fn rsa() -> EncodingKey {
    EncodingKey::from_rsa_pem(RSA.as_bytes()).unwrap()
}

fn p384() -> EncodingKey {
    EncodingKey::from_ec_pem(P384.as_bytes()).unwrap()
}

/// The public key as in a published set. Members of `more` are added or replaced.
fn published(key: &EncodingKey, algorithm: Algorithm, more: &Value) -> Value {
    let mut jwk = serde_json::to_value(Jwk::from_encoding_key(key, algorithm).unwrap()).unwrap();
    let members = jwk.as_object_mut().unwrap();
    members.remove("alg");
    members.extend(more.as_object().unwrap().clone());
    jwk
}

/// Whether the key accepts a token that its private key signed by this algorithm.
fn accepts(key: &Key, private: &EncodingKey, algorithm: Algorithm) -> bool {
    let token = jsonwebtoken::encode(&Header::new(algorithm), &json!({ "sub": "x" }), private).unwrap();
    key.read(&token).is_ok()
}

const RSA_ALGORITHMS: [Algorithm; 6] =
    [Algorithm::RS256, Algorithm::RS384, Algorithm::RS512, Algorithm::PS256, Algorithm::PS384, Algorithm::PS512];

#[test]
fn key_without_algorithm_is_used_by_its_type() {
    let key = Key::of_set(&published(&rsa(), Algorithm::RS256, &json!({ "kid": "one", "use": "sig" }))).unwrap();
    assert_eq!((key.id.as_deref(), key.algorithms.as_slice()), (Some("one"), RSA_ALGORITHMS.as_slice()));
    for algorithm in RSA_ALGORITHMS {
        assert!(accepts(&key, &rsa(), algorithm), "{algorithm:?}");
    }
    let key = Key::of_set(&published(&p384(), Algorithm::ES384, &json!({ "key_ops": ["verify"] }))).unwrap();
    assert!(accepts(&key, &p384(), Algorithm::ES384));
}

#[test]
fn algorithm_of_a_key_is_the_only_one() {
    for own in RSA_ALGORITHMS {
        let key = Key::of_set(&published(&rsa(), Algorithm::RS256, &json!({ "alg": format!("{own:?}") }))).unwrap();
        for algorithm in RSA_ALGORITHMS {
            assert_eq!(accepts(&key, &rsa(), algorithm), algorithm == own, "{algorithm:?} by a key for {own:?}");
        }
    }
}

#[test]
fn unused_key_has_a_reason_that_names_what_is_unknown() {
    for (key, reason) in [
        (published(&rsa(), Algorithm::RS256, &json!({ "alg": "RSA-OAEP" })), "\"RSA-OAEP\" is not supported"),
        (published(&rsa(), Algorithm::RS256, &json!({ "alg": "RS1024" })), "\"RS1024\" is not supported"),
        (published(&rsa(), Algorithm::RS256, &json!({ "alg": "ES256" })), "\"ES256\" is not supported"),
        (published(&rsa(), Algorithm::RS256, &json!({ "use": "enc" })), "not for signatures"),
        (published(&rsa(), Algorithm::RS256, &json!({ "key_ops": ["encrypt"] })), "not for checking signatures"),
        (published(&rsa(), Algorithm::RS256, &json!({ "n": "AQAB" })), "2048 bits"),
        (json!({ "kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ" }), "numbers"),
        (json!({ "kty": "EC", "crv": "P-521", "x": "AQ", "y": "AQ" }), "kty EC, crv P-521"),
        (json!({ "kty": "EC", "crv": "secp256k1", "x": "AQ", "y": "AQ" }), "kty EC, crv secp256k1"),
        (json!({ "kty": "OKP", "crv": "Ed448", "x": "AQ" }), "kty OKP, crv Ed448"),
        (json!({ "kty": "oct", "k": "AQ", "alg": "HS256" }), "kty oct"),
        (json!({ "kty": "AKP", "alg": "ML-DSA-44", "pub": "AQ" }), "kty AKP"),
        (json!({ "kty": 7 }), "kty none"),
        (json!({}), "kty none"),
        (json!("a text"), "kty none"),
    ] {
        let unused = Key::of_set(&key).err().map(|unused| unused.to_string()).unwrap_or_default();
        assert!(unused.contains(reason), "{key}: {unused:?}");
    }
}

#[test]
fn public_keys_as_pem_have_the_algorithms_of_their_type() {
    let key = "-----BEGIN PUBLIC KEY-----
MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAESkcoPFwB1OUtcw/FrAr2jonrwqZNkYNW
vap9at33idniEG+tGLJG4BTWeE4ya/4iHyZtHHFf/XNdHl6YekukUah4S+Xurk7g
0ceb7C1DPngcalTDShA2Cg2Ia4JGIIb0
-----END PUBLIC KEY-----";
    for (pem, algorithms) in [
        (RSA_KEY, RSA_ALGORITHMS.as_slice()),
        (EC_KEY, &[Algorithm::ES256]),
        (key, &[Algorithm::ES384]),
        (ED_KEY, &[Algorithm::EdDSA]),
    ] {
        assert_eq!(Key::of_pem(pem.as_bytes()).unwrap().algorithms, algorithms);
    }
}

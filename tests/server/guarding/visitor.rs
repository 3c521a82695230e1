use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde_json::Value;

pub fn visitor(assertion: &str, keys: &JwkSet) -> Option<Value> {
    let kid = decode_header(assertion).ok()?.kid?;
    let key = DecodingKey::from_jwk(keys.find(&kid)?).ok()?;
    let mut rules = Validation::new(Algorithm::ES256);
    rules.set_issuer(&["https://login.example.org"]);
    rules.set_audience(&["https://wiki.example.org"]);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    decode::<Value>(assertion, &key, &rules).ok().map(|token| token.claims)
}

//! The signed statement to an application about its visitor, and the public
//! keys that verify it. With the libraries of applications: `tests/server/guarding`.

use doorward::base::keys::Purpose;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use rocket::http::{Method, Status};
use serde_json::{Value, json};
use time::Duration;

use crate::app::{Answer, App};
use crate::guarding::{Person, WIKI, draft, guard, start};

const KEYS: &str = "/.well-known/jwks.json";

async fn told(app: &App, identity: &str, unverified_email: bool) {
    let mut wiki = serde_json::to_value(draft("wiki", WIKI, "members")).unwrap();
    wiki["identity"] = json!(identity);
    wiki["unverified_email"] = json!(unverified_email);
    wiki["rule"] = json!([{ "path": "/public/*", "needs": "public" }]);
    guard(app, serde_json::from_value(wiki).unwrap()).await;
}

async fn public_keys(app: &App) -> JwkSet {
    serde_json::from_str(&app.browser().get(KEYS).await.body).unwrap()
}

fn assertion(answer: &Answer) -> String {
    assert_eq!(answer.status, Status::Ok, "{}", answer.body);
    answer.header("X-Doorward-Assertion").expect("always sent").to_owned()
}

fn kid(assertion: &str) -> String {
    jsonwebtoken::decode_header(assertion).unwrap().kid.unwrap()
}

/// The claims, if one of the keys signed them for that application. Their times are not looked at.
fn claims(assertion: &str, keys: &JwkSet, audience: &str) -> Option<Value> {
    let key = DecodingKey::from_jwk(keys.find(&kid(assertion))?).unwrap();
    let mut rules = Validation::new(Algorithm::ES256);
    rules.set_audience(&[audience]);
    rules.set_issuer(&["http://localhost:8000"]);
    (rules.validate_exp, rules.validate_nbf) = (false, false);
    jsonwebtoken::decode(assertion, &key, &rules).ok().map(|token| token.claims)
}

#[rocket::async_test]
async fn an_application_that_asks_for_it_gets_a_signed_statement_and_no_other() {
    let app = start().await;
    let ada = Person::named(&app, "Ada", &["editor", "writer"]).await;
    ada.enter().await;
    for (identity, has_headers, is_signed) in [
        ("headers", true, false),
        ("none", false, false),
        ("assertion", false, true),
        ("both", true, true),
    ] {
        told(&app, identity, false).await;
        let answer = ada.fetch("/a").await;
        assert_eq!(assertion(&answer).is_empty(), !is_signed, "{identity}");
        let name = answer.header("Remote-User").unwrap();
        assert_eq!(name, if has_headers { "ada" } else { "" }, "{identity}");
        let answer = Person::stranger(&app).fetch("/public/a").await;
        assert_eq!(assertion(&answer), "", "a stranger, {identity}");
    }
}

#[rocket::async_test]
async fn an_assertion_says_who_it_is_about_for_whom_and_until_when() {
    let app = start().await;
    told(&app, "assertion", false).await;
    let ada = Person::named(&app, "Ada", &["editor", "writer"]).await;
    ada.enter().await;
    let now = app.clock().now().seconds();
    let text = assertion(&ada.fetch("/a").await);
    let header: Value = serde_json::to_value(jsonwebtoken::decode_header(&text).unwrap()).unwrap();
    let kid = app.doorward.keys.ring().signing(Purpose::Assertion).kid.clone();
    assert_eq!(header, json!({ "typ": "JWT", "alg": "ES256", "kid": kid }));
    let keys = public_keys(&app).await;
    let said = claims(&text, &keys, &format!("http://{WIKI}")).unwrap();
    let time = |name: &str| said[name].as_i64().unwrap();
    assert!((0..5).contains(&(time("iat") + 10 - now)), "{said}");
    assert!((0..60).contains(&(now - time("auth_time"))), "{said}");
    let expected = json!({
        "iss": "http://localhost:8000", "aud": format!("http://{WIKI}"),
        "sub": app.id_of("ada").await, "preferred_username": "ada",
        "groups": ["editor", "writer"], "auth_time": time("auth_time"),
        "iat": time("iat"), "nbf": time("iat"), "exp": time("iat") + 130,
    });
    assert_eq!(said, expected);
    assert_eq!(claims(&text, &keys, "http://files.localhost:9000"), None);
    told(&app, "assertion", true).await;
    let text = assertion(&ada.fetch("/a").await);
    let said = claims(&text, &keys, &format!("http://{WIKI}")).unwrap();
    assert_eq!(said["email"], "ada@example.org", "the application asks for it, though unconfirmed");
}

#[rocket::async_test]
async fn an_assertion_is_made_once_a_minute_and_at_once_when_roles_or_keys_changed() {
    let app = start().await;
    told(&app, "both", false).await;
    let ada = Person::named(&app, "ada", &["editor"]).await;
    ada.enter().await;
    // Two signatures by ECDSA are never the same.
    let first = assertion(&ada.fetch("/a").await);
    assert_eq!(assertion(&ada.fetch("/b").await), first);
    app.pass(Duration::seconds(55)).await;
    assert_eq!(assertion(&ada.fetch("/a").await), first);
    app.pass(Duration::seconds(10)).await;
    let second = assertion(&ada.fetch("/a").await);
    assert_ne!(second, first);
    let now = app.clock().now();
    let old = kid(&second);
    app.doorward.keys.change(|ring| ring.revoke(&old, now)).unwrap();
    let third = assertion(&ada.fetch("/a").await);
    assert_ne!(kid(&third), old);
    let keys = public_keys(&app).await;
    let wiki = format!("http://{WIKI}");
    assert!(claims(&third, &keys, &wiki).is_some() && claims(&second, &keys, &wiki).is_none());
}

#[rocket::async_test]
async fn a_new_key_is_announced_before_it_signs_and_the_old_one_verifies_what_it_signed() {
    let app = start().await;
    told(&app, "assertion", false).await;
    let ada = Person::named(&app, "ada", &[]).await;
    ada.enter().await;
    let before = assertion(&ada.fetch("/a").await);
    let rotate = |now| {
        let life = Duration::hours(24);
        app.doorward.keys.change(|ring| Ok(ring.rotate(Purpose::Assertion, life, now))).unwrap()
    };
    let new = rotate(app.clock().now());
    let keys = public_keys(&app).await;
    assert_eq!(keys.keys.len(), 2);
    let wiki = format!("http://{WIKI}");
    assert!(claims(&before, &keys, &wiki).is_some());
    app.pass(Duration::minutes(5)).await;
    assert_eq!(
        kid(&assertion(&ada.fetch("/a").await)),
        kid(&before),
        "applications may not know it"
    );
    app.pass(Duration::minutes(56)).await;
    let after = assertion(&ada.fetch("/a").await);
    assert_eq!(kid(&after), new);
    assert!(claims(&after, &keys, &wiki).is_some(), "with what was read before it signed");
    assert_eq!(public_keys(&app).await.keys.len(), 2);
    app.clock().advance(Duration::hours(25));
    let keys = public_keys(&app).await;
    assert!(keys.find(&new).is_some() && keys.keys.len() == 1);
}

#[rocket::async_test]
async fn anybody_reads_the_public_keys_by_any_name_and_nothing_else_is_in_them() {
    let app = App::start().await;
    for host in ["localhost:8000", "doorward.internal:8000", "wiki.localhost:9000"] {
        for method in [Method::Get, Method::Head] {
            let answer = app.browser().send(method, KEYS, None, &[("Host", host)]).await;
            assert_eq!(answer.status, Status::Ok, "{host}");
            let header = |name| answer.header(name).unwrap_or_default();
            assert_eq!(header("Content-Type"), "application/json");
            assert_eq!(header("Cache-Control"), "public, max-age=300");
            assert_eq!(header("Vary"), "Accept-Encoding");
            assert_eq!(answer.header("Set-Cookie"), None);
        }
    }
    let said: Value = serde_json::from_str(&app.browser().get(KEYS).await.body).unwrap();
    let ring = app.doorward.keys.ring();
    let expected = ring.signing(Purpose::Assertion).public_jwk().unwrap();
    assert_eq!(said, json!({ "keys": [expected] }));
    let names: Vec<&String> = expected.as_object().unwrap().keys().collect();
    assert!(!names.iter().any(|name| *name == "d"), "{names:?}");
}

//! Every rule for access tokens (RFC 8725, RFC 9068; ASVS V9), each broken once.

use doorward::base::keys::{Purpose, Ring};
use doorward::domain::accounts::AccountId;
use doorward::domain::accounts::permissions::Roles;
use doorward::domain::login::{AuthLevel, AuthMethods};
use doorward::domain::sessions::tokens::access::{Claims, Fault, Issuer};
use doorward::domain::sessions::{Audience, SessionId};
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use crate::{BASE, NOON};

struct Forge {
    ring: Ring,
    issuer: Issuer,
}

impl Forge {
    fn new() -> Self {
        let issuer = Issuer::new(BASE, Duration::minutes(10));
        Self { ring: Ring::generate(NOON), issuer }
    }

    fn header(&self) -> Value {
        json!({ "typ": "at+jwt", "alg": "HS256", "kid": self.ring.signing(Purpose::Access).kid })
    }

    fn payload(&self) -> Value {
        let (now, id) = (NOON.seconds(), "AAAAAAAAAAAAAAAAAAAAAA");
        json!({
            "iss": BASE, "aud": format!("{BASE}#web"), "sub": Uuid::nil(), "sid": id, "jti": id,
            "gen": 0, "mark": 0, "ep": 0, "roles": [], "auth_time": now, "iat": now, "nbf": now, "exp": now + 600,
        })
    }

    /// A token of these two parts with a right signature of our key.
    fn sign(&self, header: &Value, payload: &Value) -> String {
        let part = |value: &Value| doorward::base::secrets::encode(value.to_string().as_bytes());
        let message = format!("{}.{}", part(header), part(payload));
        let key = EncodingKey::from_secret(self.ring.signing(Purpose::Access).secret());
        let signature =
            jsonwebtoken::crypto::sign(message.as_bytes(), &key, Algorithm::HS256).unwrap();
        format!("{message}.{signature}")
    }

    fn verify(&self, token: &str) -> Result<Claims, Fault> {
        self.issuer.verify(&self.ring, Audience::Web, token, NOON)
    }

    fn with_header(&self, change: impl FnOnce(&mut Value)) -> Result<Claims, Fault> {
        let mut header = self.header();
        change(&mut header);
        self.verify(&self.sign(&header, &self.payload()))
    }

    fn with_payload(&self, change: impl FnOnce(&mut Value)) -> Result<Claims, Fault> {
        let mut payload = self.payload();
        change(&mut payload);
        self.verify(&self.sign(&self.header(), &payload))
    }
}

#[test]
fn what_is_issued_is_what_is_verified() {
    let forge = Forge::new();
    let claims = Claims {
        sub: AccountId(Uuid::new_v4()),
        sid: SessionId(Uuid::new_v4()),
        jti: Uuid::new_v4(),
        generation: 7,
        mark: NOON,
        epoch: NOON.0,
        roles: Roles::admin(),
        auth: AuthLevel { methods: AuthMethods::PASSWORD, at: NOON },
        issued_at: NOON,
        expires_at: NOON + Duration::minutes(10),
    };
    let token =
        forge.issuer.issue(forge.ring.signing(Purpose::Access), Audience::Web, &claims).unwrap();
    assert_eq!(forge.verify(&token), Ok(claims));
    assert_eq!(forge.issuer.verify(&forge.ring, Audience::Api, &token, NOON), Err(Fault::Claims));
    assert!(
        forge.verify(&forge.sign(&forge.header(), &forge.payload())).is_ok(),
        "the forge is able"
    );
}

#[test]
fn any_changed_bit_makes_it_worthless() {
    let forge = Forge::new();
    let token = forge.sign(&forge.header(), &forge.payload());
    for place in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[place] ^= 1;
        if let Ok(changed) = String::from_utf8(bytes) {
            assert!(forge.verify(&changed).is_err(), "{place}");
        }
    }
    let unsigned = &token[..=token.rfind('.').unwrap()];
    assert!(forge.verify(unsigned).is_err());
}

#[test]
fn only_our_header_is_believed() {
    let forge = Forge::new();
    for alg in ["none", "None", "HS384", "HS512", "RS256", "ES256", "hs256"] {
        assert_eq!(
            forge.with_header(|header| header["alg"] = json!(alg)),
            Err(Fault::Header),
            "{alg}"
        );
    }
    for typ in ["JWT", "at+JWT", "", "fa+jwt"] {
        assert_eq!(
            forge.with_header(|header| header["typ"] = json!(typ)),
            Err(Fault::Header),
            "{typ}"
        );
    }
    for extra in ["jku", "jwk", "x5u", "x5c", "crit", "zip", "enc", "cty", "b64"] {
        let done = forge.with_header(|header| header[extra] = json!("https://evil.example"));
        assert_eq!(done, Err(Fault::Header), "{extra}");
    }
    for missing in ["typ", "alg", "kid"] {
        let done =
            forge.with_header(|header| drop(header.as_object_mut().unwrap().remove(missing)));
        assert_eq!(done, Err(Fault::Header), "{missing}");
    }
    let unknown = forge.with_header(|header| header["kid"] = json!("0123456789abcdef"));
    assert_eq!(unknown, Err(Fault::UnknownKey));
    let other = forge.ring.signing(Purpose::Refresh).kid.clone();
    assert_eq!(forge.with_header(|header| header["kid"] = json!(other)), Err(Fault::UnknownKey));
}

#[test]
fn every_claim_must_be_there_and_nothing_else() {
    let forge = Forge::new();
    for (name, _) in forge.payload().as_object().unwrap() {
        let done =
            forge.with_payload(|payload| drop(payload.as_object_mut().unwrap().remove(name)));
        assert!(done.is_err(), "without {name}");
        for odd in [json!(null), json!([]), json!({}), json!(true), json!(1.5)] {
            let list = name == "roles" && odd == json!([]);
            let done = forge.with_payload(|payload| payload[name] = odd.clone());
            assert!(list || done.is_err(), "{name}: {odd}");
        }
    }
    assert!(forge.with_payload(|payload| payload["admin"] = json!(true)).is_err());
}

#[test]
fn issuer_audience_and_ids_must_be_ours() {
    let forge = Forge::new();
    for (name, value) in [
        ("iss", json!("http://localhost:8001")),
        ("iss", json!(1)),
        ("aud", json!(BASE)),
        ("aud", json!(format!("{BASE}#api"))),
        ("aud", json!([format!("{BASE}#web")])),
        ("aud", json!(1)),
        ("sub", json!("ada")),
        ("sid", json!("short")),
        ("jti", json!("")),
        ("exp", json!("1767269400")),
        ("gen", json!("0")),
        ("mark", json!("0")),
    ] {
        assert!(
            forge.with_payload(|payload| payload[name] = value.clone()).is_err(),
            "{name}: {value}"
        );
    }
}

#[test]
fn a_token_is_good_in_its_time_only_but_for_five_seconds() {
    let forge = Forge::new();
    let token = forge.sign(&forge.header(), &forge.payload());
    let at = |seconds: i64| {
        let now = NOON + Duration::seconds(seconds);
        forge.issuer.verify(&forge.ring, Audience::Web, &token, now).map(|_| ())
    };
    assert_eq!(at(-6), Err(Fault::Time));
    assert_eq!(at(-5), Ok(()));
    assert_eq!(at(604), Ok(()));
    assert_eq!(at(605), Err(Fault::Time));
    let later = NOON.seconds() + 3600;
    assert_eq!(forge.with_payload(|payload| payload["nbf"] = json!(later)), Err(Fault::Time));
    assert_eq!(
        forge.with_payload(|payload| payload["exp"] = json!(later)),
        Err(Fault::Time),
        "too long a life"
    );
    for (iat, exp) in
        [(i64::MIN, i64::MAX), (i64::MAX, i64::MIN), (0, 600), (i64::MAX - 1, i64::MAX)]
    {
        let done = forge.with_payload(|payload| {
            payload["iat"] = json!(iat);
            payload["exp"] = json!(exp);
        });
        assert!(done.is_err(), "{iat} {exp}");
    }
}

#[test]
fn a_token_read_before_is_held_against_key_audience_and_time_again() {
    let mut forge = Forge::new();
    let token = forge.sign(&forge.header(), &forge.payload());
    let (first, again) = (forge.verify(&token), forge.verify(&token));
    assert!(first.is_ok());
    assert_eq!(first, again);
    let at = |forge: &Forge, client, seconds| {
        let now = NOON + Duration::seconds(seconds);
        forge.issuer.verify(&forge.ring, client, &token, now).err()
    };
    assert_eq!(at(&forge, Audience::Api, 0), Some(Fault::Claims));
    assert_eq!(at(&forge, Audience::Web, 0), None, "the wrong client has not spoilt it");
    assert_eq!(at(&forge, Audience::Web, 605), Some(Fault::Time));
    let kid = forge.ring.signing(Purpose::Access).kid.clone();
    forge.ring.revoke(&kid, NOON).unwrap();
    assert_eq!(at(&forge, Audience::Web, 0), Some(Fault::UnknownKey));
}

#[test]
fn other_texts_and_other_tokens_are_no_access_tokens() {
    let forge = Forge::new();
    let refresh = "v1.AAAAAAAAAAAAAAAAAAAAAA.0.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let long = format!("{}{}", forge.sign(&forge.header(), &forge.payload()), "A".repeat(4096));
    let mut plain = Header::new(Algorithm::HS256);
    plain.kid = Some(forge.ring.signing(Purpose::Access).kid.clone());
    let key = EncodingKey::from_secret(forge.ring.signing(Purpose::Access).secret());
    let plain = jsonwebtoken::encode(&plain, &forge.payload(), &key).unwrap();
    for text in ["", ".", "..", "...", "a.b.c", refresh, &long, &plain] {
        assert!(forge.verify(text).is_err(), "{text}");
    }
}

#[test]
fn what_is_longer_than_4096_bytes_is_not_even_read() {
    let forge = Forge::new();
    let header = json!({ "typ": "at+jwt", "alg": "HS256", "kid": "0123456789abcdef" });
    let head = doorward::base::secrets::encode(header.to_string().as_bytes());
    let of = |length: usize| format!("{head}.{}.", "a".repeat(length - head.len() - 2));
    assert_eq!(forge.verify(&of(4096)), Err(Fault::UnknownKey));
    assert_eq!(forge.verify(&of(4097)), Err(Fault::Shape));
}

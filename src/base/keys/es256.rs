//! Signatures that others verify: keys whose algorithm is [`Algorithm::Es256`],
//! with a public half that is shown to everybody.

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use jsonwebtoken::{EncodingKey, Header};
use serde::Serialize;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::key::Key;
use super::purpose::{Algorithm, Purpose};
use super::ring::Ring;
use crate::base::error::{Error, Result};
use crate::base::secrets;
use crate::base::timestamp::Timestamp;

/// What precedes the 32 bytes of a private key of P-256 in PKCS#8 (RFC 5208),
/// without the public half, which follows from it.
const HEAD: [u8; 35] = [
    0x30, 0x41, 0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01,
    0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x04, 0x27, 0x30, 0x25, 0x02, 0x01,
    0x01, 0x04, 0x20,
];

impl Ring {
    /// The public halves of all keys of a purpose that are accepted now or were
    /// announced, as a JWK Set (RFC 7517, section 5).
    ///
    /// # Errors
    /// The keys have no public halves.
    pub fn public_jwks(&self, purpose: Purpose, now: Timestamp) -> Result<Value> {
        let keys: Result<Vec<_>> = self.verifying(purpose, now).map(Key::public_jwk).collect();
        Ok(json!({ "keys": keys? }))
    }
}

impl Key {
    /// A JWT (RFC 7519) that states `claims`, with the name of the key in its header.
    ///
    /// # Errors
    /// The key is of another algorithm, or the library cannot sign.
    pub fn signed_jwt(&self, claims: &impl Serialize) -> Result<String> {
        let mut header = Header::new(jsonwebtoken::Algorithm::ES256);
        header.kid = Some(self.kid.clone());
        let (private, _) = self.pair()?;
        jsonwebtoken::encode(&header, claims, &EncodingKey::from_ec_der(&private))
            .map_err(|why| Error::broken(format!("A statement cannot be signed: {why}.")))
    }

    /// The public half, as a JWK (RFC 7517).
    ///
    /// # Errors
    /// The key is of another algorithm.
    pub fn public_jwk(&self) -> Result<Value> {
        let (_, pair) = self.pair()?;
        // 4, x and y (SEC 1, section 2.3.3).
        let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
        Ok(json!({
            "kty": "EC", "crv": "P-256", "x": secrets::encode(x), "y": secrets::encode(y),
            "kid": self.kid, "use": "sig", "alg": "ES256",
        }))
    }

    /// The private key, as PKCS#8 and ready to use.
    ///
    /// Not every 32 bytes are a key of P-256: one in 2^32 is too large. So the
    /// key is the first that fits of those made from the secret (FIPS 186-5,
    /// A.2.2: testing candidates).
    fn pair(&self) -> Result<(Zeroizing<Vec<u8>>, EcdsaKeyPair)> {
        if self.purpose.about().algorithm != Algorithm::Es256 {
            return Err(Error::broken("This key has no public half."));
        }
        let candidate = |count: u8| {
            let number = Zeroizing::new(self.mac(&[b"P-256", &[count]]));
            let private = Zeroizing::new([&HEAD[..], &*number].concat());
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &private).ok()?;
            Some((private, pair))
        };
        (0..=u8::MAX)
            .find_map(candidate)
            .ok_or_else(|| Error::broken("No key of P-256 can be made here."))
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::jwk::Jwk;
    use jsonwebtoken::{DecodingKey, Validation};

    use super::*;

    fn key(byte: u8) -> Key {
        let secret = Zeroizing::new([byte; 32]);
        Key::new("0123456789abcdef".to_owned(), Purpose::Assertion, Timestamp(0), secret)
    }

    fn verifies(jwt: &str, by: &Value) -> bool {
        let jwk: Jwk = serde_json::from_value(by.clone()).unwrap();
        let mut rules = Validation::new(jsonwebtoken::Algorithm::ES256);
        rules.required_spec_claims.clear();
        jsonwebtoken::decode::<Value>(jwt, &DecodingKey::from_jwk(&jwk).unwrap(), &rules).is_ok()
    }

    #[test]
    fn what_a_key_signs_its_public_half_verifies_and_no_other() {
        for byte in 0..=9 {
            let jwt = key(byte).signed_jwt(&json!({ "sub": "ada" })).unwrap();
            assert!(verifies(&jwt, &key(byte).public_jwk().unwrap()));
            assert!(!verifies(&jwt, &key(byte + 1).public_jwk().unwrap()));
        }
    }

    #[test]
    fn a_secret_always_gives_the_same_public_half_and_tells_nothing_of_itself() {
        // Computed apart from this library, by multiplying the point in Python.
        let known = json!({
            "kty": "EC", "crv": "P-256", "kid": "0123456789abcdef", "use": "sig", "alg": "ES256",
            "x": "IypeN7THnS2cJQ9L8tbZGtF1RYjPeHAyq6TOiddOVTU",
            "y": "YdVK2O-T2Bw44Vsj91vU0jGQfs13WajrLxaRaxHhnpw",
        });
        assert_eq!(key(7).public_jwk().unwrap(), known);
    }

    #[test]
    fn keys_of_other_algorithms_sign_no_jwt_for_others() {
        let form = Key::generate(Purpose::Form, Timestamp(0));
        assert!(form.signed_jwt(&json!({})).is_err() && form.public_jwk().is_err());
    }
}

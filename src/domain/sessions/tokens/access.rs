//! The access token: a signed statement of who sends a request, good for
//! minutes (RFC 7519, RFC 9068). One function issues it, one verifies it.

use std::sync::Arc;

use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use moka::sync::Cache;
use serde::{Deserialize, Serialize};
use time::Duration;
use uuid::Uuid;

use crate::base::error::{Error, Result};
use crate::base::keys::{Key, Purpose, Ring};
use crate::base::secrets;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::AccountId;
use crate::domain::accounts::permissions::Roles;
use crate::domain::login::{AuthLevel, AuthMethods};
use crate::domain::sessions::session::{Audience, Principal, SessionId};

/// The most bytes of a token that are looked at; browsers keep no larger cookie.
pub const MOST_BYTES: usize = 4096;

/// How far the clocks of two instances may differ.
pub const LEEWAY: Duration = Duration::seconds(5);

const TYPE: &str = "at+jwt";

/// Tokens whose signature and claims need not be read again: a browser sends
/// the same one for minutes.
const MOST_VERIFIED: u64 = 20_000;

/// What a verified token states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The account.
    pub sub: AccountId,
    /// The session.
    pub sid: SessionId,
    /// This token.
    pub jti: Uuid,
    /// The session's refresh generation that it was issued with.
    pub generation: i64,
    /// The mark of that generation's hand-out (see [`crate::domain::sessions::refresh::rotation`]).
    pub mark: Timestamp,
    /// The account's epoch that it was issued in.
    pub epoch: i64,
    /// The roles then.
    pub roles: Roles,
    /// What was proved last, and when.
    pub auth: AuthLevel,
    /// When it was issued.
    pub issued_at: Timestamp,
    /// When it ends.
    pub expires_at: Timestamp,
}

impl From<Claims> for Principal {
    fn from(claims: Claims) -> Self {
        Self { account: claims.sub, session: claims.sid, roles: claims.roles, auth: claims.auth }
    }
}

/// The claims as they stand in the token: closed, and none of them optional but
/// one, which is left out where the password alone was given.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Payload {
    iss: String,
    aud: String,
    sub: Uuid,
    sid: String,
    jti: String,
    r#gen: i64,
    mark: i64,
    ep: i64,
    roles: Vec<String>,
    auth_time: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    amr: Option<Vec<String>>,
    iat: i64,
    nbf: i64,
    exp: i64,
}

/// The header: these three and nothing else, so no `jku`, `jwk`, `x5u`, `crit` (RFC 8725, section 3.10).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head<'a> {
    typ: &'a str,
    alg: &'a str,
    kid: &'a str,
}

/// Why a token is rejected; for the log, never for the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Longer than a cookie can be, or not three parts.
    Shape,
    /// Another type, algorithm or header field.
    Header,
    /// Signed by a key that is not in the ring.
    UnknownKey,
    /// The signature or a claim is wrong.
    Claims,
    /// Its time has not come or is over.
    Time,
}

/// A token that was read before. Its key and its time are asked about again.
#[derive(Debug)]
struct Verified {
    client: Audience,
    kid: String,
    claims: Claims,
}

/// Issues and verifies the tokens of one service.
#[derive(Clone, Debug)]
pub struct Issuer {
    name: String,
    web: String,
    api: String,
    /// By the SHA-256 of the token.
    verified: Cache<[u8; 32], Arc<Verified>>,
    /// How long a token is good.
    pub life: Duration,
}

impl Issuer {
    /// The service at `base_url`, whose tokens are good for `life`.
    pub fn new(base_url: &str, life: Duration) -> Self {
        Self {
            name: base_url.to_owned(),
            web: format!("{base_url}#web"),
            api: format!("{base_url}#api"),
            verified: Cache::builder()
                .max_capacity(MOST_VERIFIED)
                .time_to_live(life.unsigned_abs())
                .build(),
            life,
        }
    }

    fn audience(&self, client: Audience) -> &str {
        match client {
            Audience::Web => &self.web,
            Audience::Api => &self.api,
        }
    }

    /// The token that states `claims`.
    ///
    /// # Errors
    /// The library cannot sign.
    pub fn issue(&self, key: &Key, client: Audience, claims: &Claims) -> Result<String> {
        let mut header = Header::new(Algorithm::HS256);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(key.kid.clone());
        let methods = claims.auth.methods;
        let payload = Payload {
            iss: self.name.clone(),
            aud: self.audience(client).to_owned(),
            sub: claims.sub.0,
            sid: secrets::encode_id(claims.sid.0),
            jti: secrets::encode_id(claims.jti),
            r#gen: claims.generation,
            mark: claims.mark.0,
            ep: claims.epoch,
            roles: claims.roles.names().map(str::to_owned).collect(),
            auth_time: claims.auth.at.seconds(),
            amr: (methods != AuthMethods::PASSWORD)
                .then(|| methods.names().map(str::to_owned).collect()),
            iat: claims.issued_at.seconds(),
            nbf: claims.issued_at.seconds(),
            exp: claims.expires_at.seconds(),
        };
        jsonwebtoken::encode(&header, &payload, &EncodingKey::from_secret(key.secret()))
            .map_err(|why| Error::broken(format!("An access token cannot be signed: {why}.")))
    }

    /// What a token states, if it is ours, for `client`, and good now. Whether
    /// it was revoked is another question.
    ///
    /// # Errors
    /// The first rule it breaks (RFC 8725, section 3; ASVS V9).
    pub fn verify(
        &self,
        ring: &Ring,
        client: Audience,
        token: &str,
        now: Timestamp,
    ) -> Result<Claims, Fault> {
        let digest = secrets::digest(token);
        let claims = match self.verified.get(&digest) {
            Some(known)
                if known.client == client
                    && ring.by_kid(Purpose::Access, &known.kid, now).is_some() =>
            {
                known.claims.clone()
            }
            _ => {
                let kid = kid_of(token)?;
                let claims = self.read(ring, client, &kid, token, now)?;
                let known = Verified { client, kid, claims: claims.clone() };
                self.verified.insert(digest, Arc::new(known));
                claims
            }
        };
        self.check_time(&claims, now)?;
        Ok(claims)
    }

    fn read(
        &self,
        ring: &Ring,
        client: Audience,
        kid: &str,
        token: &str,
        now: Timestamp,
    ) -> Result<Claims, Fault> {
        let key = ring.by_kid(Purpose::Access, kid, now).ok_or(Fault::UnknownKey)?;
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_issuer(&[&self.name]);
        rules.set_audience(&[self.audience(client)]);
        rules.set_required_spec_claims(&["exp", "nbf", "iss", "aud", "sub"]);
        // The library would ask the system's clock; the moment is a parameter here.
        rules.validate_exp = false;
        rules.validate_nbf = false;
        let secret = DecodingKey::from_secret(key.secret());
        let payload = jsonwebtoken::decode::<Payload>(token, &secret, &rules)
            .map_err(|_| Fault::Claims)?
            .claims;
        // Checked arithmetic: the numbers come from outside.
        let life = payload.exp.checked_sub(payload.iat).ok_or(Fault::Time)?;
        if payload.nbf != payload.iat || !(0..=self.life.whole_seconds()).contains(&life) {
            return Err(Fault::Time);
        }
        let methods = payload.amr.map(|names| AuthMethods::stored(&names.join(" ")));
        let methods = methods.unwrap_or(AuthMethods::PASSWORD);
        let id = |text: &str| secrets::decode_id(text).ok_or(Fault::Claims);
        Ok(Claims {
            sub: AccountId(payload.sub),
            sid: SessionId(id(&payload.sid)?),
            jti: id(&payload.jti)?,
            generation: payload.r#gen,
            mark: Timestamp(payload.mark),
            epoch: payload.ep,
            roles: Roles::stored(payload.roles),
            auth: AuthLevel { methods, at: Timestamp::from_seconds(payload.auth_time) },
            issued_at: Timestamp::from_seconds(payload.iat),
            expires_at: Timestamp::from_seconds(payload.exp),
        })
    }

    /// Signs a token, and accepts it in its time and not after it: what cannot
    /// is known at the start and not at the first log-in.
    ///
    /// # Errors
    /// A sentence for the operator.
    pub fn check(&self, ring: &Ring, now: Timestamp) -> Result<()> {
        let claims = Claims {
            sub: AccountId(Uuid::nil()),
            sid: SessionId(Uuid::nil()),
            jti: Uuid::nil(),
            generation: 0,
            mark: now,
            epoch: 0,
            roles: Roles::default(),
            auth: AuthLevel { methods: AuthMethods::PASSWORD, at: now },
            issued_at: now,
            expires_at: now + self.life,
        };
        let token = self.issue(ring.signing(Purpose::Access), Audience::Web, &claims)?;
        let at = |moment| self.verify(ring, Audience::Web, &token, moment).is_ok();
        if at(now) && !at(now + self.life + LEEWAY + Duration::SECOND) {
            return Ok(());
        }
        Err(Error::broken("Access tokens cannot be signed and verified here."))
    }

    fn check_time(&self, claims: &Claims, now: Timestamp) -> Result<(), Fault> {
        let good = claims.issued_at <= now + LEEWAY && now < claims.expires_at + LEEWAY;
        if good { Ok(()) } else { Err(Fault::Time) }
    }

    /// The `jti` of one of our tokens, good now or not, so that it can be revoked.
    pub fn id_of(&self, ring: &Ring, token: &str, now: Timestamp) -> Option<Uuid> {
        let key = ring.by_kid(Purpose::Access, &kid_of(token).ok()?, now)?;
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_issuer(&[&self.name]);
        rules.set_audience(&[&self.web, &self.api]);
        rules.validate_exp = false;
        let secret = DecodingKey::from_secret(key.secret());
        let payload = jsonwebtoken::decode::<Payload>(token, &secret, &rules).ok()?.claims;
        secrets::decode_id(&payload.jti)
    }
}

fn kid_of(token: &str) -> Result<String, Fault> {
    if token.len() > MOST_BYTES || token.bytes().filter(|byte| *byte == b'.').count() != 2 {
        return Err(Fault::Shape);
    }
    let head = token.split('.').next().unwrap_or_default();
    let head = secrets::decode(head).ok_or(Fault::Shape)?;
    let head: Head<'_> = serde_json::from_slice(&head).map_err(|_| Fault::Header)?;
    if head.typ != TYPE || head.alg != "HS256" {
        return Err(Fault::Header);
    }
    Ok(head.kid.to_owned())
}

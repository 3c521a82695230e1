//! The pair of tokens that a session hands out.

use time::Duration;

use super::access::Claims;
use super::refresh::RefreshToken;
use crate::base::error::Result;
use crate::base::keys::Purpose;
use crate::base::secrets;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::Account;
use crate::domain::sessions::handle::Sessions;
use crate::domain::sessions::session::Principal;
use crate::domain::sessions::table;

/// A pair of tokens for one session.
#[derive(Clone, Debug)]
pub struct Issued {
    /// Whose they are.
    pub principal: Principal,
    /// The access token, and how long it is good.
    pub access_token: (String, Duration),
    /// The refresh token.
    pub refresh_token: String,
    /// How long the browser keeps the refresh token; `None`: until it is closed.
    pub remembered: Option<Duration>,
}

impl Sessions {
    /// Tokens of the row's present generation, handed out at `mark`.
    pub(in crate::domain::sessions) fn issue(
        &self,
        row: &table::Model,
        mark: Timestamp,
        account: &Account,
        now: Timestamp,
    ) -> Result<Issued> {
        let ring = self.keys.ring();
        let expires_at = (now + self.issuer.life).min(row.absolute_at);
        let claims = Claims {
            sub: account.id,
            sid: row.sid,
            jti: secrets::random_id(),
            generation: row.generation,
            mark,
            epoch: self.index.epoch_of_token(account.id.0, account.epoch),
            roles: account.roles.clone(),
            auth: row.auth(),
            issued_at: now,
            expires_at,
        };
        let key = ring
            .by_kid(Purpose::Refresh, &row.kid, now)
            .unwrap_or_else(|| ring.signing(Purpose::Refresh));
        let access = self.issuer.issue(ring.signing(Purpose::Access), row.client, &claims)?;
        let refresh = RefreshToken::issue(key, row.sid, row.generation, mark, &row.salt);
        Ok(Issued {
            principal: claims.into(),
            access_token: (access, expires_at.since(now)),
            refresh_token: refresh.to_string(),
            remembered: row.remember.then(|| row.absolute_at.since(now)),
        })
    }
}

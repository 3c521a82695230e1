//! Starting a session, once a password was found right.

use sea_orm::{ActiveModelTrait, ActiveValue::Set};

use super::events;
use super::handle::Sessions;
use super::refresh::Predecessor;
use super::refresh::rotation::Rotation;
use super::revocation::Revoked;
use super::session::{Audience, EndReason, SessionId};
use super::table;
use super::tokens::pair::Issued;
use crate::base::error::{Error, Result};
use crate::base::keys::Purpose;
use crate::base::secrets;
use crate::base::store::Retry;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::{self, Account, AccountId};
use crate::domain::audit::{self, Entry, RequestSource};
use crate::domain::login::{AuthLevel, Verified};

/// The session that a new one takes the place of.
#[derive(Clone, Copy, Debug)]
pub enum Replaces {
    /// The one that the browser is signed in to, whose ever it is.
    Present(SessionId),
    /// The one that goes on for a session whose cookies the browser still has.
    /// They may be a copy's: only its own account's new session takes its place.
    Successor(Predecessor),
}

/// The session that somebody wants.
#[derive(Clone, Copy, Debug)]
pub struct NewSession {
    /// For a browser or a script.
    pub audience: Audience,
    /// Whether it outlives the browser window.
    pub remember: bool,
    /// The session that it takes the place of.
    pub replaces: Option<Replaces>,
}

impl Replaces {
    fn for_account(self, account: AccountId) -> Option<SessionId> {
        match self {
            Self::Present(sid) => Some(sid),
            Self::Successor(before) => (before.account == account).then_some(before.successor),
        }
    }
}

impl Sessions {
    /// Signs in somebody who proved who they are. No sign-in that was under way
    /// survives a change of the account: one that only its epoch has (its roles
    /// changed, or all its sessions ended) is begun again after it, as the
    /// password that was found right is still the account's.
    ///
    /// # Errors
    /// `accounts::refusals::ACCOUNT_CHANGED` when the password or the state of the account
    /// changed since. Nobody is signed in then.
    pub async fn sign_in(
        &self,
        mut verified: Verified,
        new: NewSession,
        origin: &RequestSource,
        now: Timestamp,
    ) -> Result<Issued> {
        for _ in 0..8 {
            match self.start(&verified, new, origin, now).await {
                Err(Error::Refused(accounts::refusals::ACCOUNT_CHANGED)) => {}
                started => return started,
            }
            let txn = self.db.begin().await?;
            verified.account = accounts::hold_unchanged(&txn, &verified.account).await?;
        }
        Err(accounts::refusals::ACCOUNT_CHANGED.into())
    }

    /// Starts a session for an account as it stood when its owner proved who
    /// they are. One that it replaces is ended: a sign-in never carries on what
    /// was there before (ASVS V7.2.4).
    ///
    /// # Errors
    /// `accounts::refusals::ACCOUNT_CHANGED` when the password, the epoch or the state of
    /// the account changed since; the database failed. Nobody is signed in then.
    pub async fn start(
        &self,
        verified: &Verified,
        new: NewSession,
        origin: &RequestSource,
        now: Timestamp,
    ) -> Result<Issued> {
        let mut conflicts = Retry::default();
        let (row, account, revoked) = loop {
            match self.insert(verified, new, origin, now).await {
                Err(error) if conflicts.after(&error).await => {}
                done => break done?,
            }
        };
        self.make_known([account.id], revoked);
        self.issue(&row, row.mark, &account, now)
    }

    async fn insert(
        &self,
        verified: &Verified,
        new: NewSession,
        origin: &RequestSource,
        now: Timestamp,
    ) -> Result<(table::Model, Account, Revoked)> {
        let txn = self.db.begin().await?;
        // The account before its sessions, as everywhere: then nobody waits in a circle.
        let account = accounts::hold_for_sign_in(&txn, &verified.account).await?;
        accounts::note_login(&txn, account.id, origin, now).await?;
        let mut revoked = Revoked::default();
        if let Some(old) = new.replaces.and_then(|old| old.for_account(account.id)) {
            revoked = self.end(&txn, old, EndReason::Replaced, now).await?.1;
        }
        // After that: who signs in again in a browser has a place already.
        revoked = revoked.and(self.evict(&txn, account.id, now).await?);
        let row = self.fresh_row(&account, verified.auth, new, origin, now).insert(&txn).await?;
        let told = Entry::by_owner(events::LOGGED_IN, account.id.0, origin).in_session(row.sid.0);
        audit::record(&txn, told, now).await?;
        txn.commit().await?;
        Ok((row, account, revoked))
    }

    fn fresh_row(
        &self,
        account: &Account,
        auth: AuthLevel,
        NewSession { audience, remember, .. }: NewSession,
        origin: &RequestSource,
        now: Timestamp,
    ) -> table::ActiveModel {
        let (idle, absolute) = self.policy.limits(remember);
        let previous = account.last_login.as_ref();
        let part = |text: fn(&RequestSource) -> &String| {
            previous.map(|login| text(&login.origin).clone()).unwrap_or_default()
        };
        let begun = Rotation::begun(now);
        table::ActiveModel {
            sid: Set(SessionId(secrets::random_id())),
            account_id: Set(account.id),
            client: Set(audience),
            created_at: Set(now),
            auth_time: Set(auth.at),
            auth_methods: Set(auth.methods.to_stored()),
            remember: Set(remember),
            idle_millis: Set(idle.whole_milliseconds() as i64),
            idle_at: Set(now + idle),
            absolute_at: Set(now + absolute),
            staff_idle_at: Set(now + self.policy.staff_idle),
            generation: Set(begun.generation),
            mark: Set(begun.mark),
            shown_mark: Set(None),
            shown_at: Set(None),
            parent_mark: Set(begun.parent_mark),
            again_at: Set(begun.again_at),
            kid: Set(self.keys.ring().signing(Purpose::Refresh).kid.clone()),
            salt: Set(secrets::random::<16>().to_vec()),
            user_agent: Set(origin.user_agent.clone()),
            address: Set(origin.address.clone()),
            last_seen_at: Set(now),
            previous_login_at: Set(previous.map(|login| login.at)),
            previous_login_address: Set(part(|origin| &origin.address)),
            previous_login_user_agent: Set(part(|origin| &origin.user_agent)),
            failures_before: Set(account.failed_logins),
            ended_at: Set(None),
            end_reason: Set(None),
            continued_by: Set(None),
        }
    }
}

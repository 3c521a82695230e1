//! Acting: who does something, and the transaction in which they do it.
//!
//! A guard lets a request in when its headers are there; its body may come
//! seconds later. What the guard asked is therefore asked again in the
//! transaction of the act. That cannot be forgotten: only an [`Act`] writes into
//! the audit log what an [`Actor`] did, and an [`Act`] begins with the proof.

use sea_orm::ConnectionTrait;
use serde_json::Value;
use uuid::Uuid;

use super::handle::Sessions;
use super::list::{Session, by_id};
use super::session::{Principal, SessionId};
use crate::base::error::{Denied, Error, Result};
use crate::base::store::Txn;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::permissions::Permission;
use crate::domain::accounts::{self, Account, AccountId};
use crate::domain::audit::{self, Entry, Event, RequestSource};

/// Who does something, from where, and why. It claims; an [`Act`] proves.
#[derive(Clone, Copy, Debug)]
pub struct Actor<'a> {
    who: Who,
    origin: &'a RequestSource,
    reason: &'a str,
}

#[derive(Clone, Copy, Debug)]
enum Who {
    Operator,
    SignedIn(AccountId, SessionId),
}

impl<'a> Actor<'a> {
    /// The operator, at the command line: anyone who can use it owns the machine.
    pub fn operator(origin: &'a RequestSource) -> Self {
        Self { who: Who::Operator, origin, reason: "" }
    }

    /// Somebody signed in, with the reason they give; it may be empty.
    pub fn signed_in(who: &Principal, origin: &'a RequestSource, reason: &'a str) -> Self {
        Self { who: Who::SignedIn(who.account, who.session), origin, reason }
    }

    /// Where the request came from.
    pub fn origin(self) -> &'a RequestSource {
        self.origin
    }

    /// The session that acts; `None` for the operator.
    pub fn session(self) -> Option<SessionId> {
        match self.who {
            Who::Operator => None,
            Who::SignedIn(_, session) => Some(session),
        }
    }

    /// The account that acts; `None` for the operator.
    pub fn account(self) -> Option<AccountId> {
        match self.who {
            Who::Operator => None,
            Who::SignedIn(account, _) => Some(account),
        }
    }

    /// `event`, done by this actor to `target`, if to anybody. For [`Act`], and
    /// for what is done in more than one transaction.
    pub(super) fn does(self, event: Event, target: Option<Uuid>) -> Entry<'a> {
        let (actor, reason) = (self.account().map(|id| id.0), self.reason);
        Entry { actor, target, reason, ..Entry::of_service(event, self.origin) }
    }
}

/// A transaction in which somebody acts who is, at this moment, permitted to.
/// Dropped, it undoes everything.
pub struct Act<'a> {
    /// The transaction.
    pub txn: Txn,
    /// The account that acts, as it stands now; `None` for the operator.
    pub by: Option<Account>,
    /// When.
    pub now: Timestamp,
    actor: Actor<'a>,
}

impl Act<'_> {
    /// Tells in the audit log that this was done to `target`, if to anybody, with
    /// more data, `()` for none.
    /// Returns the number of the event.
    ///
    /// # Errors
    /// The database failed.
    pub async fn tell(
        &self,
        event: Event,
        target: Option<AccountId>,
        data: impl Into<Value>,
    ) -> Result<i64> {
        let told = self.actor.does(event, target.map(|id| id.0)).with(data);
        audit::record(&self.txn, told, self.now).await
    }

    /// The same about a session, the one acted on or that acted.
    ///
    /// # Errors
    /// The database failed.
    pub async fn tell_of_session(
        &self,
        event: Event,
        target: AccountId,
        sid: SessionId,
        data: impl Into<Value>,
    ) -> Result<()> {
        let told = self.actor.does(event, Some(target.0)).with(data).in_session(sid.0);
        audit::record(&self.txn, told, self.now).await?;
        Ok(())
    }

    /// Keeps what was done.
    ///
    /// # Errors
    /// The database failed; nothing was done.
    pub async fn commit(self) -> Result<()> {
        Ok(self.txn.commit().await?)
    }
}

impl Sessions {
    /// Begins an act on these accounts that staff with the permission
    /// `demanded` may do, and the operator; without one, what somebody may do to
    /// their own account. Returns the accounts that exist, by id, held until the
    /// act ends.
    ///
    /// # Errors
    /// [`Error::Denied`] unless the actor's session is live, the account enabled,
    /// its roles permit it and the password was given lately.
    pub async fn begin_act<'a>(
        &self,
        actor: Actor<'a>,
        demanded: Option<Permission>,
        upon: &[AccountId],
        now: Timestamp,
    ) -> Result<(Act<'a>, Vec<Account>)> {
        let txn = self.db.begin().await?;
        // In one order for all, so that nobody waits in a circle: the
        // administrators' roles, accounts by id, then what hangs on accounts.
        if !upon.is_empty() {
            accounts::hold_admins(&txn).await?;
        }
        let all = upon.iter().copied().chain(actor.account());
        let mut held = accounts::hold(&txn, all).await?;
        let by = match actor.who {
            Who::Operator => None,
            Who::SignedIn(id, _) if demanded.is_none() && upon.iter().any(|other| *other != id) => {
                return Err(Denied::NotPermitted.into());
            }
            Who::SignedIn(id, sid) => {
                let own = held.iter().find(|account| account.id == id).cloned();
                Some(self.proved(&txn, own, sid, demanded, now).await.inspect_err(|why| {
                    tracing::warn!(id = actor.origin.request_id, %why, "act.denied");
                })?)
            }
        };
        held.retain(|account| actor.account() != Some(account.id) || upon.contains(&account.id));
        Ok((Act { txn, by, now, actor }, held))
    }

    /// Begins something that somebody does to their own account, which is held
    /// until the act ends. Returns it with the act.
    ///
    /// # Errors
    /// As [`Sessions::begin_act`].
    pub async fn begin_own<'a>(
        &self,
        actor: Actor<'a>,
        now: Timestamp,
    ) -> Result<(Act<'a>, Account)> {
        let (act, _) = self.begin_act(actor, None, &[], now).await?;
        let account = act.by.clone().ok_or(Denied::NotSignedIn)?;
        Ok((act, account))
    }

    /// Passes while somebody who is being sent a long answer may still have it.
    ///
    /// # Errors
    /// [`Error::Denied`] once their session has ended, the account is disabled,
    /// or its roles do not permit it.
    pub async fn still_may(
        &self,
        reader: &Principal,
        demanded: Option<Permission>,
        now: Timestamp,
    ) -> Result<()> {
        let db = self.db.read();
        let account = accounts::all_of(db, &[reader.account]).await?.pop();
        let session = find(db, reader.session).await?;
        self.standing(account, session, demanded, now)?;
        Ok(())
    }

    /// The account, if all that its guard asked is so.
    async fn proved(
        &self,
        txn: &Txn,
        account: Option<Account>,
        sid: SessionId,
        demanded: Option<Permission>,
        now: Timestamp,
    ) -> Result<Account> {
        let (account, session) = self.standing(account, find(txn, sid).await?, demanded, now)?;
        let raised = demanded.is_some() && account.was_raised_after(session.auth.at);
        if raised || !session.auth.is_within(self.policy.recent_login, now) {
            return Err(Denied::NotRecent.into());
        }
        Ok(account)
    }

    /// Both, if the session is live, the account's, and permits what is demanded.
    fn standing(
        &self,
        account: Option<Account>,
        session: Option<Session>,
        demanded: Option<Permission>,
        now: Timestamp,
    ) -> Result<(Account, Session), Denied> {
        let account = account.filter(|account| account.disabled_at.is_none());
        let (account, session) = account.zip(session).ok_or(Denied::NotSignedIn)?;
        if session.account != account.id || !session.is_live(now) {
            return Err(Denied::NotSignedIn);
        }
        if demanded.is_some_and(|permission| !account.roles.may(permission)) {
            return Err(Denied::NotPermitted);
        }
        if demanded.is_some() && !session.opens_staff_pages(self.policy.staff_absolute, now) {
            return Err(Denied::NotRecent);
        }
        Ok((account, session))
    }
}

async fn find(db: &impl ConnectionTrait, sid: SessionId) -> Result<Option<Session>> {
    match by_id(db, sid).await {
        Err(Error::NotFound) => Ok(None),
        session => Ok(Some(session?)),
    }
}

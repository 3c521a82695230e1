//! Password verification and failure counting.

use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use serde_json::{Value, json};
use uuid::Uuid;

use super::account::Account;
use super::find::{by_name, roles_of};
use super::id::AccountId;
use super::kind::AccountKind;
use super::names::LoginName;
use super::tables;
use super::update::{replace_hash, set_locked_until};
use super::{events, refusals};
use crate::base::error::{Error, Result};
use crate::base::store::Db;
use crate::base::timestamp::Timestamp;
use crate::domain::audit::{self, Entry, RequestSource};
use crate::domain::passwords::hasher::{Hasher, Match, Waiter};
use crate::domain::passwords::policy::Password;
use crate::domain::throttle::known_browser::Known;
use crate::domain::throttle::{Throttle, Who, Whose};

/// What telling people by their passwords needs.
#[derive(Clone, Copy)]
pub struct Passwords<'a> {
    /// Where accounts are kept, and failures counted.
    pub db: &'a Db,
    /// The threads that hash.
    pub hasher: &'a Hasher,
    /// Limits on attempts at passwords.
    pub throttle: &'a Throttle,
}

impl Passwords<'_> {
    /// The account these credentials belong to. `known` is the browser or
    /// script, if some account was logged in with it before.
    ///
    /// An unknown name costs as much as a wrong password, in hashing and in
    /// writing, so that a stranger with a stopwatch cannot list our accounts.
    ///
    /// # Errors
    /// `accounts::refusals::WRONG_CREDENTIALS`; `accounts::refusals::ACCOUNT_DISABLED`, told only after
    /// the right password; `throttle::refusals::TOO_MANY_ATTEMPTS` before any hashing;
    /// [`Error::Busy`].
    pub async fn authenticate(
        &self,
        login: &LoginName,
        password: &Password,
        known: Option<&Known>,
        origin: &RequestSource,
        now: Timestamp,
    ) -> Result<Account> {
        let Self { db, hasher, throttle } = *self;
        let found = by_name(db.read(), login).await?;
        // A service does not sign in, and its name is answered like a strange one.
        let found = found.filter(|row| row.kind == AccountKind::Person);
        let names: Vec<&str> = found.iter().flat_map(canonical_names).collect();
        let known = known.filter(|known| found.as_ref().is_some_and(|row| knows(row, known)));
        let (name, address) = (login.canonical(), &*origin.address);
        let who = Who { name, names: &names, address, known };
        let waiter =
            known.map_or_else(|| Waiter::at(address), |known| Waiter::Known(known.account));
        if let Some(row) = found.as_ref().filter(|_| known.is_some()) {
            throttle.may_be_right(right(row), now)?;
        }
        let attempt = throttle.log_in(who, now).await?;
        let hash = found.as_ref().map(|row| row.password_hash.as_str());
        let matches = hasher.matches(password, hash, waiter.clone()).await?;
        let id = found.as_ref().map(|row| row.id);
        match (matches, found) {
            (Match::Yes | Match::NeedsRehash, Some(mut row)) if row.disabled_at.is_none() => {
                throttle.was_right(right(&row), now)?;
                attempt.forgive().await?;
                if row.locked_until.is_some_and(|until| now < until) {
                    // What is counted for anybody who tries its name goes on.
                    let until = throttle.lock_of(&canonical_names(&row), now).await?;
                    set_locked_until(db.write(), row.id, until).await?;
                }
                if matches == Match::NeedsRehash {
                    // Nobody is kept out because the queue is full: the next time, then.
                    match hasher.hash(password, waiter).await {
                        Ok(hash) => {
                            let verified = &row.password_hash;
                            if replace_hash(db.write(), row.id, verified, &hash).await? {
                                row.password_hash = hash;
                            }
                        }
                        Err(Error::Busy) => {}
                        Err(error) => return Err(error),
                    }
                }
                let roles = roles_of(db.read(), row.id).await?;
                Ok(Account::of(row, roles))
            }
            (Match::Yes | Match::NeedsRehash, Some(_)) => {
                let locked = attempt.count(now).await?;
                let data = json!({ "account_disabled": true });
                note_failure(db, id, (data, locked), origin, now).await?;
                Err(refusals::ACCOUNT_DISABLED.into())
            }
            _ => {
                let locked = attempt.count(now).await?;
                note_failure(db, id, (Value::Null, locked), origin, now).await?;
                Err(refusals::WRONG_CREDENTIALS.into())
            }
        }
    }

    /// Whether `password` is this account's, asked of somebody signed in;
    /// wrong ones are counted by session (by when its sign-in was, which stays
    /// when its name changes), so that a thief of one keeps nobody out of the
    /// others.
    ///
    /// # Errors
    /// `accounts::refusals::WRONG_PASSWORD`; `throttle::refusals::TOO_MANY_ATTEMPTS`;
    /// [`Error::Busy`].
    pub async fn confirm(
        &self,
        (account, begun): (&Account, Timestamp),
        password: &Password,
        origin: &RequestSource,
        now: Timestamp,
    ) -> Result<()> {
        let waiter = Waiter::Known(account.id.0);
        let right = Whose::Again { account: account.id.0, begun };
        self.throttle.may_be_right(right, now)?;
        let attempt = self.throttle.confirm(account.id.0, begun, now).await?;
        match self.hasher.matches(password, Some(&account.password_hash), waiter).await? {
            Match::No => {
                let locked = attempt.count(now).await?;
                let data = json!({ "signed_in": true });
                note_failure(self.db, Some(account.id), (data, locked), origin, now).await?;
                Err(refusals::WRONG_PASSWORD.into())
            }
            Match::Yes | Match::NeedsRehash => {
                self.throttle.was_right(right, now)?;
                attempt.forgive().await
            }
        }
    }
}

fn canonical_names(row: &tables::Model) -> [&str; 2] {
    [&row.username_canonical, &row.email_canonical]
}

fn right(row: &tables::Model) -> Whose {
    Whose::SignsIn { account: row.id.0, since: row.browsers_since }
}

/// Whether the browser is still known for this account.
fn knows(row: &tables::Model, known: &Known) -> bool {
    known.account == row.id.0 && known.since >= row.browsers_since
}

async fn note_failure(
    db: &Db,
    id: Option<AccountId>,
    (data, locked): (Value, Option<Timestamp>),
    origin: &RequestSource,
    now: Timestamp,
) -> Result<()> {
    let txn = db.begin().await?;
    let failures = Expr::col(tables::Column::FailedLogins).add(1);
    let mut update = tables::Entity::update_many()
        .col_expr(tables::Column::FailedLogins, failures)
        .filter(tables::Column::Id.eq(id.unwrap_or(AccountId(Uuid::nil()))));
    if let Some(until) = locked {
        update = update.col_expr(tables::Column::LockedUntil, Expr::value(until));
    }
    update.exec(&txn).await?;
    let target = id.map(|id| id.0);
    let entry = Entry { target, ..Entry::of_service(events::LOGIN_FAILED, origin) }.with(data);
    audit::record(&txn, entry, now).await?;
    txn.commit().await?;
    if let Some(id) = id {
        db.touch(id.0);
    }
    Ok(())
}

/// Remembers a log-in within the caller's transaction, and starts counting failures from zero.
///
/// # Errors
/// The database failed.
pub async fn note_login(
    db: &impl ConnectionTrait,
    id: AccountId,
    origin: &RequestSource,
    now: Timestamp,
) -> Result<()> {
    tables::Entity::update_many()
        .col_expr(tables::Column::LastLoginAt, Expr::value(now))
        .col_expr(tables::Column::LastLoginAddress, Expr::value(&origin.address))
        .col_expr(tables::Column::LastLoginUserAgent, Expr::value(&origin.user_agent))
        .col_expr(tables::Column::FailedLogins, Expr::value(0))
        .col_expr(tables::Column::FailedBeforeUnlock, Expr::value(0))
        .filter(tables::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

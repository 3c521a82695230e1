//! Accounts: who may sign in, and as what.

mod entity;
pub mod hasher;
pub mod names;
pub mod password;
pub mod roles;

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, DeriveValueType, EntityTrait,
    PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use self::hasher::{Hasher, Match};
use self::names::{EmailAddress, LoginName, Username};
use self::password::{NewPassword, Password, PasswordRules};
use self::roles::{ADMIN, Roles};
use crate::audit::{self, Entry, Event, Origin};
use crate::db::{self, Db};
use crate::error::{Error, Refusal, Result};
use crate::timestamp::Timestamp;

/// Names an account for ever; never used for another (RFC 9068, `sub`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, DeriveValueType)]
pub struct AccountId(pub Uuid);

/// SeaORM asks this of every key; ours are never numbers from the database.
impl sea_orm::TryFromU64 for AccountId {
    fn try_from_u64(_: u64) -> Result<Self, sea_orm::DbErr> {
        Err(sea_orm::DbErr::ConvertFromU64("AccountId"))
    }
}

impl std::fmt::Display for AccountId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A record of someone who may sign in.
#[derive(Clone, Debug)]
pub struct Account {
    /// Never changes.
    pub id: AccountId,
    /// As it was typed at registration.
    pub username: String,
    /// As it was typed at registration.
    pub email: String,
    /// When the account was opened.
    pub created_at: Timestamp,
    /// When the password was last set.
    pub password_changed_at: Timestamp,
    /// Set while the account is switched off.
    pub disabled_at: Option<Timestamp>,
    /// Access tokens of an older epoch must be refreshed.
    pub epoch: i64,
    /// The last time the right password was given.
    pub last_login: Option<Login>,
    /// Wrong passwords since then.
    pub failed_logins: i64,
    /// What it may do beyond a member's rights.
    pub roles: Roles,
    password_hash: String,
}

/// When and from where somebody logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// The moment.
    pub at: Timestamp,
    /// Where the request came from.
    pub origin: Origin,
}

impl Account {
    fn of(row: entity::Model, roles: Roles) -> Self {
        let origin =
            Origin { address: row.last_login_address, user_agent: row.last_login_user_agent };
        Self {
            id: row.id,
            username: row.username,
            email: row.email,
            created_at: row.created_at,
            password_changed_at: row.password_changed_at,
            disabled_at: row.disabled_at,
            epoch: row.epoch,
            last_login: row.last_login_at.map(|at| Login { at, origin }),
            failed_logins: row.failed_logins,
            roles,
            password_hash: row.password_hash,
        }
    }
}

/// What somebody gives to open an account.
pub struct NewAccount {
    /// The name to log in with.
    pub username: Username,
    /// The address to log in with and to be reached at.
    pub email: EmailAddress,
    /// Not yet held against the policy.
    pub password: Password,
}

/// Opens an account for someone new. Everyone starts as a member.
///
/// The unique index decides whether a name is free: asking first and inserting
/// after would let two people win the same name.
///
/// # Errors
/// A [`Refusal`] for a taken or reserved name or an unfit password; [`Error::Busy`].
pub async fn register(
    db: &Db,
    hasher: &Hasher,
    rules: &PasswordRules,
    new: NewAccount,
    origin: &Origin,
    now: Timestamp,
) -> Result<Account> {
    if new.username.is_reserved() {
        return Err(Refusal::UsernameReserved.into());
    }
    let hash = hash_for(hasher, rules, &new).await?;
    let txn = db.begin().await?;
    let account = insert(&txn, &new, hash, Roles::default(), now).await?;
    audit::record(&txn, Entry::by_owner(Event::Registered, account.id.0, origin), now).await?;
    txn.commit().await?;
    Ok(account)
}

/// The hash of a new account's password, if the policy lets it pass.
///
/// # Errors
/// [`Refusal::UnfitPassword`]; [`Error::Busy`].
pub async fn hash_for(hasher: &Hasher, rules: &PasswordRules, new: &NewAccount) -> Result<String> {
    let rules = rules.with_context(new.username.canonical(), new.email.canonical());
    fit(&rules, &new.password)?;
    hasher.hash(&new.password).await
}

/// Holds a password against the policy.
///
/// # Errors
/// [`Refusal::UnfitPassword`] with the rule it breaks.
pub fn fit(rules: &PasswordRules, password: &Password) -> Result<()> {
    NewPassword::parse(password.expose(), rules)
        .map_err(|fault| Refusal::UnfitPassword(fault.to_string()))?;
    Ok(())
}

/// Writes a new account within the caller's transaction.
///
/// # Errors
/// [`Refusal::UsernameTaken`], [`Refusal::EmailTaken`], [`Refusal::TooManyRoles`].
pub async fn insert(
    db: &impl ConnectionTrait,
    new: &NewAccount,
    password_hash: String,
    roles: Roles,
    now: Timestamp,
) -> Result<Account> {
    let row = entity::ActiveModel {
        id: Set(AccountId(Uuid::new_v4())),
        username: Set(new.username.typed().to_owned()),
        username_canonical: Set(new.username.canonical().to_owned()),
        email: Set(new.email.typed().to_owned()),
        email_canonical: Set(new.email.canonical().to_owned()),
        password_hash: Set(password_hash),
        password_changed_at: Set(now),
        created_at: Set(now),
        disabled_at: Set(None),
        epoch: Set(now.0),
        last_login_at: Set(None),
        last_login_address: Set(String::new()),
        last_login_user_agent: Set(String::new()),
        failed_logins: Set(0),
    };
    let row = row.insert(db).await.map_err(|error| {
        if db::is_taken(&error, "username_canonical") {
            Error::from(Refusal::UsernameTaken)
        } else if db::is_taken(&error, "email_canonical") {
            Refusal::EmailTaken.into()
        } else {
            error.into()
        }
    })?;
    write_roles(db, row.id, &roles).await?;
    Ok(Account::of(row, roles))
}

/// Replaces all roles of an account.
///
/// # Errors
/// [`Refusal::TooManyRoles`] when they would not fit into an access token.
pub async fn write_roles(db: &impl ConnectionTrait, id: AccountId, roles: &Roles) -> Result<()> {
    if !roles.fit_a_token() {
        return Err(Refusal::TooManyRoles.into());
    }
    entity::role::Entity::delete_many()
        .filter(entity::role::Column::AccountId.eq(id))
        .exec(db)
        .await?;
    let rows: Vec<_> = roles
        .names()
        .map(|role| entity::role::ActiveModel { account_id: Set(id), role: Set(role.to_owned()) })
        .collect();
    if !rows.is_empty() {
        entity::role::Entity::insert_many(rows).exec_without_returning(db).await?;
    }
    Ok(())
}

/// The account these credentials belong to.
///
/// An unknown name costs as much as a wrong password, in hashing and in
/// writing, so that a stranger with a stopwatch cannot list our accounts.
///
/// # Errors
/// [`Refusal::WrongCredentials`]; [`Refusal::AccountDisabled`], told only after
/// the right password; [`Error::Busy`].
pub async fn authenticate(
    db: &Db,
    hasher: &Hasher,
    login: &LoginName,
    password: &Password,
    origin: &Origin,
    now: Timestamp,
) -> Result<Account> {
    let column = if login.is_email() {
        entity::Column::EmailCanonical
    } else {
        entity::Column::UsernameCanonical
    };
    let found = entity::Entity::find().filter(column.eq(login.canonical())).one(db.read()).await?;
    let hash = found.as_ref().map(|row| row.password_hash.as_str());
    let matches = hasher.matches(password, hash).await?;
    let id = found.as_ref().map(|row| row.id);
    match (matches, found) {
        (Match::Yes | Match::YesAtOldCost, Some(row)) if row.disabled_at.is_none() => {
            if matches == Match::YesAtOldCost {
                store_hash(db.write(), row.id, hasher.hash(password).await?).await?;
            }
            let roles = roles_of(db.read(), row.id).await?;
            Ok(Account::of(row, roles))
        }
        (Match::Yes | Match::YesAtOldCost, Some(_)) => {
            note_failure(db, id, "account is disabled", origin, now).await?;
            Err(Refusal::AccountDisabled.into())
        }
        _ => {
            note_failure(db, id, "", origin, now).await?;
            Err(Refusal::WrongCredentials.into())
        }
    }
}

/// Whether `password` is this account's; a wrong one is counted.
///
/// # Errors
/// [`Refusal::WrongPassword`]; [`Error::Busy`].
pub async fn confirm_password(
    db: &Db,
    hasher: &Hasher,
    account: &Account,
    password: &Password,
    origin: &Origin,
    now: Timestamp,
) -> Result<()> {
    match hasher.matches(password, Some(&account.password_hash)).await? {
        Match::No => {
            note_failure(db, Some(account.id), "while signed in", origin, now).await?;
            Err(Refusal::WrongPassword.into())
        }
        Match::Yes | Match::YesAtOldCost => Ok(()),
    }
}

async fn note_failure(
    db: &Db,
    id: Option<AccountId>,
    detail: &str,
    origin: &Origin,
    now: Timestamp,
) -> Result<()> {
    use sea_orm::sea_query::ExprTrait;
    let txn = db.begin().await?;
    entity::Entity::update_many()
        .col_expr(entity::Column::FailedLogins, Expr::col(entity::Column::FailedLogins).add(1))
        .filter(entity::Column::Id.eq(id.unwrap_or(AccountId(Uuid::nil()))))
        .exec(&txn)
        .await?;
    let entry = Entry {
        event: Event::LoginFailed,
        actor: None,
        target: id.map(|id| id.0),
        session: None,
        origin,
        detail: detail.to_owned(),
    };
    audit::record(&txn, entry, now).await?;
    txn.commit().await?;
    if let Some(id) = id {
        db.touch(id.0);
    }
    Ok(())
}

/// Remembers a log-in within the caller's transaction, and starts counting failures anew.
///
/// # Errors
/// The database failed.
pub async fn note_login(
    db: &impl ConnectionTrait,
    id: AccountId,
    origin: &Origin,
    now: Timestamp,
) -> Result<()> {
    entity::Entity::update_many()
        .col_expr(entity::Column::LastLoginAt, Expr::value(now))
        .col_expr(entity::Column::LastLoginAddress, Expr::value(&origin.address))
        .col_expr(entity::Column::LastLoginUserAgent, Expr::value(&origin.user_agent))
        .col_expr(entity::Column::FailedLogins, Expr::value(0))
        .filter(entity::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// The account of that id, with its roles.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn by_id(db: &impl ConnectionTrait, id: AccountId) -> Result<Account> {
    let row = entity::Entity::find_by_id(id).one(db).await?.ok_or(Error::NotFound)?;
    Ok(Account::of(row, roles_of(db, id).await?))
}

/// The same, held until the transaction ends, so that no two change it at once.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn by_id_to_change(db: &impl ConnectionTrait, id: AccountId) -> Result<Account> {
    let row = entity::Entity::find_by_id(id).lock_exclusive().one(db).await?;
    Ok(Account::of(row.ok_or(Error::NotFound)?, roles_of(db, id).await?))
}

/// The account of that user name or e-mail address.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn by_login_name(db: &impl ConnectionTrait, login: &LoginName) -> Result<Account> {
    let column = if login.is_email() {
        entity::Column::EmailCanonical
    } else {
        entity::Column::UsernameCanonical
    };
    let row = entity::Entity::find().filter(column.eq(login.canonical())).one(db).await?;
    let row = row.ok_or(Error::NotFound)?;
    let roles = roles_of(db, row.id).await?;
    Ok(Account::of(row, roles))
}

async fn roles_of(db: &impl ConnectionTrait, id: AccountId) -> Result<Roles> {
    let rows =
        entity::role::Entity::find().filter(entity::role::Column::AccountId.eq(id)).all(db).await?;
    Ok(Roles::stored(rows.into_iter().map(|row| row.role)))
}

/// One screen of accounts by name: those after `after`, whose name or address
/// begins with `search`.
///
/// # Errors
/// The database failed.
pub async fn list(
    db: &impl ConnectionTrait,
    search: &str,
    after: &str,
    limit: u64,
) -> Result<Vec<Account>> {
    use sea_orm::sea_query::ExprTrait;
    let mut query = entity::Entity::find()
        .filter(entity::Column::UsernameCanonical.gt(after))
        .order_by_asc(entity::Column::UsernameCanonical)
        .limit(limit);
    if !search.is_empty() {
        // A range, not LIKE: it uses the index and has no wildcards to escape.
        let (from, to) = (search.to_lowercase(), format!("{}\u{10ffff}", search.to_lowercase()));
        query = query.filter(
            entity::Column::UsernameCanonical
                .between(&from, &to)
                .or(entity::Column::EmailCanonical.between(&from, &to)),
        );
    }
    let rows = query.all(db).await?;
    let ids: Vec<AccountId> = rows.iter().map(|row| row.id).collect();
    let roles = entity::role::Entity::find()
        .filter(entity::role::Column::AccountId.is_in(ids))
        .all(db)
        .await?;
    let account = |row: entity::Model| {
        let mine = roles.iter().filter(|role| role.account_id == row.id);
        let mine = Roles::stored(mine.map(|role| role.role.clone()));
        Account::of(row, mine)
    };
    Ok(rows.into_iter().map(account).collect())
}

/// How many accounts there are.
///
/// # Errors
/// The database failed.
pub async fn count(db: &impl ConnectionTrait) -> Result<u64> {
    Ok(entity::Entity::find().count(db).await?)
}

/// How many administrators could log in now.
///
/// # Errors
/// The database failed.
pub async fn count_admins(db: &impl ConnectionTrait) -> Result<u64> {
    let ids = sea_orm::sea_query::Query::select()
        .column(entity::role::Column::AccountId)
        .from(entity::role::Entity)
        .and_where(entity::role::Column::Role.eq(ADMIN))
        .to_owned();
    let admins = entity::Entity::find()
        .filter(entity::Column::Id.in_subquery(ids))
        .filter(entity::Column::DisabledAt.is_null());
    Ok(admins.count(db).await?)
}

/// Stores a new password's hash and the moment of the change.
///
/// # Errors
/// The database failed.
pub async fn set_password_hash(
    db: &impl ConnectionTrait,
    id: AccountId,
    hash: String,
    now: Timestamp,
) -> Result<()> {
    store_hash(db, id, hash).await?;
    entity::Entity::update_many()
        .col_expr(entity::Column::PasswordChangedAt, Expr::value(now))
        .col_expr(entity::Column::FailedLogins, Expr::value(0))
        .filter(entity::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

async fn store_hash(db: &impl ConnectionTrait, id: AccountId, hash: String) -> Result<()> {
    entity::Entity::update_many()
        .col_expr(entity::Column::PasswordHash, Expr::value(hash))
        .filter(entity::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Moves the account's epoch on, so that every access token issued before must
/// be refreshed. Returns the new epoch.
///
/// The epoch follows the clock, so that it moves on even past a restored
/// database; it moves at least by one when the clock was set back.
///
/// # Errors
/// [`Error::NotFound`].
pub async fn raise_epoch(
    db: &impl ConnectionTrait,
    account: &Account,
    now: Timestamp,
) -> Result<i64> {
    let epoch = now.0.max(account.epoch + 1);
    entity::Entity::update_many()
        .col_expr(entity::Column::Epoch, Expr::value(epoch))
        .filter(entity::Column::Id.eq(account.id))
        .exec(db)
        .await?;
    Ok(epoch)
}

/// Switches an account off (a moment) or on (`None`).
///
/// # Errors
/// The database failed.
pub async fn set_disabled(
    db: &impl ConnectionTrait,
    id: AccountId,
    disabled_at: Option<Timestamp>,
) -> Result<()> {
    entity::Entity::update_many()
        .col_expr(entity::Column::DisabledAt, Expr::value(disabled_at))
        .filter(entity::Column::Id.eq(id))
        .exec(db)
        .await?;
    Ok(())
}

/// Removes an account with its roles, sessions and one-time tokens.
///
/// # Errors
/// The database failed.
pub async fn delete(db: &impl ConnectionTrait, id: AccountId) -> Result<()> {
    entity::Entity::delete_by_id(id).exec(db).await?;
    Ok(())
}

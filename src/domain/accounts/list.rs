//! Accounts screen by screen, in constant time at any depth: each order has an
//! index, and each screen begins where the one before ended.

use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, JoinType, Order, QueryFilter, QueryOrder,
    QuerySelect, RelationDef, Select,
};
use uuid::Uuid;

use super::account::Account;
use super::find::with_roles;
use super::id::AccountId;
use super::names::beginning;
use super::tables::{self, Column, Entity, role};
use crate::base::error::Result;
use crate::base::timestamp::Timestamp;

/// In which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// By user name.
    #[default]
    Name,
    /// The newest accounts first.
    Opened,
    /// Who logged in last first; who never did is left out.
    LastLogin,
}

/// Which accounts are asked for.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// What the user name or the e-mail address begins with.
    pub search: String,
    /// Only holders of this role.
    pub role: Option<String>,
    /// Only accounts that are disabled (true) or enabled (false).
    pub disabled: Option<bool>,
    /// In which order; see [`Filter::is_by_name`].
    pub sort: Sort,
}

impl Filter {
    /// Whether the order is by name whatever was asked for: what few accounts
    /// have is found along an index that is in that order.
    pub fn is_by_name(&self) -> bool {
        let narrow = !self.search.is_empty() || self.role.is_some() || self.disabled == Some(true);
        narrow || self.sort == Sort::Name
    }
}

/// Where a screen begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// After this user name.
    Name(String),
    /// Among those found by their e-mail address, after this one.
    Email(String),
    /// Before this moment, and at it after this account.
    Moment(Timestamp, AccountId),
}

impl Cursor {
    /// The cursor in `text`, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        // Longer than any address; and PostgreSQL takes no NUL.
        if text.len() > 1100 || text.contains(char::is_control) {
            return None;
        }
        match text.split_once('~')? {
            ("n", name) => Some(Self::Name(name.to_owned())),
            ("e", email) => Some(Self::Email(email.to_owned())),
            ("m", rest) => {
                let (moment, id) = rest.split_once('~')?;
                let id = AccountId(Uuid::try_parse(id).ok()?);
                Some(Self::Moment(Timestamp(moment.parse().ok()?), id))
            }
            _ => None,
        }
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Name(name) => write!(f, "n~{name}"),
            Self::Email(email) => write!(f, "e~{email}"),
            Self::Moment(moment, id) => write!(f, "m~{}~{id}", moment.0),
        }
    }
}

/// One screen, and where the next begins.
pub type Screen = (Vec<Account>, Option<Cursor>);

/// One screen of accounts.
///
/// # Errors
/// The database failed.
pub async fn screen(
    db: &impl ConnectionTrait,
    filter: &Filter,
    from: Option<Cursor>,
    limit: u64,
) -> Result<Screen> {
    let search = &*beginning(&filter.search);
    let rows = match (&from, filter.sort) {
        _ if filter.is_by_name() => return by_text(db, filter, search, from, limit).await,
        (Some(Cursor::Moment(..)) | None, Sort::Opened) => {
            by_moment(filter, Column::CreatedAt, &from).limit(limit + 1).all(db).await?
        }
        (Some(Cursor::Moment(..)) | None, Sort::LastLogin) => {
            by_moment(filter, Column::LastLoginAt, &from).limit(limit + 1).all(db).await?
        }
        _ => return by_text(db, filter, search, from, limit).await,
    };
    let more = rows.len() as u64 > limit;
    let mut rows = rows;
    rows.truncate(limit as usize);
    let moment = |row: &tables::Model| match filter.sort {
        Sort::LastLogin => row.last_login_at.unwrap_or(row.created_at),
        _ => row.created_at,
    };
    let next = rows.last().filter(|_| more).map(|row| Cursor::Moment(moment(row), row.id));
    Ok((with_roles(db, rows).await?, next))
}

fn by_moment(filter: &Filter, column: Column, from: &Option<Cursor>) -> Select<Entity> {
    let mut query = filtered(filter)
        .filter(column.is_not_null())
        .order_by_desc(column)
        .order_by_desc(Column::Id);
    if let Some(Cursor::Moment(moment, id)) = from {
        let same = Condition::all().add(column.eq(*moment)).add(Column::Id.lt(*id));
        query = query
            .filter(column.lte(*moment))
            .filter(Condition::any().add(column.lt(*moment)).add(same));
    }
    query
}

/// First those whose user name fits, then those of whom only the address does.
async fn by_text(
    db: &impl ConnectionTrait,
    filter: &Filter,
    search: &str,
    from: Option<Cursor>,
    limit: u64,
) -> Result<Screen> {
    let end = format!("{search}\u{10ffff}");
    let mut rows = vec![];
    let (after_name, after_email) = match from {
        Some(Cursor::Email(email)) => (None, email),
        Some(Cursor::Name(name)) => (Some(name), String::new()),
        _ => (Some(String::new()), String::new()),
    };
    if let Some(after) = after_name {
        rows = by_name(filter, search, &end, &after).limit(limit + 1).all(db).await?;
        if rows.len() as u64 > limit {
            rows.truncate(limit as usize);
            let next = rows.last().map(|row| Cursor::Name(row.username_canonical.clone()));
            return Ok((with_roles(db, rows).await?, next));
        }
    }
    let mut next = None;
    if !search.is_empty() {
        let room = limit - rows.len() as u64;
        let mut more = filtered(filter)
            .filter(from_there(Column::EmailCanonical, search, &after_email))
            .filter(Column::EmailCanonical.lt(&end))
            // Not again those found by name.
            .filter(Column::UsernameCanonical.lt(search).or(Column::UsernameCanonical.gte(&end)))
            .order_by_asc(Column::EmailCanonical)
            .limit(room + 1)
            .all(db)
            .await?;
        if more.len() as u64 > room {
            more.truncate(room as usize);
            let last = more.last().map(|row| row.email_canonical.clone());
            next = Some(Cursor::Email(last.unwrap_or(after_email)));
        }
        rows.extend(more);
    }
    Ok((with_roles(db, rows).await?, next))
}

/// What begins with `search`, behind `after`. One bound and not two: of two,
/// SQLite would begin at whichever is written first.
fn from_there(column: impl ColumnTrait, search: &str, after: &str) -> Expr {
    if after < search { column.gte(search) } else { column.gt(after) }
}

fn by_name(filter: &Filter, search: &str, end: &str, after: &str) -> Select<Entity> {
    // Holders of a role stand in an index by name of their own.
    let Some(name) = &filter.role else {
        let column = Column::UsernameCanonical;
        let mut query = filtered(filter).order_by_asc(column);
        query = query.filter(from_there(column, search, after));
        return if search.is_empty() { query } else { query.filter(column.lt(end)) };
    };
    let column = role::Column::UsernameCanonical;
    let others = Filter { role: None, ..filter.clone() };
    let mut query = filtered(&others)
        .join(JoinType::InnerJoin, holder())
        .filter(role::Column::Role.eq(name))
        .filter(from_there(column, search, after))
        .order_by(column, Order::Asc);
    if !search.is_empty() {
        query = query.filter(column.lt(end));
    }
    query
}

fn holder() -> RelationDef {
    Entity::belongs_to(role::Entity).from(Column::Id).to(role::Column::AccountId).into()
}

fn filtered(filter: &Filter) -> Select<Entity> {
    let mut query = Entity::find();
    if let Some(disabled) = filter.disabled {
        query = query.filter(if disabled {
            Column::DisabledAt.is_not_null()
        } else {
            Column::DisabledAt.is_null()
        });
    }
    if let Some(name) = &filter.role {
        let holders = Query::select()
            .expr(Expr::value(1))
            .from(role::Entity)
            .and_where(role::Column::Role.eq(name))
            .and_where(
                Expr::col((role::Entity, role::Column::AccountId)).equals((Entity, Column::Id)),
            )
            .to_owned();
        query = query.filter(Expr::exists(holders));
    }
    query
}

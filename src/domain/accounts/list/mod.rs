//! Accounts page by page, in constant time at any depth: each order has an
//! index, and each page begins where the one before ended.

mod cursor;
mod search;

use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, JoinType, Order, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, RelationDef, Select,
};

pub use self::cursor::{Cursor, Place};
use self::search::{Search, Way};
use super::account::Account;
use super::find::with_roles;
use super::id::AccountId;
use super::tables::{self, Column, Entity, role};
use crate::base::error::Result;
use crate::base::store::Count;
use crate::base::timestamp::Timestamp;

/// In which order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// By user name.
    #[default]
    Name,
    /// The newest accounts first.
    Created,
    /// Who signed in last first; who never did is left out.
    LastLogin,
}

/// A state that accounts can be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It can be signed in to.
    Active,
    /// It was disabled.
    Disabled,
    /// Nobody new can try a password at this moment.
    LockedAt(Timestamp),
}

/// Which accounts are asked for.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Words that are in the user name, the display name or the e-mail address.
    pub search: String,
    /// Only holders of this role.
    pub role: Option<String>,
    /// Only accounts in this state.
    pub state: Option<State>,
    /// In which order; see [`Filter::is_by_name`].
    pub sort: Sort,
}

impl Filter {
    /// Whether the order is by name whatever was asked for: what few accounts
    /// have is found along an index that is in that order.
    pub fn is_by_name(&self) -> bool {
        let few = matches!(self.state, Some(State::Disabled | State::LockedAt(_)));
        let narrow = !Search::of(&self.search).is_empty() || self.role.is_some() || few;
        narrow || self.sort == Sort::Name
    }
}

/// A page of the list.
#[derive(Debug)]
pub struct Page {
    /// The accounts.
    pub accounts: Vec<Account>,
    /// The number of the first one in the whole list, from 1.
    pub first: u64,
    /// Where the page before ends; none before the first.
    pub previous: Option<Cursor>,
    /// Where the page after begins; none after the last.
    pub next: Option<Cursor>,
}

/// One page of accounts, of at most `size`.
///
/// # Errors
/// The database failed.
pub async fn page(
    db: &impl ConnectionTrait,
    filter: &Filter,
    from: Option<&Cursor>,
    size: u64,
) -> Result<Page> {
    let order = Ordered::of(db, filter).await?;
    // A place in another order says nothing about this one.
    let from =
        from.filter(|from| matches!(from.place, Place::Name(_)) == (order.sort == Sort::Name));
    let is_backward = from.is_some_and(|from| from.is_backward);
    let mut rows = order.query(filter, from).limit(size + 1).all(db).await?;
    let more = rows.len() as u64 > size;
    rows.truncate(size as usize);
    if is_backward {
        if !more {
            // The page before is the first one, and full.
            return Box::pin(page(db, filter, None, size)).await;
        }
        rows.reverse();
    }
    let first = from.map_or(1, |from| from.first);
    let at = |row: Option<&tables::Model>, is_backward, first: u64| {
        row.map(|row| Cursor { is_backward, first: Ord::max(first, 1), place: order.place(row) })
    };
    let previous = at(rows.first().filter(|_| from.is_some()), true, first.saturating_sub(size));
    let goes_on = more || is_backward;
    let next = at(rows.last().filter(|_| goes_on), false, first + rows.len() as u64);
    Ok(Page { accounts: with_roles(db, rows).await?, first, previous, next })
}

/// How many accounts fit; only until there are more than `most`.
///
/// # Errors
/// The database failed.
pub async fn count(db: &impl ConnectionTrait, filter: &Filter, most: u64) -> Result<Count> {
    let is_search_alone = filter.role.is_none() && filter.state.is_none();
    let by_index = Search::of(&filter.search).by_index_alone(db.get_database_backend());
    let rows = match by_index.filter(|_| is_search_alone) {
        Some(rows) => rows,
        None => Ordered::of(db, filter).await?.all(filter).into_query(),
    };
    Count::up_to(db, rows, most).await
}

/// The ids of all accounts that fit, in no order; at most so many.
///
/// # Errors
/// The database failed.
pub async fn ids(db: &impl ConnectionTrait, filter: &Filter, most: u64) -> Result<Vec<AccountId>> {
    Ok(Ordered::of(db, filter).await?.all(filter).limit(most).into_tuple().all(db).await?)
}

/// How a filter is carried out in its order.
struct Ordered {
    sort: Sort,
    search: Search,
    way: Way,
    backend: DbBackend,
}

impl Ordered {
    async fn of(db: &impl ConnectionTrait, filter: &Filter) -> Result<Self> {
        let search = Search::of(&filter.search);
        let sort = if filter.is_by_name() { Sort::Name } else { filter.sort };
        let (way, backend) = (search.way(db).await?, db.get_database_backend());
        Ok(Self { sort, search, way, backend })
    }

    /// What the rows are sorted by before their ids.
    fn by(&self, filter: &Filter) -> Expr {
        match self.sort {
            Sort::Created => Expr::col((Entity, Column::CreatedAt)),
            Sort::LastLogin => Expr::col((Entity, Column::LastLoginAt)),
            // Few that were found are sorted; SQLite would read all names to find them in order.
            Sort::Name if self.is_found() && self.backend == DbBackend::Sqlite => {
                Expr::cust("+\"accounts\".\"username_canonical\"")
            }
            // Holders of a role stand in an index by name of their own.
            Sort::Name if filter.role.is_some() && !self.is_found() => {
                Expr::col((role::Entity, role::Column::UsernameCanonical))
            }
            Sort::Name => Expr::col((Entity, Column::UsernameCanonical)),
        }
    }

    fn is_found(&self) -> bool {
        !self.search.is_empty() && self.way == Way::Found
    }

    fn place(&self, row: &tables::Model) -> Place {
        match self.sort {
            Sort::Name => Place::Name(row.username_canonical.clone()),
            Sort::Created => Place::Moment(row.created_at, row.id),
            Sort::LastLogin => Place::Moment(row.last_login_at.unwrap_or(row.created_at), row.id),
        }
    }

    fn query(&self, filter: &Filter, from: Option<&Cursor>) -> Select<Entity> {
        let by = || self.by(filter);
        let is_backward = from.is_some_and(|from| from.is_backward);
        let rises = (self.sort == Sort::Name) != is_backward;
        let order = if rises { Order::Asc } else { Order::Desc };
        let mut query = self.filtered(filter).order_by(by(), order.clone());
        let beyond = |at: Expr, place: &dyn Fn() -> Expr| {
            if rises { at.gt(place()) } else { at.lt(place()) }
        };
        match from.map(|from| &from.place) {
            Some(Place::Name(name)) => query = query.filter(beyond(by(), &|| Expr::value(name))),
            Some(Place::Moment(at, id)) => {
                let id = || Expr::value(*id);
                let same = Condition::all()
                    .add(by().eq(*at))
                    .add(beyond(Expr::col((Entity, Column::Id)), &id));
                // The first bound is one that an index can begin at.
                let bound = if rises { by().gte(*at) } else { by().lte(*at) };
                let later = beyond(by(), &|| Expr::value(*at));
                query = query.filter(bound).filter(Condition::any().add(later).add(same));
            }
            None => {}
        }
        if self.sort == Sort::Name { query } else { query.order_by(Column::Id, order) }
    }

    /// The ids of all that fit.
    fn all(&self, filter: &Filter) -> Select<Entity> {
        let all = self.filtered(filter).select_only().column(Column::Id);
        // Without an order, SQLite would read also those who never signed in.
        if self.sort == Sort::LastLogin { all.order_by_asc(self.by(filter)) } else { all }
    }

    fn filtered(&self, filter: &Filter) -> Select<Entity> {
        let mut query = Entity::find().filter(self.search.condition(self.way, self.backend));
        if let Some(beginning) = self.search.beginning() {
            let end = format!("{beginning}\u{10ffff}");
            query = query
                .filter(Column::UsernameCanonical.gte(beginning))
                .filter(Column::UsernameCanonical.lt(end));
        }
        if self.sort == Sort::LastLogin {
            query = query.filter(Column::LastLoginAt.is_not_null());
        }
        query = match filter.state {
            None => query,
            Some(State::Active) => query.filter(Column::DisabledAt.is_null()),
            Some(State::Disabled) => query.filter(Column::DisabledAt.is_not_null()),
            Some(State::LockedAt(now)) => query.filter(Column::LockedUntil.gt(now)),
        };
        let Some(name) = &filter.role else { return query };
        if !self.is_found() {
            let holder: RelationDef = Entity::belongs_to(role::Entity)
                .from(Column::Id)
                .to(role::Column::AccountId)
                .into();
            return query.join(JoinType::InnerJoin, holder).filter(role::Column::Role.eq(name));
        }
        let holds = Query::select()
            .expr(Expr::value(1))
            .from(role::Entity)
            .and_where(role::Column::Role.eq(name))
            .and_where(
                Expr::col((role::Entity, role::Column::AccountId)).equals((Entity, Column::Id)),
            )
            .to_owned();
        query.filter(Expr::exists(holds))
    }
}

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
use self::search::{Search, TRIGRAMS};
use super::account::Account;
use super::find::with_roles;
use super::id::AccountId;
use super::searched::{self, numbers_of};
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
    /// In which order; see [`List::sort`].
    pub sort: Sort,
}

impl Filter {
    /// Whether few accounts have what is asked for: they stand in an index of
    /// their own, which is in the order of names.
    fn is_narrow(&self) -> bool {
        let few = matches!(self.state, Some(State::Disabled | State::LockedAt(_)));
        self.role.is_some() || few
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

/// A search that finds more of all accounts, and so more than fit on the longest page, is not
/// sorted by name, but lists the newest first.
const SORTED: u64 = 200;
/// A search that finds more lets each account of a role or state be looked at instead.
const FEW: u64 = 10_000;

/// How a search is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// What the index finds is sorted by name.
    Found,
    /// The index is read from the newest account on.
    Newest,
    /// The list is read in its order, and each account looked at.
    Read,
}

/// The list of the accounts that fit a filter.
pub struct List<'a> {
    filter: &'a Filter,
    search: Search,
    /// How many the search finds, whatever else is asked for.
    matches: Option<Count>,
    way: Way,
    backend: DbBackend,
}

impl<'a> List<'a> {
    /// The list of that filter.
    ///
    /// # Errors
    /// The database failed.
    pub async fn of(db: &impl ConnectionTrait, filter: &'a Filter) -> Result<Self> {
        let (search, backend) = (Search::of(&filter.search), db.get_database_backend());
        let matches = if search.is_empty() { None } else { Some(search.count(db, FEW).await?) };
        let way = match matches {
            None => Way::Read,
            Some(Count::Exactly(all)) if filter.is_narrow() || all <= SORTED => Way::Found,
            Some(_) if filter.is_narrow() => Way::Read,
            Some(_) => Way::Newest,
        };
        Ok(Self { filter, search, matches, way, backend })
    }

    /// In which order it is, whatever was asked for: what few accounts have and
    /// what a search finds is found along an index of another order.
    pub fn sort(&self) -> Sort {
        match self.way {
            Way::Newest => Sort::Created,
            Way::Read if self.search.is_empty() && !self.filter.is_narrow() => self.filter.sort,
            Way::Found | Way::Read => Sort::Name,
        }
    }

    /// One page of accounts, of at most `size`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn page(
        &self,
        db: &impl ConnectionTrait,
        from: Option<&Cursor>,
        size: u64,
    ) -> Result<Page> {
        // A place in another order says nothing about this one.
        let from = from.filter(|from| self.has(&from.place));
        let is_backward = from.is_some_and(|from| from.is_backward);
        let mut rows = self.query(from).limit(size + 1).all(db).await?;
        let more = rows.len() as u64 > size;
        rows.truncate(size as usize);
        if is_backward {
            if !more {
                // The page before is the first one, and full.
                return Box::pin(self.page(db, None, size)).await;
            }
            rows.reverse();
        }
        let first = from.map_or(1, |from| from.first);
        let before = first.saturating_sub(size);
        let after = first + rows.len() as u64;
        let (goes_back, goes_on) = (from.is_some(), more || is_backward);
        let edges = if goes_back || goes_on { self.edges(db, &rows).await? } else { None };
        let (begins, ends) = edges.unzip();
        let previous = begins.filter(|_| goes_back).map(|place| Cursor {
            is_backward: true,
            first: Ord::max(before, 1),
            place,
        });
        let next = ends.filter(|_| goes_on);
        let next = next.map(|place| Cursor { is_backward: false, first: after, place });
        Ok(Page { accounts: with_roles(db, rows).await?, first, previous, next })
    }

    /// How many accounts fit; only until there are more than `most`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn count(&self, db: &impl ConnectionTrait, most: u64) -> Result<Count> {
        let is_search_alone = self.filter.role.is_none() && self.filter.state.is_none();
        match self.matches.filter(|_| is_search_alone) {
            Some(Count::Exactly(all)) if all <= most => Ok(Count::Exactly(all)),
            Some(Count::MoreThan(FEW)) if most == FEW => Ok(Count::MoreThan(most)),
            Some(_) => self.search.count(db, most).await,
            None => Count::up_to(db, self.all().into_query(), most).await,
        }
    }

    /// The ids of all accounts that fit, in no order; at most so many.
    ///
    /// # Errors
    /// The database failed.
    pub async fn ids(&self, db: &impl ConnectionTrait, most: u64) -> Result<Vec<AccountId>> {
        Ok(self.all().limit(most).into_tuple().all(db).await?)
    }

    /// What the rows are sorted by before their ids.
    fn by(&self) -> Expr {
        match (self.way, self.sort()) {
            (Way::Newest, _) if self.backend == DbBackend::Sqlite => Expr::col((TRIGRAMS, "rowid")),
            (Way::Newest, _) => Expr::col((searched::Entity, searched::Column::Id)),
            (_, Sort::Created) => Expr::col((Entity, Column::CreatedAt)),
            (_, Sort::LastLogin) => Expr::col((Entity, Column::LastLoginAt)),
            // SQLite would read all names to find these in order.
            (Way::Found, Sort::Name) if self.backend == DbBackend::Sqlite => {
                Expr::cust("+\"accounts\".\"username_canonical\"")
            }
            // Holders of a role stand in an index by name of their own.
            (Way::Read, Sort::Name) if self.filter.role.is_some() => {
                Expr::col((role::Entity, role::Column::UsernameCanonical))
            }
            (_, Sort::Name) => Expr::col((Entity, Column::UsernameCanonical)),
        }
    }

    /// Whether it is a place in this order.
    fn has(&self, place: &Place) -> bool {
        match place {
            Place::Name(_) => self.sort() == Sort::Name,
            Place::Moment(..) => self.sort() != Sort::Name && self.way != Way::Newest,
            Place::Number(_) => self.way == Way::Newest,
        }
    }

    /// Where these rows begin and end.
    async fn edges(
        &self,
        db: &impl ConnectionTrait,
        rows: &[tables::Model],
    ) -> Result<Option<(Place, Place)>> {
        if self.way == Way::Newest {
            let numbers = numbers_of(db, rows.iter().map(|row| row.id)).await?;
            return Ok(
                numbers.map(|(least, greatest)| (Place::Number(greatest), Place::Number(least)))
            );
        }
        let place = |row: &tables::Model| match self.sort() {
            Sort::Name => Place::Name(row.username_canonical.clone()),
            Sort::Created => Place::Moment(row.created_at, row.id),
            Sort::LastLogin => Place::Moment(row.last_login_at.unwrap_or(row.created_at), row.id),
        };
        Ok(rows.first().map(place).zip(rows.last().map(place)))
    }

    fn query(&self, from: Option<&Cursor>) -> Select<Entity> {
        let by = || self.by();
        let is_backward = from.is_some_and(|from| from.is_backward);
        let rises = (self.sort() == Sort::Name) != is_backward;
        let order = if rises { Order::Asc } else { Order::Desc };
        let mut query = self.filtered().order_by(by(), order.clone());
        let beyond = |at: Expr, place: &dyn Fn() -> Expr| {
            if rises { at.gt(place()) } else { at.lt(place()) }
        };
        match from.map(|from| &from.place) {
            Some(Place::Name(name)) => query = query.filter(beyond(by(), &|| Expr::value(name))),
            Some(Place::Number(number)) => {
                query = query.filter(beyond(by(), &|| Expr::value(*number)));
            }
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
        let is_unique = self.sort() == Sort::Name || self.way == Way::Newest;
        if is_unique { query } else { query.order_by(Column::Id, order) }
    }

    /// The ids of all that fit.
    fn all(&self) -> Select<Entity> {
        let all = self.filtered().select_only().column(Column::Id);
        // Without an order, SQLite would read also those who never signed in.
        if self.sort() == Sort::LastLogin { all.order_by_asc(self.by()) } else { all }
    }

    fn filtered(&self) -> Select<Entity> {
        let mut query = self.searched(Entity::find());
        if self.sort() == Sort::LastLogin {
            query = query.filter(Column::LastLoginAt.is_not_null());
        }
        query = match self.filter.state {
            None => query,
            Some(State::Active) => query.filter(Column::DisabledAt.is_null()),
            Some(State::Disabled) => query.filter(Column::DisabledAt.is_not_null()),
            Some(State::LockedAt(now)) => query.filter(Column::LockedUntil.gt(now)),
        };
        let Some(name) = &self.filter.role else { return query };
        if self.way == Way::Read {
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

    /// Only what is searched for.
    fn searched(&self, mut query: Select<Entity>) -> Select<Entity> {
        if self.search.is_empty() {
            return query;
        }
        let number = (searched::Entity, searched::Column::Id);
        let account = (searched::Entity, searched::Column::AccountId);
        let same = Expr::col(account).equals((Entity, Column::Id));
        match self.way {
            Way::Found => {
                let found = Query::select()
                    .column(account)
                    .from(searched::Entity)
                    .and_where(Expr::col(number).in_subquery(self.search.numbers(self.backend)))
                    .to_owned();
                query.filter(Column::Id.in_subquery(found))
            }
            Way::Newest => {
                QuerySelect::query(&mut query).inner_join(searched::Entity, same);
                if self.backend != DbBackend::Sqlite {
                    return query.filter(self.search.contained(self.backend));
                }
                let found = Expr::col((TRIGRAMS, "rowid")).equals(number);
                QuerySelect::query(&mut query).inner_join(TRIGRAMS, found);
                query.filter(self.search.matches())
            }
            Way::Read => {
                let looked_at = Query::select()
                    .expr(Expr::value(1))
                    .from(searched::Entity)
                    .and_where(same)
                    .cond_where(self.search.contained(self.backend))
                    .to_owned();
                query.filter(Expr::exists(looked_at))
            }
        }
    }
}

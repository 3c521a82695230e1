//! Reading the audit log: by what happened, to whom, by whom, and when.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, Order, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use super::detail::Detail;
use super::event::Event;
use super::table::{self, Model};
use crate::base::error::Result;
use crate::base::timestamp::Timestamp;

/// An event as it stands in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent {
    /// Its number.
    pub id: i64,
    /// When it happened.
    pub at: Timestamp,
    /// What happened: the name of an [`Event`].
    pub event: String,
    /// Who did it, if known.
    pub actor: Option<Uuid>,
    /// The account it was done to.
    pub target: Option<Uuid>,
    /// The session it belongs to, as a short hash; empty where there was none.
    pub session: String,
    /// The client's address.
    pub address: String,
    /// What the browser says it is.
    pub user_agent: String,
    /// More.
    pub detail: Detail,
    /// Why, in the words of who did it.
    pub reason: String,
}

impl From<Model> for RecordedEvent {
    fn from(row: Model) -> Self {
        let Model { id, at, event, actor, target, session, address, user_agent, detail, reason } =
            row;
        let detail = Detail::read(detail);
        Self { id, at, event, actor, target, session, address, user_agent, detail, reason }
    }
}

fn recorded(rows: Vec<Model>) -> Vec<RecordedEvent> {
    rows.into_iter().map(RecordedEvent::from).collect()
}

/// Which events are asked for; what is left out does not matter.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// What happened.
    pub event: Option<Event>,
    /// The account it was done by or to.
    pub account: Option<Uuid>,
    /// The account it was done by.
    pub by: Option<Uuid>,
    /// The account it was done to.
    pub about: Option<Uuid>,
    /// The address it came from.
    pub address: Option<String>,
    /// Not before this moment.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
}

/// One screen of events, newest first, from before the event `before`.
///
/// # Errors
/// The database failed.
pub async fn list(
    db: &impl ConnectionTrait,
    filter: &Filter,
    before: i64,
    limit: u64,
) -> Result<Vec<RecordedEvent>> {
    read(db, filter, (0, before), Order::Desc, limit).await
}

/// The screen before it: the oldest events from after the event `after`, newest first.
///
/// # Errors
/// The database failed.
pub async fn newer(
    db: &impl ConnectionTrait,
    filter: &Filter,
    after: i64,
    limit: u64,
) -> Result<Vec<RecordedEvent>> {
    let mut rows = read(db, filter, (after, i64::MAX), Order::Asc, limit).await?;
    rows.reverse();
    Ok(rows)
}

/// The first events in that order, between two that are not among them.
async fn read(
    db: &impl ConnectionTrait,
    filter: &Filter,
    (after, before): (i64, i64),
    order: Order,
    limit: u64,
) -> Result<Vec<RecordedEvent>> {
    // Numbers and times run together: times become numbers, so that whichever
    // index the rest uses still gives the events in order.
    let mut end = before;
    if let Some(until) = filter.until {
        end = end.min(first_since(db, until).await?);
    }
    let mut query = table::Entity::find()
        .filter(table::Column::Id.gt(after))
        .filter(table::Column::Id.lt(end))
        .order_by(table::Column::Id, order.clone())
        .limit(limit);
    if let Some(event) = filter.event {
        query = query.filter(table::Column::Event.eq(event.name()));
    }
    if let Some(address) = &filter.address {
        query = query.filter(table::Column::Address.eq(address));
    }
    if let Some(by) = filter.by {
        query = query.filter(table::Column::Actor.eq(by));
    }
    if let Some(about) = filter.about {
        query = query.filter(table::Column::Target.eq(about));
    }
    if let Some(from) = filter.from {
        query = query.filter(table::Column::Id.gte(first_since(db, from).await?));
    }
    let Some(account) = filter.account else {
        return Ok(recorded(query.all(db).await?));
    };
    // Two searches, each along its index, instead of one along neither.
    let by = query.clone().filter(table::Column::Actor.eq(account)).filter(
        Condition::any()
            .add(table::Column::Target.ne(account))
            .add(table::Column::Target.is_null()),
    );
    let mut rows = query.filter(table::Column::Target.eq(account)).all(db).await?;
    rows.extend(by.all(db).await?);
    match order {
        Order::Asc => rows.sort_by_key(|row| row.id),
        _ => rows.sort_by_key(|row| std::cmp::Reverse(row.id)),
    }
    rows.truncate(limit as usize);
    Ok(recorded(rows))
}

/// The number of the first event since `moment`.
async fn first_since(db: &impl ConnectionTrait, moment: Timestamp) -> Result<i64> {
    let first: Option<i64> = table::Entity::find()
        .select_only()
        .column(table::Column::Id)
        .filter(table::Column::At.gte(moment))
        .order_by_asc(table::Column::At)
        .order_by_asc(table::Column::Id)
        .limit(1)
        .into_tuple()
        .one(db)
        .await?;
    Ok(first.unwrap_or(i64::MAX))
}

/// Events about an account, newest first, from before the event `before`.
///
/// # Errors
/// The database failed.
pub async fn about(
    db: &impl ConnectionTrait,
    account: Uuid,
    before: i64,
    limit: u64,
) -> Result<Vec<RecordedEvent>> {
    let about = table::Entity::find()
        .filter(table::Column::Target.eq(account))
        .filter(table::Column::Id.lt(before));
    let rows = about.order_by_desc(table::Column::Id).limit(limit).all(db).await?;
    Ok(recorded(rows))
}

/// The newest events of one kind, newest first.
///
/// # Errors
/// The database failed.
pub async fn newest(
    db: &impl ConnectionTrait,
    event: Event,
    since: Timestamp,
    limit: u64,
) -> Result<Vec<RecordedEvent>> {
    let filter = Filter { event: Some(event), ..Filter::default() };
    let mut rows = list(db, &filter, i64::MAX, limit).await?;
    rows.retain(|row| since <= row.at);
    Ok(rows)
}

/// When the log began; `None` once its oldest events were removed, and while
/// there are none.
///
/// # Errors
/// The database failed.
pub async fn began_at(db: &impl ConnectionTrait) -> Result<Option<Timestamp>> {
    if super::chain::pruned(db).await? > 0 {
        return Ok(None);
    }
    // The numbers begin at one: said so that SQLite looks for the first instead of scanning.
    let all = table::Entity::find().filter(table::Column::Id.gt(0));
    let first = all.order_by_asc(table::Column::Id).one(db).await?;
    Ok(first.map(|row| row.at))
}

/// Every account that `rows` speak of.
pub fn accounts_in(rows: &[RecordedEvent]) -> Vec<Uuid> {
    let ids = rows.iter().flat_map(|row| [row.actor, row.target]).flatten();
    ids.map(|id| (id, ())).collect::<HashMap<_, _>>().into_keys().collect()
}

//! The table `check_sightings`: what servers saw lately, so that the command
//! line and the other servers know it. It stays small whatever is asked.

use std::cmp::Reverse;
use std::collections::HashMap;

use sea_orm::entity::prelude::*;
use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveEnum, ActiveValue::Set, Condition};
use time::Duration;

use super::problem::{Problem, Sighting};
use crate::base::error::Result;
use crate::base::store::{Db, Table};
use crate::base::timestamp::Timestamp;

/// So many rows are kept: the latest.
pub const MOST: usize = 200;

/// Of these, so many about hosts that no application has: visitors can make them up.
pub const MOST_UNKNOWN: usize = 20;

/// A problem is kept for so long.
const KEPT: Duration = Duration::days(7);

#[sea_orm::model]
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "check_sightings")]
pub struct Model {
    /// The host, or the pattern of an application that it fits.
    #[sea_orm(primary_key, auto_increment = false)]
    pub host: String,
    /// The name of a `Problem`; empty for a question that could be answered.
    #[sea_orm(primary_key, auto_increment = false)]
    pub problem: String,
    pub application_id: Option<Uuid>,
    pub asked_at: Timestamp,
    pub let_in_at: Option<Timestamp>,
    pub peer: String,
}

impl ActiveModelBehavior for ActiveModel {}

/// The tables of this module.
pub fn tables() -> Vec<Table> {
    vec![Table::naming_nobody::<Entity>(
        "which hosts proxies asked about, when, and from which address they asked",
    )]
}

impl Sighting {
    /// `None` for a problem that only later versions know.
    fn stored(row: Model) -> Option<Self> {
        let problem = match &*row.problem {
            "" => None,
            name => Some(Problem::try_from_value(&name.to_owned()).ok()?),
        };
        Some(Self {
            host: row.host,
            problem,
            application: row.application_id,
            asked_at: row.asked_at,
            let_in_at: row.let_in_at,
            peer: row.peer,
        })
    }

    fn name(&self) -> String {
        self.problem.map(|problem| problem.to_value()).unwrap_or_default()
    }

    /// What is known of one host and problem by both.
    pub(super) fn joined(self, other: Self) -> Self {
        let let_in_at = self.let_in_at.max(other.let_in_at);
        let latest = if self.asked_at >= other.asked_at { self } else { other };
        Self { let_in_at, ..latest }
    }
}

/// All that is kept.
pub(super) async fn all(db: &impl ConnectionTrait) -> Result<Vec<Sighting>> {
    Ok(Entity::find().all(db).await?.into_iter().filter_map(Sighting::stored).collect())
}

/// Adds what was seen, and removes what is too old, too much, or about an
/// application that is not `known`.
pub(super) async fn add(
    db: &Db,
    seen: Vec<Sighting>,
    known: impl Fn(Uuid) -> bool,
    now: Timestamp,
) -> Result<()> {
    let txn = db.begin().await?;
    let mut rows: HashMap<(String, String), (Sighting, bool)> = HashMap::new();
    for row in Entity::find().all(&txn).await? {
        let key = (row.host.clone(), row.problem.clone());
        if let Some(stored) = Sighting::stored(row) {
            rows.insert(key, (stored, false));
        }
    }
    for one in seen {
        let key = (one.host.clone(), one.name());
        let before = rows.remove(&key).map(|(before, _)| before);
        let joined = before.into_iter().fold(one, Sighting::joined);
        rows.insert(key, (joined, true));
    }
    let mut ordered: Vec<_> = rows.into_iter().collect();
    // What is well goes before what is wrong: it is as much as applications have hosts.
    ordered.sort_by_key(|(_, (one, _))| (one.problem.is_some(), Reverse(one.asked_at)));
    let (mut count, mut unknown) = (0, 0);
    let (mut removed, mut added) = (Condition::any(), vec![]);
    for ((host, problem), (one, is_new)) in ordered {
        let is_of_unknown_host = one.problem.is_some_and(Problem::is_of_unknown_host);
        let is_kept = one.application.is_none_or(&known)
            && (one.problem.is_none() || now.since(one.asked_at) < KEPT)
            && count < MOST
            && (!is_of_unknown_host || unknown < MOST_UNKNOWN);
        if !is_kept {
            let row = Condition::all().add(Column::Host.eq(host)).add(Column::Problem.eq(problem));
            removed = removed.add(row);
            continue;
        }
        count += 1;
        unknown += usize::from(is_of_unknown_host);
        if is_new {
            added.push(ActiveModel {
                host: Set(host),
                problem: Set(problem),
                application_id: Set(one.application),
                asked_at: Set(one.asked_at),
                let_in_at: Set(one.let_in_at),
                peer: Set(one.peer),
            });
        }
    }
    if !removed.is_empty() {
        Entity::delete_many().filter(removed).exec(&txn).await?;
    }
    if !added.is_empty() {
        let rest = [Column::ApplicationId, Column::AskedAt, Column::LetInAt, Column::Peer];
        let again =
            OnConflict::columns([Column::Host, Column::Problem]).update_columns(rest).to_owned();
        Entity::insert_many(added).on_conflict(again).exec_without_returning(&txn).await?;
    }
    txn.commit().await?;
    Ok(())
}

//! Acknowledgements for revocations: how soon every server refused what was revoked.

use std::collections::{BTreeSet, HashMap};

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::base::error::Result;
use crate::base::store::Table;

/// More revocations than this are not made between two readings of one tail.
const MOST_RECEIPTS: usize = 50_000;

/// How long each revocation took to reach this process.
#[derive(Default)]
pub(super) struct Acknowledgements {
    /// Numbers applied lately: the tail reads them again.
    known: BTreeSet<i64>,
    pub(super) unwritten: Vec<(i64, i64)>,
}

impl Acknowledgements {
    pub(super) fn note(&mut self, revocation: i64, delay_millis: i64) {
        if self.known.insert(revocation) {
            let seconds = delay_millis.max(0) as f64 / 1000.0;
            metrics::histogram!("doorward_revocation_seconds").record(seconds);
            self.unwritten.push((revocation, delay_millis.max(0)));
        }
        if self.known.len() > MOST_RECEIPTS {
            self.known.pop_first();
        }
    }
}

/// Writes that `instance` has taken these revocations up, each after so many milliseconds.
pub(super) async fn write(
    db: &impl ConnectionTrait,
    instance: &str,
    told: &[(i64, i64)],
) -> Result<()> {
    let rows = told.iter().map(|(revocation, delay)| table::ActiveModel {
        revocation_id: Set(*revocation),
        instance: Set(instance.to_owned()),
        delay_millis: Set(*delay),
    });
    let known = OnConflict::columns([table::Column::RevocationId, table::Column::Instance])
        .do_nothing()
        .to_owned();
    table::Entity::insert_many(rows).on_conflict(known).exec_without_returning(db).await?;
    Ok(())
}

/// For each of these revocations: how many servers have taken it up, and how
/// many milliseconds the slowest needed.
pub(super) async fn of(
    db: &impl ConnectionTrait,
    revocations: &[i64],
) -> Result<HashMap<i64, (usize, i64)>> {
    if revocations.is_empty() {
        return Ok(HashMap::new());
    }
    let ids = revocations.iter().copied();
    let rows = table::Entity::find().filter(table::Column::RevocationId.is_in(ids)).all(db).await?;
    let mut acknowledgements: HashMap<i64, (usize, i64)> = HashMap::new();
    for row in rows {
        let (servers, slowest) = acknowledgements.entry(row.revocation_id).or_default();
        *servers += 1;
        *slowest = (*slowest).max(row.delay_millis);
    }
    Ok(acknowledgements)
}

/// Forgets the acknowledgements for these revocations.
pub(super) async fn remove(db: &impl ConnectionTrait, revocations: &[i64]) -> Result<()> {
    let ids = revocations.iter().copied();
    table::Entity::delete_many().filter(table::Column::RevocationId.is_in(ids)).exec(db).await?;
    Ok(())
}

/// The tables of this module.
pub fn tables() -> Vec<Table> {
    vec![Table::naming_nobody::<table::Entity>("which server has read which revocation")]
}

/// The table `revocation_receipts`: which process took a revocation up, and
/// how long after it was written.
mod table {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "revocation_receipts")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub revocation_id: i64,
        #[sea_orm(primary_key, auto_increment = false)]
        pub instance: String,
        pub delay_millis: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

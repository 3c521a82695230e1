//! Acknowledgements for revocations: how soon every server refused what was revoked.

use std::collections::HashMap;

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::base::error::Result;
use crate::domain::sessions::tables::acknowledgement;

/// Writes that `instance` has taken these revocations up, each after so many milliseconds.
pub(super) async fn write(
    db: &impl ConnectionTrait,
    instance: &str,
    told: &[(i64, i64)],
) -> Result<()> {
    let rows = told.iter().map(|(revocation, delay)| acknowledgement::ActiveModel {
        revocation_id: Set(*revocation),
        instance: Set(instance.to_owned()),
        delay_millis: Set(*delay),
    });
    let known = OnConflict::columns([
        acknowledgement::Column::RevocationId,
        acknowledgement::Column::Instance,
    ])
    .do_nothing()
    .to_owned();
    acknowledgement::Entity::insert_many(rows)
        .on_conflict(known)
        .exec_without_returning(db)
        .await?;
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
    let rows = acknowledgement::Entity::find()
        .filter(acknowledgement::Column::RevocationId.is_in(ids))
        .all(db)
        .await?;
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
    acknowledgement::Entity::delete_many()
        .filter(acknowledgement::Column::RevocationId.is_in(ids))
        .exec(db)
        .await?;
    Ok(())
}

//! The names of the keys that servers sign with. Each records its own, so
//! that one with other keys notices before it signs everybody out.

mod table;

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use time::Duration;

pub use self::table::tables;
use crate::base::error::Result;
use crate::base::keys::purpose::Purpose;
use crate::base::keys::ring::Ring;
use crate::base::store::Db;
use crate::base::timestamp::Timestamp;

/// A server that has not written for so long is gone.
const RECENT: Duration = Duration::minutes(3);

/// So long a key that nobody signs with is remembered.
const KEPT: Duration = Duration::days(90);

/// Records what this server signs with. Call at every start, whenever the ring
/// changes, and about once a minute.
///
/// # Errors
/// The database failed.
pub async fn note(db: &Db, ring: &Ring, now: Timestamp) -> Result<()> {
    let signing = Purpose::needed().filter_map(|purpose| ring.signing_at(purpose, now));
    let rows = signing
        .chain(ring.pepper())
        .chain(ring.newest(Purpose::Data))
        .map(|key| table::ActiveModel { kid: Set(key.kid.clone()), seen_at: Set(now) });
    let again =
        OnConflict::column(table::Column::Kid).update_column(table::Column::SeenAt).to_owned();
    table::Entity::insert_many(rows).on_conflict(again).exec_without_returning(db.write()).await?;
    table::Entity::delete_many()
        .filter(table::Column::SeenAt.lt(now - KEPT))
        .exec(db.write())
        .await?;
    Ok(())
}

/// A key that some server signs with at present and that is not in the ring.
///
/// # Errors
/// The database failed.
pub async fn missing(db: &Db, ring: &Ring, now: Timestamp) -> Result<Option<String>> {
    let recent = table::Entity::find().filter(table::Column::SeenAt.gt(now - RECENT));
    let rows = recent.all(db.read()).await?;
    Ok(rows.into_iter().map(|row| row.kid).find(|kid| !ring.has(kid)))
}

/// Whether any server has signed anything here.
///
/// # Errors
/// The database failed.
pub async fn any(db: &Db) -> Result<bool> {
    Ok(table::Entity::find().count(db.read()).await? > 0)
}

/// Whether servers have signed here, and with none of the keys of the ring.
///
/// # Errors
/// The database failed.
pub async fn are_all_others(db: &Db, ring: &Ring) -> Result<bool> {
    let rows = table::Entity::find().all(db.read()).await?;
    Ok(!rows.is_empty() && rows.iter().all(|row| !ring.has(&row.kid)))
}

/// Forgets all of them: from now on other keys are used.
///
/// # Errors
/// The database failed.
pub async fn forget(db: &Db) -> Result<()> {
    table::Entity::delete_many().exec(db.write()).await?;
    Ok(())
}

//! When and from where tokens were shown last. Noted in memory with each
//! request and written in batches, as the activity of sessions is.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Mutex;

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use time::Duration;
use uuid::Uuid;

use super::table::{Column, Entity};
use crate::base::error::Result;
use crate::base::store::Db;
use crate::base::timestamp::Timestamp;

/// "Last used" is this exact.
const RESOLUTION: Duration = Duration::seconds(30);

/// The use of tokens that one server process saw.
#[derive(Default)]
pub struct Usage {
    seen: Mutex<HashMap<Uuid, Seen>>,
}

#[derive(Clone, Copy)]
struct Seen {
    at: Timestamp,
    from: Option<IpAddr>,
    written_at: Option<Timestamp>,
}

impl Seen {
    fn is_due(&self) -> bool {
        self.written_at.is_none_or(|written| self.at.since(written) >= RESOLUTION)
    }
}

impl Usage {
    /// A token was shown.
    pub fn note(&self, token: Uuid, from: Option<IpAddr>, now: Timestamp) {
        let mut seen = self.seen.lock().expect("no panic while the lock is held");
        let one = seen.entry(token).or_insert(Seen { at: now, from, written_at: None });
        if one.at < now {
            (one.at, one.from) = (now, from);
        }
    }

    /// Writes what is due. What fails to be written is written the next time.
    ///
    /// # Errors
    /// The database failed.
    pub async fn write(&self, db: &Db, now: Timestamp) -> Result<()> {
        let due: Vec<(Uuid, Seen)> = {
            let mut seen = self.seen.lock().expect("no panic while the lock is held");
            seen.retain(|_, one| one.is_due() || now.since(one.at) < RESOLUTION);
            seen.iter().filter(|(_, one)| one.is_due()).map(|(id, one)| (*id, *one)).collect()
        };
        // Each on its own: nothing is held that another waits for.
        for (id, one) in due {
            let is_older = Column::LastUsedAt.is_null().or(Column::LastUsedAt.lt(one.at));
            let from = one.from.map(|address| address.to_string()).unwrap_or_default();
            Entity::update_many()
                .col_expr(Column::LastUsedAt, Expr::value(one.at))
                .col_expr(Column::LastUsedAddress, Expr::value(from))
                .filter(Column::Id.eq(id))
                .filter(is_older)
                .exec(db.write())
                .await?;
            let mut seen = self.seen.lock().expect("no panic while the lock is held");
            if let Some(seen) = seen.get_mut(&id) {
                seen.written_at = Some(one.at);
            }
        }
        Ok(())
    }
}

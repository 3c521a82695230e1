//! The live sessions of everyone, screen by screen, for staff.

use std::net::IpAddr;

use ipnet::IpNet;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
    Select,
};
use uuid::Uuid;

use super::list::{Session, live_of};
use super::session::{Audience, SessionId};
use super::table::{Column, Entity, Model};
use crate::base::error::Result;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::AccountId;

/// Which sessions are asked for; what is left out does not matter.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Those of one account.
    pub account: Option<AccountId>,
    /// Those from these addresses.
    pub addresses: Option<IpNet>,
    /// Those of browsers, or those of scripts.
    pub client: Option<Audience>,
}

/// Where a screen begins: after this session, in the order of the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Its moment, or its address where a range of addresses is asked for.
    place: String,
    sid: SessionId,
}

impl Cursor {
    /// The cursor in `text`, if it is one.
    pub fn parse(text: &str) -> Option<Self> {
        let (place, sid) = text.rsplit_once('~')?;
        let fits = place.len() <= 64 && !place.contains(char::is_control);
        fits.then_some(Self { place: place.to_owned(), sid: SessionId::parse(sid)? })
    }
}

impl Cursor {
    fn moment(&self) -> (Timestamp, Uuid) {
        (Timestamp(self.place.parse().unwrap_or(i64::MAX)), self.sid.0)
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}~{}", self.place, self.sid)
    }
}

/// One screen of live sessions, the newest first (or by address, where a range
/// of addresses is asked for), and where the next begins.
///
/// # Errors
/// The database failed.
pub async fn screen(
    db: &impl ConnectionTrait,
    filter: &Filter,
    mut from: Option<Cursor>,
    limit: u64,
    now: Timestamp,
) -> Result<(Vec<Session>, Option<Cursor>)> {
    if let Some(account) = filter.account {
        let mut all = of_account(db, account, filter, now).await?;
        if let Some(from) = from {
            all.retain(|session| place(session) < from.moment());
        }
        let more = all.len() as u64 > limit;
        all.truncate(limit as usize);
        let next = all
            .last()
            .filter(|_| more)
            .map(|last| Cursor { place: last.created_at.0.to_string(), sid: last.sid });
        return Ok((all, next));
    }
    let mut found = vec![];
    loop {
        let rows = query(filter, &from).limit(limit + 1).all(db).await?;
        let more = rows.len() as u64 > limit;
        for row in rows.into_iter().take(limit as usize) {
            from = Some(cursor(filter, &row));
            let session = Session::of(row);
            // Whatever ran out lately is not marked as ended yet.
            if fits(filter, &session) && session.is_live(now) {
                found.push(session);
                if found.len() as u64 == limit {
                    return Ok((found, from.filter(|_| more)));
                }
            }
        }
        // The index knows addresses only by how they begin: look further.
        if !more {
            return Ok((found, None));
        }
    }
}

/// The newest first, and of the same moment in the order of their names.
fn place(session: &Session) -> (Timestamp, Uuid) {
    (session.created_at, session.sid.0)
}

/// Those of one account are few: all are read, whatever is shown of them.
async fn of_account(
    db: &impl ConnectionTrait,
    account: AccountId,
    filter: &Filter,
    now: Timestamp,
) -> Result<Vec<Session>> {
    let mut found = live_of(db, account, now).await?;
    found.retain(|session| fits(filter, session));
    found.sort_by_key(|session| std::cmp::Reverse(place(session)));
    Ok(found)
}

fn cursor(filter: &Filter, row: &Model) -> Cursor {
    let place = match filter.addresses {
        Some(_) => row.address.clone(),
        None => row.created_at.0.to_string(),
    };
    Cursor { place, sid: row.sid }
}

fn fits(filter: &Filter, session: &Session) -> bool {
    let at: Option<IpAddr> = session.origin.address.parse().ok();
    let within = |range: IpNet| at.is_some_and(|at| range.contains(&at));
    filter.addresses.is_none_or(within)
        && filter.client.is_none_or(|client| client == session.client)
}

fn query(filter: &Filter, from: &Option<Cursor>) -> Select<Entity> {
    // As the indexes of live sessions say it, and nothing that would lead to another.
    let mut query = Entity::find().filter(Column::EndedAt.is_null());
    if let Some(range) = filter.addresses {
        let begin = beginning(range);
        // One lower bound: of two, SQLite would begin at whichever is written first.
        let place = from.as_ref().map_or(begin.as_str(), |from| &from.place);
        query = query
            .filter(Column::Address.gte(place))
            .filter(Column::Address.lt(format!("{begin}\u{10ffff}")))
            .order_by_asc(Column::Address)
            .order_by_asc(Column::Sid);
        if let Some(Cursor { place, sid }) = from {
            let same = Condition::all().add(Column::Address.eq(place)).add(Column::Sid.gt(*sid));
            query =
                query.filter(Condition::any().add(Column::Address.gt(place.as_str())).add(same));
        }
        return query;
    }
    query = query.order_by_desc(Column::CreatedAt).order_by_desc(Column::Sid);
    if let Some(cursor @ Cursor { sid, .. }) = from {
        let (moment, _) = cursor.moment();
        let same = Condition::all().add(Column::CreatedAt.eq(moment)).add(Column::Sid.lt(*sid));
        query = query
            .filter(Column::CreatedAt.lte(moment))
            .filter(Condition::any().add(Column::CreatedAt.lt(moment)).add(same));
    }
    query
}

/// How the text of every address in `range` begins.
fn beginning(range: IpNet) -> String {
    let length = range.prefix_len();
    match range {
        IpNet::V4(range) if length == 32 => range.addr().to_string(),
        IpNet::V4(range) => {
            let whole = range.network().octets();
            let whole = whole.iter().take(usize::from(length / 8));
            whole.map(|octet| format!("{octet}.")).collect()
        }
        IpNet::V6(range) => {
            let groups = range.network().segments();
            // A run of zeros is written `::`, so the text is certain only before it.
            let sure = groups.iter().take(usize::from(length / 16)).take_while(|group| **group > 0);
            sure.map(|group| format!("{group:x}:")).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_begins_as_all_its_addresses_do() {
        for (range, begin) in [
            ("192.0.2.7/32", "192.0.2.7"),
            ("192.0.2.0/24", "192.0.2."),
            ("192.0.2.128/25", "192.0.2."),
            ("10.0.0.0/8", "10."),
            ("0.0.0.0/0", ""),
            ("2001:db8::/32", "2001:db8:"),
            ("2001:db8:0:1::/64", "2001:db8:"),
            ("::/0", ""),
        ] {
            assert_eq!(beginning(range.parse().unwrap()), begin, "{range}");
        }
    }
}

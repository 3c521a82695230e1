//! Limits on attempts, so that guessing is slow and nobody else is kept out.
//!
//! Attempts are counted by address, by name and address, and by name. Each
//! browser or script that an account was logged in with before, and each
//! session, has counts of its own, which a stranger cannot use up. What is
//! counted is shared by all servers and survives a restart; checks come before
//! the password is hashed.

mod attempt;
mod bucket;
mod in_flight;
pub mod known_browser;
mod limits;
pub mod network;
pub mod refusals;
mod right;
mod table;

use std::sync::Arc;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use time::Duration;
use uuid::Uuid;

pub use self::attempt::Attempt;
use self::bucket::Bucket;
use self::in_flight::{Counted, InFlight, Key};
use self::known_browser::Known;
pub use self::limits::Limits;
use self::network::Network;
use self::right::Right;
pub use self::right::Whose;
pub use self::table::tables;
use crate::base::error::{Error, Result};
use crate::base::keys::{Keys, Purpose};
use crate::base::store::Db;
use crate::base::timestamp::Timestamp;
use crate::domain::statistics::{Counters, THROTTLED};

/// The counts of attempts.
pub struct Throttle {
    db: Db,
    keys: Arc<Keys>,
    limits: Limits,
    /// How many were turned away.
    pub counters: Counters,
    /// Attempts that are being worked on: their outcome may count.
    in_flight: InFlight,
    right: Right,
}

/// Who tries to log in.
#[derive(Clone, Copy, Debug)]
pub struct Who<'a> {
    /// The name as it was typed, in its canonical form.
    pub name: &'a str,
    /// The names of that account, if there is one: failures in a row with
    /// either of them are reset when it is logged in to.
    pub names: &'a [&'a str],
    /// Where the attempt comes from.
    pub address: &'a str,
    /// The browser, if it is known for the account of that name.
    pub known: Option<&'a Known>,
}

impl Throttle {
    /// Counts in this database.
    pub fn new(db: Db, keys: Arc<Keys>, limits: Limits) -> Self {
        let (counters, in_flight) = (Counters::default(), InFlight::default());
        Self { db, keys, limits, counters, in_flight, right: Right::default() }
    }

    /// Lets an attempt to log in begin.
    ///
    /// # Errors
    /// `throttle::refusals::TOO_MANY_ATTEMPTS`, before anything was worked on.
    pub async fn log_in(&self, who: Who<'_>, now: Timestamp) -> Result<Attempt<'_>> {
        let name = who.name.as_bytes();
        let in_a_row = |name: &&str| self.key(Bucket::InARow, &[name.as_bytes()]);
        let mut forgiven: Vec<Key> = who.names.iter().map(in_a_row).collect();
        if let Some(known) = who.known {
            let (account, own) = (known.account, ("browser", known.nonce.as_bytes()));
            return self.begin(self.own(account, own), self.account(account), forgiven, now).await;
        }
        let mut wanted = vec![
            (Bucket::InARow, self.key(Bucket::InARow, &[name])),
            (Bucket::Name, self.key(Bucket::Name, &[name])),
        ];
        if let Some(network) = Network::of(who.address) {
            let both = self.key(Bucket::NameAndAddress, &[name, network.near.as_bytes()]);
            wanted.push((Bucket::NameAndAddress, both));
            wanted.extend(self.of_network(&network, Bucket::Address, Bucket::AddressWide));
        }
        forgiven.retain(|key| wanted[0].1 != *key);
        self.begin(wanted, self.name(who.name), forgiven, now).await
    }

    /// Lets somebody signed in give the password of the account again, in the
    /// session whose sign-in was then.
    ///
    /// # Errors
    /// `throttle::refusals::TOO_MANY_ATTEMPTS`, before anything was worked on.
    pub async fn confirm(
        &self,
        account: Uuid,
        begun: Timestamp,
        now: Timestamp,
    ) -> Result<Attempt<'_>> {
        let wanted = self.own(account, ("session", &begun.0.to_be_bytes()));
        self.begin(wanted, self.account(account), vec![], now).await
    }

    /// Counts a right password.
    ///
    /// # Errors
    /// `throttle::refusals::TOO_MANY_ATTEMPTS`.
    pub fn was_right(&self, whose: Whose, now: Timestamp) -> Result<()> {
        let wait = self.right.count(whose, bucket::right(self.limits), now);
        wait.map_or(Ok(()), |wait| Err(self.turned_away(wait, now)))
    }

    /// Whether another right one would be let through, before anything is
    /// worked on. Not to be told to strangers: they would see whether an
    /// account is logged in to often.
    ///
    /// # Errors
    /// `throttle::refusals::TOO_MANY_ATTEMPTS`.
    pub fn may_be_right(&self, whose: Whose, now: Timestamp) -> Result<()> {
        let wait = self.right.wait(whose, bucket::right(self.limits), now);
        wait.map_or(Ok(()), |wait| Err(self.turned_away(wait, now)))
    }

    /// Lets the opening of an account begin.
    ///
    /// # Errors
    /// `throttle::refusals::TOO_MANY_ATTEMPTS`, before anything was worked on.
    pub async fn register(&self, address: &str, now: Timestamp) -> Result<Attempt<'_>> {
        self.by_network(address, Bucket::Registrations, Bucket::RegistrationsWide, now).await
    }

    /// Lets somebody who opens an account see whether its names are taken;
    /// counts if they are.
    ///
    /// # Errors
    /// `throttle::refusals::TOO_MANY_ATTEMPTS`, before anything was worked on.
    pub async fn ask_for_names(&self, address: &str, now: Timestamp) -> Result<Attempt<'_>> {
        self.by_network(address, Bucket::TakenNames, Bucket::TakenNamesWide, now).await
    }

    async fn by_network(
        &self,
        address: &str,
        near: Bucket,
        wide: Bucket,
        now: Timestamp,
    ) -> Result<Attempt<'_>> {
        let network = Network::of(address);
        let wanted = network.map(|network| self.of_network(&network, near, wide));
        self.begin(wanted.unwrap_or_default(), None, vec![], now).await
    }

    fn of_network(&self, network: &Network, near: Bucket, wide: Bucket) -> Vec<(Bucket, Key)> {
        let key = |bucket, part: &str| (bucket, self.key(bucket, &[part.as_bytes()]));
        let wide = network.wide.as_ref().map(|part| key(wide, part));
        [key(near, &network.near)].into_iter().chain(wide).collect()
    }

    /// What only this browser or session of the account counts by.
    fn own(&self, account: Uuid, (kind, id): (&str, &[u8])) -> Vec<(Bucket, Key)> {
        let parts = [account.as_bytes(), kind.as_bytes(), id];
        [Bucket::Own, Bucket::OwnInARow].map(|bucket| (bucket, self.key(bucket, &parts))).into()
    }

    async fn begin(
        &self,
        mut wanted: Vec<(Bucket, Key)>,
        whose: Option<Key>,
        forgiven: Vec<Key>,
        now: Timestamp,
    ) -> Result<Attempt<'_>> {
        wanted.retain(|(bucket, _)| bucket.limit(self.limits) > 0);
        let counted: Vec<Counted> =
            wanted.into_iter().map(|(bucket, key)| Counted { bucket, key }).collect();
        let idle = counted.is_empty() && forgiven.is_empty();
        let entered = self.in_flight.enter(counted, self.limits);
        let mut attempt = Attempt { db: &self.db, limits: self.limits, entered, forgiven, whose };
        if idle {
            return Ok(attempt);
        }
        // Before the rows are read: an attempt that ends in between counts twice, not never.
        let turn = attempt.entered.wait(self.limits).await;
        let others = turn.ok_or_else(|| self.turned_away(MOMENT, now))?;
        let keys = attempt.counted().iter().map(|counted| &counted.key).chain(&attempt.forgiven);
        let keys: Vec<Vec<u8>> = keys.map(|key| key.to_vec()).collect();
        let rows = table::Entity::find()
            .filter(table::Column::Key.is_in(keys))
            .filter(table::Column::ExpiresAt.gt(now))
            .all(self.db.read())
            .await?;
        for (counted, others) in attempt.counted().iter().zip(others) {
            let Some(row) = rows.iter().find(|row| row.key == counted.key) else { continue };
            let limit = counted.bucket.limit(self.limits);
            if row.count + i64::from(others) >= i64::from(limit) {
                let until = counted.bucket.blocked_until(row, limit);
                // A client that has waited may try once, and not many times at once.
                let until = if others > 0 { until.max(now + MOMENT) } else { until };
                if now < until {
                    return Err(self.turned_away(until.since(now), now));
                }
            }
        }
        let own = attempt.counted().iter().filter(|counted| counted.bucket.is_forgiven());
        let own: Vec<Key> = own.map(|counted| counted.key).collect();
        attempt.forgiven.extend(own);
        // What is not there needs no reset.
        attempt.forgiven.retain(|key| rows.iter().any(|row| row.key == *key));
        Ok(attempt)
    }

    fn turned_away(&self, wait: Duration, now: Timestamp) -> Error {
        self.counters.count(THROTTLED, now);
        refusals::wait(wait).into()
    }

    /// Until when nobody new can try a password of the account with these
    /// names, if so.
    ///
    /// # Errors
    /// The database failed.
    pub async fn lock_of(&self, names: &[&str], now: Timestamp) -> Result<Option<Timestamp>> {
        let keys = names.iter().map(|name| self.key(Bucket::Name, &[name.as_bytes()]).to_vec());
        let rows = table::Entity::find()
            .filter(table::Column::Key.is_in(keys))
            .filter(table::Column::ExpiresAt.gt(now))
            .all(self.db.read())
            .await?;
        Ok(rows.iter().filter_map(|row| Bucket::Name.full_until(row, self.limits)).max())
    }

    /// Resets what was counted for an account: by its names, in browsers
    /// and scripts that are known for it, and in its sessions. Says whether
    /// anything was.
    ///
    /// # Errors
    /// The database failed.
    pub async fn lift(&self, account: Uuid, names: &[&str]) -> Result<bool> {
        self.right.forget(account);
        let whose = names.iter().map(|name| self.name(name)).chain([self.account(account)]);
        let lifted = table::Entity::delete_many()
            .filter(table::Column::NameKey.is_in(whose.flatten().map(|key| key.to_vec())))
            .exec(self.db.write())
            .await?;
        Ok(lifted.rows_affected > 0)
    }

    /// Removes counts that are over, at most `limit` of them. Returns how many.
    ///
    /// # Errors
    /// The database failed.
    pub async fn remove_expired(&self, limit: u64, now: Timestamp) -> Result<u64> {
        let old: Vec<Vec<u8>> = table::Entity::find()
            .select_only()
            .column(table::Column::Key)
            .filter(table::Column::ExpiresAt.lte(now))
            .limit(limit)
            .into_tuple()
            .all(self.db.read())
            .await?;
        if old.is_empty() {
            return Ok(0);
        }
        let which = table::Column::Key.is_in(old);
        // Still over: it may have been counted again since.
        let gone = table::Entity::delete_many()
            .filter(which)
            .filter(table::Column::ExpiresAt.lte(now))
            .exec(self.db.write())
            .await?;
        Ok(gone.rows_affected)
    }

    fn key(&self, bucket: Bucket, parts: &[&[u8]]) -> Key {
        self.mac(bucket.label(), parts)
    }

    /// Whose a count is: that of the account with that name.
    fn name(&self, name: &str) -> Option<Key> {
        Some(self.mac(b"whose name", &[name.as_bytes()]))
    }

    /// Whose a count is: of that account.
    fn account(&self, account: Uuid) -> Option<Key> {
        Some(self.mac(b"whose account", &[account.as_bytes()]))
    }

    fn mac(&self, label: &[u8], parts: &[&[u8]]) -> Key {
        let parts: Vec<&[u8]> = [label].into_iter().chain(parts.iter().copied()).collect();
        self.keys.ring().signing(Purpose::Throttle).mac(&parts)
    }
}

/// How soon to come again when others are under way.
const MOMENT: Duration = Duration::seconds(1);

//! What is in order, what somebody should look at, and what to fix. Asked by
//! `doorward doctor` and by `/admin/doctor`.

mod applications;
mod finding;

use std::collections::HashSet;
use std::os::unix::fs::MetadataExt;
use std::time::Instant;

use sea_orm::DatabaseConnection;
use time::Duration;

pub use self::finding::Finding;
use self::finding::Finding::{Good, Look, Mend};
use crate::base::clock::Standing;
use crate::base::error::Result;
use crate::base::files;
use crate::base::keys::{OLD, Purpose};
use crate::base::store;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts;
use crate::domain::audit::{self, Filter};
use crate::domain::passwords::hasher::Waiter;
use crate::domain::passwords::policy::Password;
use crate::domain::sessions;
use crate::service::housekeeping::{Round, TASKS};
use crate::service::{Doorward, words};

/// Looks at settings, keys, database, clock, disk and machine.
pub async fn examine(doorward: &Doorward, now: Timestamp) -> Vec<Finding> {
    let mut findings = vec![address(doorward), folder(doorward), disk(doorward)];
    findings.extend(database_file(doorward));
    findings.push(key_file(doorward));
    findings.push(keys(doorward, now));
    findings.push(clock(doorward));
    findings.extend(database(doorward, now).await);
    findings.extend(tasks(doorward, now));
    findings.push(hashing(doorward).await);
    findings.extend(proxies(doorward));
    findings.extend(applications::findings(doorward, now).await);
    findings
}

fn address(doorward: &Doorward) -> Finding {
    let base = &doorward.settings.base_url;
    let words = format!("People reach the service at {}.", base.as_str());
    if base.as_str().starts_with("https:") {
        return Good(words);
    }
    Look(format!("{words} Before others use it, set base_url to an https address."))
}

fn folder(doorward: &Doorward) -> Finding {
    let folder = &doorward.settings.data_dir;
    match files::check_folder(folder) {
        Ok(()) => Good(format!("Only the owner can read the folder {}.", folder.display())),
        Err(error) => Mend(error.to_string()),
    }
}

fn database_file(doorward: &Doorward) -> Option<Finding> {
    let file = store::sqlite_file(&doorward.settings.store.url)?;
    Some(match files::check_database(&doorward.settings.store.url) {
        Ok(()) => Good(format!("Only the owner can read the database {}.", file.display())),
        Err(error) => Mend(error.to_string()),
    })
}

fn disk(doorward: &Doorward) -> Finding {
    const LITTLE: u64 = 1 << 30;
    let about = match rustix::fs::statvfs(&doorward.settings.data_dir) {
        Ok(about) => about,
        Err(why) => return Look(format!("The free space on the disk is unknown: {why}.")),
    };
    let free = about.f_bavail * about.f_frsize;
    let words = format!("{} are free on the disk of the data folder.", gibibytes(free));
    if free < LITTLE { Look(words) } else { Good(words) }
}

/// As in `73 GiB` and `0.4 GiB`.
fn gibibytes(bytes: u64) -> String {
    let tenths = bytes / ((1 << 30) / 10);
    match tenths {
        0..100 => format!("{}.{} GiB", tenths / 10, tenths % 10),
        _ => format!("{} GiB", bytes >> 30),
    }
}

fn key_file(doorward: &Doorward) -> Finding {
    if let Some(kid) = doorward.keys.missing() {
        return Mend(format!(
            "Another server signs with the key {kid}, which this one does not have. Give all of them the same key file."
        ));
    }
    match doorward.keys.file() {
        None => Good("The keys come from the variable DOORWARD_KEYS.".to_owned()),
        Some(file) => match std::fs::symlink_metadata(file) {
            Ok(about) if about.is_file() && about.mode() & 0o077 == 0 => {
                Good(format!("Only the owner can read the keys in {}.", file.display()))
            }
            Ok(_) => Mend(format!("Others can read {0}. Run: chmod 600 {0}", file.display())),
            Err(why) => Mend(format!("The key file {} cannot be read: {why}.", file.display())),
        },
    }
}

fn keys(doorward: &Doorward, now: Timestamp) -> Finding {
    let ring = doorward.keys.ring();
    let age = |purpose: &Purpose| now.since(ring.signing(*purpose).created_at);
    let oldest = Purpose::needed().max_by_key(age).unwrap_or(Purpose::Access);
    let (name, days) = (oldest.name(), age(&oldest).whole_days());
    if let [first, ..] = ring.derived()[..] {
        let name = first.name();
        return Look(format!(
            "The {name} key is derived from the form key, because this ring had none, and ends with it. Create a separate one: doorward keys rotate {name}"
        ));
    }
    match days {
        0 => Good("The keys were made today.".to_owned()),
        _ if age(&oldest) > OLD => {
            Look(format!("The {name} key is {days} days old. Run: doorward keys rotate {name}"))
        }
        _ => Good(format!("The oldest key that signs is {days} days old.")),
    }
}

fn clock(doorward: &Doorward) -> Finding {
    match doorward.clock.standing() {
        Standing::Certain if doorward.db.is_shared() => {
            Good("This machine's clock agrees with the database's.".to_owned())
        }
        Standing::Certain => Good("The clock was not set recently.".to_owned()),
        Standing::Stepped => Look("The clock was set less than two minutes ago. For two minutes, copied tokens are not detected by their time, and expired data is not removed.".to_owned()),
        Standing::Apart(ahead) => Mend(format!(
            "This machine's clock is {:.0} seconds {} the database's, so copied tokens are not detected by their time, and expired data is not removed. Synchronize both with NTP.",
            ahead.as_seconds_f64().abs(),
            if ahead.is_negative() { "behind" } else { "ahead of" },
        )),
    }
}

async fn database(doorward: &Doorward, now: Timestamp) -> Vec<Finding> {
    let mut findings = vec![];
    findings.push(match doorward.db.migrations().await {
        Ok(steps) if steps.iter().all(|(_, done)| *done) => Good(format!(
            "The database answers, and its schema is up to date ({} steps).",
            steps.len()
        )),
        Ok(_) => Mend("The schema is not up to date. Run: doorward migrate up".to_owned()),
        Err(error) => Mend(format!("The database does not answer: {error}")),
    });
    let db = doorward.db.read();
    findings.push(match accounts::count_admins(db).await {
        Ok(0) => Look("No administrator can sign in. Start the server for a setup link, or run: doorward account add NAME EMAIL --role admin".to_owned()),
        Ok(1) => Look("There is one administrator. With two, one can help the other.".to_owned()),
        Ok(count) => Good(format!("There are {count} administrators.")),
        Err(error) => Mend(format!("The administrators cannot be counted: {error}")),
    });
    if let Ok(newest) = audit::list(db, &Filter::default(), i64::MAX, 1).await {
        let ahead = newest.first().map(|row| row.at.since(now)).unwrap_or_default();
        findings.push(if ahead > Duration::minutes(1) {
            Mend(format!(
                "The clock is {} minutes behind the newest event in the audit log. Is it set correctly?",
                ahead.whole_minutes()
            ))
        } else {
            Good("The clock is not behind the audit log.".to_owned())
        });
    }
    findings
}

/// The background tasks of this process; nothing where it serves no requests.
fn tasks(doorward: &Doorward, now: Timestamp) -> Vec<Finding> {
    const LONG: Duration = Duration::minutes(3);
    let rounds = doorward.rounds.all();
    // For the clock, which is a finding of its own.
    let waits = |name: &str| {
        TASKS.iter().any(|task| task.name == name && task.period.waits_for(&doorward.clock))
    };
    let failed = |(name, round): (&&'static str, &Round)| match &round.failure {
        Some(why) => Some(Mend(format!("The task \"{name}\" failed and is tried again: {why}"))),
        None if now.since(round.at) > LONG && !waits(name) => {
            let minutes = now.since(round.at).whole_minutes();
            Some(Mend(format!("The task \"{name}\" was last done {minutes} minutes ago.")))
        }
        None => None,
    };
    let failed: Vec<Finding> = rounds.iter().filter_map(failed).collect();
    if failed.is_empty() && !rounds.is_empty() {
        return vec![Good(format!("All {} periodic tasks succeed.", rounds.len()))];
    }
    failed
}

/// How many people can log in in a minute, by hashing on all threads for a moment.
async fn hashing(doorward: &Doorward) -> Finding {
    const ROUNDS: usize = 8;
    let Some(password) = Password::parse("how long does this take") else {
        return Mend("This check has a fault.".to_owned());
    };
    let began = Instant::now();
    let hashes = (0..ROUNDS).map(|_| doorward.hasher.hash(&password, Waiter::House));
    for hash in rocket::futures::future::join_all(hashes).await {
        if let Err(error) = hash {
            return Mend(format!("Passwords cannot be hashed: {error}"));
        }
    }
    let a_minute = 60.0 * ROUNDS as f64 / began.elapsed().as_secs_f64();
    Good(format!("This machine does about {a_minute:.0} sign-ins a minute."))
}

fn proxies(doorward: &Doorward) -> Vec<Finding> {
    let trusted = &doorward.settings.web.trusted_proxies;
    if trusted.is_empty() {
        return vec![Look("No proxy is trusted: every client's address is that of its connection. Behind nginx or Caddy (doorward proxy prints their configuration) set trusted_proxies = [\"127.0.0.1\"], or all clients appear to be one.".to_owned())];
    }
    let names: Vec<String> = trusted.iter().map(words::network).collect();
    let mut findings = vec![Good(format!("X-Forwarded-For is trusted from {}.", names.join(", ")))];
    // More than eight addresses are no proxies by their names.
    for wide in trusted.iter().filter(|one| one.max_prefix_len() - one.prefix_len() > 3) {
        findings.push(Look(format!(
            "trusted_proxies has {wide}: everybody in that network can say where a request comes from. Name the addresses of the proxies themselves."
        )));
    }
    findings
}

/// As many log-ins of so many accounts, all from one address, are no coincidence.
const SAME_ADDRESS: (u64, usize) = (100, 5);

/// The address that all clients of the last day seem to have, if there are many
/// people and one address: that of a proxy, most likely.
pub async fn shared_address(db: &DatabaseConnection, now: Timestamp) -> Result<Option<String>> {
    let day = now - Duration::days(1);
    let logins = audit::newest(db, sessions::events::LOGGED_IN, day, SAME_ADDRESS.0).await?;
    let people: HashSet<_> = logins.iter().filter_map(|row| row.target).collect();
    let addresses: HashSet<_> = logins.iter().map(|row| row.address.as_str()).collect();
    let shared = addresses.len() == 1 && people.len() >= SAME_ADDRESS.1;
    Ok(logins.first().filter(|_| shared).map(|login| login.address.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_has_a_fraction_only_where_it_matters() {
        let sizes = [0, 400 << 20, 1 << 30, 7_700 << 20, 74_318 << 20].map(gibibytes);
        assert_eq!(sizes, ["0.0 GiB", "0.3 GiB", "1.0 GiB", "7.5 GiB", "72 GiB"]);
    }
}

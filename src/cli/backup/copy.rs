//! `doorward copy`

use crate::base::error::{Error, Result};
use crate::base::files;
use crate::base::store::{self, Db};
use crate::cli::terminal::say;
use crate::service::settings::Settings;
use crate::service::transfer;

/// Moves everything from one database to another, and checks it.
pub(in crate::cli) async fn copy(from: String, to: String, settings: &Settings) -> Result<()> {
    if [&from, &to].into_iter().any(|url| store::has_password(url)) {
        return Err(Error::broken(
            "Every user of this machine can read the arguments of a command: leave the password out of the address. PostgreSQL's is taken from the variable PGPASSWORD or from ~/.pgpass.",
        ));
    }
    let open = async |url: String| {
        files::check_database(&url)?;
        let db = Db::open(&store::Options {
            url,
            synchronous_full: settings.store.synchronous_full,
            connections: 4,
        })
        .await?;
        db.migrate_up().await?;
        Ok::<_, Error>(db)
    };
    let (from, to) = (open(from).await?, open(to).await?);
    let copied = transfer::copy(&from, &to, |table, rows| {
        say(&format!("{table}: {rows} rows"));
    })
    .await?;
    say(&format!("{copied} rows are in both, and they are the same."));
    for db in [from, to] {
        db.close().await;
    }
    Ok(())
}

//! `doorward serve`: the web server and its background work.

use std::fs::{self, File};
use std::io::IsTerminal;
use std::os::unix::fs::MetadataExt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use rocket::fairing::AdHoc;
use rocket::figment::Figment;
use rocket::futures::FutureExt;
use rocket::tokio;
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};

use crate::base::error::{Error, Result};
use crate::base::metrics;
use crate::base::store::{self, Db, Heard, Listener};
use crate::cli::open::make_data_folder;
use crate::cli::terminal::say;
use crate::domain::audit::{self, Entry, Event, RequestSource};
use crate::domain::one_time;
use crate::service::housekeeping::{self, Period};
use crate::service::settings::{self, Settings};
use crate::service::setup::token as setup_token;
use crate::service::{Doorward, events};
use crate::web;

/// Between two attempts at what failed.
const PAUSE: Duration = Duration::from_millis(500);

pub(super) async fn serve(figment: Figment, settings: Settings) -> Result<()> {
    make_data_folder(&settings)?;
    metrics::start();
    let _lock = lock_database(&settings)?;
    let figment = settings::rocket_config(figment, &settings.data_dir);
    let doorward = Arc::new(Doorward::open(settings).await?);
    // What is revoked must be known before the first request is accepted.
    let now = doorward.clock.now();
    doorward.sessions.sync(now).await?;
    doorward.applications.sync(doorward.db.read()).await?;
    doorward.announce_keys(now).await?;
    let address = doorward.settings.base_url.as_str().to_owned();
    let link = setup_token::renew(&doorward, doorward.clock.now()).await?;
    let own = || Arc::clone(&doorward);
    let (heard, renewed, hung_up) = (own(), own(), own());
    let round = |period| {
        let doorward = own();
        tokio::spawn(kept_up(move || {
            let doorward = Arc::clone(&doorward);
            async move { housekeeping::keep_running(&doorward, period).await }
        }))
    };
    let tasks = [
        round(Period::HalfSecond),
        round(Period::Minute),
        tokio::spawn(kept_up(move || hear_others(Arc::clone(&heard)))),
        tokio::spawn(kept_up(move || renew_setup_token(Arc::clone(&renewed)))),
        tokio::spawn(kept_up(move || reload_keys_on_hangup(Arc::clone(&hung_up)))),
    ];
    let rocket = web::server(figment, Arc::clone(&doorward)).attach(listening(address, link));
    let launched = rocket.launch().await;
    let _no_more = doorward.rounds.stop().await;
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    launched.map_err(failed)?;
    let noted = note(&doorward, events::STOPPED).await;
    doorward.write_at_stop(doorward.clock.now()).await?;
    noted?;
    doorward.db.clone().close().await;
    tracing::info!("app.stop");
    Ok(())
}

/// Says how the first administrator is made: by the link, or, where standard
/// output is kept for others to read, by where its secret is.
fn announce(doorward: &Doorward, link: &str, kept: bool) {
    const YET: &str = "There is no administrator yet.";
    const ELSE: &str = "No browser on this machine? doorward account add NAME EMAIL --role admin";
    if !kept {
        return say(&format!(
            "{YET} Create the first one here, within the hour:\n\n    {link}\n\n{ELSE}\n"
        ));
    }
    let Settings { base_url, data_dir, .. } = &doorward.settings;
    let (base, file) = (base_url.as_str(), data_dir.join(setup_token::FILE));
    say(&format!(
        "{YET} To create the first one, open {base}/setup with ?token= and the content of the file {} after it, within the hour.\n{ELSE}",
        file.display()
    ));
}

/// Whether standard output is systemd's journal, which more people read and
/// which is kept for long (`JOURNAL_STREAM` in systemd.exec(5)).
fn stdout_keeps() -> bool {
    let Some(journal) = std::env::var_os("JOURNAL_STREAM") else { return false };
    let here = rustix::fs::fstat(std::io::stdout());
    here.is_ok_and(|here| journal.to_str() == Some(&format!("{}:{}", here.st_dev, here.st_ino)))
}

/// Says that it listens, and where the first administrator is made; writes it
/// down. Not before: a link to a server that does not start misleads.
fn listening(address: String, setup_link: Option<String>) -> AdHoc {
    AdHoc::on_liftoff("listening", |rocket| {
        Box::pin(async move {
            let doorward: &Arc<Doorward> = rocket.state().expect("the service is managed");
            if let Some(link) = setup_link {
                announce(doorward, &link, stdout_keeps());
            }
            say(&format!("Doorward is at {address}"));
            if let Err(error) = note(doorward, events::STARTED).await {
                tracing::error!(%error, "the start cannot be recorded");
            }
        })
    })
}

async fn note(doorward: &Doorward, event: Event) -> Result<()> {
    let origin = RequestSource::command_line();
    let told =
        Entry::of_service(event, &origin).with(json!({ "version": env!("CARGO_PKG_VERSION") }));
    audit::record(doorward.db.write(), told, doorward.clock.now()).await?;
    Ok(())
}

fn failed(error: rocket::Error) -> Error {
    use rocket::error::ErrorKind;
    Error::broken(match error.kind() {
        ErrorKind::Bind(why) => format!(
            "The address and port cannot be listened on: {why}. Is another server running? Set `port` in Rocket.toml or ROCKET_PORT."
        ),
        ErrorKind::Io(why) => format!("The server cannot run: {why}."),
        other => format!("The server cannot start: {other}."),
    })
}

/// One server for one SQLite file: a second one would not learn in time what
/// the first revokes. Other commands may work at the same time.
pub(super) fn lock_database(settings: &Settings) -> Result<Option<File>> {
    let Some(file) = store::sqlite_file(&settings.store.url) else { return Ok(None) };
    let lock = file.with_extension("lock");
    let failed = |why: std::io::Error| {
        Error::broken(format!("The file {} cannot be created: {why}.", lock.display()))
    };
    loop {
        let opened = File::create(&lock).map_err(failed)?;
        if opened.try_lock().is_err() {
            return Err(Error::broken(format!(
                "Another Doorward already serves {}. Stop it first, or use PostgreSQL for several.",
                file.display()
            )));
        }
        // The holder before may have removed it in between: then others lock another file.
        let ours = opened.metadata().map_err(failed)?;
        let there = fs::metadata(&lock);
        if there.is_ok_and(|there| (there.dev(), there.ino()) == (ours.dev(), ours.ino())) {
            return Ok(Some(opened));
        }
    }
}

/// A task that goes on after a panic, which is logged where it happens: without
/// it nobody would learn of revocations any more (ASVS V16.5.4).
async fn kept_up<F: Future<Output = ()>>(task: impl Fn() -> F) {
    while AssertUnwindSafe(task()).catch_unwind().await.is_err() {
        tokio::time::sleep(PAUSE).await;
    }
}

/// Reads what other servers revoked as soon as they notify this one. The task
/// that reads twice a second catches what is missed if a notification is lost.
async fn hear_others(doorward: Arc<Doorward>) {
    if !doorward.settings.database_notify {
        return;
    }
    loop {
        match Db::listen(&doorward.database()).await {
            Ok(None) => return,
            Ok(Some(listener)) => {
                let lost = hear(&doorward, listener).await;
                tracing::warn!(error = %lost, "other servers cannot be heard");
            }
            Err(error) => tracing::warn!(%error, "other servers cannot be heard"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Until the connection is lost; returns how.
async fn hear(doorward: &Doorward, mut listener: Listener) -> Error {
    // Whatever was said before is read from the table.
    let mut heard = Heard::Gap;
    loop {
        let index = &doorward.sessions.index;
        if heard == Heard::Gap {
            index.reread();
        }
        let read = async {
            index.read_tail(doorward.db.read(), doorward.clock.now()).await?;
            doorward.applications.sync(doorward.db.read()).await
        };
        if let Err(error) = read.await {
            return error;
        }
        heard = match listener.hear().await {
            Ok(heard) => heard,
            Err(error) => return error,
        };
    }
}

async fn renew_setup_token(doorward: Arc<Doorward>) {
    let life = Duration::from_secs(one_time::SETUP_LIFE.whole_seconds().unsigned_abs());
    loop {
        tokio::time::sleep(life).await;
        match setup_token::renew(&doorward, doorward.clock.now()).await {
            // Once is enough where it is kept.
            Ok(Some(link)) => announce(&doorward, &link, !std::io::stdout().is_terminal()),
            Ok(None) => return,
            Err(error) => tracing::error!(%error, "the setup token cannot be renewed"),
        }
    }
}

async fn reload_keys_on_hangup(doorward: Arc<Doorward>) {
    let Ok(mut hangups) = signal(SignalKind::hangup()) else { return };
    while hangups.recv().await.is_some() {
        match doorward.keys.reload() {
            Ok(_) => tracing::info!("keys are read again"),
            Err(error) => tracing::error!(%error, "keys cannot be read"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    #[tokio::test]
    async fn a_task_that_panicked_is_begun_again() {
        let begun = AtomicU32::new(0);
        kept_up(async || assert_ne!(begun.fetch_add(1, Ordering::Relaxed), 0, "once")).await;
        assert_eq!(begun.into_inner(), 2);
    }
}

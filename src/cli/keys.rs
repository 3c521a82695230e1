//! `doorward keys …`

use clap::{Subcommand, ValueEnum};
use time::Duration;

use crate::base::error::{Error, Result};
use crate::base::keys::Purpose;
use crate::base::keys::in_use;
use crate::base::timestamp::Timestamp;
use crate::cli::terminal::say;
use crate::domain::audit::{self, Entry, Event, RequestSource};
use crate::domain::sessions::Actor;
use crate::domain::sessions::tokens::access::LEEWAY;
use crate::domain::throttle::known_browser;
use crate::service::Doorward;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the keys, without their secrets
    List,
    /// Make a new key that signs at once; the old one verifies until all it signed has expired
    Rotate {
        /// What the key is for
        #[arg(value_enum, default_value = "access")]
        purpose: PurposeName,
    },
    /// Go on with the keys that are there, or with new ones, where the former are lost; everybody has to log in again
    Adopt,
    /// Stop accepting a key at once; sessions that rest on it end
    Revoke {
        /// The key's name, from `keys list`
        kid: String,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum PurposeName {
    Access,
    Refresh,
    Form,
    Message,
    /// Cookies and device tokens of known browsers and scripts
    Browser,
    /// Hides what is counted; with another key, every count starts from zero
    Throttle,
    /// Goes into password hashes; the first one is made by rotating
    Password,
}

impl From<PurposeName> for Purpose {
    fn from(name: PurposeName) -> Self {
        match name {
            PurposeName::Access => Self::Access,
            PurposeName::Refresh => Self::Refresh,
            PurposeName::Form => Self::Form,
            PurposeName::Message => Self::Message,
            PurposeName::Browser => Self::Browser,
            PurposeName::Throttle => Self::Throttle,
            PurposeName::Password => Self::Password,
        }
    }
}

pub(super) async fn run(command: Command, doorward: &Doorward) -> Result<()> {
    let now = doorward.clock.now();
    match command {
        Command::List => list(doorward, now),
        Command::Adopt => adopt(doorward, now).await?,
        Command::Rotate { purpose } => {
            let (purpose, life) = (Purpose::from(purpose), life(doorward, purpose.into()));
            let kid = doorward.keys.change(|ring| Ok(ring.rotate(purpose, life, now)))?;
            note(doorward, Event::KeyRotated, &kid, now).await?;
            say(&kid);
        }
        Command::Revoke { kid } => {
            let gone = doorward.keys.change(|ring| ring.revoke(&kid, now));
            let purpose = gone.map_err(|error| match error {
                Error::NotFound => Error::broken(format!("The ring has no key {kid:?}.")),
                other => other,
            })?;
            note(doorward, Event::KeyRevoked, &kid, now).await?;
            if purpose == Purpose::Refresh {
                let ended = doorward.sessions.end_of_key(&kid, now).await?;
                say(&format!("{ended} sessions ended"));
            }
        }
    }
    Ok(())
}

/// Nothing that was signed before is accepted any more.
async fn adopt(doorward: &Doorward, now: Timestamp) -> Result<()> {
    let origin = RequestSource::command_line();
    let ended = doorward.sessions.end_after_restore(Actor::operator(&origin), now).await?;
    in_use::forget(&doorward.db).await?;
    in_use::note(&doorward.db, &doorward.keys.ring(), now).await?;
    note(doorward, Event::KeyRevoked, "of all that were in use", now).await?;
    say(&format!("{ended} sessions ended. Give every server these keys."));
    Ok(())
}

/// How long what a key of this purpose signed can be good.
fn life(doorward: &Doorward, purpose: Purpose) -> Duration {
    let settings = &doorward.settings;
    match purpose {
        Purpose::Access => settings.access_token_life + LEEWAY,
        Purpose::Refresh | Purpose::Form => {
            settings.sessions.remember_absolute.max(settings.sessions.absolute)
        }
        Purpose::Message => Duration::minutes(2),
        Purpose::Browser => known_browser::LIFE,
        // Signs nothing; and a key of passwords is good until it is revoked.
        Purpose::Throttle | Purpose::Password => Duration::ZERO,
    }
}

fn list(doorward: &Doorward, now: Timestamp) {
    let ring = doorward.keys.ring();
    for key in ring.all() {
        let state = match (key.revoked_at, key.verify_until) {
            (Some(at), _) => format!("revoked {}", at.iso()),
            (None, Some(until)) if key.verifies(now) => format!("verifies until {}", until.iso()),
            (None, Some(_)) => "expired".to_owned(),
            (None, None) => "signs".to_owned(),
        };
        let (kid, purpose, made) = (&key.kid, key.purpose.name(), key.created_at.iso());
        say(&format!("{kid}\t{purpose}\t{made}\t{state}"));
    }
}

async fn note(doorward: &Doorward, event: Event, kid: &str, now: Timestamp) -> Result<()> {
    let origin = RequestSource::command_line();
    let told = Entry::of_service(event, &origin).with(format!("key {kid}"));
    audit::record(doorward.db.write(), told, now).await?;
    Ok(())
}

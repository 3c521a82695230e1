//! `doorward keys …`

use clap::{Subcommand, ValueEnum};
use time::Duration;

use super::say;
use crate::Doorward;
use crate::audit::{self, Entry, Event, Origin};
use crate::error::{Error, Result};
use crate::keys::Purpose;
use crate::sessions::access_token::LEEWAY;
use crate::timestamp::Timestamp;

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
    /// Stop believing a key at once; sessions that rest on it end
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
}

impl From<PurposeName> for Purpose {
    fn from(name: PurposeName) -> Self {
        match name {
            PurposeName::Access => Self::Access,
            PurposeName::Refresh => Self::Refresh,
            PurposeName::Form => Self::Form,
            PurposeName::Message => Self::Message,
        }
    }
}

pub(super) async fn run(command: Command, doorward: &Doorward, now: Timestamp) -> Result<()> {
    match command {
        Command::List => list(doorward, now),
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

/// How long what a key of this purpose signed can be good.
fn life(doorward: &Doorward, purpose: Purpose) -> Duration {
    let settings = &doorward.settings;
    match purpose {
        Purpose::Access => settings.access_token_life + LEEWAY,
        Purpose::Refresh | Purpose::Form => {
            settings.remember_absolute.max(settings.session_absolute)
        }
        Purpose::Message => Duration::minutes(2),
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
    let origin = Origin::command_line();
    let told = Entry::of_service(event, &origin).with(format!("key {kid}"));
    audit::record(doorward.db.write(), told, now).await?;
    Ok(())
}

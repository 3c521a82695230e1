//! `doorward keys …`

use clap::Subcommand;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use serde_json::{Value, json};

use crate::base::error::{Error, Result};
use crate::base::keys::{Lives, Purpose, in_use};
use crate::base::timestamp::Timestamp;
use crate::cli::listing::Listing;
use crate::cli::terminal::{count, say};
use crate::domain::audit::{self, Entry, Event, RequestSource};
use crate::domain::sessions::Actor;
use crate::domain::sessions::tokens::access::LEEWAY;
use crate::domain::throttle::known_browser;
use crate::service::{Doorward, events};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the keys, without their secrets
    List {
        /// Print a JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Create a new key that signs at once, or once it was announced; the old one verifies until all it signed has expired
    Rotate {
        /// What the key is for
        #[arg(value_parser = purposes(), default_value = "access")]
        purpose: Purpose,
    },
    /// Accept the present keys, or create new ones, after the former ones were lost; everyone has to sign in again
    Adopt,
    /// Stop accepting a key at once; sessions that depend on it end
    Revoke {
        /// The key's name, from `keys list`
        kid: String,
    },
}

/// The purposes, as the table of them names and describes them.
fn purposes() -> impl TypedValueParser<Value = Purpose> {
    let values = Purpose::ALL.map(Purpose::about);
    let values = values.map(|about| PossibleValue::new(about.name).help(about.words));
    PossibleValuesParser::new(values).try_map(|name| Purpose::parse(&name).ok_or(name))
}

pub(super) async fn run(command: Command, doorward: &Doorward) -> Result<()> {
    let now = doorward.clock.now();
    match command {
        Command::List { json } => list(doorward, json, now),
        Command::Adopt => adopt(doorward, now).await?,
        Command::Rotate { purpose } => {
            let life = purpose.about().life.length(lives(doorward));
            let kid = doorward.keys.change(|ring| Ok(ring.rotate(purpose, life, now)))?;
            note(doorward, events::KEY_ROTATED, json!({ "kid": kid }), now).await?;
            say(&kid);
        }
        Command::Revoke { kid } => {
            let gone = doorward.keys.change(|ring| ring.revoke(&kid, now));
            let purpose = gone.map_err(|error| match error {
                Error::NotFound => Error::broken(format!("The ring has no key {kid:?}.")),
                other => other,
            })?;
            note(doorward, events::KEY_REVOKED, json!({ "kid": kid }), now).await?;
            if purpose == Purpose::Refresh {
                let ended = doorward.sessions.end_of_key(&kid, now).await?;
                say(&format!("{} ended", count(ended, "session")));
            }
        }
    }
    Ok(())
}

/// Nothing that was signed before is accepted any more.
async fn adopt(doorward: &Doorward, now: Timestamp) -> Result<()> {
    let origin = RequestSource::command_line();
    let ended = doorward.sessions.end_after_restore(Actor::operator(&origin), now).await?;
    accept_present(doorward, now).await?;
    say(&format!("{} ended. Give every server these keys.", count(ended, "session")));
    Ok(())
}

/// Takes the present keys for those that the database was served with.
pub(super) async fn accept_present(doorward: &Doorward, now: Timestamp) -> Result<()> {
    in_use::forget(&doorward.db).await?;
    in_use::note(&doorward.db, &doorward.keys.ring(), now).await?;
    note(doorward, events::KEY_REVOKED, json!({ "all_in_use": true }), now).await
}

fn lives(doorward: &Doorward) -> Lives {
    let settings = &doorward.settings;
    Lives {
        access_token: settings.access_token_life + LEEWAY,
        session: settings.sessions.remember_absolute.max(settings.sessions.absolute),
        known_browser: known_browser::LIFE,
    }
}

fn list(doorward: &Doorward, json: bool, now: Timestamp) {
    let ring = doorward.keys.ring();
    let mut listing = Listing::new(json, ["KEY", "PURPOSE", "CREATED", "STATE"]);
    let mut add = |kid: &str, purpose: &str, created: Option<String>, state: String| {
        let object =
            json!({ "key": kid, "purpose": purpose, "created_at": created, "state": state });
        let created = created.unwrap_or_default();
        listing.add(&object, [kid.to_owned(), purpose.to_owned(), created, state]);
    };
    for key in ring.all() {
        let state = match (key.revoked_at, key.verify_until) {
            (Some(at), _) => format!("revoked {}", at.iso()),
            (None, Some(until)) if key.verifies(now) => format!("verifies until {}", until.iso()),
            (None, Some(_)) => "expired".to_owned(),
            (None, None) => match key.signs_from.filter(|from| now < *from) {
                Some(from) => format!("signs from {}", from.iso()),
                None => "signs".to_owned(),
            },
        };
        add(&key.kid, key.purpose.name(), Some(key.created_at.iso()), state);
    }
    for key in ring.unknown() {
        add(&key.kid, &key.purpose, None, "of a later version".to_owned());
    }
    listing.end();
}

async fn note(doorward: &Doorward, event: Event, data: Value, now: Timestamp) -> Result<()> {
    let origin = RequestSource::command_line();
    let told = Entry::of_service(event, &origin).with(data);
    audit::record(doorward.db.write(), told, now).await?;
    Ok(())
}

//! `doorward session …`. A running server applies what it writes within a second.

use clap::{Args, Subcommand};
use serde_json::json;

use crate::base::error::{Error, Result};
use crate::base::network;
use crate::base::timestamp::Timestamp;
use crate::cli::account::find;
use crate::cli::listing::Listing;
use crate::cli::terminal::{confirm, count, say};
use crate::domain::administration::{self, BulkAction};
use crate::domain::audit::RequestSource;
use crate::domain::personal_tokens;
use crate::domain::sessions::search::{self, Filter};
use crate::domain::sessions::{self, Actor, SessionId};
use crate::service::Doorward;

#[derive(Subcommand)]
pub(super) enum SessionCommand {
    /// List live sessions, the newest first
    List {
        /// Only those of this account
        name: Option<String>,
        /// Print a JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// End sessions
    Revoke(Revoke),
}

#[derive(Args)]
pub(super) struct Revoke {
    #[command(flatten)]
    which: Which,
    /// Do not ask before every session is ended
    #[arg(long)]
    yes: bool,
    /// With --everyone: also revoke all personal tokens
    #[arg(long, requires = "everyone")]
    tokens: bool,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// One session, by its name from `session list`
    #[arg(allow_hyphen_values = true, value_parser = parse_sid)]
    sid: Option<SessionId>,
    /// All sessions of this account
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
    /// All sessions from this address or range
    #[arg(long, value_name = "ADDRESS")]
    address: Option<String>,
    /// Every session there is
    #[arg(long)]
    everyone: bool,
}

/// Such a name may begin with a hyphen; a mistyped option is none.
fn parse_sid(text: &str) -> Result<SessionId, &'static str> {
    SessionId::parse(text)
        .ok_or("a session is named by 22 characters, as `session list` shows them")
}

pub(super) async fn run_session(command: SessionCommand, doorward: &Doorward) -> Result<()> {
    let now = doorward.clock.now();
    let origin = RequestSource::command_line();
    match command {
        SessionCommand::List { name, json } => {
            let db = doorward.db.read();
            let live = match name {
                Some(name) => sessions::live_of(db, find(doorward, &name).await?.id, now).await?,
                None => search::screen(db, &Filter::default(), None, 10_000, now).await?.0,
            };
            let head = ["SESSION", "ACCOUNT", "STARTED", "LAST USED", "ADDRESS", "DEVICE"];
            let mut listing = Listing::new(json, head);
            for session in live {
                let (started, seen) = (session.created_at.iso(), session.last_seen_at.iso());
                let (sid, account) = (session.sid.to_string(), session.account.to_string());
                let RequestSource { address, user_agent, .. } = session.origin;
                let object = json!({
                    "session": sid,
                    "account": account,
                    "started_at": started,
                    "last_used_at": seen,
                    "address": address,
                    "device": user_agent,
                });
                let cells = [sid, account, started, seen, address.to_string(), user_agent];
                listing.add(&object, cells);
            }
            listing.end();
        }
        SessionCommand::Revoke(Revoke { which: Which { account: Some(name), .. }, .. }) => {
            let id = find(doorward, &name).await?.id;
            let (deed, actor) = (BulkAction::EndSessions, Actor::operator(&origin));
            let done = administration::apply(&doorward.sessions, deed, &[id], actor, now).await?;
            say(&format!("{} ended", count(done.sessions, "session")));
        }
        SessionCommand::Revoke(Revoke { which: Which { everyone: true, .. }, yes, tokens }) => {
            confirm("End every session there is?", yes)?;
            let actor = Actor::operator(&origin);
            if tokens {
                let ended =
                    personal_tokens::revoke_everyones(&doorward.sessions, actor, now).await?;
                say(&format!("{} revoked", count(ended, "token")));
            }
            let ended = doorward.sessions.end_everything(actor, now).await?;
            say(&format!("{} ended", count(ended, "session")));
        }
        SessionCommand::Revoke(Revoke { which: Which { address: Some(address), .. }, .. }) => {
            let addresses = network::parse(&address);
            let addresses = addresses.ok_or_else(|| {
                Error::broken("An address is written like 192.0.2.7, a range like 192.0.2.0/24.")
            })?;
            let filter = Filter { addresses: Some(addresses), ..Filter::default() };
            let (found, _) =
                search::screen(doorward.db.read(), &filter, None, 100_000, now).await?;
            let sids: Vec<SessionId> = found.iter().map(|session| session.sid).collect();
            let actor = Actor::operator(&origin);
            let ended = doorward.sessions.end_by_staff(&sids, actor, now).await?;
            say(&format!("{} ended", count(ended, "session")));
        }
        SessionCommand::Revoke(Revoke { which: Which { sid, .. }, .. }) => {
            end(doorward, sid, &origin, now).await?;
        }
    }
    Ok(())
}

async fn end(
    doorward: &Doorward,
    sid: Option<SessionId>,
    origin: &RequestSource,
    now: Timestamp,
) -> Result<()> {
    let none = || Error::broken("There is no live session of that name.");
    let sid = sid.ok_or_else(none)?;
    match doorward.sessions.end_by_staff(&[sid], Actor::operator(origin), now).await? {
        0 => Err(none()),
        _ => Ok(()),
    }
}

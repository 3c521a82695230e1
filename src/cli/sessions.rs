//! `doorward session …` and `doorward token …`. A running server takes up what
//! they write within a second.

use clap::{Args, Subcommand};
use uuid::Uuid;

use super::{find, say, secret};
use crate::Doorward;
use crate::administration::{self, Actor};
use crate::audit::Origin;
use crate::error::{Error, Result};
use crate::secrets;
use crate::sessions::refresh_token::RefreshToken;
use crate::sessions::{self, SessionId};
use crate::timestamp::Timestamp;

#[derive(Subcommand)]
pub(super) enum SessionCommand {
    /// List live sessions, the one used last first
    List {
        /// Only those of this account
        name: Option<String>,
    },
    /// End sessions
    Revoke(Which),
}

#[derive(Args)]
#[group(required = true, multiple = false)]
pub(super) struct Which {
    /// One session, by its name from `session list`
    sid: Option<String>,
    /// All sessions of this account
    #[arg(long, value_name = "NAME")]
    account: Option<String>,
}

#[derive(Subcommand)]
pub(super) enum TokenCommand {
    /// Revoke one access token, or the session of a refresh token
    Revoke {
        /// The token's `jti`; leave it out to pass a whole token on standard input
        #[arg(value_name = "JTI-OR-TOKEN")]
        token: Option<String>,
    },
}

pub(super) async fn run_session(
    command: SessionCommand,
    doorward: &Doorward,
    now: Timestamp,
) -> Result<()> {
    let origin = Origin::command_line();
    match command {
        SessionCommand::List { name } => {
            let db = doorward.db.read();
            let live = match name {
                Some(name) => sessions::live_of(db, find(doorward, &name).await?.id, now).await?,
                None => sessions::live(db, 10_000, now).await?,
            };
            for session in live {
                let (started, seen) = (session.created_at.iso(), session.last_seen_at.iso());
                let (sid, account) = (session.sid, session.account);
                let Origin { address, user_agent, .. } = session.origin;
                say(&format!("{sid}\t{account}\t{started}\t{seen}\t{address}\t{user_agent}"));
            }
        }
        SessionCommand::Revoke(Which { account: Some(name), .. }) => {
            let id = find(doorward, &name).await?.id;
            let actor = Actor { account: None, origin: &origin };
            let ended = administration::end_sessions(&doorward.sessions, id, actor, now).await?;
            say(&format!("{ended} sessions ended"));
        }
        SessionCommand::Revoke(Which { sid, .. }) => {
            let sid = sid.as_deref().and_then(SessionId::parse);
            end(doorward, sid, &origin, now).await?;
        }
    }
    Ok(())
}

async fn end(
    doorward: &Doorward,
    sid: Option<SessionId>,
    origin: &Origin,
    now: Timestamp,
) -> Result<()> {
    let none = || Error::broken("There is no live session of that name.");
    let sid = sid.ok_or_else(none)?;
    match doorward.sessions.end_by_staff(sid, None, origin, now).await {
        Err(Error::NotFound) => Err(none()),
        done => done,
    }
}

pub(super) async fn run_token(
    command: TokenCommand,
    doorward: &Doorward,
    now: Timestamp,
) -> Result<()> {
    let TokenCommand::Revoke { token } = command;
    let origin = Origin::command_line();
    let token = match token {
        Some(token) if token != "-" => zeroize::Zeroizing::new(token),
        _ => secret("Token: ", !std::io::IsTerminal::is_terminal(&std::io::stdin()))?,
    };
    let token = token.trim();
    if let Some(refresh) = RefreshToken::parse(token) {
        return end(doorward, Some(refresh.sid), &origin, now).await;
    }
    let jti = secrets::decode_id(token)
        .or_else(|| Uuid::try_parse(token).ok())
        .or_else(|| doorward.sessions.token_id(token, now))
        .ok_or_else(|| Error::broken("That is neither a `jti` nor a token of this service."))?;
    doorward.sessions.revoke_token(jti, None, &origin, now).await
}

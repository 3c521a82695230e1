//! `doorward token …`: personal tokens, and access tokens one by one. A running
//! server applies what it writes within a second.

use clap::{Args, Subcommand};
use serde_json::json;
use uuid::Uuid;

use crate::base::error::{Error, Result};
use crate::base::secrets;
use crate::cli::account::{find, parse_roles};
use crate::cli::listing::Listing;
use crate::cli::terminal::{explain, say, secret, warn};
use crate::domain::personal_tokens::{self, Expiry, NewToken, Reach};
use crate::domain::sessions::{self, Actor};
use crate::service::Doorward;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Create a personal token for an account and print it, once
    Add(New),
    /// List the personal tokens of an account
    List {
        /// User name or e-mail address
        name: String,
        /// Print a JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Revoke a personal token, an access token, or the session of a refresh token
    Revoke {
        /// The personal token's name from `token list`, or the access token's `jti`; leave it
        /// out to pass a whole token on standard input
        #[arg(value_name = "JTI-OR-TOKEN", allow_hyphen_values = true)]
        token: Option<String>,
    },
}

#[derive(Args)]
pub(super) struct New {
    /// User name or e-mail address of the account
    name: String,
    /// What the token is called
    #[arg(long, default_value = "command line")]
    title: String,
    /// Short name of an application that it opens; may be given more than once
    #[arg(long = "application", value_name = "SLUG", required_unless_present = "all_applications")]
    applications: Vec<String>,
    /// It opens every application there is and will be
    #[arg(long, conflicts_with = "applications")]
    all_applications: bool,
    /// A role of the account that it has; may be given more than once; all if none is given
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// A network or address that it is good from; may be given more than once
    #[arg(long = "network", value_name = "NETWORK")]
    networks: Vec<String>,
    /// How many days it is good
    #[arg(long, default_value_t = 90)]
    days: u32,
    /// It is good until it is revoked, where `personal_token_max_days` is 0
    #[arg(long, conflicts_with = "days")]
    never_expires: bool,
}

pub(super) async fn run(command: Command, doorward: &Doorward, actor: Actor<'_>) -> Result<()> {
    let now = doorward.clock.now();
    match command {
        Command::Add(new) => {
            let account = find(doorward, &new.name).await?;
            let wanted = wanted(&new, doorward).await?;
            let most = doorward.settings.personal_token_max_days;
            let (sessions, what) = (&doorward.sessions, (&wanted, most));
            let made = personal_tokens::make_for(sessions, account.id, what, actor, now).await?;
            explain("Store this token now. It is not shown again:");
            say(&made.text);
            Ok(())
        }
        Command::List { name, json } => list(doorward, &name, json).await,
        Command::Revoke { token } => revoke(doorward, token, actor).await,
    }
}

async fn wanted(new: &New, doorward: &Doorward) -> Result<NewToken> {
    doorward.applications.sync(doorward.db.read()).await?;
    let catalog = doorward.applications.current();
    let id = |slug: &String| {
        let found = catalog.by_slug(slug).map(|found| found.id);
        found.ok_or_else(|| Error::broken(format!("There is no application {slug:?}.")))
    };
    let reach = match new.all_applications {
        true => Reach::All,
        false => Reach::These(new.applications.iter().map(id).collect::<Result<Vec<Uuid>>>()?),
    };
    let expiry = if new.never_expires { Expiry::Never } else { Expiry::Days(new.days) };
    let wanted = NewToken::parse(&new.title, reach, expiry)?;
    let wanted = wanted.within(new.networks.iter().map(String::as_str))?;
    match &new.roles[..] {
        [] => Ok(wanted),
        roles => Ok(wanted.with_roles(parse_roles(doorward, roles).await?)),
    }
}

async fn list(doorward: &Doorward, name: &str, json: bool) -> Result<()> {
    let (db, now) = (doorward.db.read(), doorward.clock.now());
    let account = find(doorward, name).await?;
    let head = ["TOKEN", "TITLE", "ENDS WITH", "CREATED", "EXPIRES", "LAST USED", "STATE"];
    let mut listing = Listing::new(json, head);
    for token in personal_tokens::of_account(db, account.id, now).await? {
        let id = secrets::encode_id(token.id);
        let roles: Vec<&str> = token.roles.names().collect();
        let expires = token.expires_at.map(|at| at.iso());
        let used = token.last_used_at.map(|at| at.iso());
        let object = json!({
            "token": id,
            "title": token.name,
            "ends_with": token.hint,
            "roles": roles,
            "created_at": token.created_at.iso(),
            "expires_at": expires,
            "last_used_at": used,
            "last_used_address": token.last_used_address,
            "state": token.state.name(),
        });
        let or_never = |time: Option<String>| time.unwrap_or_else(|| "never".to_owned());
        let (created, state) = (token.created_at.iso(), token.state.name().to_owned());
        let (expires, used) = (or_never(expires), or_never(used));
        listing.add(&object, [id, token.name, token.hint, created, expires, used, state]);
    }
    listing.end();
    Ok(())
}

async fn revoke(doorward: &Doorward, token: Option<String>, actor: Actor<'_>) -> Result<()> {
    let now = doorward.clock.now();
    let token = match token {
        Some(token) if token != "-" => {
            if token.contains('.') || personal_tokens::is_ours(&token) {
                warn(
                    "Every user of this machine can read the arguments of a command: a whole token is better passed on standard input.",
                );
            }
            zeroize::Zeroizing::new(token)
        }
        _ => secret("Token: ", !std::io::IsTerminal::is_terminal(&std::io::stdin()))?,
    };
    let sessions = &doorward.sessions;
    if let Some(id) = personal_tokens::named(doorward.db.read(), &token).await? {
        return match personal_tokens::revoke_by_staff(sessions, id, actor, now).await {
            Err(Error::NotFound) => Err(Error::broken("That token was revoked already.")),
            done => done,
        };
    }
    let named = sessions.named(&token, now).ok_or(sessions::refusals::UNKNOWN_TOKEN)?;
    if sessions.revoke_named(named, actor, now).await? {
        Ok(())
    } else {
        Err(Error::broken("That session was over already."))
    }
}

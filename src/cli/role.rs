//! `doorward role …`

use clap::Subcommand;
use serde_json::json;

use crate::base::error::Result;
use crate::cli::listing::Listing;
use crate::cli::terminal::{count, say};
use crate::domain::accounts::custom_roles;
use crate::domain::accounts::names::RoleName;
use crate::domain::administration;
use crate::domain::sessions::Actor;
use crate::service::Doorward;
use crate::service::words::BUILT_IN_ROLES;

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the roles, each with its number of accounts
    List {
        /// Print a JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Create a role, for rules of applications and for programs that read /api/me
    Add {
        /// 2 to 32 lowercase letters, digits and hyphens, beginning with a letter
        name: String,
        /// Description
        #[arg(default_value = "")]
        description: String,
    },
    /// Rename a role, also for all accounts that have it
    Rename {
        /// The current name
        from: String,
        /// The new name
        to: String,
    },
    /// Remove a role, also from all accounts that have it
    Remove {
        /// Its name
        name: String,
    },
}

pub(super) async fn run(command: Command, doorward: &Doorward, actor: Actor<'_>) -> Result<()> {
    let now = doorward.clock.now();
    let (db, sessions) = (doorward.db.read(), &doorward.sessions);
    let own = custom_roles::list(db).await?;
    match command {
        Command::List { json } => {
            let mut listing = Listing::new(json, ["NAME", "ACCOUNTS", "DESCRIPTION"]);
            let built_in = BUILT_IN_ROLES.into_iter();
            let own = own.iter().map(|role| (role.name.as_str(), role.description.as_str()));
            for (name, words) in built_in.chain(own) {
                let holders = custom_roles::holders(db, name).await?;
                let object = json!({ "name": name, "accounts": holders, "description": words });
                listing.add(&object, [name.to_owned(), holders.to_string(), words.to_owned()]);
            }
            listing.end();
        }
        Command::Add { name, description } => {
            let name = RoleName::parse(&name)?;
            administration::create_role(sessions, &name, &description, actor, now).await?;
        }
        Command::Rename { from, to } => {
            let to = RoleName::parse(&to)?;
            let words = own.iter().find(|role| role.name == from);
            let words = words.map_or("", |role| &role.description);
            administration::rename_role(sessions, &from, &to, words, actor, now).await?;
        }
        Command::Remove { name } => {
            let holders = administration::remove_role(sessions, &name, actor, now).await?;
            say(&format!("removed from {}", count(holders, "account")));
        }
    }
    Ok(())
}

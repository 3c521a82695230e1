//! `doorward account …`

mod find;
mod roles;
mod show;

use clap::Subcommand;

pub(super) use self::find::find;
pub(in crate::cli) use self::roles::parse as parse_roles;

use crate::base::error::Result;
use crate::cli::terminal::{confirm, new_password, say};
use crate::domain::accounts::names::{DisplayName, EmailAddress, Username};
use crate::domain::accounts::{Account, NewAccount};
use crate::domain::administration::{self, BulkAction, Change, Edit};
use crate::domain::audit::RequestSource;
use crate::domain::sessions::Actor;
use crate::service::Doorward;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Create an account
    Add {
        /// User name
        name: String,
        /// E-mail address
        #[arg(required_unless_present = "service")]
        email: Option<String>,
        /// An account of a program: it never signs in, and uses personal tokens
        #[arg(long, conflicts_with_all = ["email", "password_stdin"])]
        service: bool,
        /// A role; may be given more than once
        #[arg(long = "role", value_name = "ROLE")]
        roles: Vec<String>,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// List accounts by name
    List {
        /// Only accounts with this in a name or e-mail address (one or two letters alone: only user names that begin so)
        #[arg(default_value = "")]
        search: String,
        /// Print a JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Show one account
    Show {
        /// User name or e-mail address
        name: String,
        /// Print one JSON object
        #[arg(long)]
        json: bool,
    },
    /// Change the user name of an account
    Rename {
        /// User name or e-mail address
        name: String,
        /// The new user name
        new: String,
    },
    /// Change the e-mail address of an account
    SetEmail {
        /// User name or e-mail address
        name: String,
        /// The new e-mail address
        email: String,
    },
    /// Change what an account is called on pages
    SetDisplayName {
        /// User name or e-mail address
        name: String,
        /// The new display name; "" removes it
        text: String,
    },
    /// Replace all roles of an account
    SetRoles {
        /// User name or e-mail address
        name: String,
        /// The new roles; none removes all
        roles: Vec<String>,
    },
    /// Give an account roles in addition to those it has
    AddRole {
        /// User name or e-mail address
        name: String,
        /// Roles that exist
        #[arg(required = true)]
        roles: Vec<String>,
    },
    /// Take roles away from an account
    RemoveRole {
        /// User name or e-mail address
        name: String,
        /// Roles that it has
        #[arg(required = true)]
        roles: Vec<String>,
    },
    /// Disable an account and end its sessions
    Disable {
        /// User name or e-mail address
        name: String,
    },
    /// Enable an account again
    Enable {
        /// User name or e-mail address
        name: String,
    },
    /// Reset failed sign-ins, so that the next attempt is accepted at once
    Forgive {
        /// User name or e-mail address
        name: String,
    },
    /// Set a password and end all sessions
    Password {
        /// User name or e-mail address
        name: String,
        /// Read the password from standard input
        #[arg(long)]
        password_stdin: bool,
    },
    /// Delete an account and all data stored about it
    Delete {
        /// User name or e-mail address
        name: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
}

pub(super) async fn run(command: Command, doorward: &Doorward) -> Result<()> {
    let now = doorward.clock.now();
    let origin = RequestSource::command_line();
    let actor = Actor::operator(&origin);
    let sessions = &doorward.sessions;
    let edit = async |name: &str, names: Edit| {
        let id = find(doorward, name).await?.id;
        administration::edit(sessions, &doorward.throttle, id, &names, actor, now).await
    };
    match command {
        Command::Add { name, email, service, roles, password_stdin } => {
            let roles = roles::parse(doorward, &roles).await?;
            let (username, credentials) = (Username::parse(&name)?, doorward.credentials());
            let account = if service {
                administration::add_service(&credentials, &username, roles, actor, now).await?
            } else {
                let email = EmailAddress::parse(&email.unwrap_or_default())?;
                let password = new_password(password_stdin)?;
                let new = NewAccount { username, email, password };
                administration::add_account(&credentials, &new, roles, actor, now).await?
            };
            say(&account.id.to_string());
        }
        Command::List { search, json } => show::list(doorward, &search, json, now).await?,
        Command::Show { name, json } => {
            show::show(doorward, &find(doorward, &name).await?, json, now).await?;
        }
        Command::Rename { name, new } => {
            let username = Some(Username::parse(&new)?);
            edit(&name, Edit { username, ..Edit::default() }).await?;
        }
        Command::SetEmail { name, email } => {
            let email = Some(EmailAddress::parse(&email)?);
            edit(&name, Edit { email, ..Edit::default() }).await?;
        }
        Command::SetDisplayName { name, text } => {
            let display_name = Some(DisplayName::parse(&text)?);
            edit(&name, Edit { display_name, ..Edit::default() }).await?;
        }
        Command::SetRoles { name, roles } => {
            let account = find(doorward, &name).await?;
            let roles = roles::parse(doorward, &roles).await?;
            let change = Change { shown: None, roles: &roles };
            administration::set_roles(sessions, account.id, change, actor, now).await?;
        }
        Command::AddRole { name, roles } => {
            let account = find(doorward, &name).await?;
            let roles = roles::with(&account, &roles::parse(doorward, &roles).await?)?;
            let change = Change { shown: Some(&account.roles), roles: &roles };
            administration::set_roles(sessions, account.id, change, actor, now).await?;
        }
        Command::RemoveRole { name, roles } => {
            let account = find(doorward, &name).await?;
            let roles = roles::without(&account, &roles)?;
            let change = Change { shown: Some(&account.roles), roles: &roles };
            administration::set_roles(sessions, account.id, change, actor, now).await?;
        }
        Command::Disable { name } => {
            let account = find(doorward, &name).await?;
            administration::apply(sessions, BulkAction::Disable, &[account.id], actor, now).await?;
        }
        Command::Enable { name } => {
            let account = find(doorward, &name).await?;
            administration::apply(sessions, BulkAction::Enable, &[account.id], actor, now).await?;
        }
        Command::Forgive { name } => {
            let id = find(doorward, &name).await?.id;
            let throttle = &doorward.throttle;
            administration::lift_throttle(sessions, throttle, id, actor, now).await?;
        }
        Command::Password { name, password_stdin } => {
            let account = find(doorward, &name).await?;
            let password = new_password(password_stdin)?;
            doorward.credentials().set_password(&account, &password, &origin, now).await?;
        }
        Command::Delete { name, yes } => {
            let account = find(doorward, &name).await?;
            let Account { username, email, .. } = &account;
            confirm(&format!("Delete the account {username} ({email}) and all its data?"), yes)?;
            administration::apply(sessions, BulkAction::Delete, &[account.id], actor, now).await?;
        }
    }
    Ok(())
}

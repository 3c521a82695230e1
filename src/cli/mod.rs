//! The command line: the server, and the commands of an operator. The same
//! domain functions as the web's; secrets never come as arguments.

mod account;
mod application;
mod audit;
mod backup;
mod certificate;
mod doctor;
mod explain;
mod keys;
mod listing;
mod open;
mod role;
mod serve;
mod sessions;
mod terminal;
mod token;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tracing::level_filters::LevelFilter;

use self::account::find;
use self::open::{make_data_folder, open};
use self::terminal::{count, explain, say, warn};
use crate::base::clock::Clock;
use crate::base::error::{Error, Result};
use crate::base::store::Db;
use crate::domain::administration;
use crate::domain::audit::RequestSource;
use crate::domain::sessions::Actor;
use crate::service::settings::{self, Settings};
use crate::service::setup::proxy::{self, Proxy};
use crate::service::{Doorward, words};

/// A self-hosted sign-in server.
#[derive(Parser)]
#[command(name = "doorward", version, about, max_term_width = 100)]
struct Cli {
    /// Also print the log on standard error, with the audit events that a command records
    #[arg(long, short, global = true)]
    verbose: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server (also without any command)
    Serve,
    /// Bring the database's schema up to date, or back one step
    #[command(subcommand)]
    Migrate(Migrate),
    /// Add, show and change accounts
    #[command(subcommand)]
    Account(account::Command),
    /// Print a one-time link with which a person sets a new password
    Recover {
        /// User name or e-mail address
        name: String,
    },
    /// Custom roles
    #[command(subcommand)]
    Role(role::Command),
    /// Applications that are guarded
    #[command(subcommand)]
    Application(application::Command),
    /// Say whether a request to an application would be allowed, and why
    Explain(explain::Explain),
    /// The audit log
    #[command(subcommand)]
    Audit(audit::Command),
    /// Check settings, keys, database, clock and machine; says what to fix
    Doctor,
    /// List every setting with its default and its meaning
    Settings,
    /// Print the complete configuration of a reverse proxy for this server
    Proxy {
        /// Which proxy
        #[arg(value_name = "nginx|caddy", hide_possible_values = true)]
        proxy: Proxy,
        /// The name under which people reach the server, like login.example.org
        #[arg(long, value_name = "HOST")]
        name: String,
        /// For a name that only your network knows: with the certificate of `doorward
        /// dev-certificate`, or with Caddy's own
        #[arg(long)]
        internal: bool,
    },
    /// Create a certificate for https://localhost, to try things out with
    DevCertificate {
        /// Names that it is good for, too, like login.home.test and wiki.home.test
        names: Vec<String>,
    },
    /// Write a consistent copy of the SQLite database, also while servers work on it
    Backup(backup::Backup),
    /// Put a backup in the place of the SQLite database, and end every session
    Restore(backup::Restore),
    /// Move everything to another database; stop the servers first
    Copy {
        /// Where everything is: sqlite://… or postgres://…
        #[arg(long, value_name = "URL")]
        from: String,
        /// An empty database
        #[arg(long, value_name = "URL")]
        to: String,
    },
    /// The keys that sign tokens
    #[command(subcommand)]
    Keys(keys::Command),
    /// Who is signed in
    #[command(subcommand)]
    Session(sessions::SessionCommand),
    /// Personal tokens, and access tokens one by one
    #[command(subcommand)]
    Token(token::Command),
}

#[derive(Subcommand)]
enum Migrate {
    /// Take every step that is not done yet
    Up,
    /// Undo the newest step
    Down,
    /// List the steps
    Status,
}

/// Runs the command line. Exit code 0: done; 1: refused or failed, the reason
/// on standard error; 2: wrong usage.
pub fn run() -> ExitCode {
    // Database, keys and tokens are for this user alone, whatever the shell's setting.
    rustix::process::umask(rustix::fs::Mode::from_raw_mode(0o077));
    let cli = Cli::parse();
    let figment = settings::figment();
    let checked = settings::check_files(&figment).and_then(|()| open::environment::add(&figment));
    let settings = checked.and_then(|()| Ok((Settings::from_figment(&figment)?, figment)));
    let done = settings.and_then(|(settings, figment)| {
        open::owner::act_as(&settings)?;
        crate::base::logging::start(settings.log_format, level(&cli, &settings));
        let runtime = rocket::tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .thread_name("doorward")
            .build()
            .map_err(|why| Error::broken(format!("The runtime cannot start: {why}.")))?;
        runtime.block_on(dispatch(cli.command, figment, settings))
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Standard error may be closed; the exit code says it all the same.
            warn(&words::error(&error));
            ExitCode::FAILURE
        }
    }
}

/// Of a command only what went wrong is written, unless asked for more.
fn level(cli: &Cli, settings: &Settings) -> LevelFilter {
    match cli.command {
        None | Some(Command::Serve) => settings.log_level,
        Some(_) if cli.verbose => settings.log_level,
        Some(_) => settings.log_level.min(LevelFilter::WARN),
    }
}

async fn dispatch(
    command: Option<Command>,
    figment: rocket::figment::Figment,
    settings: Settings,
) -> Result<()> {
    match command.unwrap_or(Command::Serve) {
        Command::Serve => serve::serve(figment, settings).await,
        Command::Migrate(step) => {
            // Where the server may not do it, this is what creates the schema.
            match step {
                Migrate::Up if !settings.auto_migrate => make_data_folder(&settings)?,
                _ => open::find(&figment, &settings).and_then(|()| settings.check_owners())?,
            }
            // Not under a running server, which knows only its own schema.
            let _lock = match step {
                Migrate::Up | Migrate::Down => serve::lock_database(&settings)?,
                Migrate::Status => None,
            };
            migrate(step, &Db::open(&settings.store).await?).await
        }
        Command::Account(command) => account::run(command, &open(&figment, settings).await?).await,
        Command::Recover { name } => recover(&name, &open(&figment, settings).await?).await,
        Command::Role(command) => {
            let origin = RequestSource::command_line();
            role::run(command, &open(&figment, settings).await?, Actor::operator(&origin)).await
        }
        Command::Application(command) => {
            let origin = RequestSource::command_line();
            let doorward = open(&figment, settings).await?;
            application::run(command, &doorward, Actor::operator(&origin)).await
        }
        Command::Explain(asked) => explain::run(asked, &open(&figment, settings).await?).await,
        Command::Audit(command) => audit::run(command, open(&figment, settings).await?).await,
        Command::Doctor => doctor::run(&open::examine(&figment, settings).await?).await,
        Command::Settings => {
            say(settings::table().trim_end());
            Ok(())
        }
        Command::Proxy { proxy, name, internal } => {
            let host = proxy::host(&name)?;
            let port = figment.extract_inner("port").unwrap_or(8000);
            let file = match internal {
                true => proxy::internal(proxy, &host, port, &settings.data_dir),
                false => proxy::configuration(proxy, &host, port),
            };
            say(file.trim_end());
            Ok(())
        }
        Command::DevCertificate { names } => {
            let names = names.iter().map(|name| proxy::host(name)).collect::<Result<Vec<_>>>()?;
            make_data_folder(&settings)?;
            certificate::make(&settings, &names, Clock::default().now())
        }
        Command::Backup(what) => {
            backup::check(&what, &settings)?;
            backup::backup(what, &open(&figment, settings).await?).await
        }
        Command::Restore(what) => backup::restore(what, settings).await,
        Command::Copy { from, to } => backup::copy(from, to, &settings).await,
        Command::Keys(command @ keys::Command::Adopt) => {
            open::find_database(&figment, &settings)?;
            make_data_folder(&settings)?;
            let doorward = Doorward::open_with_any_keys(settings).await?;
            doorward.db.ensure_up_to_date().await?;
            keys::run(command, &doorward).await
        }
        Command::Keys(command) => keys::run(command, &open(&figment, settings).await?).await,
        Command::Session(command) => {
            sessions::run_session(command, &open(&figment, settings).await?).await
        }
        Command::Token(command) => {
            let origin = RequestSource::command_line();
            token::run(command, &open(&figment, settings).await?, Actor::operator(&origin)).await
        }
    }
}

async fn migrate(step: Migrate, db: &Db) -> Result<()> {
    match step {
        Migrate::Up => db.migrate_up().await?,
        Migrate::Down => db.migrate_down().await?,
        Migrate::Status => {
            for (name, done) in db.migrations().await? {
                say(&format!("{} {name}", if done { "done   " } else { "pending" }));
            }
        }
    }
    Ok(())
}

async fn recover(name: &str, doorward: &Doorward) -> Result<()> {
    let now = doorward.clock.now();
    let account = find(doorward, name).await?;
    let life = doorward.settings.recovery_link_life;
    let origin = RequestSource::command_line();
    let actor = Actor::operator(&origin);
    let token =
        administration::start_recovery(&doorward.sessions, account.id, actor, (life, now)).await?;
    explain(&format!(
        "With this link {} sets a new password. It works once, for {}, and replaces every earlier link:",
        account.username,
        lasting(life)
    ));
    say(&format!("{}/recover/{token}", doorward.settings.base_url.as_str()));
    Ok(())
}

/// A time in the largest unit that it is a whole number of.
fn lasting(time: time::Duration) -> String {
    let seconds = time.whole_seconds().unsigned_abs();
    let units = [(86_400, "day"), (3_600, "hour"), (60, "minute")];
    let unit = units.into_iter().find(|(length, _)| seconds.is_multiple_of(*length));
    let (length, name) = unit.unwrap_or((1, "second"));
    count(seconds / length, name)
}

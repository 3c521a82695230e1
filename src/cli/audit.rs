//! `doorward audit …`

use std::sync::Arc;

use clap::{Subcommand, ValueEnum};
use rocket::futures::StreamExt;

use crate::base::error::{Error, Result};
use crate::cli::terminal::say;
use crate::domain::audit::Filter;
use crate::domain::audit::chain::{self, Break};
use crate::service::Doorward;
use crate::service::export::{self, Format};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Check every event against its seal; names what was changed, removed or inserted
    Verify {
        /// What an earlier run said of the newest seal, and was kept elsewhere: is it still in the chain?
        #[arg(long, num_args = 2, value_names = ["POSITION", "SEAL"], allow_hyphen_values = true)]
        kept: Option<Vec<String>>,
    },
    /// Print the whole log, the newest first
    Export {
        /// How each event is written
        #[arg(value_enum, long, default_value = "jsonl")]
        format: FormatName,
    },
}

#[derive(Clone, Copy, ValueEnum)]
pub(super) enum FormatName {
    Csv,
    Jsonl,
}

pub(super) async fn run(command: Command, doorward: Doorward) -> Result<()> {
    match command {
        Command::Verify { kept } => verify(&doorward, kept.as_deref()).await,
        Command::Export { format } => {
            let format = match format {
                FormatName::Csv => Format::Csv,
                FormatName::Jsonl => Format::JsonLines,
            };
            let filter = Some(Filter::default());
            let mut lines = export::events(Arc::new(doorward), None, filter, format);
            while let Some(lines) = lines.next().await {
                lines.lines().for_each(say);
            }
            Ok(())
        }
    }
}

fn in_words(found: &Break) -> String {
    match found {
        Break::Changed(id) => format!("Event {id} was changed after it was sealed."),
        Break::Missing(id) => format!("Event {id} is missing."),
        Break::Inserted(id) => format!("Event {id} was inserted: it has no seal."),
        Break::SealMissing(position) => format!("The seal at position {position} is missing."),
    }
}

async fn verify(doorward: &Doorward, kept: Option<&[String]>) -> Result<()> {
    // What was written a moment ago has no seal yet.
    chain::seal(&doorward.db, doorward.clock.now()).await?;
    let verified = chain::verify(doorward.db.read()).await?;
    verified.breaks.iter().for_each(|found| say(&in_words(found)));
    if verified.breaks.is_empty() {
        say(&format!(
            "{} events are as they were sealed. The newest seal: {} {}",
            verified.whole, verified.position, verified.head
        ));
    } else {
        return Err(Error::broken("The audit log is not as it was sealed."));
    }
    let Some([position, seal]) = kept else { return Ok(()) };
    let there = match position.parse() {
        Ok(position) => chain::seal_at(doorward.db.read(), position).await?,
        Err(_) => None,
    };
    if there.as_ref() != Some(seal) {
        return Err(Error::broken(format!(
            "The seal kept of position {position} is not in the chain. Either it is older than audit_retention_days, or somebody has removed events or rebuilt the chain."
        )));
    }
    say("The seal that was kept is in the chain.");
    Ok(())
}

//! `doorward explain`: whether a request to an application would be allowed, and why.

use std::net::IpAddr;

use clap::Args;

use crate::base::error::{Error, Result};
use crate::cli::terminal::say;
use crate::service::Doorward;
use crate::service::explain::{Asked, explain};

#[derive(Args)]
pub(super) struct Explain {
    /// The address of a page of an application, like `https://wiki.example.org/admin`
    url: String,
    /// As this account; else as somebody who is not signed in
    #[arg(long = "as", value_name = "NAME")]
    who: Option<String>,
    /// The method of the request
    #[arg(long, default_value = "GET")]
    method: String,
    /// The address that the request comes from
    #[arg(long, value_name = "ADDRESS")]
    from: Option<IpAddr>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

/// Explains. An error when the request would not be allowed.
pub(super) async fn run(args: Explain, doorward: &Doorward) -> Result<()> {
    doorward.applications.sync(doorward.db.read()).await?;
    let Explain { url, who, method, from, json } = args;
    let asked = Asked { url, who, method, from: from.map(|address| address.to_string()) };
    let explanation = explain(doorward, &asked, doorward.clock.now()).await?;
    if json {
        say(&serde_json::to_string(&explanation).unwrap_or_default());
    } else {
        say(&format!("{} ({})", explanation.name, explanation.host));
        if explanation.readings.len() > 1 {
            say(&format!("The path can be read as {}.", explanation.readings.join(", ")));
        }
        for rule in &explanation.rules {
            let place = rule.path.as_ref().map(|path| format!("Rule {path}"));
            say(&format!("{}: {}", place.as_deref().unwrap_or("The application"), rule.needs));
        }
    }
    if explanation.allowed {
        if !json {
            say("Allowed.");
        }
        return Ok(());
    }
    Err(Error::broken(explanation.message))
}

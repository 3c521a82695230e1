//! `doorward explain`: whether a request to an application would be allowed,
//! and why. The function that decides is the one that the server asks.

use std::net::IpAddr;

use clap::Args;
use serde_json::json;

use crate::base::error::{Error, Result};
use crate::base::host::{Authority, Scheme};
use crate::cli::account::find;
use crate::cli::terminal::say;
use crate::domain::accounts::permissions::Roles;
use crate::domain::applications::decide::{Decision, Verdict, Visitor, decide};
use crate::domain::applications::question::{Nature, Question};
use crate::domain::applications::{Found, Needs, Requirement, Rule};
use crate::service::Doorward;
use crate::service::words;

#[derive(Args)]
pub(super) struct Explain {
    /// The address of a page of an application, like https://wiki.example.org/admin
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
pub(super) async fn run(asked: Explain, doorward: &Doorward) -> Result<()> {
    doorward.applications.sync(doorward.db.read()).await?;
    let question = question(&asked)?;
    let catalog = doorward.applications.current();
    let found = catalog.by_host(&question.host).ok_or_else(|| {
        let hosts = catalog.all().iter().flat_map(|found| &found.draft.hosts);
        let near = words::near(&question.host.to_string(), hosts.map(String::as_str));
        let near = near.map(|near| format!(" Did you mean {near}?")).unwrap_or_default();
        Error::broken(format!("{} is no host of any application.{near}", question.host))
    })?;
    let account = match &asked.who {
        Some(name) => Some(find(doorward, name).await?),
        None => None,
    };
    let now = doorward.clock.now();
    let none = Roles::default();
    let roles = account.as_ref().map_or(&none, |account| &account.roles);
    // As somebody who has just signed in.
    let visitor = account.as_ref().map(|_| Visitor { roles, confirmed_at: Some(now) });
    let decision = decide(&found.application, &question, visitor, now);
    if asked.json {
        say(&as_json(found, &question, &decision).to_string());
    } else {
        for line in lines(found, &question, &decision) {
            say(&line);
        }
    }
    match decision.verdict {
        Verdict::Allow => Ok(()),
        other => Err(Error::broken(words::verdict(other))),
    }
}

fn question(asked: &Explain) -> Result<Question> {
    let unread = || Error::broken("Write an address like https://wiki.example.org/page.");
    let (scheme, rest) = asked.url.split_once("://").ok_or_else(unread)?;
    let start = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(start);
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    let nature = Nature { is_navigation: true, ..Nature::default() };
    let read = Question::read(&asked.method, scheme, host, &path, asked.from, nature);
    read.map_err(|why| Error::broken(why.to_string()))
}

fn lines(found: &Found, question: &Question, decision: &Decision<'_>) -> Vec<String> {
    let host = Authority::parse(&question.host.to_string(), Scheme::Https);
    let host = host.map(|host| host.to_string()).unwrap_or_default();
    let mut lines = vec![format!("{} ({host})", found.application.name)];
    let mut readings: Vec<&str> = vec![];
    for reading in &decision.readings {
        if !readings.contains(&&*reading.path) {
            readings.push(&reading.path);
        }
    }
    if readings.len() > 1 {
        lines.push(format!("The path can be read as {}.", readings.join(", ")));
    }
    for (rule, requirement) in &decision.asked {
        let place = match rule {
            Some(Rule { path, .. }) => format!("Rule {path}"),
            None => "The application".to_owned(),
        };
        lines.push(format!("{place}: {}", needed(requirement)));
    }
    lines.push(words::verdict(decision.verdict).to_owned());
    lines
}

fn needed(requirement: &Requirement) -> String {
    let needs = match &requirement.needs {
        Needs::Public => "public".to_owned(),
        Needs::Members => "needs somebody signed in".to_owned(),
        Needs::Roles(roles) => {
            format!("needs one of the roles {}", roles.names().collect::<Vec<_>>().join(", "))
        }
        Needs::Nobody => "open to nobody".to_owned(),
    };
    match requirement.confirm {
        Some(within) => {
            format!("{needs}, and the password in the last {} seconds", within.whole_seconds())
        }
        None => needs,
    }
}

fn as_json(found: &Found, question: &Question, decision: &Decision<'_>) -> serde_json::Value {
    let rules: Vec<_> = decision
        .asked
        .iter()
        .map(|(rule, requirement)| {
            json!({ "rule": rule.map(|rule| rule.path.to_string()), "needs": needed(requirement) })
        })
        .collect();
    let readings: Vec<_> = decision.readings.iter().map(|reading| &reading.path).collect();
    json!({
        "application": found.application.slug,
        "host": question.host.to_string(),
        "allowed": decision.verdict == Verdict::Allow,
        "message": words::verdict(decision.verdict),
        "rules": rules,
        "readings": readings,
    })
}

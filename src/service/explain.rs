//! Whether a request to an application would be allowed, and why: what
//! `doorward explain` prints and `/admin/applications/explain` shows. The
//! function that decides is the one that the server asks.

use serde::Serialize;

use crate::base::error::{Error, Result};
use crate::base::timestamp::Timestamp;
use crate::domain::accounts;
use crate::domain::accounts::names::LoginName;
use crate::domain::accounts::permissions::Roles;
use crate::domain::applications::decide::{Decision, Verdict, Visitor, decide};
use crate::domain::applications::question::{Nature, Question};
use crate::domain::applications::{Needs, Requirement};
use crate::service::{Doorward, words};

/// The request that is asked about.
#[derive(Clone, Debug, Serialize)]
pub struct Asked {
    /// The address of a page.
    pub url: String,
    /// The user name or address of an account; else somebody who is not signed in.
    pub who: Option<String>,
    /// The method.
    pub method: String,
    /// The address that it comes from.
    pub from: Option<String>,
}

/// What is decided, and why.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    /// The short name of the application.
    pub application: String,
    /// Its name for people.
    pub name: String,
    /// The host.
    pub host: String,
    /// Whether it is allowed.
    pub allowed: bool,
    /// The same in a sentence.
    pub message: String,
    /// How the path can be read, if any rule asks for that.
    pub readings: Vec<String>,
    /// What had to be passed.
    pub rules: Vec<Passed>,
}

/// Something that had to be passed.
#[derive(Clone, Debug, Serialize)]
pub struct Passed {
    /// The path of the rule; `None` for the application itself.
    pub path: Option<String>,
    /// What it needs, in words.
    pub needs: String,
}

/// Explains.
///
/// # Errors
/// One sentence: it is no address, no application has the host, or there is no such account.
pub async fn explain(doorward: &Doorward, asked: &Asked, now: Timestamp) -> Result<Explanation> {
    let question = question(asked)?;
    let catalog = doorward.applications.current();
    let found = catalog.by_host(&question.host).ok_or_else(|| {
        let hosts = catalog.all().iter().flat_map(|found| &found.draft.hosts);
        let near = words::near(&question.host.to_string(), hosts.map(String::as_str));
        let near = near.map(|near| format!(" Did you mean {near}?")).unwrap_or_default();
        Error::broken(format!("{} is no host of any application.{near}", question.host))
    })?;
    let account = match &asked.who {
        Some(name) => {
            let login = LoginName::parse(name);
            match accounts::by_login_name(doorward.db.read(), &login).await {
                Err(Error::NotFound) => {
                    return Err(Error::broken(format!("There is no account {name}.")));
                }
                account => Some(account?),
            }
        }
        None => None,
    };
    let none = Roles::default();
    let roles = account.as_ref().map_or(&none, |account| &account.roles);
    // As somebody who has just signed in.
    let visitor = account.as_ref().map(|_| Visitor { roles, confirmed_at: Some(now) });
    let decision = decide(&found.application, &question, visitor, now);
    Ok(Explanation {
        application: found.application.slug.clone(),
        name: found.application.name.clone(),
        host: question.host.to_string(),
        allowed: decision.verdict == Verdict::Allow,
        message: words::verdict(decision.verdict).to_owned(),
        readings: readings(&decision),
        rules: decision
            .asked
            .iter()
            .map(|(rule, requirement)| Passed {
                path: rule.map(|rule| rule.path.to_string()),
                needs: needed(requirement),
            })
            .collect(),
    })
}

fn question(asked: &Asked) -> Result<Question> {
    let unread = || Error::broken("Write an address like https://wiki.example.org/page.");
    let (scheme, rest) = asked.url.split_once("://").ok_or_else(unread)?;
    let start = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(start);
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    let from = asked.from.as_deref().map(|text| {
        text.parse().map_err(|_| Error::broken(format!("{text} is no address of a network.")))
    });
    let nature = Nature { is_navigation: true, ..Nature::default() };
    let read = Question::read(&asked.method, scheme, host, &path, from.transpose()?, nature);
    read.map_err(|why| Error::broken(why.to_string()))
}

fn readings(decision: &Decision<'_>) -> Vec<String> {
    let mut readings: Vec<String> = vec![];
    for reading in &decision.readings {
        if !readings.contains(&reading.path) {
            readings.push(reading.path.clone());
        }
    }
    readings
}

fn needed(requirement: &Requirement) -> String {
    let needs = match &requirement.needs {
        Needs::Public => "open to everybody".to_owned(),
        Needs::Members => "open to everybody who is signed in".to_owned(),
        Needs::Roles(roles) => match roles.names().collect::<Vec<_>>()[..] {
            [one] => format!("open to people with the role {one}"),
            ref several => format!("open to people with one of the roles {}", several.join(", ")),
        },
        Needs::Nobody => "open to nobody".to_owned(),
    };
    match requirement.confirm {
        Some(within) => {
            format!(
                "{needs}, if they gave the password in the last {} seconds",
                within.whole_seconds()
            )
        }
        None => needs,
    }
}

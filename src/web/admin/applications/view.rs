//! Applications as pages show them.

use std::sync::Arc;

use serde::Serialize;

use crate::domain::applications::sightings::Problem;
use crate::domain::applications::{Draft, Found};
use crate::service::asked::Asked;
use crate::service::{Doorward, words};
use crate::web::answer::view::Moment;
use crate::web::guarding::site::scheme_of;

/// An application in the list, and what proxies asked about it.
#[derive(Serialize)]
pub(super) struct Row {
    #[serde(flatten)]
    overview: Overview,
    asked_at: Option<Moment>,
    problems: Vec<&'static str>,
}

impl Row {
    /// Of an application of this service.
    pub(super) fn of(found: &Arc<Found>, asked: &Asked) -> Self {
        let of_this = asked.problems.iter().filter(|seen| seen.application == Some(found.id));
        let named = of_this.filter_map(|seen| seen.problem);
        // Visitors make up hosts.
        let named = named.filter(|problem| *problem != Problem::UnknownHost);
        let mut problems: Vec<&str> = named.map(words::problem).collect();
        problems.sort_unstable();
        problems.dedup();
        let asked_at = asked.last(found.id).map(Moment::from);
        Self { overview: found.into(), asked_at, problems }
    }
}

/// The main facts of an application.
#[derive(Serialize)]
struct Overview {
    slug: String,
    name: String,
    hosts: Vec<String>,
    needs: String,
    rules: usize,
    is_disabled: bool,
}

impl From<&Arc<Found>> for Overview {
    fn from(found: &Arc<Found>) -> Self {
        let Draft { slug, name, hosts, needs, roles, rules, disabled, .. } = &found.draft;
        Self {
            slug: slug.clone(),
            name: name.clone(),
            hosts: hosts.clone(),
            needs: needed(needs, roles),
            rules: rules.len(),
            is_disabled: *disabled,
        }
    }
}

/// An application with its rules.
#[derive(Serialize)]
pub(super) struct Details {
    #[serde(flatten)]
    overview: Overview,
    start: Option<String>,
    identity: String,
    confirm_seconds: Option<u32>,
    challenge_basic: bool,
    let_preflight: bool,
    unverified_email: bool,
    listed: bool,
    upstream: String,
    changed_at: Moment,
    rule_list: Vec<RuleRow>,
}

#[derive(Serialize)]
struct RuleRow {
    number: usize,
    path: String,
    needs: String,
    confirm_seconds: Option<u32>,
    reading_only: bool,
    networks: Vec<String>,
}

impl Details {
    /// Of an application of this service.
    pub(super) fn of(doorward: &Doorward, found: &Arc<Found>) -> Self {
        let draft = &found.draft;
        let start = found.application.start(|host| scheme_of(doorward, host));
        let row = |(number, rule): (usize, &crate::domain::applications::RuleDraft)| RuleRow {
            number,
            path: rule.path.clone(),
            needs: needed(&rule.needs, &rule.roles),
            confirm_seconds: rule.confirm_seconds,
            reading_only: rule.reading_only,
            networks: rule.networks.clone(),
        };
        Self {
            overview: found.into(),
            start,
            identity: draft.identity.clone(),
            confirm_seconds: draft.confirm_seconds,
            challenge_basic: draft.challenge_basic,
            let_preflight: draft.let_preflight,
            unverified_email: draft.unverified_email,
            listed: draft.listed,
            upstream: draft.upstream.clone(),
            changed_at: found.changed_at.into(),
            rule_list: draft.rules.iter().enumerate().map(row).collect(),
        }
    }
}

/// Who may open it, in words.
fn needed(needs: &str, roles: &[String]) -> String {
    match needs {
        "public" => "Everybody".to_owned(),
        "members" => "Everybody signed in".to_owned(),
        "roles" => roles.join(", "),
        _ => "Nobody".to_owned(),
    }
}

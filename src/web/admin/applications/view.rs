//! Applications as pages show them.

use std::sync::Arc;

use serde::Serialize;

use crate::domain::applications::{Draft, Found};
use crate::service::Doorward;
use crate::web::answer::view::Moment;
use crate::web::guarding::site::scheme_of;

/// An application in the list.
#[derive(Serialize)]
pub(super) struct Overview {
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
            needs: words(needs, roles),
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
            needs: words(&rule.needs, &rule.roles),
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
fn words(needs: &str, roles: &[String]) -> String {
    match needs {
        "public" => "Everybody".to_owned(),
        "members" => "Everybody signed in".to_owned(),
        "roles" => roles.join(", "),
        _ => "Nobody".to_owned(),
    }
}

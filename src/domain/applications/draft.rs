//! An application as it is written: in a file, in a form and in the database.
//! One way to read all three, so that none can say what the others could not.

use std::collections::BTreeSet;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use time::Duration;

use super::application::{Application, Identity, Needs, Requirement, Rule};
use super::path::PathPattern;
use super::place::HostPattern;
use super::refusals;
use crate::base::error::{Error, Refusal, Result};
use crate::base::host::{Authority, Scheme};
use crate::base::network;
use crate::domain::accounts::names::RoleName;
use crate::domain::accounts::permissions::Roles;

const MOST_HOSTS: usize = 100;
const MOST_RULES: usize = 200;

/// An application as it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Draft {
    /// Its name in addresses, files and commands.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// Where it is reached.
    pub hosts: Vec<String>,
    /// `public`, `members`, `roles` or `nobody`.
    pub needs: String,
    /// The roles, one of which is needed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// How long ago the password may have been given, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_seconds: Option<u32>,
    /// That it is known that everybody may create an account and is then allowed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub anyone_may_register: bool,
    /// `headers`, `assertion`, `both` or `none`.
    #[serde(default = "both", skip_serializing_if = "is_both")]
    pub identity: String,
    /// See [`Application::challenge_basic`].
    #[serde(default, skip_serializing_if = "is_false")]
    pub challenge_basic: bool,
    /// See [`Application::let_preflight`].
    #[serde(default, skip_serializing_if = "is_false")]
    pub let_preflight: bool,
    /// See [`Application::unverified_email`].
    #[serde(default, skip_serializing_if = "is_false")]
    pub unverified_email: bool,
    /// See [`Application::listed`].
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub listed: bool,
    /// See [`Application::open_url`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub open_url: String,
    /// See [`Application::upstream`].
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub upstream: String,
    /// See [`Application::is_disabled`].
    #[serde(default, skip_serializing_if = "is_false")]
    pub disabled: bool,
    /// What is needed for parts of it.
    #[serde(default, rename = "rule", skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<RuleDraft>,
}

/// A rule as it is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleDraft {
    /// `/robots.txt`, or `/admin*` for all that begin so.
    pub path: String,
    /// `public`, `members`, `roles` or `nobody`.
    pub needs: String,
    /// The roles, one of which is needed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<String>,
    /// How long ago the password may have been given, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm_seconds: Option<u32>,
    /// Whether it holds only for requests that read, GET and HEAD.
    #[serde(default, skip_serializing_if = "is_false")]
    pub reading_only: bool,
    /// The networks it holds for, in CIDR notation; any address if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_false(flag: &bool) -> bool {
    !flag
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it so")]
fn is_true(flag: &bool) -> bool {
    *flag
}

fn yes() -> bool {
    true
}

fn both() -> String {
    Identity::Both.name().to_owned()
}

fn is_both(text: &str) -> bool {
    text == Identity::Both.name()
}

/// What a draft is checked with.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The host of this service, without its port.
    pub own_host: &'a str,
    /// Whether everybody may create an account.
    pub registration_is_open: bool,
}

/// What is wrong with a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// In which rule, counted from 0; else in the application itself.
    pub rule: Option<usize>,
    /// What; its subject names the field.
    pub refusal: Refusal,
}

impl Draft {
    /// The one that the database has.
    ///
    /// # Errors
    /// It is not one.
    pub(super) fn stored(text: &str) -> Result<Self> {
        serde_json::from_str(text)
            .map_err(|why| Error::broken(format!("what the database has is no application: {why}")))
    }

    /// The application that is written here.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn parse(&self, around: Surroundings<'_>) -> Result<Application, Vec<Fault>> {
        let mut faults = Faults::default();
        let is_plain = |text: &str| !text.chars().any(char::is_control);
        faults.unless(is_slug(&self.slug), refusals::SLUG);
        let name = self.name.trim();
        faults.unless((1..=64).contains(&name.chars().count()) && is_plain(name), refusals::NAME);
        let hosts = self.hosts(around, &mut faults);
        let open_url = Some(self.open_url.trim()).filter(|url| !url.is_empty());
        let opens_itself = |url: &&str| is_plain(url) && is_on(url, &hosts);
        faults.unless(open_url.as_ref().is_none_or(opens_itself), refusals::OPEN_URL);
        let upstream = Some(self.upstream.trim()).filter(|text| !text.is_empty());
        faults.unless(upstream.is_none_or(is_upstream), refusals::UPSTREAM);
        let identity = Identity::ALL.into_iter().find(|one| one.name() == self.identity);
        faults.unless(identity.is_some(), refusals::IDENTITY);
        let requirement = requirement(&self.needs, &self.roles, self.confirm_seconds, &mut faults);
        let rules = self.rules(&mut faults);
        let is_for_members = |one: &Requirement| one.needs == Needs::Members;
        let opens = around.registration_is_open
            && !self.anyone_may_register
            && (is_for_members(&requirement)
                || rules.iter().any(|rule| is_for_members(&rule.requirement)));
        faults.unless(!opens, refusals::OPEN_TO_ANYONE);
        if !faults.found.is_empty() {
            return Err(faults.found);
        }
        Ok(Application {
            slug: self.slug.clone(),
            name: name.to_owned(),
            hosts,
            requirement,
            identity: identity.unwrap_or(Identity::Both),
            challenge_basic: self.challenge_basic,
            let_preflight: self.let_preflight,
            unverified_email: self.unverified_email,
            listed: self.listed,
            open_url: open_url.map(str::to_owned),
            upstream: upstream.map(str::to_owned),
            is_disabled: self.disabled,
            rules,
        })
    }

    fn hosts(&self, around: Surroundings<'_>, faults: &mut Faults) -> Vec<HostPattern> {
        let written = || self.hosts.iter().filter(|text| !text.trim().is_empty());
        let hosts: Vec<HostPattern> =
            written().filter_map(|text| HostPattern::parse(text)).collect();
        faults.unless(hosts.len() == written().count(), refusals::HOST);
        faults.unless(written().next().is_some(), refusals::NO_HOST);
        faults.unless(hosts.len() <= MOST_HOSTS, refusals::TOO_MANY);
        let is_ours = |host: &HostPattern| host.fits_name(around.own_host);
        faults.unless(!hosts.iter().any(is_ours), refusals::HOST_IS_OURS);
        let names: BTreeSet<String> = hosts.iter().map(HostPattern::key).collect();
        faults.unless(names.len() == hosts.len(), refusals::HOST_TAKEN);
        hosts
    }

    fn rules(&self, faults: &mut Faults) -> Vec<Rule> {
        faults.unless(self.rules.len() <= MOST_RULES, refusals::TOO_MANY);
        let mut rules: Vec<Rule> = vec![];
        for (place, draft) in self.rules.iter().enumerate() {
            faults.rule = Some(place);
            let Some(rule) = draft.rule(faults) else { continue };
            let is_same = |other: &Rule| {
                (&other.path, other.reading_only, &other.networks)
                    == (&rule.path, rule.reading_only, &rule.networks)
            };
            faults.unless(!rules.iter().any(is_same), refusals::SAME_RULE);
            rules.push(rule);
        }
        faults.rule = None;
        rules
    }
}

impl RuleDraft {
    /// Whether it is a rule.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn check(&self) -> Result<(), Vec<Fault>> {
        let mut faults = Faults::default();
        self.rule(&mut faults);
        if faults.found.is_empty() { Ok(()) } else { Err(faults.found) }
    }

    fn rule(&self, faults: &mut Faults) -> Option<Rule> {
        let requirement = requirement(&self.needs, &self.roles, self.confirm_seconds, faults);
        let path = PathPattern::parse(self.path.trim());
        faults.unless(path.is_some(), refusals::PATH);
        let wide =
            |path: &PathPattern| requirement.needs == Needs::Public && !path.ends_at_a_border();
        faults.unless(!path.as_ref().is_some_and(wide), refusals::PUBLIC_BORDER);
        let written =
            || self.networks.iter().map(|text| text.trim()).filter(|text| !text.is_empty());
        let parsed = written().filter_map(network::parse);
        let mut networks: Vec<IpNet> = parsed.map(|network| network.trunc()).collect();
        // A blank that stands for a network must not stand for everywhere.
        let is_blank = networks.is_empty() && !self.networks.is_empty();
        faults.unless(networks.len() == written().count() && !is_blank, refusals::NETWORK);
        networks.sort();
        networks.dedup();
        Some(Rule { path: path?, reading_only: self.reading_only, networks, requirement })
    }
}

#[derive(Default)]
struct Faults {
    rule: Option<usize>,
    found: Vec<Fault>,
}

impl Faults {
    fn unless(&mut self, fits: bool, refusal: Refusal) {
        if !fits {
            self.found.push(Fault { rule: self.rule, refusal });
        }
    }
}

fn requirement(
    needs: &str,
    roles: &[String],
    confirm_seconds: Option<u32>,
    faults: &mut Faults,
) -> Requirement {
    let parsed: Vec<RoleName> =
        roles.iter().filter_map(|name| RoleName::parse(name).ok()).collect();
    faults.unless(parsed.len() == roles.len(), refusals::UNKNOWN_ROLE);
    // Roles that nobody would ask for are a mistake about who is allowed.
    faults.unless(roles.is_empty() || needs == "roles", refusals::NEEDS);
    let needs = match needs {
        "public" => Needs::Public,
        "members" => Needs::Members,
        "roles" => {
            faults.unless(!roles.is_empty(), refusals::NO_ROLES);
            Needs::Roles(Roles::of(parsed))
        }
        "nobody" => Needs::Nobody,
        _ => {
            faults.unless(false, refusals::NEEDS);
            Needs::Nobody
        }
    };
    let confirm = confirm_seconds.filter(|seconds| *seconds != 0);
    let fits = confirm.is_none_or(|seconds| (60..=2_592_000).contains(&seconds));
    faults.unless(fits, refusals::CONFIRM_SECONDS);
    let confirm = confirm.map(|seconds| Duration::seconds(seconds.into()));
    Requirement { needs, confirm }
}

fn is_slug(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (2..=32).contains(&text.len())
        && text.bytes().all(plain)
        && text.starts_with(|first: char| first.is_ascii_lowercase())
        && !text.ends_with('-')
        && text != "explain"
        && text != "new"
}

/// Whether an address is one of an application with these hosts.
fn is_on(url: &str, hosts: &[HostPattern]) -> bool {
    let (scheme, rest) = match url.split_once("://") {
        Some(("https", rest)) => (Scheme::Https, rest),
        Some(("http", rest)) => (Scheme::Http, rest),
        _ => return false,
    };
    let host = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    let fits = |known: Authority| {
        (scheme == Scheme::Https || known.is_local()) && hosts.iter().any(|host| host.fits(&known))
    };
    url.bytes().all(|byte| byte.is_ascii_graphic())
        && Authority::parse(host, scheme).is_some_and(fits)
}

/// `127.0.0.1:3000` or `wiki:80`.
fn is_upstream(text: &str) -> bool {
    Authority::parse(text, Scheme::Http).is_some()
}

//! Whether a request is allowed. The check and its explanation are this one
//! function, so they cannot differ.

use super::application::{Application, Needs, Requirement, Rule};
use super::question::Question;
use super::readings::{Reading, Unreadable, readings};
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::permissions::Roles;

/// What is known of the sender of a request.
#[derive(Clone, Copy, Debug)]
pub struct Visitor<'a> {
    /// What they may.
    pub roles: &'a Roles,
    /// When they gave the password; `None` for a script, which gives none.
    pub confirmed_at: Option<Timestamp>,
}

/// Whether a request is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Allow,
    /// Somebody must sign in first.
    SignInFirst,
    /// They must give the password again first.
    ConfirmFirst,
    /// It is not, for this reason.
    Refused(Reason),
}

/// Why a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The application is disabled.
    Disabled,
    /// Nobody may open this.
    ForNobody,
    /// They have none of the roles that are needed.
    RolesLacking,
    /// A script cannot give a password again.
    NotForScripts,
    /// Nobody can say what the path is.
    Path(Unreadable),
}

/// A verdict with all that led to it.
#[derive(Clone, Debug)]
pub struct Decision<'a> {
    /// What becomes of the request.
    pub verdict: Verdict,
    /// What had to be passed, with the rules that say so: `None` for the
    /// application's own requirement.
    pub asked: Vec<(Option<&'a Rule>, &'a Requirement)>,
    /// How the path can be read; empty where no rule asks for it.
    pub readings: Vec<Reading>,
}

impl Decision<'_> {
    /// Whether nobody needs to be signed in for it.
    pub fn is_public(&self) -> bool {
        self.asked.iter().all(|(_, requirement)| requirement.needs == Needs::Public)
    }
}

/// Decides.
pub fn decide<'a>(
    application: &'a Application,
    question: &Question,
    visitor: Option<Visitor<'_>>,
    now: Timestamp,
) -> Decision<'a> {
    let refused =
        |reason| Decision { verdict: Verdict::Refused(reason), asked: vec![], readings: vec![] };
    if application.is_disabled {
        return refused(Reason::Disabled);
    }
    let mut asked: Vec<(Option<&Rule>, &Requirement)> = vec![];
    let mut found = vec![];
    if !application.rules.is_empty() && question.uri != "*" {
        match readings(question.path()) {
            Ok(ways) => found = ways,
            Err(why) => return refused(Reason::Path(why)),
        }
        for reading in &found {
            let found = asked_for(application, question, reading);
            for one in found.into_iter().chain(asked_for_twin(application, question, reading)) {
                if !asked.iter().any(|known| same(known, &one)) {
                    asked.push(one);
                }
            }
        }
    }
    if asked.is_empty() {
        asked.push((None, &application.requirement));
    }
    let requirements = asked.iter().map(|(_, requirement)| *requirement);
    let verdict = match judge(requirements, visitor, now) {
        closed @ Verdict::Refused(Reason::ForNobody) => closed,
        _ if passes_as_preflight(application, question) => Verdict::Allow,
        judged => judged,
    };
    Decision { verdict, asked, readings: found }
}

fn same(one: &(Option<&Rule>, &Requirement), other: &(Option<&Rule>, &Requirement)) -> bool {
    std::ptr::eq(one.1, other.1)
}

/// The most specific rules about one reading; all of them where several are
/// equally so. None: the application's own requirement.
fn asked_for<'a>(
    application: &'a Application,
    question: &Question,
    reading: &Reading,
) -> Vec<(Option<&'a Rule>, &'a Requirement)> {
    let fits = |rule: &&Rule| {
        let fits = if reading.is_folded {
            rule.path.fits_folded(&reading.path)
        } else {
            rule.path.fits(&reading.path)
        };
        fits && (!rule.reading_only || question.only_reads()) && comes_from(rule, question)
    };
    let rank =
        |rule: &Rule| (rule.path.specificity(), rule.reading_only, !rule.networks.is_empty());
    let fitting: Vec<&Rule> = application.rules.iter().filter(fits).collect();
    let best = fitting.iter().map(|rule| rank(rule)).max();
    let chosen = fitting.into_iter().filter(|rule| Some(rank(rule)) == best);
    let chosen: Vec<_> = chosen.map(|rule| (Some(rule), &rule.requirement)).collect();
    if chosen.is_empty() { vec![(None, &application.requirement)] } else { chosen }
}

/// To many servers a page and the folder of its name are one: `/admin` is also
/// asked for what `/admin/*` says of that folder, and `/users/` for what `/users` says.
fn asked_for_twin<'a>(
    application: &'a Application,
    question: &Question,
    reading: &Reading,
) -> Vec<(Option<&'a Rule>, &'a Requirement)> {
    let path = match reading.path.strip_suffix('/') {
        Some(page) => page.to_owned(),
        None => format!("{}/", reading.path),
    };
    let names = |rule: &Rule| rule.path.names(&path);
    let twin = Reading { path: path.clone(), is_folded: reading.is_folded };
    let mut asked = asked_for(application, question, &twin);
    asked.retain(|(rule, _)| rule.is_some_and(names));
    asked
}

fn comes_from(rule: &Rule, question: &Question) -> bool {
    rule.networks.is_empty()
        || question
            .address
            .is_some_and(|address| rule.networks.iter().any(|network| network.contains(&address)))
}

/// Browsers send no cookies with the question before a request to another site, so it passes
/// where somebody might be allowed.
fn passes_as_preflight(application: &Application, question: &Question) -> bool {
    application.let_preflight
        && question.nature.is_preflight
        && question.method == "OPTIONS"
        && !question.nature.overrides_method
}

/// All requirements must be passed. What no signing in would change is said first.
fn judge<'a>(
    asked: impl Iterator<Item = &'a Requirement> + Clone,
    visitor: Option<Visitor<'_>>,
    now: Timestamp,
) -> Verdict {
    if asked.clone().any(|one| one.needs == Needs::Nobody) {
        return Verdict::Refused(Reason::ForNobody);
    }
    if asked.clone().all(|one| one.needs == Needs::Public) {
        return Verdict::Allow;
    }
    let Some(visitor) = visitor else { return Verdict::SignInFirst };
    let lacks = |one: &Requirement| match &one.needs {
        Needs::Roles(roles) => !roles.names().any(|role| visitor.roles.has(role)),
        _ => false,
    };
    if asked.clone().any(lacks) {
        return Verdict::Refused(Reason::RolesLacking);
    }
    let limits =
        || asked.clone().filter(|one| one.needs != Needs::Public).filter_map(|one| one.confirm);
    match visitor.confirmed_at {
        None if limits().next().is_some() => Verdict::Refused(Reason::NotForScripts),
        Some(at) if limits().any(|limit| now.since(at) >= limit) => Verdict::ConfirmFirst,
        _ => Verdict::Allow,
    }
}

//! What keeps applications from being opened, or opens them to everybody: what
//! the settings and the rules show, and what servers saw of the proxies.

use super::finding::Finding::{self, Good, Look, Mend};
use crate::base::error::Result;
use crate::base::keys::Purpose;
use crate::base::timestamp::Timestamp;
use crate::domain::applications::sightings::{Problem, Sighting};
use crate::domain::applications::{Catalog, Found, Needs};
use crate::service::asked::Asked;
use crate::service::settings::Registration;
use crate::service::{Doorward, words};

/// All of it.
pub(super) async fn findings(doorward: &Doorward, now: Timestamp) -> Vec<Finding> {
    match examine(doorward, now).await {
        Ok(found) => found,
        Err(error) => vec![Mend(format!("The applications cannot be read: {error}"))],
    }
}

async fn examine(doorward: &Doorward, now: Timestamp) -> Result<Vec<Finding>> {
    doorward.applications.sync(doorward.db.read()).await?;
    let catalog = doorward.applications.current();
    if catalog.all().is_empty() && catalog.unusable().is_empty() {
        return Ok(vec![]);
    }
    let mut found = vec![];
    for one in catalog.unusable() {
        found.push(Mend(format!(
            "The application {0} admits nobody, because it cannot be used: {1} Correct it with doorward application apply, or remove it: doorward application remove {0}",
            one.slug,
            words::unusable(one)
        )));
    }
    if doorward.settings.web.trusted_proxies.is_empty() {
        found.push(Mend(
            "No proxy may ask about applications, so none can be opened. Set trusted_proxies to the address of the proxy, for example [\"127.0.0.1\"].".to_owned(),
        ));
    }
    found.extend(missing_keys(doorward));
    let open = doorward.settings.web.registration == Registration::Open;
    let around = doorward.applications.surroundings(open);
    for one in catalog.all() {
        if one.draft.parse(around).is_err() {
            found.push(Mend(format!(
                "Everybody who creates an account can open {}. Say anyone_may_register = true if that is meant, ask for roles, or close registration.",
                one.application.name
            )));
        }
        found.extend(rules(doorward, one));
    }
    let asked = Asked::read(doorward, now).await?;
    found.extend(asked.problems.iter().filter_map(|seen| problem(doorward, &catalog, seen)));
    found.extend(unknown(&catalog, &asked));
    for one in catalog.all() {
        if asked.is_unasked_since(one.id, one.created_at) {
            let (name, slug) = (&one.application.name, &one.application.slug);
            found.push(Look(format!(
                "No proxy asked about {name} since it was added. Is the configuration in place that doorward application proxy {slug} prints?"
            )));
        }
    }
    if found.is_empty() {
        let count = catalog.all().len();
        found.push(Good(format!("Applications that are guarded: {count}.")));
    }
    Ok(found)
}

/// Keys that a ring of an earlier version lacks.
fn missing_keys(doorward: &Doorward) -> Option<Finding> {
    let derived = doorward.keys.ring().derived();
    let lacks = |purpose: &Purpose| derived.contains(purpose);
    let lacking = [Purpose::Entry, Purpose::Assertion].into_iter().find(lacks)?;
    let name = lacking.name();
    Some(Mend(format!(
        "The key ring has no {name} key of its own, which applications need: it ends with the form key, and everybody has to enter them again. Create it in a key file and hand on the result: doorward keys rotate {name}"
    )))
}

/// Rules that let more people pass than they seem to.
fn rules(doorward: &Doorward, found: &Found) -> Vec<Finding> {
    let name = &found.application.name;
    let mut findings = vec![];
    for rule in &found.application.rules {
        let path = rule.path.to_string();
        let is_everywhere = rule.networks.is_empty() && !rule.reading_only;
        if path == "/*" && rule.requirement.needs == Needs::Public && is_everywhere {
            findings.push(Look(format!(
                "The rule {path} opens all of {name} to everybody, but for what other rules say."
            )));
        }
        let trusted = &doorward.settings.web.trusted_proxies;
        let held = rule.networks.iter().find_map(|network| {
            let holds =
                |proxy: &&ipnet::IpNet| network.contains(&proxy.addr()) || proxy.contains(network);
            trusted.iter().find(holds).map(|proxy| (network, proxy))
        });
        if let Some((network, proxy)) = held {
            findings.push(Mend(format!(
                "The rule {path} of {name} is for {network}, where the trusted proxy {} is: a visitor who seems to come from a proxy can claim any address. Leave the proxies out of the networks of rules.",
                words::network(proxy)
            )));
        }
    }
    findings
}

/// What was wrong with what a proxy asked.
fn problem(doorward: &Doorward, catalog: &Catalog, seen: &Sighting) -> Option<Finding> {
    let by_id = |found: &&std::sync::Arc<Found>| Some(found.id) == seen.application;
    let named = catalog.all().iter().find(by_id).map(|found| &*found.application.name);
    let (host, at, peer) = (&seen.host, seen.asked_at.iso(), &seen.peer);
    let what = named.unwrap_or("applications");
    Some(Mend(match seen.problem? {
        Problem::UntrustedProxy => {
            let trusted = doorward.settings.web.trusted_proxies.iter().map(words::network);
            let all: Vec<String> =
                trusted.chain([peer.clone()]).map(|one| format!("\"{one}\"")).collect();
            format!(
                "{peer} asks about {what} and is not trusted, so it is refused (last at {at}). If it is your proxy, set trusted_proxies = [{}]",
                all.join(", ")
            )
        }
        Problem::NotHttps => format!(
            "The proxy says that browsers reach {host} by http, where they keep no cookie (last at {at}). Redirect to https before the proxy asks, and send the scheme that the browser used in X-Forwarded-Proto."
        ),
        Problem::WrongApplication => format!(
            "The proxy asks for {what} about {host}, which is a host of another application (last at {at}). Give each application a server of its own in the proxy, with the configuration printed for it."
        ),
        Problem::Loop => format!(
            "A browser was sent around and could not enter {what} at {host} (last at {at}). Open https://{host}/.doorward/explain in it: that page shows which cookies arrive."
        ),
        Problem::UnknownHost | Problem::UnknownApplication => return None,
    }))
}

/// What was asked about that is no application's.
fn unknown(catalog: &Catalog, asked: &Asked) -> Vec<Finding> {
    let hosts_of = |problem| {
        let of = asked.problems.iter().filter(|seen| seen.problem == Some(problem));
        of.map(|seen| &*seen.host).collect::<Vec<_>>()
    };
    let known = || catalog.all().iter().flat_map(|found| &found.draft.hosts);
    let told = |host: &&str| match words::near(host, known().map(String::as_str)) {
        Some(near) => format!("{host} (near {near})"),
        None => (*host).to_owned(),
    };
    let mut findings = vec![];
    let hosts = hosts_of(Problem::UnknownHost);
    if !hosts.is_empty() {
        let told: Vec<String> = hosts.iter().map(told).collect();
        findings.push(Look(format!(
            "In the last day a proxy asked about hosts that no application has: {}. Add those that you know to the hosts of an application, with the port that browsers use.",
            told.join(", ")
        )));
    }
    let hosts = hosts_of(Problem::UnknownApplication);
    if !hosts.is_empty() {
        findings.push(Look(format!(
            "In the last day a proxy asked for an application that does not exist, about {}. Correct the short name in its configuration.",
            hosts.join(", ")
        )));
    }
    findings
}

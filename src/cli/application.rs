//! `doorward application …`

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::base::error::{Error, Result};
use crate::cli::listing::Listing;
use crate::cli::terminal::{confirm, explain, say};
use crate::domain::accounts::custom_roles;
use crate::domain::accounts::names::RoleName;
use crate::domain::accounts::permissions::Roles;
use crate::domain::applications::{Change, Draft, Fault, Unusable, change_applications};
use crate::domain::sessions::Actor;
use crate::service::settings::Registration;
use crate::service::setup::guard::{self, Guard};
use crate::service::{Doorward, words};

#[derive(Subcommand)]
pub(super) enum Command {
    /// List the applications that are guarded
    List {
        /// Print a JSON object a line
        #[arg(long)]
        json: bool,
    },
    /// Make the applications what a TOML file says: add, change and remove
    Apply {
        /// The file; `doorward application export` writes one
        file: PathBuf,
        /// Only print what would be done
        #[arg(long)]
        dry_run: bool,
        /// Do not ask before an application is removed
        #[arg(long)]
        yes: bool,
    },
    /// Print all applications as a TOML file
    Export,
    /// Remove an application; its proxy then gets 403 for every request
    Remove {
        /// Its short name
        slug: String,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// Print the configuration of a reverse proxy for an application
    Proxy {
        /// Its short name
        slug: String,
        /// Which proxy
        #[arg(
            long = "for",
            value_name = "nginx|caddy|traefik|haproxy|haproxy-lua",
            hide_possible_values = true
        )]
        guard: Guard,
        /// With a certificate of one's own, for names that only a private network knows
        #[arg(long)]
        internal: bool,
        /// Where the proxy reaches Doorward
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8000")]
        doorward: String,
    },
}

/// The file of `apply` and `export`.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Applications {
    #[serde(default, rename = "application", skip_serializing_if = "Vec::is_empty")]
    all: Vec<Draft>,
}

pub(super) async fn run(command: Command, doorward: &Doorward, actor: Actor<'_>) -> Result<()> {
    doorward.applications.sync(doorward.db.read()).await?;
    match command {
        Command::List { json } => list(doorward, json),
        Command::Export => {
            let catalog = doorward.applications.current();
            let mut all: Vec<Draft> =
                catalog.all().iter().map(|found| found.draft.clone()).collect();
            for one in catalog.unusable() {
                explain(&format!("{} admits nobody: {}", one.slug, words::unusable(one)));
                all.extend(one.written.as_ref().ok().map(|(draft, _)| draft.clone()));
            }
            let text = toml::to_string(&Applications { all });
            say(text
                .map_err(|why| Error::broken(format!("It cannot be written: {why}.")))?
                .trim_end());
        }
        Command::Apply { file, dry_run, yes } => {
            let text = std::fs::read_to_string(&file).map_err(|why| {
                Error::broken(format!("{} cannot be read: {why}.", file.display()))
            })?;
            let wanted: Applications = toml::from_str(&text).map_err(|why| {
                Error::broken(format!("{}: {}", file.display(), why.to_string().trim_end()))
            })?;
            apply(doorward, wanted, (dry_run, yes), actor).await?;
        }
        Command::Remove { slug, yes } => {
            let is_unusable = |one: &Unusable| one.slug == slug;
            if !doorward.applications.current().unusable().iter().any(is_unusable) {
                find(doorward, &slug)?;
            }
            confirm(&format!("Remove {slug}?"), yes)?;
            let changes = [Change::Remove(slug)];
            change_applications(&doorward.sessions, &changes, actor, doorward.clock.now()).await?;
        }
        Command::Proxy { slug, guard, internal, doorward: address } => {
            let catalog = doorward.applications.current();
            find(doorward, &slug)?;
            let found = catalog.by_slug(&slug).ok_or(Error::NotFound)?;
            let own = internal.then_some(doorward.settings.data_dir.as_path());
            say(guard::configuration(guard, &found.application, &address, own).trim_end());
            if doorward.settings.web.trusted_proxies.is_empty() {
                explain(
                    "Doorward answers only proxies that it trusts. In Rocket.toml, set for example: trusted_proxies = [\"127.0.0.1\"]",
                );
            }
        }
    }
    Ok(())
}

fn find(doorward: &Doorward, slug: &str) -> Result<()> {
    let catalog = doorward.applications.current();
    if catalog.by_slug(slug).is_some() {
        return Ok(());
    }
    let known = catalog.all().iter().map(|found| found.application.slug.as_str());
    let near = words::near(slug, known).map(|near| format!(" Did you mean {near}?"));
    Err(Error::broken(format!("There is no application {slug}.{}", near.unwrap_or_default())))
}

fn list(doorward: &Doorward, json: bool) {
    let mut listing = Listing::new(json, ["SHORT NAME", "NAME", "HOSTS", "NEEDS", "RULES"]);
    let catalog = doorward.applications.current();
    for found in catalog.all() {
        let Draft { slug, name, hosts, needs, roles, rules, disabled, .. } = &found.draft;
        let object = json!({
            "slug": slug, "name": name, "hosts": hosts, "needs": needs, "roles": roles,
            "rules": rules.len(), "disabled": disabled,
            "created_at": found.created_at.iso(), "changed_at": found.changed_at.iso(),
            "problem": null,
        });
        let needs = match (disabled, roles.is_empty()) {
            (true, _) => "disabled".to_owned(),
            (_, true) => needs.clone(),
            (_, false) => format!("{needs}: {}", roles.join(", ")),
        };
        let row = [slug.clone(), name.clone(), hosts.join(", "), needs, rules.len().to_string()];
        listing.add(&object, row);
    }
    for one in catalog.unusable() {
        let problem = words::unusable(one);
        let row =
            [one.slug.clone(), String::new(), String::new(), "nobody".to_owned(), String::new()];
        listing.add(&json!({ "slug": one.slug, "problem": problem }), row);
    }
    listing.end();
    for one in catalog.unusable().iter().filter(|_| !json) {
        explain(&format!("{} admits nobody: {}", one.slug, words::unusable(one)));
    }
}

async fn apply(
    doorward: &Doorward,
    wanted: Applications,
    (dry_run, yes): (bool, bool),
    actor: Actor<'_>,
) -> Result<()> {
    let open = doorward.settings.web.registration == Registration::Open;
    let around = doorward.applications.surroundings(open);
    let catalog = doorward.applications.current();
    let is_unusable = |slug: &str| catalog.unusable().iter().any(|one| one.slug == slug);
    let (mut changes, mut lines, mut removed) = (vec![], vec![], vec![]);
    let mut owners: BTreeMap<String, &str> = BTreeMap::new();
    let mut named = BTreeSet::new();
    for draft in &wanted.all {
        if !named.insert(draft.slug.as_str()) {
            return Err(Error::broken(format!("The file has {} twice.", draft.slug)));
        }
        let parsed = draft.parse(around).map_err(|faults| faulty(draft, &faults))?;
        for host in &parsed.hosts {
            if let Some(other) = owners.insert(host.key(), &draft.slug) {
                return Err(Error::broken(format!(
                    "{other} and {} both have the host {}. A host belongs to one application.",
                    draft.slug,
                    host.key()
                )));
            }
        }
        roles_exist(doorward, draft).await?;
        match catalog.by_slug(&draft.slug) {
            None if is_unusable(&draft.slug) => {
                lines.push(format!("change  {}: it could not be used", draft.slug));
                changes.push(Change::Replace(draft.slug.clone(), None, draft.clone(), parsed));
            }
            None => {
                lines.push(format!("add     {}", draft.slug));
                changes.push(Change::Add(draft.clone(), parsed));
            }
            Some(found) if found.draft != *draft => {
                let changed = differing(&found.draft, draft);
                lines.push(format!("change  {}: {changed}", draft.slug));
                let (slug, seen) = (draft.slug.clone(), Some(found.changed_at));
                changes.push(Change::Replace(slug, seen, draft.clone(), parsed));
            }
            Some(_) => {}
        }
    }
    let usable = catalog.all().iter().map(|found| &found.application.slug);
    for slug in usable.chain(catalog.unusable().iter().map(|one| &one.slug)) {
        if !named.contains(slug.as_str()) {
            lines.push(format!("remove  {slug}"));
            changes.push(Change::Remove(slug.clone()));
            removed.push(slug.clone());
        }
    }
    if changes.is_empty() {
        say("There is nothing to do.");
        return Ok(());
    }
    if !dry_run {
        if !removed.is_empty() {
            confirm(&format!("Remove {}?", removed.join(", ")), yes)?;
        }
        let now = doorward.clock.now();
        change_applications(&doorward.sessions, &changes, actor, now).await?;
    }
    lines.iter().for_each(|line| say(line));
    Ok(())
}

/// Every role that an application asks for must be there.
async fn roles_exist(doorward: &Doorward, draft: &Draft) -> Result<()> {
    let rules = draft.rules.iter().flat_map(|rule| &rule.roles);
    for name in draft.roles.iter().chain(rules) {
        let role = Roles::of(RoleName::parse(name));
        if !custom_roles::exist(doorward.db.read(), &role).await? {
            return Err(Error::broken(format!(
                "{} asks for the role {name}, which does not exist. Create it: doorward role add {name}",
                draft.slug
            )));
        }
    }
    Ok(())
}

/// All that is wrong with an application, a line each.
fn faulty(draft: &Draft, faults: &[Fault]) -> Error {
    let lines = words::faults(draft, faults);
    let lines = lines.iter().map(|line| format!("{}: {line}", draft.slug));
    Error::broken(lines.collect::<Vec<_>>().join("\n"))
}

/// The names of the fields that are not the same.
fn differing(before: &Draft, after: &Draft) -> String {
    let value = |draft| serde_json::to_value(draft).unwrap_or_default();
    let (before, after) = (value(before), value(after));
    let fields = |value: &serde_json::Value| value.as_object().cloned().unwrap_or_default();
    let (old, new) = (fields(&before), fields(&after));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let other = names.into_iter().filter(|name| old.get(*name) != new.get(*name));
    other.cloned().collect::<Vec<_>>().join(", ")
}

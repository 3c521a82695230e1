//! The form of a personal token that is to be made.

use serde::Serialize;
use uuid::Uuid;

use crate::base::error::Result;
use crate::base::secrets;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::names::RoleName;
use crate::domain::accounts::permissions::Roles;
use crate::domain::applications::Found;
use crate::domain::applications::decide::Visitor;
use crate::domain::personal_tokens::{Expiry, NewToken, Reach, refusals};
use crate::service::Doorward;
use crate::web::form::submitted::{Fields, PageForm, Typed};
use crate::web::guarding::opens::open_to;

/// How long people can choose, in days.
const DAYS: [u32; 3] = [30, 90, 365];

/// What is asked.
pub struct NewTokenForm {
    name: String,
    slugs: Vec<String>,
    is_for_all: bool,
    roles: Vec<RoleName>,
    networks: Vec<String>,
    expiry: Expiry,
}

impl PageForm for NewTokenForm {
    const PURPOSE: &'static str = "token";

    fn read(fields: &mut Fields) -> Option<Self> {
        // `name`: 1 to 64 characters
        let name = fields.text("name");
        // `application.NAME`: ticked or not; the short names of applications
        let slugs = fields.all_ticked("application.");
        // `all_applications`: ticked or not
        let is_for_all = fields.ticked("all_applications");
        // `role.NAME`: ticked or not; roles of the account
        let roles = fields.all_ticked("role.");
        // `networks`: one a line, like `192.168.1.0/24`, or none
        let networks = fields.text("networks");
        // `days`: a number of days, or `never`
        let expiry = match fields.text("days").as_str() {
            "never" => Expiry::Never,
            days => Expiry::Days(days.parse().unwrap_or_default()),
        };
        let lines = networks.split(['\n', ',']).map(str::trim).filter(|line| !line.is_empty());
        let networks: Vec<String> = lines.map(str::to_owned).collect();
        let roles = roles.iter().filter_map(|name| RoleName::parse(name).ok()).collect();
        // What needs nothing else to be seen is said at once.
        let reach = if slugs.is_empty() { Reach::These(vec![]) } else { Reach::All };
        let reach = if is_for_all { Reach::All } else { reach };
        let checked = NewToken::parse(&name, reach, expiry);
        if let Err(why) = checked.and_then(|new| new.within(networks.iter().map(String::as_str))) {
            fields.refuse_as(why);
            return None;
        }
        Some(Self { name, slugs, is_for_all, roles, networks, expiry })
    }
}

impl NewTokenForm {
    /// The token that is asked for, by an account that has these roles.
    ///
    /// # Errors
    /// `personal_tokens::refusals::NO_APPLICATION` for one that was not offered.
    pub fn wanted(&self, doorward: &Doorward, has: &Roles, now: Timestamp) -> Result<NewToken> {
        let reach = if self.is_for_all {
            Reach::All
        } else {
            let offered = offered(doorward, has, now);
            let id = |slug: &String| {
                let found = offered.iter().find(|found| found.application.slug == *slug);
                found.map(|found| found.id).ok_or(refusals::NO_APPLICATION)
            };
            Reach::These(self.slugs.iter().map(id).collect::<Result<_, _>>()?)
        };
        let new = NewToken::parse(&self.name, reach, self.expiry)?;
        let new = new.within(self.networks.iter().map(String::as_str))?;
        Ok(new.with_roles(Roles::of(self.roles.iter().cloned())))
    }
}

/// The id that a form gives the token it makes: a page that is reloaded makes no other.
pub fn id_of_form(fingerprint: &str) -> Uuid {
    let digest = secrets::digest(&format!("token of the form {fingerprint}"));
    Uuid::from_slice(&digest[..16]).expect("16 bytes are an id")
}

/// An application or a role to tick.
#[derive(Serialize)]
pub struct Choice {
    field: String,
    name: String,
    is_ticked: bool,
}

/// What the form offers.
#[derive(Serialize)]
pub struct Offer {
    applications: Vec<Choice>,
    roles: Vec<Choice>,
    days: Vec<u32>,
    may_never_expire: bool,
}

impl Offer {
    /// What it offers to an account that has these roles.
    pub fn to(doorward: &Doorward, has: &Roles, form: &Typed, now: Timestamp) -> Self {
        let most = doorward.settings.personal_token_max_days;
        let mut days: Vec<u32> =
            DAYS.into_iter().filter(|days| most == 0 || *days <= most).collect();
        if days.is_empty() {
            days.push(most);
        }
        let applications = offered(doorward, has, now);
        let is_only = applications.len() == 1;
        let application = |found: &std::sync::Arc<Found>| {
            let slug = &found.application.slug;
            Choice {
                field: format!("application.{slug}"),
                name: found.application.name.clone(),
                is_ticked: form.is_ticked("application.", slug).unwrap_or(is_only),
            }
        };
        let role = |name: &str| Choice {
            field: format!("role.{name}"),
            name: name.to_owned(),
            is_ticked: form.is_ticked("role.", name).unwrap_or(true),
        };
        Self {
            applications: applications.iter().map(application).collect(),
            roles: has.names().map(role).collect(),
            days,
            may_never_expire: most == 0,
        }
    }
}

/// The applications that a token can open for somebody with these roles. Where the
/// password is asked for again, none can.
fn offered(doorward: &Doorward, has: &Roles, now: Timestamp) -> Vec<std::sync::Arc<Found>> {
    open_to(doorward, Visitor { roles: has, confirmed_at: None }, now)
}

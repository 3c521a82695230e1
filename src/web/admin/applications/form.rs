//! The forms of an application and of a rule: read into drafts, which the
//! domain judges.

use rocket_dyn_templates::context;

use crate::base::error::Result;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::names::RoleName;
use crate::domain::accounts::permissions::Roles;
use crate::domain::applications::{Application, Draft, Fault, RuleDraft, Surroundings};
use crate::service::Doorward;
use crate::web::admin::accounts::role_choices::{RoleChoice, all_choices, as_typed};
use crate::web::admin::reason::Reason;
use crate::web::answer::page::{Html, Page};
use crate::web::form::submitted::{Fields, PageForm, Typed};

/// What is asked of an application, without its rules.
pub(super) struct ApplicationForm {
    draft: Draft,
    pub(super) seen: Option<Timestamp>,
    pub(super) reason: Reason,
}

impl ApplicationForm {
    /// The draft with the rules that the application has, and what it says.
    ///
    /// # Errors
    /// What is wrong with it here.
    pub(super) fn with_rules(
        &self,
        rules: Vec<RuleDraft>,
        around: Surroundings<'_>,
    ) -> Result<(Draft, Application)> {
        parsed(Draft { rules, ..self.draft.clone() }, around)
    }

    /// The short name.
    pub(super) fn slug(&self) -> &str {
        &self.draft.slug
    }
}

/// A draft with what it says.
///
/// # Errors
/// The first thing that is wrong with it.
pub(super) fn parsed(draft: Draft, around: Surroundings<'_>) -> Result<(Draft, Application)> {
    let application = draft.parse(around).map_err(|faults| faults[0].refusal)?;
    Ok((draft, application))
}

impl PageForm for ApplicationForm {
    const PURPOSE: &'static str = "application";

    fn read(fields: &mut Fields) -> Option<Self> {
        // `seen`: when the application was last changed, as the form was drawn with it
        let seen = fields.text("seen").parse().ok().map(Timestamp);
        // `slug`: 2 to 32 of `a-z`, `0-9`, `-`, a letter first; unique
        let slug = fields.text("slug").trim().to_owned();
        // `name`: 1 to 64 characters
        let name = fields.text("name").trim().to_owned();
        // `hosts`: one a line, like `wiki.example.org` or `*.apps.example.org`, at most 100;
        // each belongs to one application, none is ours
        let hosts = lines(&fields.text("hosts"));
        // `needs`: `public`, `members`, `roles` or `nobody`
        let needs = fields.text("needs");
        // `role.NAME`: ticked or not; the roles, one of which is needed
        let roles = ticked_roles(fields, &needs);
        // `confirm_seconds`: 60 to 2,592,000, or empty
        let confirm_seconds = seconds(fields);
        // `anyone_may_register`: ticked or not
        let anyone_may_register = fields.ticked("anyone_may_register");
        // `identity`: `headers`, `assertion`, `both` or `none`
        let identity = fields.text("identity");
        // `challenge_basic`: ticked or not
        let challenge_basic = fields.ticked("challenge_basic");
        // `let_preflight`: ticked or not
        let let_preflight = fields.ticked("let_preflight");
        // `unverified_email`: ticked or not
        let unverified_email = fields.ticked("unverified_email");
        // `unlisted`: ticked or not
        let listed = !fields.ticked("unlisted");
        // `open_url`: an address on one of the hosts, or empty
        let open_url = fields.text("open_url").trim().to_owned();
        // `upstream`: host and port, or empty
        let upstream = fields.text("upstream").trim().to_owned();
        // `disabled`: ticked or not
        let disabled = fields.ticked("disabled");
        let reason = Reason::read(fields);
        let draft = Draft {
            slug,
            name,
            hosts,
            needs,
            roles,
            confirm_seconds: confirm_seconds.flatten(),
            anyone_may_register,
            identity,
            challenge_basic,
            let_preflight,
            unverified_email,
            listed,
            open_url,
            upstream,
            disabled,
            rules: vec![],
        };
        // What is wrong anywhere is said at once; the rest needs this service's own settings.
        let anywhere = Surroundings { own_host: "", registration_is_open: false };
        let faults = draft.parse(anywhere).err().unwrap_or_default();
        refuse(fields, &faults);
        confirm_seconds?;
        Some(Self { draft, seen, reason: reason? }).filter(|_| faults.is_empty())
    }
}

/// What is asked of a rule.
pub(super) struct RuleForm {
    pub(super) rule: RuleDraft,
    pub(super) seen: Option<Timestamp>,
    pub(super) reason: Reason,
}

impl PageForm for RuleForm {
    const PURPOSE: &'static str = "rule";

    fn read(fields: &mut Fields) -> Option<Self> {
        // `seen`: when the application was last changed, as the form was drawn with it
        let seen = fields.text("seen").parse().ok().map(Timestamp);
        // `path`: like `/robots.txt`, or `/admin*` for all that begin so; a public one ends in
        // `/*` or is exact
        let path = fields.text("path").trim().to_owned();
        // `needs`: `public`, `members`, `roles` or `nobody`
        let needs = fields.text("needs");
        // `role.NAME`: ticked or not; the roles, one of which is needed
        let roles = ticked_roles(fields, &needs);
        // `confirm_seconds`: 60 to 2,592,000, or empty
        let confirm_seconds = seconds(fields);
        // `reading_only`: ticked or not
        let reading_only = fields.ticked("reading_only");
        // `networks`: one a line, like `192.168.1.0/24`, or none
        let networks = lines(&fields.text("networks"));
        let reason = Reason::read(fields);
        let within = confirm_seconds.flatten();
        let rule =
            RuleDraft { path, needs, roles, confirm_seconds: within, reading_only, networks };
        let faults = rule.check().err().unwrap_or_default();
        refuse(fields, &faults);
        confirm_seconds?;
        Some(Self { rule, seen, reason: reason? }).filter(|_| faults.is_empty())
    }
}

/// The fields of both forms, as they stand on the page.
const ORDER: [&str; 13] = [
    "name",
    "slug",
    "hosts",
    "path",
    "needs",
    "roles",
    "anyone_may_register",
    "confirm_seconds",
    "networks",
    "upstream",
    "identity",
    "open_url",
    "reason",
];

fn refuse(fields: &mut Fields, faults: &[Fault]) {
    faults.iter().for_each(|fault| fields.refuse_as(fault.refusal));
    fields.order(&ORDER);
}

fn lines(text: &str) -> Vec<String> {
    let lines = text.split(['\n', ',']).map(str::trim).filter(|line| !line.is_empty());
    lines.map(str::to_owned).collect()
}

fn ticked_roles(fields: &mut Fields, needs: &str) -> Vec<String> {
    let roles = fields.all_ticked("role.");
    if needs == "roles" { roles } else { vec![] }
}

fn seconds(fields: &mut Fields) -> Option<Option<u32>> {
    fields.parsed("confirm_seconds", "Password again", |text| match text.trim() {
        "" => Ok(None),
        digits => digits.parse().map(Some).map_err(|_| "Enter a number of seconds."),
    })
}

/// The values that a form of an application begins with.
pub(super) fn values(draft: &Draft, seen: Option<Timestamp>) -> Vec<(&'static str, String)> {
    let on = |flag: bool| if flag { "on" } else { "" }.to_owned();
    let all = vec![
        ("seen", seen.map(|at| at.0.to_string()).unwrap_or_default()),
        ("slug", draft.slug.clone()),
        ("name", draft.name.clone()),
        ("hosts", draft.hosts.join("\n")),
        ("needs", draft.needs.clone()),
        ("confirm_seconds", draft.confirm_seconds.map(|n| n.to_string()).unwrap_or_default()),
        ("anyone_may_register", on(draft.anyone_may_register)),
        ("identity", draft.identity.clone()),
        ("challenge_basic", on(draft.challenge_basic)),
        ("let_preflight", on(draft.let_preflight)),
        ("unverified_email", on(draft.unverified_email)),
        ("unlisted", on(!draft.listed)),
        ("open_url", draft.open_url.clone()),
        ("upstream", draft.upstream.clone()),
        ("disabled", on(draft.disabled)),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

/// The same of a rule.
pub(super) fn values_of_rule(rule: &RuleDraft, seen: Timestamp) -> Vec<(&'static str, String)> {
    let all = vec![
        ("seen", seen.0.to_string()),
        ("path", rule.path.clone()),
        ("needs", rule.needs.clone()),
        ("confirm_seconds", rule.confirm_seconds.map(|n| n.to_string()).unwrap_or_default()),
        ("reading_only", if rule.reading_only { "on" } else { "" }.to_owned()),
        ("networks", rule.networks.join("\n")),
    ];
    all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
}

/// The page of the form, for the application of that short name or for another one.
pub(super) fn draw(page: Page, form: Typed, slug: Option<&str>, roles: Vec<RoleChoice>) -> Html {
    page.in_section("admin/applications")
        .render("admin/application_form.html", context! { form, slug, choices: roles })
}

/// The roles to tick, as they are or as they were ticked.
pub(super) async fn choices(
    doorward: &Doorward,
    roles: &[String],
    form: &Typed,
) -> Result<Vec<RoleChoice>> {
    let named = roles.iter().filter_map(|name| RoleName::parse(name).ok());
    Ok(as_typed(all_choices(&doorward.db, &Roles::of(named)).await?, form))
}

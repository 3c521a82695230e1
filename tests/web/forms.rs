//! Every form there is: it stands on a page, its fields are those that are
//! read, and the documentation says what each takes.

use std::collections::BTreeSet;

use doorward::service::setup::token as setup_token;
use rocket::http::Method;
use shared::page::Page;
use shared::routes::{self, Route, filled, form_to, page_of, rules_of};
use shared::source::table_in;

use crate::app::{App, Browser};

/// People in whose browsers every form can be seen.
struct Crowd<'a> {
    app: &'a App,
    /// An administrator.
    chief: Browser<'a>,
    /// A member, signed in at two places, with a failed log-in since.
    ada: Browser<'a>,
    id: String,
}

impl<'a> Crowd<'a> {
    async fn of(app: &'a App) -> Self {
        let chief = app.staff("chief", "admin").await;
        let wiki = crate::guarding::wiki();
        crate::guarding::guard(app, wiki).await;
        let id = app.account("ada", &["editors"]).await.id.to_string();
        let ada = app.signed_in("ada").await;
        app.signed_in("ada").await;
        crate::guarding::entered(app, "ada", "wiki").await;
        app.browser().log_in_with("ada", "not the password").await;
        app.account("bob", &["editors"]).await;
        Self { app, chief, ada, id }
    }

    /// The page with the form of that address.
    async fn page(&self, address: &str) -> Page {
        let path = filled(page_of(address), &self.id);
        if address == "/setup" {
            // Nobody is an administrator there.
            let empty = App::start().await;
            let link = setup_token::renew(&empty.doorward, empty.clock().now()).await.unwrap();
            assert!(link.is_some());
            return empty.browser().get(&path).await.page();
        }
        if address == "/recover/<token>" {
            let form = ("/admin/accounts/<id>/recovery", &[("reason", "a test")]);
            let answer = self.chief.post(&filled(form.0, &self.id), form.1).await;
            return self.app.browser().get(&answer.link()).await.page();
        }
        if address == "/account/tokens/<tid>/revoke" {
            let fields = [("name", "Backup"), ("application.wiki", "on"), ("days", "30")];
            self.ada.post("/account/tokens/new", &fields).await;
        }
        if address == "/admin/undo/applications" {
            self.fill_in("/admin/applications/<slug>/edit", &self.id).await;
        } else if let Some(act) = address.strip_prefix("/admin/undo/") {
            let form = match act {
                "roles" => "/admin/accounts/<id>/roles",
                "edit" => "/admin/accounts/<id>/edit",
                _ => "/admin/accounts/disable",
            };
            let name = format!("to-{act}");
            self.app.account(&name, &[]).await;
            self.fill_in(form, &self.app.id_of(&name).await).await;
        }
        let browser = match address {
            _ if address.starts_with("/admin") => &self.chief,
            "/login" | "/register" => &self.app.browser(),
            _ => &self.ada,
        };
        browser.get(&path).await.page()
    }

    /// The administrator sends that form, about that account.
    async fn fill_in(&self, address: &str, id: &str) {
        let path = filled(page_of(address), id);
        let page = self.chief.get(&path).await.page();
        let form = form_to(&page, address).unwrap();
        let fields = routes::filled_in(&form, &[]);
        let mut fields: Vec<(&str, &str)> =
            fields.iter().map(|(name, value)| (&**name, &**value)).collect();
        fields.retain(|(name, _)| *name != "csrf");
        self.chief.post_with(&form.action, &form.token(), &fields).await;
    }
}

#[rocket::async_test]
async fn no_form_leaves_it_to_the_browser_to_say_what_is_missing() {
    let app = App::start().await;
    let crowd = Crowd::of(&app).await;
    let mut seen = 0;
    for Route { address, .. } in routes::forms() {
        let page = crowd.page(&address).await;
        assert!(page.texts("form:has([required]):not([novalidate])").is_empty(), "{address}");
        seen += page.texts("form[novalidate]:has([required])").len();
    }
    assert!(seen > 10, "{seen}");
}

/// What the documentation calls a field.
fn documented(name: String) -> String {
    let of_one = ["role.", "application."].into_iter().find(|prefix| name.starts_with(prefix));
    of_one.map_or(name, |prefix| format!("{prefix}NAME"))
}

#[rocket::async_test]
async fn every_form_stands_on_a_page_with_the_fields_that_are_read() {
    let app = App::start().await;
    let crowd = Crowd::of(&app).await;
    for Route { address, form, file, .. } in routes::forms() {
        assert!(!form.is_empty(), "{address} takes no `Submitted<…>`: {}", file.display());
        let page = crowd.page(&address).await;
        let shown = form_to(&page, &address);
        let shown = shown.unwrap_or_else(|| panic!("no form is sent to {address}"));
        assert!(!shown.token().is_empty(), "{address} has no token");
        let names = shown.fields().into_iter().map(|field| documented(field.name));
        let names: BTreeSet<String> = names.filter(|name| name != "csrf").collect();
        let rules: BTreeSet<String> = rules_of(&form).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, rules, "{address}: a comment at each field read says what it takes");
    }
}

#[test]
fn the_table_of_fields_is_the_one_that_the_forms_state() {
    let forms = routes::forms();
    let mut rows =
        "| all | `csrf` | the token of the page; for this form and this browser |\n".to_owned();
    let mut told = BTreeSet::new();
    for Route { form, .. } in &forms {
        if !told.insert(form) {
            continue;
        }
        let same = forms.iter().filter(|route| route.form == *form);
        let addresses: Vec<String> = same.map(|route| format!("`{}`", route.address)).collect();
        for (place, (name, rule)) in rules_of(form).into_iter().enumerate() {
            let first =
                if place == 0 { format!("{} ", addresses.join(", ")) } else { String::new() };
            rows += &format!("| {first}| `{name}` | {rule} |\n");
        }
    }
    table_in("docs/assurance/validation.md", "| form | field | rule |\n|---|---|---|\n", &rows);
}

#[rocket::async_test]
async fn the_routes_in_the_source_are_those_that_are_mounted() {
    let app = App::start().await;
    let known = routes::routes();
    for (method, name) in [(Method::Get, "GET"), (Method::Post, "POST")] {
        let mut mounted = app.addresses(method);
        mounted.sort();
        let of_method = known.iter().filter(|route| route.method == name);
        assert_eq!(mounted, of_method.map(|route| route.address.clone()).collect::<Vec<_>>());
    }
}

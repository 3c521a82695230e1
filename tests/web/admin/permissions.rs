//! Who may do what: each address below `/admin`, role by role.

use std::collections::BTreeSet;

use doorward::domain::accounts::permissions::Permission;
use rocket::http::{Method, Status};
use shared::routes::{self, Route, filled, fits};
use shared::source::table_in;
use time::Duration;

use super::{PEOPLE, permits, with_people};
use crate::app::{Browser, PASSWORD};
use crate::guarding::{guard, wiki};

/// The table of who may do what, repeated here on purpose.
#[test]
fn each_role_has_the_permissions_that_the_design_gives_it() {
    use Permission::{EndSessions, Look, ManageAccounts, ReadAudit};
    for (roles, permitted) in [
        (&[][..], &[][..]),
        (&["editors"], &[]),
        (&["auditor"], &[Look, ReadAudit]),
        (&["support"], &[Look, EndSessions, ManageAccounts]),
        (&["auditor", "support"], &[Look, ReadAudit, EndSessions, ManageAccounts]),
        (&["admin"], &Permission::ALL),
    ] {
        for permission in Permission::ALL {
            let expected = permitted.contains(&permission);
            assert_eq!(permits(roles, permission), expected, "{roles:?} {permission:?}");
        }
    }
}

/// An address below `/admin` and the roles that it is for, as `docs/assurance/roles.md` says.
struct Row {
    method: String,
    address: String,
    roles: Vec<String>,
}

impl Row {
    fn is_for(&self, roles: &[&str]) -> bool {
        roles.iter().any(|role| self.roles.iter().any(|known| known == role))
    }
}

const HEAD: &str = "| address | who |\n|---|---|\n";

fn table() -> Vec<Row> {
    let document = std::fs::read_to_string("docs/assurance/roles.md").unwrap();
    let (_, rows) = document.split_once(HEAD).unwrap();
    let row = |line: &str| {
        let (method, rest) = line.strip_prefix("| ").unwrap().split_once(' ').unwrap();
        let mut codes = rest.split('`').skip(1).step_by(2).map(str::to_owned);
        let (method, address) = (method.to_owned(), codes.next().unwrap());
        Row { method, address, roles: codes.collect() }
    };
    let rows: Vec<Row> = rows.lines().take_while(|line| line.starts_with('|')).map(row).collect();
    assert!(rows.len() > 40, "{}", rows.len());
    rows
}

#[rocket::async_test]
async fn the_table_of_addresses_is_the_one_that_the_guards_enforce() {
    let (app, id) = with_people().await;
    let mut staff = vec![];
    for (role, name) in [("auditor", "auditor-one"), ("support", "helper"), ("admin", "chief")] {
        staff.push((role, app.signed_in(name).await));
    }
    let mut rows = String::new();
    for Route { method, address, .. } in below_admin() {
        let mut roles = vec![];
        for (role, browser) in &staff {
            let (status, _) = ask(browser, method, &filled(&address, &id)).await;
            if status != Status::Forbidden {
                roles.push(format!("`{role}`"));
            }
        }
        rows += &format!("| {method} `{address}` | {} |\n", roles.join(", "));
    }
    table_in("docs/assurance/roles.md", HEAD, &rows);
}

fn below_admin() -> Vec<Route> {
    let mut routes = routes::routes();
    routes.retain(|route| route.address.starts_with("/admin"));
    routes
}

#[test]
fn a_page_with_a_form_is_for_those_who_may_send_it() {
    let table = table();
    for page in table.iter().filter(|row| row.method == "GET") {
        for form in table.iter().filter(|row| row.method == "POST") {
            let same = form.address == page.address;
            assert!(!same || form.roles == page.roles, "{}", page.address);
        }
    }
}

/// Asks; a form comes without its type, so that nothing is done even where it may.
async fn ask(browser: &Browser<'_>, method: &str, path: &str) -> (Status, String) {
    let answer = match method {
        "GET" => browser.get(path).await,
        _ => {
            let ours =
                [("Sec-Fetch-Site", "same-origin"), ("RequestSource", "http://localhost:8000")];
            browser.send(Method::Post, path, None, &ours).await
        }
    };
    (answer.status, answer.location.unwrap_or_default())
}

#[rocket::async_test]
async fn every_role_reaches_exactly_what_the_table_gives_it() {
    let (app, id) = with_people().await;
    for (name, roles) in PEOPLE {
        let browser = app.signed_in(name).await;
        for row in table() {
            let Row { method, address: pattern, .. } = &row;
            let (status, _) = ask(&browser, method, &filled(pattern, &id)).await;
            let expected = match (row.is_for(roles), &**method) {
                (false, _) => Status::Forbidden,
                (true, "GET") => Status::Ok,
                (true, _) => Status::UnsupportedMediaType,
            };
            assert_eq!(status, expected, "{name}: {method} {pattern}");
        }
    }
    let stranger = app.browser();
    for Row { method, address: pattern, .. } in &table() {
        let (status, to) = ask(&stranger, method, &filled(pattern, &id)).await;
        assert_eq!(status, Status::SeeOther, "{method} {pattern}");
        assert!(to.starts_with("/login?next="), "{method} {pattern}: {to}");
    }
}

#[rocket::async_test]
async fn to_act_the_password_must_have_been_given_lately() {
    let (app, id) = with_people().await;
    let chief = app.signed_in("chief").await;
    app.pass(Duration::minutes(6)).await;
    let table = table();
    let has_form = |path: &str| table.iter().any(|row| row.method == "POST" && row.address == path);
    let mut looked = 0;
    for Row { method, address: pattern, .. } in &table {
        let (status, to) = ask(&chief, method, &filled(pattern, &id)).await;
        let taken = pattern.ends_with(".csv") || pattern.ends_with(".jsonl");
        if method == "POST" || taken || has_form(pattern) {
            assert_eq!(status, Status::SeeOther, "{method} {pattern}");
            assert!(to.starts_with("/confirm?next="), "{method} {pattern}: {to}");
        } else {
            assert_eq!(status, Status::Ok, "looking goes on: {pattern}");
            looked += 1;
        }
    }
    assert!(looked >= 8, "{looked}");
}

#[rocket::async_test]
async fn what_somebody_was_refused_stands_in_the_audit_log() {
    let (app, _) = with_people().await;
    let helper = app.signed_in("helper").await;
    for _ in 0..50 {
        assert_eq!(helper.get("/admin/audit").await.status, Status::Forbidden);
    }
    let log = app.signed_in("auditor-one").await.get("/admin/audit?event=authz.denied").await;
    let rows = log.page().texts("tr.event");
    assert_eq!(rows.len(), 1, "once a minute: {rows:?}");
    for words in ["was denied access", "authz.denied", "helper", "GET /admin/audit"] {
        assert!(rows[0].contains(words), "{rows:?}");
    }
}

#[rocket::async_test]
async fn a_page_offers_only_what_the_reader_may_do() {
    let (app, _) = with_people().await;
    let person = app.account("ada", &[]).await.id.to_string();
    for (name, roles) in &PEOPLE[2..] {
        let browser = app.signed_in(name).await;
        let mut looked = 0;
        for page in table().iter().filter(|row| row.method == "GET" && row.is_for(roles)) {
            if page.address.contains(".csv") || page.address.contains(".jsonl") {
                continue;
            }
            offers_fit(&browser, &filled(&page.address, &person)).await;
            looked += 1;
        }
        assert!(looked > 4, "{name}");
    }
}

#[rocket::async_test]
async fn every_page_of_staff_can_be_reached_from_the_first_one() {
    let (app, _) = with_people().await;
    app.account("ada", &["editors"]).await;
    // At two places, which can be ended at once.
    app.signed_in("ada").await;
    app.signed_in("ada").await;
    let chief = app.signed_in("chief").await;
    guard(&app, wiki()).await;
    let pages = below_admin().into_iter().filter(|route| route.method == "GET");
    let all: Vec<String> = pages.map(|route| route.address).collect();
    let mut missing = all.clone();
    // Only `/confirm` leads there, after a button that was pressed too late.
    missing.retain(|address| !address.starts_with("/admin/undo/"));
    let (mut asked, mut links) = (BTreeSet::new(), vec!["/admin".to_owned()]);
    while let Some(link) = links.pop() {
        let path = link.split(['?', '#']).next().unwrap().to_owned();
        if !path.starts_with("/admin") || !asked.insert(path.clone()) {
            continue;
        }
        // `/admin/accounts/new` is the id of no account.
        let is_one = all.contains(&path);
        missing.retain(|address| *address != path && (is_one || !fits(address, &path)));
        let shown = chief.get(&link).await.page();
        links.extend(shown.links());
        links.extend(shown.attributes("[formaction]", "formaction"));
    }
    assert!(missing.is_empty(), "no link leads to {missing:?}");
}

#[rocket::async_test]
async fn the_navigation_of_staff_tells_the_page_itself_from_one_below_it() {
    let (app, id) = with_people().await;
    let chief = app.signed_in("chief").await;
    for (path, section, current) in [
        ("/admin", "/admin", "page"),
        ("/admin/doctor", "/admin/doctor", "page"),
        ("/admin/accounts?q=a", "/admin/accounts", "page"),
        (&*format!("/admin/accounts/{id}"), "/admin/accounts", "true"),
        ("/admin/revocations/new", "/admin/sessions", "true"),
    ] {
        let shown = chief.get(path).await.page();
        let marked = |attribute| shown.attributes(".sections a[aria-current]", attribute);
        assert_eq!(
            (marked("href"), marked("aria-current")),
            (vec![section.to_owned()], vec![current.to_owned()]),
            "{path}"
        );
    }
}

/// Every link and button of the page leads where its reader may go.
async fn offers_fit(browser: &Browser<'_>, page: &str) {
    let shown = browser.get(page).await.page();
    let links = [("a[href]", "href"), ("[formaction]", "formaction")]
        .map(|(what, attribute)| shown.attributes(what, attribute));
    let mut offers: Vec<(&str, String)> =
        links.concat().into_iter().map(|link| ("GET", link)).collect();
    for (method, kind) in [("GET", "get"), ("POST", "post")] {
        offers.extend(shown.forms(kind).into_iter().map(|form| (method, form.action)));
    }
    let mut seen = 0;
    for (method, link) in offers {
        let path = link.split(['?', '#']).next().unwrap();
        if path.starts_with("/admin") {
            let (status, _) = ask(browser, method, &link).await;
            assert!(
                status.code < 400 || status == Status::UnsupportedMediaType,
                "{page}: {method} {path}: {status}"
            );
            seen += 1;
        }
    }
    assert!(seen > 3, "{page}");
}

#[rocket::async_test]
async fn staff_pages_that_were_left_alone_ask_for_the_password_and_the_rest_goes_on() {
    let (app, id) = with_people().await;
    let chief = app.signed_in("chief").await;
    app.pass(Duration::minutes(31)).await;
    assert_eq!(chief.get("/account").await.status, Status::Ok, "it is a member's session");
    for Row { method, address: pattern, .. } in &table() {
        let (status, to) = ask(&chief, method, &filled(pattern, &id)).await;
        assert_eq!(status, Status::SeeOther, "{method} {pattern}");
        assert!(to.starts_with("/confirm?next="), "{method} {pattern}: {to}");
    }
    let token = chief.get("/confirm?next=/admin/accounts").await.csrf();
    let fields = [("password", PASSWORD), ("next", "/admin/accounts")];
    let answer = chief.post_with("/confirm", &token, &fields).await;
    assert_eq!(answer.location.as_deref(), Some("/admin/accounts"));
    assert_eq!(chief.get("/admin/accounts").await.status, Status::Ok);
}

#[rocket::async_test]
async fn staff_pages_ask_for_the_password_twelve_hours_after_it_was_given_however_busy() {
    let (app, _) = with_people().await;
    let chief = app.signed_in("chief").await;
    for minutes in (25..12 * 60).step_by(25) {
        app.pass(Duration::minutes(25)).await;
        assert_eq!(chief.get("/admin").await.status, Status::Ok, "after {minutes} minutes");
    }
    app.pass(Duration::minutes(25)).await;
    let answer = chief.get("/admin").await;
    assert_eq!(answer.location.as_deref(), Some("/confirm?next=/admin"));
    assert_eq!(chief.get("/account").await.status, Status::Ok);
}

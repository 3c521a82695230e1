//! Who may do what: each address below `/admin`, role by role.

use doorward::domain::accounts::permissions::Permission;
use doorward::web::admin::NEEDED;
use rocket::http::{Method, Status};
use time::Duration;

use super::{PEOPLE, filled, permits, with_people};
use crate::app::{App, Browser, PASSWORD};

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

#[rocket::async_test]
async fn every_address_for_staff_stands_in_the_table() {
    let app = App::start().await;
    for method in [Method::Get, Method::Post] {
        let mut mounted = app.addresses(method);
        mounted.retain(|path| path.starts_with("/admin"));
        mounted.sort();
        let of_method = NEEDED.iter().filter(|(known, ..)| *known == method.as_str());
        let mut known: Vec<String> = of_method.map(|(_, path, _)| (*path).to_owned()).collect();
        known.sort();
        assert_eq!(mounted, known);
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
        for (method, pattern, permission) in NEEDED {
            let (status, _) = ask(&browser, method, &filled(pattern, &id)).await;
            let expected = match (permits(roles, permission), method) {
                (false, _) => Status::Forbidden,
                (true, "GET") => Status::Ok,
                (true, _) => Status::UnsupportedMediaType,
            };
            assert_eq!(status, expected, "{name}: {method} {pattern}");
        }
    }
    let stranger = app.browser();
    for (method, pattern, _) in NEEDED {
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
    let has_form = |path: &str| NEEDED.iter().any(|(kind, of, _)| *kind == "POST" && *of == path);
    let mut looked = 0;
    for (method, pattern, _) in NEEDED {
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
    let rows = log.page().texts(".story li");
    assert_eq!(rows.len(), 1, "once a minute: {rows:?}");
    for words in ["was refused a page for staff", "authz.denied", "helper", "GET /admin/audit"] {
        assert!(rows[0].contains(words), "{rows:?}");
    }
}

#[rocket::async_test]
async fn a_page_offers_only_what_the_reader_may_do() {
    let (app, _) = with_people().await;
    let person = app.account("ada", &[]).await.id;
    for (name, roles) in &PEOPLE[2..] {
        let browser = app.signed_in(name).await;
        for path in ["/admin", "/admin/accounts", "/admin/sessions", "/admin/revocations"] {
            offers_fit(&browser, path, roles).await;
        }
        offers_fit(&browser, &format!("/admin/accounts/{person}"), roles).await;
    }
}

/// What an address of that method needs.
fn needed_by(method: &str, path: &str) -> Option<Permission> {
    let parts = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
    let fits = |pattern: &str| {
        let (known, asked) = (parts(pattern), parts(path));
        let same =
            known.iter().zip(&asked).all(|(known, part)| known == part || known.starts_with('<'));
        same && known.len() == asked.len()
    };
    let fitting = NEEDED.iter().filter(|(of, pattern, _)| *of == method && fits(pattern));
    // `/admin/accounts/new` is the id of no account.
    fitting.min_by_key(|(_, pattern, _)| pattern.contains('<')).map(|(.., permission)| *permission)
}

/// Every link and button of the page leads where its reader may go.
async fn offers_fit(browser: &Browser<'_>, page: &str, roles: &[&str]) {
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
            let permission = needed_by(method, path);
            let permission = permission.unwrap_or_else(|| panic!("{page}: {method} {path}"));
            assert!(permits(roles, permission), "{page} offers {path} to {roles:?}");
            seen += 1;
        }
    }
    assert!(seen > 3, "{page}");
}

/// Which of the built-in roles have that permission.
fn holders(permission: Permission) -> String {
    let roles = ["auditor", "support", "admin"];
    let having = roles.into_iter().filter(|role| permits(&[role], permission));
    having.map(|role| format!("`{role}`")).collect::<Vec<_>>().join(", ")
}

#[test]
fn the_table_in_the_documentation_is_the_one_the_guards_are_held_against() {
    let rows: String = NEEDED
        .iter()
        .map(|(method, path, permission)| {
            format!("| {method} `{path}` | {} |\n", holders(*permission))
        })
        .collect();
    let document = std::fs::read_to_string("docs/roles.md").unwrap();
    assert!(document.contains(&rows), "docs/roles.md should have:\n{rows}");
}

#[rocket::async_test]
async fn staff_pages_that_were_left_alone_ask_for_the_password_and_the_rest_goes_on() {
    let (app, id) = with_people().await;
    let chief = app.signed_in("chief").await;
    app.pass(Duration::minutes(31)).await;
    assert_eq!(chief.get("/account").await.status, Status::Ok, "it is a member's session");
    for (method, pattern, _) in NEEDED {
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

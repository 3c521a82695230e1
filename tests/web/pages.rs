//! What holds for the HTML of every page.

use rocket::http::{Method, Status};
use shared::page::Page;
use time::Duration;

use crate::app::{App, PASSWORD};

const LOGGED_IN: [&str; 6] = [
    "/account",
    "/account/sessions",
    "/account/password",
    "/account/delete",
    "/confirm",
    "/admin/accounts",
];

async fn pages(app: &App) -> Vec<(String, String)> {
    app.account("chief", &["admin"]).await;
    app.account("second", &["admin"]).await;
    let chief = app.signed_in("chief").await;
    let mut pages = vec![];
    for path in ["/login", "/register", "/nowhere"] {
        pages.push((path.to_owned(), app.browser().get(path).await.body));
    }
    for path in LOGGED_IN {
        pages.push((path.to_owned(), chief.get(path).await.body));
    }
    pages
}

#[rocket::async_test]
async fn every_page_of_somebody_signed_in_has_a_button_to_log_out() {
    let app = App::start().await;
    for (path, body) in pages(&app).await {
        let expected = LOGGED_IN.contains(&path.as_str());
        let forms = Page::read(&path, &body);
        let logs_out = forms.posted().iter().any(|form| form.action == "/logout");
        assert_eq!(logs_out, expected, "{path}");
    }
}

#[rocket::async_test]
async fn nothing_is_loaded_from_elsewhere_and_no_script_at_all() {
    let app = App::start().await;
    for (path, body) in pages(&app).await {
        for part in body.split(['"', '\'']) {
            assert!(!part.starts_with("//"), "{path}: {part}");
            let absolute = part.starts_with("http:") || part.starts_with("https:");
            assert!(!absolute, "{path}: {part}");
        }
        for word in ["<script", "<object", "<embed", "<applet", "<iframe", "javascript:", " style="]
        {
            assert!(!body.contains(word), "{path}: {word}");
        }
    }
}

#[rocket::async_test]
async fn password_fields_hide_what_is_typed_and_let_managers_fill_them() {
    let app = App::start().await;
    let mut seen = 0;
    for (path, body) in pages(&app).await {
        for field in Page::read(&path, &body).fields() {
            if !field.name.ends_with("password") && field.kind != "password" {
                continue;
            }
            seen += 1;
            assert_eq!(field.kind, "password", "{path}: {field:?}");
            let managed = ["current-password", "new-password"].contains(&&*field.autocomplete);
            assert!(managed && !field.limited, "{path}: {field:?}");
        }
    }
    assert!(seen >= 6, "{seen}");
}

#[rocket::async_test]
async fn long_passwords_of_any_characters_are_welcome() {
    let app = App::start().await;
    let long: String = "quiet river under stone ".chars().cycle().take(200).collect();
    let emoji = "🚪🔑🌊🪨🌲🏮⚓🐚🧭🪁🎐🫖";
    for (number, password) in [&long[..64], &long[..128], &long, emoji].into_iter().enumerate() {
        let name = format!("person{number}");
        let email = format!("{name}@example.org");
        let fields = [("username", name.as_str()), ("email", &email), ("password", password)];
        let answer = app.browser().post("/register", &fields).await;
        assert_eq!(answer.status, Status::SeeOther, "{password}: {}", answer.body);
        let browser = app.browser();
        assert_eq!(browser.log_in_with(&name, password).await.status, Status::SeeOther);
    }
}

#[rocket::async_test]
async fn a_password_never_runs_out() {
    let app = App::start().await;
    app.account("ada", &[]).await;
    app.clock().advance(Duration::days(730));
    let answer = app.browser().log_in_with("ada", PASSWORD).await;
    assert_eq!(answer.location.as_deref(), Some("/account"));
}

#[rocket::async_test]
async fn where_nothing_is_or_nobody_may_look_the_navigation_stays() {
    let app = App::start().await;
    let (ada, chief) = (app.member("ada").await, app.staff("chief", "admin").await);
    for (browser, path, status, staff) in [
        (&ada, "/nowhere", Status::NotFound, false),
        (&ada, "/admin/accounts", Status::Forbidden, false),
        (&chief, "/admin/accounts/x", Status::NotFound, true),
    ] {
        let answer = browser.get(path).await;
        assert_eq!(answer.status, status, "{path}");
        let page = answer.page();
        assert!(page.links_to("/account/sessions"), "{path}: {}", answer.body);
        assert_eq!(page.links_to("/admin"), staff, "{path}");
        assert!(!answer.button_csrf().is_empty(), "{path}");
        assert!(page.texts(".aside").join("").contains(&status.code.to_string()), "{path}");
    }
    let left = ada.press("/nowhere", "/logout").await;
    assert_eq!(left.location.as_deref(), Some("/login"));
    for path in ["/nowhere", "/setup"] {
        let answer = app.browser().get(path).await;
        assert_eq!(answer.status, Status::NotFound, "{path}");
        assert!(!answer.page().links_to("/account/sessions") && !answer.body.contains("<form"));
    }
}

#[rocket::async_test]
async fn an_address_below_a_page_is_no_page() {
    let app = App::start().await;
    let browser = app.member("ada").await;
    for path in ["/account/x.css", "/account/data.json/x.css", "/login/x.js"] {
        let answer = browser.send(Method::Get, path, None, &[]).await;
        assert_eq!(answer.status, Status::NotFound, "{path}");
    }
}

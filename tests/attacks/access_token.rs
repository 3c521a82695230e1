//! "a thief of an access token | ten minutes at most | the token's rights until
//! it ends or is revoked, on the very next request", and "No name, no address:
//! the payload can be read".

use doorward::domain::administration::{self, BulkAction};
use doorward::domain::audit::RequestSource;
use doorward::domain::sessions::Actor;
use rocket::http::{ContentType, Header, Method, Status};
use serde_json::{Value, json};
use time::Duration;

use crate::app::{App, Browser, PASSWORD};

/// Somebody who has the access token of that browser, and nothing else.
fn thief_of<'a>(owner: &Browser<'a>) -> Browser<'a> {
    let thief = owner.copied();
    thief.cookies.keep_only("__Host-at");
    thief
}

#[rocket::async_test]
async fn a_copied_access_token_is_never_traded_for_anything_that_lasts() {
    let app = App::start().await;
    let owner = app.staff("chief", "admin").await;
    let thief = thief_of(&owner);
    let stolen = thief.cookie("__Host-at");
    for pattern in app.addresses(Method::Get) {
        let id = app.id_of("chief").await;
        thief.get(&pattern.replace("<id>", &id).replace("<sid>", "A")).await;
    }
    for (page, path) in [
        ("/confirm", "/confirm"),
        ("/login", "/login"),
        ("/account/password", "/account/password"),
        ("/account/sessions", "/account/sessions/revoke-others"),
    ] {
        let shown = thief.get(page).await;
        for token in [shown.csrf(), shown.button_csrf()] {
            let fields: &[(&str, &str)] = match page {
                "/confirm" => &[("password", "a guess")],
                "/login" => &[("login", "chief"), ("password", "a guess")],
                "/account/password" => {
                    &[("current_password", "a guess"), ("new_password", "a lantern in the harbour")]
                }
                _ => &[],
            };
            thief.post_with(path, &token, fields).await;
        }
    }
    assert_eq!(thief.cookie("__Host-rt"), None, "a session was got for an access token");
    assert_eq!(thief.cookie("__Host-at"), stolen);
    assert!(owner.is_signed_in().await, "and its owner was signed out");
    app.pass(Duration::minutes(10) + Duration::seconds(6)).await;
    assert!(!thief.is_signed_in().await);
    assert!(owner.is_signed_in().await);
}

#[rocket::async_test]
async fn a_copied_access_token_is_worth_nothing_on_the_request_after_its_end() {
    for end in ["sign out", "elsewhere", "password", "disable", "end", "delete", "token"] {
        let app = App::start().await;
        let owner = app.member("ada").await;
        let elsewhere = app.signed_in("ada").await;
        let thief = thief_of(&owner);
        assert!(thief.is_signed_in().await);
        let account = app.id_of("ada").await;
        let by_staff = async |deed: BulkAction| {
            let cli = RequestSource::command_line();
            let ids = [doorward::domain::accounts::AccountId(account.parse().unwrap())];
            let (sessions, now) = (&app.doorward.sessions, app.clock().now());
            administration::apply(sessions, deed, &ids, Actor::operator(&cli), now).await.unwrap();
        };
        match end {
            "sign out" => drop(owner.press("/account", "/logout").await),
            "elsewhere" => {
                elsewhere.press("/account/sessions", "/account/sessions/revoke-others").await;
            }
            "password" => {
                let new = ("new_password", "a lantern in the harbour");
                owner.post("/account/password", &[("current_password", PASSWORD), new]).await;
            }
            "disable" => by_staff(BulkAction::Disable).await,
            "end" => by_staff(BulkAction::EndSessions).await,
            "delete" => by_staff(BulkAction::Delete).await,
            _ => {
                let chief = app.staff("chief", "admin").await;
                let token = thief.cookie("__Host-at").unwrap();
                let fields = [("token", &*token), ("reason", "it was seen in a log")];
                chief.post("/admin/revocations/new", &fields).await;
            }
        }
        let answer = thief.get("/account").await;
        assert_eq!(answer.location.as_deref(), Some("/login?next=/account"), "{end}");
    }
}

#[rocket::async_test]
async fn the_payload_tells_neither_name_nor_address() {
    let app = App::start().await;
    app.account("augusta", &["editors"]).await;
    let browser = app.browser_at("192.0.2.77");
    browser.log_in("augusta").await;
    let token = browser.cookie("__Host-at").unwrap();
    let payload = doorward::base::secrets::decode(token.split('.').nth(1).unwrap()).unwrap();
    let payload = String::from_utf8(payload).unwrap();
    assert!(payload.contains("editors"), "{payload}");
    for told in ["augusta", "example.org", "192.0.2", "Mozilla"] {
        assert!(!payload.contains(told), "{payload}");
    }
}

/// What `GET /api/me` and `POST /api/refresh` say to that token.
async fn api_takes(app: &App, token: &str) -> (bool, bool) {
    let host = || Header::new("Host", "localhost:8000");
    let bearer = Header::new("Authorization", format!("Bearer {token}"));
    let me = app.client.get("/api/me").header(host()).header(bearer).dispatch().await;
    let body = json!({ "refresh_token": token }).to_string();
    let asked = app.client.post("/api/refresh").header(host()).header(ContentType::JSON);
    (me.status() == Status::Ok, asked.body(body).dispatch().await.status() == Status::Ok)
}

#[rocket::async_test]
async fn a_token_of_one_kind_is_good_for_no_other() {
    let app = App::start().await;
    let browser = app.member("ada").await;
    let body = json!({ "login": "ada", "password": PASSWORD }).to_string();
    let asked = app.client.post("/api/login").header(Header::new("Host", "localhost:8000"));
    let answer = asked.header(ContentType::JSON).body(body).dispatch().await;
    let script: Value = serde_json::from_str(&answer.into_string().await.unwrap()).unwrap();
    let of_script = |name: &str| script[name].as_str().unwrap().to_owned();
    for name in ["__Host-at", "__Host-rt", "__Host-dev"] {
        let takes = api_takes(&app, &browser.cookie(name).unwrap()).await;
        assert_eq!(takes, (false, false), "{name} of a browser");
    }
    let tokens = ["access_token", "refresh_token", "device_token"].map(of_script);
    let csrf = browser.get("/confirm").await.csrf();
    for token in tokens.iter().chain([&csrf]) {
        for name in ["__Host-at", "__Host-rt"] {
            let thief = app.browser();
            thief.cookies.set(name, token);
            assert!(!thief.is_signed_in().await, "{token} as {name}");
        }
    }
    // And the cookies of one browser in each other's places.
    let own = ["__Host-at", "__Host-rt", "__Host-dev"].map(|name| browser.cookie(name).unwrap());
    for (name, wrong) in
        [("__Host-at", &own[1..]), ("__Host-rt", &[own[0].clone(), own[2].clone()])]
    {
        for value in wrong {
            let thief = app.browser();
            thief.cookies.set(name, value);
            assert!(!thief.is_signed_in().await, "{value} as {name}");
        }
    }
    assert!(browser.is_signed_in().await);
    assert_eq!(api_takes(&app, &tokens[0]).await, (true, false));
    assert_eq!(api_takes(&app, &tokens[1]).await, (false, true));
}

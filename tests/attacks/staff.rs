//! "Support, auditor … get no administrator", and nothing that was begun with a
//! role outlives it.

use doorward::domain::accounts::AccountId;
use doorward::domain::accounts::names::RoleName;
use doorward::domain::accounts::permissions::Roles;
use doorward::domain::administration::{self, Change};
use doorward::domain::audit::{self, Entry, RequestSource};
use doorward::domain::sessions::Actor;
use doorward::domain::sessions::events::LOGGED_OUT;
use rocket::http::{Header, Status};
use rocket::tokio::io::AsyncReadExt;

use crate::app::{App, Browser, PASSWORD};

const WHY: (&str, &str) = ("reason", "an attack");

async fn set_roles(app: &App, id: AccountId, roles: &[&str]) {
    let (here, now) = (RequestSource::command_line(), app.clock().now());
    let roles = Roles::of(roles.iter().map(|role| RoleName::parse(role).unwrap()));
    let change = Change { shown: None, roles: &roles };
    let (sessions, operator) = (&app.doorward.sessions, Actor::operator(&here));
    administration::set_roles(sessions, id, change, operator, now).await.unwrap();
}

#[rocket::async_test]
async fn support_gets_no_administrator_by_any_of_its_buttons() {
    let app = App::start().await;
    let helper = app.staff("helper", "support").await;
    app.account("chief", &["admin"]).await;
    let ada = app.account("ada", &[]).await.id;
    // While Ada is a member: a link, and an act that can be taken back.
    let path = format!("/admin/accounts/{ada}/recovery");
    let link = helper.post(&path, &[WHY]).await.link();
    let off = "/admin/accounts/disable";
    let ids = ada.to_string();
    helper.post_at(&format!("{off}?id={ada}"), off, &[("ids", &ids), WHY]).await;
    let undo = helper.get("/admin").await.hidden();
    set_roles(&app, ada, &["admin"]).await;
    let thief = app.browser();
    assert_eq!(thief.get(&link).await.status, Status::NotFound);
    let token = helper.token().await;
    helper.post_with("/admin/undo/disable", &token, &undo.pairs()).await;
    assert!(helper.get("/admin").await.body.contains("has permissions that yours does not have"));
    let on = "/admin/accounts/enable";
    let refused = helper.post_at(&format!("{on}?id={ada}"), on, &[("ids", &ids), WHY]).await;
    assert_eq!(refused.status, Status::UnprocessableEntity, "{}", refused.body);
    let token = helper.get("/admin/accounts/disable").await.csrf();
    let refused = helper.post_with(&path, &token, &[WHY]).await;
    assert_ne!(refused.status, Status::Ok, "{}", refused.body);
    helper.post_with(&format!("/admin/accounts/{ada}/forgive"), &helper.token().await, &[]).await;
    assert!(helper.get("/admin").await.body.contains("has permissions that yours does not have"));
    assert_eq!(app.browser().log_in("ada").await.status, Status::UnprocessableEntity, "still off");
}

/// Begins to read a long answer, does something, and reads the rest.
async fn read_slowly(browser: &Browser<'_>, path: &str, meanwhile: impl AsyncFnOnce()) -> String {
    let mut request = browser.app.client.get(path.to_owned());
    request.add_header(Header::new("Host", "localhost:8000"));
    request.add_header(Header::new("Cookie", browser.cookies.header()));
    let mut answer = request.dispatch().await;
    assert_eq!(answer.status(), Status::Ok);
    let mut first = vec![0; 1000];
    answer.read_exact(&mut first).await.unwrap();
    meanwhile().await;
    let mut rest = vec![];
    answer.read_to_end(&mut rest).await.unwrap();
    String::from_utf8([first, rest].concat()).unwrap()
}

async fn many_events(app: &App, id: AccountId) {
    let (db, now) = (app.doorward.db.write(), app.clock().now());
    let here = RequestSource::default();
    for _ in 0..2100 {
        audit::record(db, Entry::by_owner(LOGGED_OUT, id.0, &here), now).await.unwrap();
    }
}

#[rocket::async_test]
async fn whoever_reads_an_export_slowly_gets_no_more_of_it_without_the_role() {
    let app = App::start().await;
    let reader = app.staff("reader", "auditor").await;
    let id = AccountId(app.id_of("reader").await.parse().unwrap());
    many_events(&app, id).await;
    let whole = reader.get("/admin/audit.csv").await.body;
    assert!(whole.lines().count() > 2100 && !whole.contains("BROKE OFF"));
    let part =
        read_slowly(&reader, "/admin/audit.csv", async || set_roles(&app, id, &[]).await).await;
    assert!(part.ends_with("THE EXPORT BROKE OFF HERE\r\n"), "{}", part.lines().count());
    assert!(part.lines().count() < 1600, "{}", part.lines().count());
}

#[rocket::async_test]
async fn whoever_reads_the_data_of_an_account_slowly_gets_no_more_of_it_after_its_sessions_end() {
    let app = App::start().await;
    let ada = app.member("ada").await;
    let id = AccountId(app.id_of("ada").await.parse().unwrap());
    many_events(&app, id).await;
    let part = read_slowly(&ada, "/account/data.json", async || {
        let other = app.signed_in("ada").await;
        let others = "/account/sessions/revoke-others";
        other.press("/account/sessions", others).await;
    });
    let part = part.await;
    assert!(part.lines().count() < 1600, "{}", part.lines().count());
    assert!(serde_json::from_str::<serde_json::Value>(&part).is_err(), "nobody takes it for all");
    assert!(app.browser().log_in_with("ada", PASSWORD).await.location.is_some());
}

#[rocket::async_test]
async fn the_copied_cookies_of_support_do_not_become_the_password() {
    let app = App::start().await;
    let helper = app.staff("helper", "support").await;
    let path = format!("/admin/accounts/{}", app.id_of("helper").await);
    let page = helper.get(&path).await.body;
    assert!(!page.contains(&format!("{path}/recovery")), "{page}");
    let thief = helper.copied();
    let token = thief.get(&format!("{path}/recovery")).await.csrf();
    let answer = thief.post_with(&format!("{path}/recovery"), &token, &[WHY]).await;
    assert_eq!(answer.status, Status::UnprocessableEntity, "{}", answer.body);
    assert!(answer.body.contains("your own account") && !answer.body.contains("/recover/"));
    let log = app.staff("reader", "auditor").await.get("/admin/audit").await.body;
    assert!(!log.contains("password.reset.requested</code>"), "{log}");
}

#[rocket::async_test]
async fn whoever_guesses_with_the_copied_cookies_of_staff_does_not_forgive_themselves() {
    let app = App::start().await;
    for role in ["support", "admin"] {
        let thief = app.staff(role, role).await.copied();
        let guess = async || thief.post("/confirm", &[("password", "a guess")]).await.status;
        let mut guesses = 0;
        while guess().await != Status::TooManyRequests {
            guesses += 1;
            assert!(guesses < 50, "{role}");
        }
        let path = format!("/admin/accounts/{}", app.id_of(role).await);
        let page = thief.get(&path).await;
        assert!(!page.body.contains(&format!("{path}/forgive")), "{}", page.body);
        thief.post_with(&format!("{path}/forgive"), &thief.token().await, &[]).await;
        let page = thief.get(&path).await.body;
        assert!(page.contains("your own account"), "{page}");
        assert_eq!(guess().await, Status::TooManyRequests, "{role}");
    }
}

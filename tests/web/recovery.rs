use doorward::domain::accounts::AccountId;
use doorward::domain::accounts::names::RoleName;
use doorward::domain::accounts::permissions::Roles;
use doorward::domain::administration::{self, BulkAction, Change};
use doorward::domain::audit::RequestSource;
use doorward::domain::sessions::Actor;
use rocket::http::Status;
use time::Duration;

use crate::app::{App, Browser, PASSWORD};

const NEW: &str = "a lantern in the harbour";

async fn link(app: &App, name: &str) -> String {
    let login = doorward::domain::accounts::names::LoginName::parse(name);
    let account =
        doorward::domain::accounts::by_login_name(app.doorward.db.read(), &login).await.unwrap();
    let cli = RequestSource::command_line();
    let by = Actor::operator(&cli);
    let (life, now) = (Duration::minutes(30), app.clock().now());
    let sessions = &app.doorward.sessions;
    let token = administration::start_recovery(sessions, account.id, by, (life, now)).await;
    format!("/recover/{}", token.unwrap())
}

#[rocket::async_test]
async fn a_recovery_link_sets_a_password_once_and_ends_every_session() {
    let app = App::start().await;
    let signed_in = app.member("ada").await;
    let link = link(&app, "ada").await;
    let browser = app.browser();
    assert!(browser.get(&link).await.body.contains("ada"));
    assert_eq!(browser.get(&link).await.status, Status::Ok, "looking uses nothing up");
    let answer = browser.post(&link, &[("new_password", NEW)]).await;
    assert_eq!(answer.location.as_deref(), Some("/login"), "{}", answer.body);
    assert!(!browser.is_signed_in().await, "nobody is signed in by a link");
    assert!(!signed_in.is_signed_in().await);
    assert_eq!(app.browser().log_in("ada").await.status, Status::Unauthorized);
    assert_eq!(app.browser().log_in_with("ada", NEW).await.status, Status::SeeOther);
    assert_eq!(app.browser().get(&link).await.status, Status::NotFound);
}

#[rocket::async_test]
async fn a_refused_password_leaves_the_link_good() {
    let app = App::start().await;
    app.account("ada", &[]).await;
    let link = link(&app, "ada").await;
    let answer = app.browser().post(&link, &[("new_password", "short")]).await;
    assert_eq!(answer.status, Status::UnprocessableEntity);
    assert!(!answer.field_error("new_password").is_empty(), "{}", answer.body);
    assert_eq!(app.browser().get(&link).await.status, Status::Ok);
}

#[rocket::async_test]
async fn an_old_forged_or_superseded_link_says_so() {
    let app = App::start().await;
    app.account("ada", &[]).await;
    let first = link(&app, "ada").await;
    let second = link(&app, "ada").await;
    assert_eq!(app.browser().get(&first).await.status, Status::NotFound);
    assert_eq!(app.browser().get("/recover/forged").await.status, Status::NotFound);
    assert_eq!(app.browser().get(&second).await.status, Status::Ok);
    app.clock().advance(Duration::minutes(30));
    assert_eq!(app.browser().get(&second).await.status, Status::NotFound);
}

#[rocket::async_test]
async fn a_changed_password_voids_a_link_on_its_way() {
    let app = App::start().await;
    let browser = app.member("ada").await;
    let link = link(&app, "ada").await;
    let fields = [("current_password", PASSWORD), ("new_password", NEW)];
    assert_eq!(browser.post("/account/password", &fields).await.status, Status::SeeOther);
    assert_eq!(app.browser().get(&link).await.status, Status::NotFound);
}

async fn link_by(browser: &Browser<'_>, id: &str) -> String {
    let path = format!("/admin/accounts/{id}/recovery");
    browser.post(&path, &[("reason", "asked for by phone")]).await.link()
}

async fn with_roles(app: &App, id: AccountId, roles: &[&str]) {
    let cli = RequestSource::command_line();
    let roles = Roles::of(roles.iter().map(|role| RoleName::parse(role).unwrap()));
    let change = Change { shown: None, roles: &roles };
    let (sessions, now) = (&app.doorward.sessions, app.clock().now());
    administration::set_roles(sessions, id, change, Actor::operator(&cli), now).await.unwrap();
}

#[rocket::async_test]
async fn a_link_made_for_a_member_does_not_lead_into_what_the_member_became() {
    let app = App::start().await;
    let helper = app.staff("helper", "support").await;
    app.account("keeper", &["admin"]).await;
    for role in ["admin", "support", "auditor"] {
        let ada = app.account(&format!("ada-{role}"), &["editors"]).await.id;
        let link = link_by(&helper, &ada.to_string()).await;
        with_roles(&app, ada, &["editors", "writers"]).await;
        assert_eq!(app.browser().get(&link).await.status, Status::Ok, "no more rights than before");
        let page = app.browser();
        let token = page.get(&link).await.csrf();
        with_roles(&app, ada, &[role]).await;
        assert_eq!(app.browser().get(&link).await.status, Status::NotFound, "{role}");
        let late = page.post_with(&link, &token, &[("new_password", NEW)]).await;
        assert_eq!(late.status, Status::NotFound, "{role}");
        with_roles(&app, ada, &[]).await;
        assert_eq!(app.browser().get(&link).await.status, Status::NotFound, "{role}: for good");
    }
}

#[rocket::async_test]
async fn a_link_is_good_only_while_whoever_made_it_could_make_it() {
    let app = App::start().await;
    app.account("chief", &["admin"]).await;
    let ada = app.account("ada", &[]).await.id;
    let (sessions, cli) = (&app.doorward.sessions, RequestSource::command_line());
    let by = Actor::operator(&cli);
    for how in ["demoted", "disabled", "deleted"] {
        let name = format!("helper-{}", &how[..3]);
        let helper = app.staff(&name, "support").await;
        let id = app.id_of(&name).await;
        let id = AccountId(id.parse().unwrap());
        let link = link_by(&helper, &ada.to_string()).await;
        assert_eq!(app.browser().get(&link).await.status, Status::Ok, "{how}");
        let now = app.clock().now();
        match how {
            "demoted" => with_roles(&app, id, &["editors"]).await,
            "disabled" => {
                administration::apply(sessions, BulkAction::Disable, &[id], by, now)
                    .await
                    .map(drop)
                    .unwrap();
            }
            _ => {
                administration::apply(sessions, BulkAction::Delete, &[id], by, now)
                    .await
                    .map(drop)
                    .unwrap();
            }
        }
        assert_eq!(app.browser().get(&link).await.status, Status::NotFound, "{how}");
    }
    let by_operator = link(&app, "chief").await;
    assert_eq!(app.browser().get(&by_operator).await.status, Status::Ok);
}

//! `/account/tokens`: personal tokens, as their owner sees them.

use doorward::domain::personal_tokens::{Digest, Presented};
use rocket::http::Status;
use time::Duration;

use crate::app::{App, Browser};
use crate::guarding::{draft, guard, start};

const NEW: &str = "/account/tokens/new";

/// The token on the page that shows it.
fn shown(body: &str) -> String {
    let from = body.find("dwp_").expect("a token");
    body[from..from + 42].to_owned()
}

async fn is_good(app: &App, token: &str) -> bool {
    let (doorward, digest) = (&app.doorward, Digest::of(token).unwrap());
    let told = doorward.tokens.present(&doorward.sessions, digest, app.clock().now()).await;
    matches!(told, Ok(Presented::Good(_)))
}

async fn cards(browser: &Browser<'_>) -> Vec<String> {
    browser.get("/account/tokens").await.page().texts("ul.sessions > li")
}

const FIELDS: [(&str, &str); 4] =
    [("name", "Backup script"), ("application.wiki", "on"), ("networks", ""), ("days", "90")];

#[rocket::async_test]
async fn a_token_is_created_shown_once_and_revoked() {
    let app = start().await;
    let ada = app.member("ada").await;
    assert!(ada.get("/account").await.page().links_to("/account/tokens"));
    assert!(cards(&ada).await.is_empty());
    let answer = ada.post(NEW, &FIELDS).await;
    assert_eq!(answer.status, Status::Ok, "{}", answer.body);
    let token = shown(&answer.body);
    assert!(is_good(&app, &token).await);
    let listed = cards(&ada).await;
    assert_eq!(listed.len(), 1);
    for words in ["Backup script", &token[38..], "WIKI", "Last usedNever"] {
        assert!(listed[0].contains(words), "{words}: {listed:?}");
    }
    let page = ada.get("/account/tokens").await;
    assert!(!page.body.contains(&token[4..38]), "{}", page.body);
    let page = page.page();
    let form = page.posted().into_iter().find(|form| form.action.ends_with("/revoke"));
    let path = form.expect("a button").action.clone();
    let bob = app.member("bob").await;
    assert_eq!(bob.press("/account/tokens", &path).await.status, Status::NotFound);
    assert!(is_good(&app, &token).await);
    assert_eq!(ada.press("/account/tokens", &path).await.status, Status::SeeOther);
    assert!(!is_good(&app, &token).await);
    assert!(cards(&ada).await[0].contains("Revoked"));
}

#[rocket::async_test]
async fn a_page_that_is_reloaded_creates_no_other_token() {
    let app = start().await;
    let ada = app.member("ada").await;
    let token = ada.get(NEW).await.page().own_token();
    let first = ada.post_with(NEW, &token, &FIELDS).await;
    assert!(first.body.contains("dwp_"), "{}", first.body);
    let again = ada.post_with(NEW, &token, &FIELDS).await;
    assert_eq!(again.status, Status::Ok);
    assert!(again.body.contains("was shown once"), "{}", again.body);
    assert_eq!(cards(&ada).await.len(), 1);
}

#[rocket::async_test]
async fn a_form_that_is_sent_twice_at_once_creates_one_token() {
    let app = start().await;
    let ada = app.member("ada").await;
    let token = ada.get(NEW).await.page().own_token();
    let sent = [(); 2].map(|()| ada.post_with(NEW, &token, &FIELDS));
    let answers = rocket::futures::future::join_all(sent).await;
    assert!(answers.iter().all(|answer| answer.status == Status::Ok), "{:?}", answers[1].status);
    let shown = answers.iter().filter(|answer| answer.body.contains("dwp_")).count();
    assert_eq!((shown, cards(&ada).await.len()), (1, 1));
}

#[rocket::async_test]
async fn a_token_has_the_roles_that_are_ticked_and_applications_its_owner_may_open() {
    let app = start().await;
    let mut secret = draft("secret", "secret.localhost:9000", "roles");
    app.account("bob", &["writer"]).await;
    secret.roles = vec!["writer".to_owned()];
    guard(&app, secret).await;
    app.account("ada", &["editor", "press"]).await;
    let ada = app.signed_in("ada").await;
    let page = ada.get(NEW).await;
    assert!(page.body.contains("application.wiki") && !page.body.contains("SECRET"));
    let fields = [&FIELDS[..], &[("role.press", "on")]].concat();
    assert_eq!(ada.post(NEW, &fields).await.status, Status::Ok);
    assert!(cards(&ada).await[0].contains("Rolespress Created"), "{:?}", cards(&ada).await);
    for (name, value, words) in [
        ("application.secret", "on", "Choose at least one application."),
        ("role.writer", "on", "does not have one of these roles"),
        ("name", " ", "Use 1 to 64"),
        ("networks", "everywhere", "Write networks like"),
        ("days", "never", "at most 365 days"),
        ("days", "366", "at most 365 days"),
    ] {
        let mut fields = FIELDS.to_vec();
        fields.retain(|(known, _)| *known != name);
        fields.push((name, value));
        let answer = ada.post(NEW, &fields).await;
        assert_eq!(answer.status, Status::UnprocessableEntity, "{name} {value}");
        assert!(answer.body.contains(words), "{name} {value}: {}", answer.body);
    }
    assert_eq!(cards(&ada).await.len(), 1);
}

#[rocket::async_test]
async fn a_token_is_created_only_soon_after_signing_in() {
    let app = start().await;
    let ada = app.member("ada").await;
    app.pass(Duration::minutes(6)).await;
    assert_eq!(ada.get("/account/tokens").await.status, Status::Ok);
    let answer = ada.get(NEW).await;
    assert!(answer.location.is_some_and(|to| to.starts_with("/confirm")));
}

#[rocket::async_test]
async fn what_one_may_not_open_is_not_offered() {
    let app = start().await;
    let ada = app.member("ada").await;
    for (slug, host, needs) in [
        ("lab", "*.lab.localhost:8001", "nobody"),
        ("club", "*.club.localhost:8001", "members"),
        ("attic", "attic.localhost:8001", "members"),
        ("vault", "vault.localhost:8001", "members"),
    ] {
        let mut one = draft(slug, host, needs);
        one.listed = slug != "attic";
        one.confirm_seconds = (slug == "vault").then_some(900);
        guard(&app, one).await;
    }
    let offered = ada.get(NEW).await.page().attributes("[name^='application.']", "name");
    assert_eq!(offered, ["application.club", "application.wiki"]);
}

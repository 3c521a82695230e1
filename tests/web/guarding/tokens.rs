//! What the check answers to scripts that show a personal token.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use doorward::domain::accounts::names::RoleName;
use doorward::domain::accounts::permissions::Roles;
use doorward::domain::accounts::{self, AccountId};
use doorward::domain::administration::{self, BulkAction, Change};
use doorward::domain::applications::sightings::{Cause, TokenFault};
use doorward::domain::audit::RequestSource;
use doorward::domain::personal_tokens::{self, Expiry, Made, NewToken, Reach};
use doorward::domain::sessions::Actor;
use rocket::http::Status;
use time::Duration;
use uuid::Uuid;

use super::{FETCHES, FILES, GOES, Person, WIKI, draft, guard, start, with_rules};
use crate::app::{Answer, App};

fn application(app: &App, slug: &str) -> Uuid {
    app.doorward.applications.current().by_slug(slug).unwrap().id
}

async fn account(app: &App, name: &str) -> AccountId {
    AccountId(app.id_of(name).await.parse().unwrap())
}

/// A token of that account for these applications, made by the operator.
async fn made_with(app: &App, name: &str, slugs: &[&str], networks: &[&str]) -> Made {
    let reach = Reach::These(slugs.iter().map(|slug| application(app, slug)).collect());
    let new = NewToken::parse("Backup script", reach, Expiry::Days(30)).unwrap();
    let new = new.within(networks.iter().copied()).unwrap();
    let cli = RequestSource::command_line();
    let (id, by, now) = (account(app, name).await, Actor::operator(&cli), app.clock().now());
    personal_tokens::make_for(&app.doorward.sessions, id, (&new, 365), by, now).await.unwrap()
}

async fn made(app: &App, name: &str) -> Made {
    made_with(app, name, &["wiki"], &[]).await
}

fn bearer(token: &str) -> (&'static str, String) {
    ("Authorization", format!("Bearer {token}"))
}

fn basic(token: &str) -> (&'static str, String) {
    ("Authorization", format!("Basic {}", STANDARD.encode(format!("ada:{token}"))))
}

impl Person<'_> {
    async fn show(&self, uri: &str, shown: &[(&'static str, String)]) -> Answer {
        let shown: Vec<_> = shown.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.ask("GET", uri, &shown).await
    }
}

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    let found = answer.headers.iter().find(|(found, _)| found.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.as_str())
}

fn cause(app: &App) -> Cause {
    let recent = app.doorward.sightings.recent(application(app, "wiki"));
    recent.first().map(|refused| refused.cause).expect("a refusal")
}

#[rocket::async_test]
async fn a_token_is_let_in_wherever_scripts_send_one_and_reaches_no_application() {
    let app = start().await;
    app.account("ada", &["editor"]).await;
    let token = made(&app, "ada").await.text;
    let script = Person::stranger(&app);
    for shown in [bearer(&token), basic(&token), ("X-Doorward-Token", token.clone())] {
        let answer = script.show("/a", std::slice::from_ref(&shown)).await;
        assert_eq!(answer.status, Status::Ok, "{shown:?}");
        assert_eq!(header(&answer, "Remote-User"), Some("ada"));
        assert_eq!(header(&answer, "Remote-Groups"), Some("editor"));
        assert_eq!(header(&answer, shown.0), Some(""), "{shown:?}");
        assert!(!format!("{:?}", answer.headers).contains(&token[4..]), "{shown:?}");
    }
    // The application's own goes on to it, and Doorward's does not.
    let own = [("Authorization", "Bearer other".to_owned()), ("X-Doorward-Token", token)];
    let answer = script.show("/a", &own).await;
    assert_eq!(answer.status, Status::Ok);
    assert_eq!(header(&answer, "Authorization"), Some("Bearer other"));
    assert_eq!(header(&answer, "X-Doorward-Token"), Some(""));
}

#[rocket::async_test]
async fn what_is_no_token_belongs_to_the_application_and_the_cookie_decides() {
    let app = start().await;
    let ada = Person::named(&app, "ada", &[]).await;
    ada.enter().await;
    for other in ["Basic YXBwOmFwcA==", "Bearer other", "word"] {
        let shown = [("Authorization", other.to_owned())];
        let answer = ada.show("/a", &shown).await;
        assert_eq!(answer.status, Status::Ok, "{other}");
        assert_eq!(header(&answer, "Authorization"), Some(other));
        let stranger = Person::stranger(&app).show("/a", &shown).await;
        assert_eq!(stranger.status, Status::Unauthorized, "{other}");
    }
    let query = format!("/a?access_token={}", made(&app, "ada").await.text);
    assert_eq!(Person::stranger(&app).fetch(&query).await.status, Status::Unauthorized);
}

#[rocket::async_test]
async fn a_wrong_checksum_costs_no_query() {
    let app = start().await;
    app.account("ada", &[]).await;
    let good = made(&app, "ada").await.text;
    let script = Person::stranger(&app);
    assert_eq!(script.show("/a", &[bearer(&good)]).await.status, Status::Ok);
    let before = app.doorward.db.queries();
    for number in 0..50 {
        let mistyped = format!("{}{number:02}{}", &good[..20], &good[22..]);
        let mistyped = if mistyped == good { format!("{good}x") } else { mistyped };
        for shown in [bearer(&mistyped), basic(&mistyped)] {
            let answer = script.show("/a", &[shown]).await;
            assert_eq!(answer.status, Status::Unauthorized, "{mistyped}");
        }
    }
    assert_eq!(cause(&app), Cause::Token(TokenFault::Malformed));
    assert_eq!(script.show("/a", &[bearer(&good)]).await.status, Status::Ok);
    assert_eq!(app.doorward.db.queries(), before, "nor does a token that is held");
}

#[rocket::async_test]
async fn a_token_decides_alone_and_its_answer_is_never_a_redirect() {
    let app = start().await;
    let ada = Person::named(&app, "ada", &[]).await;
    ada.enter().await;
    assert_eq!(ada.go("/a").await.status, Status::Ok);
    let token = made(&app, "ada").await.text;
    let wrong = format!("Bearer {}", &token[..41]);
    for way in [&GOES[..], &FETCHES[..]] {
        let shown = [way, &[("Authorization", &*wrong)]].concat();
        for method in ["GET", "POST"] {
            let answer = ada.ask(method, "/a", &shown).await;
            assert_eq!((answer.status, &answer.location), (Status::Unauthorized, &None), "{way:?}");
            assert!(answer.body.contains("invalid_token"), "{}", answer.body);
            let challenge = header(&answer, "WWW-Authenticate");
            assert_eq!(challenge, Some("Bearer realm=\"wiki\""), "{way:?}");
        }
    }
    let both = [bearer(&token), ("X-Doorward-Token", token.clone())];
    assert_eq!(ada.show("/a", &both).await.status, Status::Unauthorized);
    assert_eq!(cause(&app), Cause::Token(TokenFault::Several));
    let bare = ada.ask_at("/nginx", "GET", "/a", &[("Authorization", &*wrong)]).await;
    assert_eq!((bare.status, &*bare.body), (Status::Unauthorized, ""));
}

#[rocket::async_test]
async fn a_token_is_ignored_where_nobody_has_to_sign_in() {
    let app = start().await;
    app.account("ada", &[]).await;
    let rules = serde_json::json!([{ "path": "/public/*", "needs": "public" }]);
    guard(&app, with_rules(draft("wiki", WIKI, "members"), rules)).await;
    let script = Person::stranger(&app);
    let token = made(&app, "ada").await.text;
    for shown in [&token[..41], &token] {
        let answer = script.show("/public/a", &[bearer(shown)]).await;
        assert_eq!(answer.status, Status::Ok);
        assert_eq!(header(&answer, "Remote-User"), Some(""));
        assert_eq!(header(&answer, "Authorization"), Some(""), "it is no application's");
    }
}

#[rocket::async_test]
async fn a_token_is_refused_with_its_cause_where_and_when_it_is_not_good() {
    let app = start().await;
    app.account("ada", &[]).await;
    guard(&app, draft("files", FILES, "members")).await;
    let script = Person::stranger(&app);
    let refused = async |shown: (&'static str, String), status: Status, fault: TokenFault| {
        let answer = script.show("/a", &[shown]).await;
        assert_eq!(answer.status, status, "{fault:?}");
        assert_eq!(cause(&app), Cause::Token(fault));
    };
    let files = made_with(&app, "ada", &["files"], &[]).await.text;
    refused(bearer(&files), Status::Forbidden, TokenFault::OtherApplication).await;
    let far = made_with(&app, "ada", &["wiki"], &["192.0.2.0/24"]).await.text;
    refused(bearer(&far), Status::Forbidden, TokenFault::OtherNetwork).await;
    let near = [("X-Forwarded-For", "192.0.2.7".to_owned()), bearer(&far)];
    assert_eq!(script.show("/a", &near).await.status, Status::Ok);
    let two = made_with(&app, "ada", &["wiki", "files"], &[]).await.text;
    assert_eq!(script.show("/a", &[bearer(&two)]).await.status, Status::Ok);
    refused(basic(&two), Status::Forbidden, TokenFault::NotAPassword).await;
    let made = made(&app, "ada").await;
    assert_eq!(script.show("/a", &[bearer(&made.text)]).await.status, Status::Ok);
    let cli = RequestSource::command_line();
    let (sessions, by, now) = (&app.doorward.sessions, Actor::operator(&cli), app.clock().now());
    let ada = account(&app, "ada").await;
    administration::apply(sessions, BulkAction::Disable, &[ada], by, now).await.unwrap();
    refused(bearer(&made.text), Status::Unauthorized, TokenFault::Disabled).await;
    administration::apply(sessions, BulkAction::Enable, &[ada], by, now).await.unwrap();
    assert_eq!(script.show("/a", &[bearer(&made.text)]).await.status, Status::Ok);
    personal_tokens::revoke_by_staff(sessions, made.id, by, now).await.unwrap();
    refused(bearer(&made.text), Status::Unauthorized, TokenFault::Revoked).await;
    app.pass(Duration::days(30)).await;
    refused(bearer(&two), Status::Unauthorized, TokenFault::Expired).await;
    administration::apply(sessions, BulkAction::Delete, &[ada], by, now).await.unwrap();
    refused(bearer(&two), Status::Unauthorized, TokenFault::Unknown).await;
}

#[rocket::async_test]
async fn a_role_that_the_account_has_lost_opens_nothing_to_its_token() {
    let app = start().await;
    app.account("ada", &["editor"]).await;
    app.account("bob", &["writer"]).await;
    let mut wiki = draft("wiki", WIKI, "roles");
    wiki.roles = vec!["editor".to_owned(), "writer".to_owned()];
    guard(&app, wiki).await;
    let script = Person::stranger(&app);
    let token = made(&app, "ada").await.text;
    assert_eq!(script.show("/a", &[bearer(&token)]).await.status, Status::Ok);
    let set = async |name: &str| {
        let roles = Roles::of([RoleName::parse(name).unwrap()]);
        let cli = RequestSource::command_line();
        let (by, id) = (Actor::operator(&cli), account(&app, "ada").await);
        let change = Change { shown: None, roles: &roles };
        let now = app.clock().now();
        administration::set_roles(&app.doorward.sessions, id, change, by, now).await.unwrap();
    };
    // A role that is given later is not the token's.
    set("writer").await;
    let shown = [("Authorization", format!("Bearer {token}"))];
    let answer = script.show("/a", &shown).await;
    assert_eq!(answer.status, Status::Forbidden);
    assert!(answer.body.contains("forbidden"), "{}", answer.body);
    let goes = [&GOES[..], &[("Authorization", &*shown[0].1)]].concat();
    let answer = script.ask("GET", "/a", &goes).await;
    assert_eq!(answer.status, Status::Forbidden);
    assert!(!answer.body.contains("<html"), "a script is shown no page: {}", answer.body);
    set("editor").await;
    assert_eq!(script.show("/a", &shown).await.status, Status::Ok);
}

#[rocket::async_test]
async fn where_the_password_is_asked_for_again_no_token_is_let_in() {
    let app = start().await;
    app.account("ada", &[]).await;
    let mut wiki = draft("wiki", WIKI, "members");
    wiki.confirm_seconds = Some(900);
    guard(&app, wiki).await;
    let token = made(&app, "ada").await.text;
    let answer = Person::stranger(&app).show("/a", &[bearer(&token)]).await;
    assert_eq!((answer.status, &answer.location), (Status::Forbidden, &None));
    assert!(answer.body.contains("a token cannot give"), "{}", answer.body);
}

#[rocket::async_test]
async fn the_last_use_of_a_token_is_kept_and_its_misuse_is_in_the_log() {
    let app = start().await;
    app.account("ada", &[]).await;
    let ada = account(&app, "ada").await;
    guard(&app, draft("files", FILES, "members")).await;
    let token = made_with(&app, "ada", &["wiki"], &[]).await.text;
    let script = Person::stranger(&app);
    let from = [("X-Forwarded-For", "192.0.2.7".to_owned()), bearer(&token)];
    assert_eq!(script.show("/a", &from).await.status, Status::Ok);
    app.doorward.sync(app.clock().now()).await.unwrap();
    let db = app.doorward.db.read();
    let listed = personal_tokens::of_account(db, ada, app.clock().now()).await.unwrap();
    assert_eq!(listed[0].last_used_address, "192.0.2.7");
    let elsewhere = Person { slug: "files", host: FILES, ..Person::stranger(&app) };
    for _ in 0..3 {
        assert_eq!(elsewhere.show("/a", &from).await.status, Status::Forbidden);
    }
    let chief = app.staff("chief", "admin").await;
    let log = chief.get("/admin/audit?event=personal_token.misused").await.page();
    let rows: Vec<String> = log.texts("tbody tr").into_iter().skip(1).collect();
    assert_eq!(rows.len(), 1, "once a minute: {rows:?}");
    assert!(rows[0].contains("at files: other application"), "{rows:?}");
    assert!(accounts::by_id(db, ada).await.is_ok());
}

//! "What changes state trusts the row, not the token": claims that do not
//! belong together open nothing, although they are signed with our key.

use doorward::base::keys::Purpose;
use doorward::domain::accounts::permissions::Roles;
use doorward::domain::sessions::tokens::access::{Claims, Issuer};
use doorward::domain::sessions::tokens::refresh::RefreshToken;
use doorward::domain::sessions::{self, Audience, SessionId};
use rocket::http::Status;
use time::Duration;
use uuid::Uuid;

use crate::app::{App, Browser, PASSWORD};

fn session_of(browser: &Browser<'_>) -> SessionId {
    RefreshToken::parse(&browser.cookie("__Host-rt").unwrap()).unwrap().sid
}

/// The browser's cookies, with claims of the attacker's choice.
async fn forged<'a>(
    app: &'a App,
    browser: &Browser<'a>,
    change: impl FnOnce(&mut Claims),
) -> Browser<'a> {
    let now = app.clock().now();
    let sid = session_of(browser);
    let session = sessions::by_id(app.doorward.db.read(), sid).await.unwrap();
    let mut claims = Claims {
        sub: session.account,
        sid,
        jti: Uuid::new_v4(),
        generation: 0,
        mark: session.created_at,
        epoch: i64::MAX,
        roles: Roles::default(),
        auth: session.auth,
        issued_at: now,
        expires_at: now + Duration::minutes(10),
    };
    change(&mut claims);
    let issuer = Issuer::new("http://localhost:8000", Duration::minutes(10));
    let ring = app.doorward.keys.ring();
    let token = issuer.issue(ring.signing(Purpose::Access), Audience::Web, &claims).unwrap();
    let thief = browser.copied();
    thief.forget("__Host-rt");
    thief.cookies.set("__Host-at", &token);
    thief
}

#[rocket::async_test]
async fn a_session_of_one_account_does_not_speak_for_another() {
    let app = App::start().await;
    let member = app.member("ada").await;
    let chief = app.account("chief", &["admin"]).await;
    let thief = forged(&app, &member, |claims| claims.sub = chief.id).await;
    let answer = thief.get("/admin/accounts").await;
    assert_eq!(answer.location.as_deref(), Some("/login?next=/admin/accounts"));
    let honest = forged(&app, &member, |_| {}).await;
    assert_eq!(honest.get("/admin/accounts").await.status, Status::Forbidden);
}

#[rocket::async_test]
async fn the_moment_of_the_password_is_the_rows_and_not_the_tokens() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    app.pass(Duration::minutes(9)).await;
    let now = app.clock().now();
    let thief = forged(&app, &chief, |claims| claims.auth.at = now).await;
    let answer = thief.get("/admin/accounts/new").await;
    assert_eq!(answer.location.as_deref(), Some("/confirm?next=/admin/accounts/new"));
    let answer = chief.post("/confirm", &[("password", PASSWORD)]).await;
    assert_eq!(answer.status, Status::SeeOther);
    assert_eq!(chief.get("/admin/accounts/new").await.status, Status::Ok);
}

//! "a thief of a backup of the keys alone | … | no refresh token (each session's
//! salt is in the database), no page of staff, and nothing is changed (both ask
//! the database). Who also knows an account's id can look at its own pages …
//! until the keys are revoked".

use doorward::base::keys::{Purpose, Ring};
use doorward::base::timestamp::Timestamp;
use doorward::domain::accounts::AccountId;
use doorward::domain::accounts::names::RoleName;
use doorward::domain::accounts::permissions::Roles;
use doorward::domain::login::{AuthLevel, AuthMethods};
use doorward::domain::sessions::tokens::access::{Claims, Issuer};
use doorward::domain::sessions::tokens::refresh::RefreshToken;
use doorward::domain::sessions::{Audience, SessionId};
use rocket::http::{Header, Method, Status};
use shared::routes::filled;
use time::Duration;
use uuid::Uuid;

use crate::app::{App, Browser};

/// An access token for that account, in a session that never was.
fn token(ring: &Ring, account: &str, client: Audience, now: Timestamp) -> String {
    let claims = Claims {
        sub: AccountId(account.parse().unwrap()),
        sid: SessionId(Uuid::new_v4()),
        jti: Uuid::new_v4(),
        generation: 0,
        mark: now,
        epoch: i64::MAX,
        roles: Roles::of([RoleName::parse("admin").unwrap()]),
        auth: AuthLevel { methods: AuthMethods::PASSWORD, at: now },
        issued_at: now,
        expires_at: now + Duration::minutes(10),
    };
    let issuer = Issuer::new("http://localhost:8000", Duration::minutes(10));
    issuer.issue(ring.signing(Purpose::Access), client, &claims).unwrap()
}

fn forger<'a>(app: &'a App, ring: &Ring, account: &str) -> Browser<'a> {
    let forger = app.browser();
    let token = token(ring, account, Audience::Web, app.clock().now());
    forger.cookies.set("__Host-at", &token);
    forger
}

#[rocket::async_test]
async fn the_keys_alone_make_no_refresh_token() {
    let app = App::start().await;
    let owner = app.member("ada").await;
    let good = RefreshToken::parse(&owner.cookie("__Host-rt").unwrap()).unwrap();
    let ring = app.doorward.keys.ring();
    let key = ring.signing(Purpose::Refresh);
    let sid = good.sid.0.as_bytes().to_vec();
    for salt in [vec![], vec![0; 16], vec![255; 16], sid] {
        // Even with the name of a session and the moment of its hand-out.
        let made = RefreshToken::issue(key, good.sid, 0, good.mark.unwrap(), &salt).to_string();
        let forger = app.browser();
        forger.cookies.set("__Host-rt", &made);
        assert!(!forger.is_signed_in().await, "{salt:?}");
    }
    assert!(owner.is_signed_in().await, "a forgery ends nothing");
}

#[rocket::async_test]
async fn what_the_keys_alone_make_changes_nothing_and_opens_no_page_of_staff() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    let id = app.id_of("chief").await;
    let forger = forger(&app, &app.doorward.keys.ring(), &id);
    let button = forger.get("/account").await.button_csrf();
    for pattern in app.addresses(Method::Post) {
        let fields = [("password", "x"), ("reason", "because"), ("ids", &*id)];
        forger.post_with(&filled(&pattern, &id), &button, &fields).await;
    }
    // To look at one's own account a token is accepted for its ten minutes.
    let looks = ["/account", "/account/sessions"];
    for pattern in app.addresses(Method::Get) {
        let answer = forger.get(&filled(&pattern, &id)).await;
        assert!(!answer.body.contains("chief") || looks.contains(&&*pattern), "{pattern}");
        if pattern.starts_with("/admin") {
            let to = answer.location.unwrap_or_default();
            assert!(to.starts_with("/login?next="), "{pattern}: {to}");
        }
    }
    assert!(forger.cookie("__Host-rt").is_none());
    assert!(chief.is_signed_in().await);
    assert_eq!(chief.get("/admin/accounts").await.status, Status::Ok);
}

#[rocket::async_test]
async fn nothing_made_with_a_revoked_key_is_believed() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    let id = app.id_of("chief").await;
    let stolen = app.doorward.keys.ring();
    let now = app.clock().now();
    let revoke = |ring: &mut Ring| {
        let kids: Vec<String> = ring.all().iter().map(|key| key.kid.clone()).collect();
        kids.iter().try_for_each(|kid| ring.revoke(kid, now).map(drop))
    };
    app.doorward.keys.change(revoke).unwrap();
    let forger = forger(&app, &stolen, &id);
    assert!(!forger.is_signed_in().await);
    let bearer = token(&stolen, &id, Audience::Api, now);
    let host = Header::new("Host", "localhost:8000");
    let bearer = Header::new("Authorization", format!("Bearer {bearer}"));
    let me = app.client.get("/api/me").header(host).header(bearer).dispatch().await;
    assert_eq!(me.status(), Status::Unauthorized);
    assert!(!chief.is_signed_in().await, "what the key signed before is gone with it");
}

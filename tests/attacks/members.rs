//! "a member | their own account | nothing of others: object by object, and
//! other people's sessions do not exist for them".

use rocket::http::{Method, Status};

use crate::app::{App, Browser, PASSWORD};

/// Every address, with what belongs to somebody else in its variable parts.
fn of_others(app: &App, method: Method, id: &str, sid: &str) -> Vec<String> {
    let addresses = app.addresses(method).into_iter();
    let filled = |pattern: String| {
        pattern.replace("<id>", id).replace("<sid>", sid).replace("<name>", "editors")
    };
    addresses.map(filled).collect()
}

async fn sid_of(browser: &Browser<'_>) -> String {
    let token = browser.cookie("__Host-rt").unwrap();
    token.split('.').nth(1).unwrap().to_owned()
}

#[rocket::async_test]
async fn no_page_shows_a_member_anything_of_somebody_else() {
    let app = App::start().await;
    let victim = app.browser_at("192.0.2.77");
    app.account("victoria", &["editors"]).await;
    victim.log_in("victoria").await;
    let (id, sid) = (app.id_of("victoria").await, sid_of(&victim).await);
    let member = app.member("eve").await;
    for path in of_others(&app, Method::Get, &id, &sid) {
        for query in ["", "?account=victoria", &format!("?id={id}&sid={sid}&next=/account")] {
            let body = member.get(&format!("{path}{query}")).await.body;
            for told in ["victoria@", "victoria<", ">victoria", "192.0.2.77"] {
                assert!(!body.contains(told), "{path}{query}: {told}");
            }
        }
    }
}

#[rocket::async_test]
async fn no_form_of_a_member_does_anything_to_somebody_else() {
    let app = App::start().await;
    app.account("victoria", &[]).await;
    let victim = app.signed_in("victoria").await;
    let (id, sid) = (app.id_of("victoria").await, sid_of(&victim).await);
    let member = app.member("eve").await;
    let before = victim.get("/account/data.json").await.body;
    let mut tokens = vec![member.token().await];
    for page in ["/confirm", "/account/password", "/account/delete"] {
        tokens.push(member.get(page).await.csrf());
    }
    for path in of_others(&app, Method::Post, &id, &sid) {
        if ["/logout", "/account/delete"].contains(&&*path) {
            continue; // Of one's own, by their words.
        }
        for token in &tokens {
            let fields: [&[(&str, &str)]; 4] = [
                &[],
                &[("ids", &id), ("reason", "because I can"), ("sid", &sid)],
                &[("username", "victoria"), ("password", "a guess")],
                &[("current_password", "a guess"), ("new_password", "a lantern in the harbour")],
            ];
            for fields in fields {
                member.post_with(&path, token, fields).await;
            }
        }
    }
    assert_eq!(victim.get("/account/data.json").await.body, before);
    assert_eq!(app.browser().log_in_with("victoria", PASSWORD).await.status, Status::SeeOther);
}

#[rocket::async_test]
async fn fields_that_a_form_does_not_have_give_nobody_a_role() {
    let app = App::start().await;
    for extra in ["role.admin", "roles", "role", "admin", "id", "disabled_at", "epoch"] {
        let fields = [
            ("username", "eve"),
            ("email", "eve@example.org"),
            ("password", PASSWORD),
            (extra, "on"),
        ];
        let answer = app.browser().post("/register", &fields).await;
        assert_eq!(answer.status, Status::BadRequest, "{extra}: {}", answer.body);
        assert_eq!(app.browser().log_in("eve").await.status, Status::Unauthorized, "{extra}");
        app.clock().advance(time::Duration::hours(1));
    }
}

//! "a neighbouring host (same registrable domain) | cookies of its own for all
//! of it": whatever it plants, nobody is signed in by it, and no form of its
//! own passes for ours.

use rocket::http::Method;

use crate::app::App;

/// What a neighbour can set: every name but an exact `__Host-` one.
const NAMES: [&str; 14] = [
    "__%48ost-AT",
    "%5F%5FHost-AT",
    "__Host%2DAT",
    "__host-AT",
    "__HOST-AT",
    "Host-AT",
    "__Secure-AT",
    "AT",
    "\u{2000}__Host-AT",
    "__Host-AT\u{a0}",
    "__Host-AT ",
    " =__Host-AT",
    "=__Host-AT",
    "\"__Host-AT\"",
];

#[rocket::async_test]
async fn no_cookie_of_a_neighbour_signs_anybody_in_to_its_own_account() {
    let app = App::start().await;
    app.account("mallory", &[]).await;
    let attacker = app.signed_in("mallory").await;
    let visitor = app.member("ada").await;
    let stranger = app.browser();
    let pairs =
        ["at", "rt"].map(|kind| (kind, attacker.cookie(&format!("__Host-{kind}")).unwrap()));
    for name in NAMES {
        let planted: Vec<String> = pairs
            .iter()
            .map(|(kind, value)| format!("{}={value}", name.replace("AT", kind)))
            .collect();
        // With the visitor's own ones, and alone; in one header, and in two.
        for browser in [&visitor, &stranger] {
            for lines in [vec![planted.join("; ")], planted.clone()] {
                let lines: Vec<(&str, &str)> =
                    lines.iter().map(|line| ("Cookie", &**line)).collect();
                let answer = browser.send(Method::Get, "/account", None, &lines).await;
                assert!(!answer.body.contains("mallory"), "{name:?}: {}", answer.body);
            }
        }
        assert!(!stranger.is_signed_in().await, "{name:?}");
        assert!(visitor.is_signed_in().await, "{name:?}: it is over with the cookie");
    }
}

#[rocket::async_test]
async fn a_form_session_planted_by_a_neighbour_is_not_taken_over() {
    let app = App::start().await;
    app.account("mallory", &[]).await;
    let attacker = app.browser();
    let token = attacker.get("/login").await.csrf();
    let planted = attacker.cookie("__Host-pre").unwrap();
    for name in NAMES {
        let line = format!("{}={planted}", name.replace("AT", "pre"));
        let body = format!("csrf={token}&login=mallory&password=quiet+river+under+stone");
        let visitor = app.browser();
        for site in ["same-origin", "same-site"] {
            let headers = [("Cookie", &*line), ("Sec-Fetch-Site", site)];
            visitor.send(Method::Post, "/login", Some(&body), &headers).await;
            assert!(!visitor.is_signed_in().await, "{name:?} {site}");
        }
    }
}

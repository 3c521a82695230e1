use rocket::http::{Method, Status};
use shared::routes::filled;

use crate::app::App;
use crate::gates::with_admin;

#[rocket::async_test]
async fn a_cookie_slipped_in_under_another_spelling_signs_nobody_in() {
    let app = App::start().await;
    let thief = app.member("eve").await;
    let evil = thief.cookie("__Host-at").unwrap();
    for name in
        ["__%48ost-at", "%5F%5FHost-at", "\u{2000}__Host-at", "__host-at", "\u{85}__Host-at"]
    {
        let victim = app.browser();
        victim.cookies.set(name, &evil);
        assert!(!victim.is_signed_in().await, "{name:?}");
    }
}

#[rocket::async_test]
async fn a_spoofed_cookie_beside_a_good_one_signs_nobody_out_and_keeps_nobody_out() {
    let app = App::start().await;
    for name in ["__%48ost-rt", "__%48ost-at", "%5F%5FHost-pre", "__host-dev"] {
        let member = format!(
            "ada-{}",
            name.trim_matches(|c: char| !c.is_ascii_alphanumeric()).replace('%', "-")
        );
        let browser = app.member(&member).await;
        let plant = |browser: &crate::app::Browser<'_>| {
            browser.cookies.set(name, "evil");
        };
        plant(&browser);
        assert!(browser.is_signed_in().await, "{name}");
        let fresh = app.browser();
        plant(&fresh);
        assert_eq!(fresh.log_in(&member).await.status, Status::SeeOther, "{name}");
        assert!(fresh.is_signed_in().await, "{name}");
    }
}

#[rocket::async_test]
async fn tokens_stand_in_set_cookie_and_nowhere_else() {
    let (app, id) = with_admin().await;
    let browser = app.signed_in("root-of-all").await;
    let access = browser.cookie("__Host-at").unwrap();
    let refresh = browser.cookie("__Host-rt").unwrap();
    for pattern in app.addresses(Method::Get) {
        let answer = browser.get(&filled(&pattern, &id)).await;
        let all = format!("{:?}{}", answer.headers, answer.body);
        assert!(!all.contains(&access) && !all.contains(&refresh), "{pattern}");
    }
    assert_eq!(browser.cookie("__Host-rt").unwrap(), refresh, "the same all the time");
}

#[rocket::async_test]
async fn the_largest_access_cookie_is_one_browsers_keep() {
    let app = App::start().await;
    let names: Vec<String> = (0..60).map(|n| format!("role-{n:02}-{}", "x".repeat(22))).collect();
    let roles: Vec<&str> = names.iter().map(String::as_str).collect();
    app.account("chief", &roles).await;
    let browser = app.signed_in("chief").await;
    let size = "__Host-at".len() + browser.cookie("__Host-at").unwrap().len();
    assert!(size <= 4096, "{size}");
    assert!(size > 2500, "{size}: this test is about a large one");
}

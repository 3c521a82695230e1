use rocket::http::Status;
use time::Duration;

use crate::app::{App, PASSWORD};

#[rocket::async_test]
async fn whoever_guesses_is_told_how_long_to_wait_in_words_and_in_a_header() {
    let app = App::start().await;
    app.account("ada", &[]).await;
    let stranger = app.browser_at("192.0.2.1");
    for _ in 0..5 {
        assert_eq!(stranger.log_in_with("ada", "a guess").await.status, Status::Unauthorized);
    }
    let answer = stranger.log_in_with("ada", "a guess").await;
    assert_eq!(answer.status, Status::TooManyRequests);
    let seconds: i64 = answer.header("Retry-After").unwrap().parse().unwrap();
    assert!((50..=61).contains(&seconds), "{seconds}");
    assert!(answer.body.contains("Please wait"), "{}", answer.body);
    assert!(answer.body.contains("value=\"ada\""), "the typed text is kept");
    app.clock().advance(Duration::seconds(seconds));
    assert_eq!(stranger.log_in("ada").await.status, Status::SeeOther);
}

#[rocket::async_test]
async fn a_browser_that_was_signed_in_before_is_not_kept_out_by_strangers() {
    let app = App::start().await;
    app.account("ada", &[]).await;
    let own = app.browser_at("192.0.2.1");
    own.log_in("ada").await;
    assert!(own.cookie("__Host-dev").is_some());
    own.press("/account", "/logout").await;
    assert!(own.cookie("__Host-dev").is_some(), "known also when logged out");
    for number in 0..25 {
        app.browser_at(&format!("198.51.100.{number}")).log_in_with("ada", "a guess").await;
    }
    let new = app.browser_at("192.0.2.1");
    assert_eq!(new.log_in("ada").await.status, Status::TooManyRequests);
    assert_eq!(own.log_in("ada").await.status, Status::SeeOther);
    own.press("/account", "/logout").await;
    // It is known for its own account only.
    app.account("bob", &[]).await;
    for number in 0..25 {
        app.browser_at(&format!("203.0.113.{number}")).log_in_with("bob", "a guess").await;
    }
    assert_eq!(own.log_in("bob").await.status, Status::TooManyRequests);
}

#[rocket::async_test]
async fn the_password_asked_for_again_is_not_guessed_either() {
    let app = App::start().await;
    let ada = app.member("ada").await;
    app.pass(Duration::minutes(6)).await;
    for _ in 0..10 {
        let answer = ada.post("/confirm", &[("password", "a guess")]).await;
        assert_eq!(answer.status, Status::UnprocessableEntity);
    }
    let answer = ada.post("/confirm", &[("password", PASSWORD)]).await;
    assert_eq!(answer.status, Status::TooManyRequests);
    assert!(ada.is_signed_in().await);
}

#[rocket::async_test]
async fn a_script_is_told_in_json() {
    let app = App::start().await;
    let body = r#"{"login":"ada","password":"a guess"}"#;
    let ask = async || {
        let mut request = app.client.post("/api/login");
        request.add_header(rocket::http::ContentType::JSON);
        request.add_header(rocket::http::Header::new("Host", "localhost:8000"));
        request.set_remote("192.0.2.1:5000".parse().unwrap());
        request.body(body).dispatch().await
    };
    for _ in 0..5 {
        assert_eq!(ask().await.status(), Status::Unauthorized);
    }
    let answer = ask().await;
    assert_eq!(answer.status(), Status::TooManyRequests);
    assert!(answer.headers().get_one("Retry-After").is_some());
    assert!(answer.into_string().await.unwrap().contains("too_many_attempts"));
}

#[rocket::async_test]
async fn only_so_many_accounts_are_opened_from_one_address() {
    let app = App::start().await;
    let robot = app.browser_at("192.0.2.1");
    let open = async |number: u32| {
        let (name, email) = (format!("robot-{number}"), format!("robot-{number}@example.org"));
        let fields = [("username", &*name), ("email", &*email), ("password", PASSWORD)];
        robot.post("/register", &fields).await
    };
    for number in 0..5 {
        assert_eq!(open(number).await.status, Status::SeeOther);
    }
    let refused = open(6).await;
    assert_eq!(refused.status, Status::TooManyRequests);
    assert!(refused.body.contains("value=\"robot-6\""));
}

#[rocket::async_test]
async fn staff_let_somebody_try_again() {
    let app = App::start().await;
    app.account("ada", &[]).await;
    let helper = app.staff("helper", "support").await;
    let ada = app.browser_at("192.0.2.1");
    for _ in 0..6 {
        ada.log_in_with("ada", "a guess").await;
    }
    assert_eq!(ada.log_in("ada").await.status, Status::TooManyRequests);
    let page = format!("/admin/accounts/{}", app.id_of("ada").await);
    assert!(helper.get(&page).await.body.contains("Let them try again at once"));
    helper.press(&page, &format!("{page}/forgive")).await;
    assert!(helper.get(&page).await.body.contains("failed attempts were forgiven by"));
    assert_eq!(ada.log_in("ada").await.status, Status::SeeOther);
}

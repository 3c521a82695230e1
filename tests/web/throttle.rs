use rocket::http::Status;
use serde_json::{Value, json};
use time::Duration;

use crate::app::{App, Browser, PASSWORD};

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
    assert_eq!(answer.value_of("login"), "ada", "the typed text is kept");
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

impl App {
    /// What `/api/login` answers to somebody at that address.
    async fn script(&self, address: &str, body: &Value) -> (Status, Value) {
        let mut request = self.client.post("/api/login");
        request.add_header(rocket::http::ContentType::JSON);
        request.add_header(rocket::http::Header::new("Host", "localhost:8000"));
        request.set_remote(format!("{address}:5000").parse().unwrap());
        let answer = request.body(body.to_string()).dispatch().await;
        let (status, wait) = (answer.status(), answer.headers().contains("Retry-After"));
        assert_eq!(wait, status == Status::TooManyRequests);
        let text = answer.into_string().await.unwrap_or_default();
        (status, serde_json::from_str(&text).unwrap())
    }

    /// Strangers use up what is let through for that name.
    async fn use_up(&self, name: &str) {
        for number in 0..25 {
            let stranger = self.browser_at(&format!("198.51.100.{number}"));
            stranger.log_in_with(name, "a guess").await;
        }
    }
}

#[rocket::async_test]
async fn a_locked_account_is_shown_as_locked_until_it_is_unlocked() {
    let app = App::start().await;
    app.account("ada", &[]).await;
    app.account("bob", &[]).await;
    let helper = app.staff("helper", "support").await;
    let page = format!("/admin/accounts/{}", app.id_of("ada").await);
    let state_of = async |name: &str| {
        let list = helper.get(&format!("/admin/accounts?q={name}")).await.page();
        list.texts("tbody .state").concat()
    };
    app.browser_at("192.0.2.1").log_in_with("ada", "a guess").await;
    assert_eq!(state_of("ada").await, "", "one failure locks nobody out");
    app.use_up("ada").await;
    assert_eq!(state_of("ada").await, "Locked");
    assert_eq!(state_of("bob").await, "");
    let locked = helper.get("/admin/accounts?state=locked").await.page();
    assert_eq!(locked.texts("tbody th a"), ["ada"]);
    let words = helper.get(&page).await.page().texts("main .message.warning").concat();
    assert!(words.starts_with("Locked until "), "{words}");
    assert!(words.contains("failed sign-ins from "), "{words}");
    let overview = helper.get("/admin").await.page();
    assert!(overview.texts(".attention li").concat().contains("ada is locked until"));
    helper.press("/admin", &format!("{page}/forgive")).await;
    assert_eq!(state_of("ada").await, "");
    let after = helper.get(&page).await.page();
    assert!(!after.has("main .message.warning"), "{:?}", after.texts("main .message"));
    assert!(!helper.get("/admin").await.page().texts("main").concat().contains("ada"));
    let ada = app.browser_at("192.0.2.99");
    ada.log_in("ada").await;
    let own = ada.get("/account").await.body;
    assert!(own.contains("sign-ins with your name have failed"), "the owner is still told: {own}");
}

#[rocket::async_test]
async fn a_lock_of_a_name_outlasts_the_sign_in_of_a_known_browser_and_one_of_an_address_does_not() {
    let app = App::start().await;
    let ada = app.member("ada").await;
    ada.press("/account", "/logout").await;
    app.account("bob", &[]).await;
    let helper = app.staff("helper", "support").await;
    let locked = async |helper: &Browser<'_>| {
        helper.get("/admin/accounts?state=locked").await.page().texts("tbody th a").join(" ")
    };
    app.use_up("ada").await;
    let stranger = app.browser_at("192.0.2.1");
    for _ in 0..6 {
        stranger.log_in_with("bob", "a guess").await;
    }
    assert_eq!(locked(&helper).await, "ada bob");
    ada.log_in("ada").await;
    app.browser_at("192.0.2.2").log_in("bob").await;
    assert_eq!(locked(&helper).await, "ada", "a new browser of hers is still turned away");
    app.pass(Duration::hours(2)).await;
    assert_eq!(locked(&app.signed_in("helper").await).await, "");
}

#[rocket::async_test]
async fn a_script_is_told_in_json() {
    let app = App::start().await;
    let body = json!({ "login": "ada", "password": "a guess" });
    for _ in 0..5 {
        assert_eq!(app.script("192.0.2.1", &body).await.0, Status::Unauthorized);
    }
    let (status, told) = app.script("192.0.2.1", &body).await;
    assert_eq!(status, Status::TooManyRequests);
    assert_eq!(told["error"], "too_many_attempts");
}

#[rocket::async_test]
async fn a_script_that_logged_in_before_is_not_kept_out_by_strangers() {
    let app = App::start().await;
    app.account("ada", &[]).await;
    let with = |password: &str, token: &Value| json!({ "login": "ada", "password": password, "device_token": token });
    let (status, first) =
        app.script("192.0.2.1", &json!({ "login": "ada", "password": PASSWORD })).await;
    assert_eq!(status, Status::Ok);
    let token = first["device_token"].clone();
    app.use_up("ada").await;
    let (status, _) =
        app.script("192.0.2.1", &json!({ "login": "ada", "password": PASSWORD })).await;
    assert_eq!(status, Status::TooManyRequests, "without it, a script is a stranger");
    let (status, again) = app.script("192.0.2.1", &with(PASSWORD, &token)).await;
    assert_eq!(status, Status::Ok, "{again}");
    assert!(again["device_token"].is_string() && again["device_token"] != token);
    // What is not a token made here changes nothing, and is no error.
    let (status, _) = app.script("192.0.2.2", &with(PASSWORD, &json!("a.b.c.d"))).await;
    assert_eq!(status, Status::TooManyRequests);
    let (status, _) = app.script("192.0.2.2", &with(PASSWORD, &Value::Null)).await;
    assert_eq!(status, Status::TooManyRequests);
}

#[rocket::async_test]
async fn wrong_passwords_in_one_session_keep_nobody_out_of_another() {
    let app = App::start().await;
    let owner = app.member("ada").await;
    let thief = app.signed_in("ada").await;
    let helper = app.staff("helper", "support").await;
    app.pass(Duration::minutes(6)).await;
    for _ in 0..11 {
        thief.post("/confirm", &[("password", "a guess")]).await;
    }
    let answer = thief.post("/confirm", &[("password", PASSWORD)]).await;
    assert_eq!(answer.status, Status::TooManyRequests);
    let answer = owner.post("/confirm", &[("password", PASSWORD)]).await;
    assert_eq!(answer.status, Status::SeeOther, "counted by session");
    // And someone whose attempts were reset may confirm again, too.
    helper.post("/confirm", &[("password", PASSWORD)]).await;
    let page = format!("/admin/accounts/{}", app.id_of("ada").await);
    helper.press(&page, &format!("{page}/forgive")).await;
    let answer = thief.post("/confirm", &[("password", PASSWORD)]).await;
    assert_eq!(answer.status, Status::SeeOther);
}

#[rocket::async_test]
async fn an_old_cookie_of_a_known_browser_uses_up_only_its_own_attempts() {
    let app = App::start().await;
    let own = app.member("ada").await;
    own.press("/account", "/logout").await;
    let shared = app.signed_in("ada").await;
    shared.press("/account", "/logout").await;
    let mut wrong = 0;
    for _ in 0..130 {
        wrong +=
            u32::from(shared.log_in_with("ada", "a guess").await.status != Status::TooManyRequests);
        app.clock().advance(Duration::minutes(6));
    }
    assert!((90..=100).contains(&wrong), "a hundred in a row: {wrong}");
    assert_eq!(own.log_in("ada").await.status, Status::SeeOther);
}

#[rocket::async_test]
async fn a_password_change_and_signing_out_all_others_make_other_browsers_strangers() {
    for change in [true, false] {
        let app = App::start().await;
        let own = app.member("ada").await;
        let other = app.signed_in("ada").await;
        other.press("/account", "/logout").await;
        app.clock().advance(Duration::seconds(1));
        let new = "another quiet river";
        if change {
            let fields = [("current_password", PASSWORD), ("new_password", new)];
            assert_eq!(own.post("/account/password", &fields).await.status, Status::SeeOther);
        } else {
            own.press("/account/sessions", "/account/sessions/revoke-others").await;
        }
        app.clock().advance(Duration::seconds(1));
        app.use_up("ada").await;
        let password = if change { new } else { PASSWORD };
        let answer = other.log_in_with("ada", password).await;
        assert_eq!(answer.status, Status::TooManyRequests, "{change}: a stranger by now");
        own.press("/account", "/logout").await;
        assert_eq!(own.log_in_with("ada", password).await.status, Status::SeeOther, "{change}");
    }
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
    assert_eq!(refused.value_of("username"), "robot-6");
}

#[rocket::async_test]
async fn a_refused_registration_counts() {
    let app = App::start().await;
    app.account("ada", &[]).await;
    let robot = app.browser_at("192.0.2.1");
    // The last test of a password is the dear one.
    let easy = [("username", "bob"), ("email", "bob@example.org"), ("password", "zyxwvutsrqponm")];
    for _ in 0..5 {
        let answer = robot.post("/register", &easy).await;
        assert_eq!(answer.status, Status::UnprocessableEntity);
    }
    assert_eq!(robot.post("/register", &easy).await.status, Status::TooManyRequests);
    // Asking which names are taken hashes nothing, and ends, too.
    let curious = app.browser_at("192.0.2.2");
    let taken = [("username", "ada"), ("email", "bob@example.org"), ("password", PASSWORD)];
    for _ in 0..20 {
        let answer = curious.post("/register", &taken).await;
        assert_eq!(answer.status, Status::UnprocessableEntity);
    }
    assert_eq!(curious.post("/register", &taken).await.status, Status::TooManyRequests);
}

#[rocket::async_test]
async fn right_passwords_are_limited_too_and_keep_no_honest_person_out() {
    let app = App::start().await;
    let mut last = app.member("ada").await;
    for _ in 1..60 {
        last = app.signed_in("ada").await;
    }
    let robot = app.browser();
    let answer = robot.log_in("ada").await;
    assert_eq!(answer.status, Status::TooManyRequests);
    assert!(answer.header("Retry-After").is_some());
    assert_eq!(robot.log_in_with("ada", "a guess").await.status, Status::Unauthorized);
    // Nobody who is signed in is concerned, nor who has changed the password.
    app.clock().advance(Duration::minutes(6));
    assert_eq!(last.post("/confirm", &[("password", PASSWORD)]).await.status, Status::SeeOther);
    let new = "another quiet river";
    let fields = [("current_password", PASSWORD), ("new_password", new)];
    assert_eq!(last.post("/account/password", &fields).await.status, Status::SeeOther);
    assert_eq!(robot.log_in_with("ada", new).await.status, Status::SeeOther);
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
    assert!(helper.get(&page).await.body.contains("Unlock"));
    helper.press(&page, &format!("{page}/forgive")).await;
    assert!(helper.get(&page).await.body.contains("failed attempts were reset by"));
    assert_eq!(ada.log_in("ada").await.status, Status::SeeOther);
}

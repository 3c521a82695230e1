use doorward::domain::one_time;
use rocket::http::Status;
use sea_orm::ConnectionTrait;
use time::Duration;

use crate::app::{App, PASSWORD};

fn fields<'a>(token: &'a str, username: &'a str) -> [(&'a str, &'a str); 4] {
    [("token", token), ("username", username), ("email", "a@example.org"), ("password", PASSWORD)]
}

async fn token(app: &App) -> String {
    let now = app.clock().now();
    one_time::start_setup(&app.doorward.db, now).await.unwrap().unwrap()
}

#[rocket::async_test]
async fn the_setup_link_makes_the_first_administrator_once() {
    let app = App::start().await;
    let token = token(&app).await;
    let browser = app.browser();
    let page = browser.get(&format!("/setup?token={token}")).await;
    assert!(page.body.contains(&token), "the link fills in the field");
    let late = app.browser();
    let csrf = late.get("/setup").await.csrf();
    let answer = browser.post("/setup", &fields(&token, "admin")).await;
    assert_eq!(answer.location.as_deref(), Some("/admin"), "{}", answer.body);
    assert!(browser.get("/admin").await.body.contains("The administrator account was created"));
    assert_eq!(browser.get("/admin/accounts").await.status, Status::Ok);
    // The password was given just now.
    assert_eq!(browser.get("/admin/accounts/new").await.status, Status::Ok);
    assert_eq!(app.browser().get("/setup").await.status, Status::NotFound);
    let answer = late.post_with("/setup", &csrf, &fields(&token, "second")).await;
    assert_eq!(answer.location.as_deref(), Some("/login"));
    assert!(late.get("/login").await.body.contains("There is an administrator account. Sign in"));
    assert!(one_time::start_setup(&app.doorward.db, app.clock().now()).await.unwrap().is_none());
}

#[rocket::async_test]
async fn an_administrator_who_cannot_be_signed_in_is_told_to_sign_in() {
    let app = App::start().await;
    let token = token(&app).await;
    let browser = app.browser();
    let db = app.doorward.db.write();
    db.execute_unprepared("ALTER TABLE sessions RENAME TO away").await.unwrap();
    let answer = browser.post("/setup", &fields(&token, "chief")).await;
    assert_eq!(answer.location.as_deref(), Some("/login"), "{}", answer.body);
    assert!(browser.get("/login").await.body.contains("There is an administrator account."));
    db.execute_unprepared("ALTER TABLE away RENAME TO sessions").await.unwrap();
    browser.log_in("chief").await;
    assert_eq!(browser.get("/admin").await.status, Status::Ok);
}

#[rocket::async_test]
async fn a_wrong_or_old_setup_token_is_refused_beside_its_field() {
    let app = App::start().await;
    let old = token(&app).await;
    let wrong = app.browser().post("/setup", &fields("wrong", "admin")).await;
    assert!(wrong.field_error("token").contains("no longer valid"), "{}", wrong.body);
    app.clock().advance(Duration::hours(1));
    let answer = app.browser().post("/setup", &fields(&old, "admin")).await;
    assert_eq!(answer.status, Status::UnprocessableEntity);
}

#[rocket::async_test]
async fn setup_ends_the_session_of_the_member_who_opened_the_link() {
    let app = App::start().await;
    let browser = app.member("ada").await;
    let copy = browser.copied();
    let token = token(&app).await;
    let answer = browser.post("/setup", &fields(&token, "admin")).await;
    assert_eq!(answer.location.as_deref(), Some("/admin"), "{}", answer.body);
    assert_eq!(browser.get("/admin").await.status, Status::Ok);
    assert!(!copy.is_signed_in().await);
}

#[rocket::async_test]
async fn until_there_is_an_administrator_sign_in_and_registration_point_to_the_setup_link() {
    let app = App::start().await;
    let points = async |page: &str| {
        let answer = app.browser().get(page).await;
        assert_eq!(answer.status, Status::Ok);
        let notices = answer.page().texts(".message.notice");
        notices.iter().any(|text| text.contains("the setup link: it is in the server's log"))
    };
    for page in ["/login", "/register"] {
        assert!(points(page).await, "{page}");
    }
    let refused = app.browser().log_in("ada").await;
    assert!(refused.body.contains("setup link"), "{}", refused.body);
    app.account("ada", &[]).await;
    assert!(points("/login").await, "a member is no administrator");
    // As at the command line, while the server runs.
    app.account("chief", &["admin"]).await;
    for page in ["/login", "/register"] {
        assert!(!points(page).await, "{page}");
    }
    let db = app.doorward.db.write();
    db.execute_unprepared("UPDATE accounts SET disabled_at = 1").await.unwrap();
    assert!(!points("/login").await, "the database is not asked again");
}

#[rocket::async_test]
async fn of_two_setups_at_once_one_wins() {
    let app = App::start().await;
    let token = token(&app).await;
    let (a, b) = (app.browser(), app.browser());
    let first = fields(&token, "first");
    let mut second = fields(&token, "second");
    second[2].1 = "b@example.org";
    let both = rocket::futures::future::join(a.post("/setup", &first), b.post("/setup", &second));
    let (a, b) = both.await;
    let signed_in = [a, b].map(|answer| answer.location.as_deref() == Some("/admin"));
    assert_eq!(signed_in.iter().filter(|one| **one).count(), 1);
    let admins = doorward::domain::accounts::count_admins(app.doorward.db.read()).await.unwrap();
    assert_eq!(admins, 1);
}

use doorward::domain::one_time;
use rocket::http::Status;
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
    let answer = browser.post("/setup", &fields(&token, "admin")).await;
    assert_eq!(answer.location.as_deref(), Some("/login"), "{}", answer.body);
    browser.log_in("admin").await;
    assert_eq!(browser.get("/admin/accounts").await.status, Status::Ok);
    assert_eq!(app.browser().get("/setup").await.status, Status::NotFound);
    let late = app.browser();
    let csrf = late.get("/login").await.csrf();
    let late = late.post_with("/setup", &csrf, &fields(&token, "second")).await;
    assert_eq!(late.status, Status::NotFound);
    assert!(one_time::start_setup(&app.doorward.db, app.clock().now()).await.unwrap().is_none());
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
async fn of_two_setups_at_once_one_wins() {
    let app = App::start().await;
    let token = token(&app).await;
    let (a, b) = (app.browser(), app.browser());
    let first = fields(&token, "first");
    let mut second = fields(&token, "second");
    second[2].1 = "b@example.org";
    let both = rocket::futures::future::join(a.post("/setup", &first), b.post("/setup", &second));
    let (a, b) = both.await;
    assert_eq!([a.status, b.status].iter().filter(|s| **s == Status::SeeOther).count(), 1);
    let admins = doorward::domain::accounts::count_admins(app.doorward.db.read()).await.unwrap();
    assert_eq!(admins, 1);
}

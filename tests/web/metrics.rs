use rocket::http::Status;

use crate::app::App;

const HEADER: (&str, &str) = ("Authorization", "Bearer a long token");

#[rocket::async_test]
async fn the_figures_are_for_this_machine_and_for_nobody_else() {
    doorward::web::metrics::start();
    let app = App::start().await;
    app.member("ada").await;
    let here = app.browser_at("127.0.0.1");
    let answer = here.get("/metrics").await;
    assert_eq!(answer.status, Status::Ok);
    for figure in [
        "doorward_requests_total{method=\"POST\",route=\"/login\",status=\"303\"}",
        "doorward_events_total{event=\"auth.login.ok\"}",
        "doorward_database_seconds_bucket",
        "doorward_hashing_jobs 0",
        "doorward_revocations 0",
    ] {
        assert!(answer.body.contains(figure), "{figure}: {}", answer.body);
    }
    assert_eq!(app.browser_at("192.0.2.1").get("/metrics").await.status, Status::NotFound);
    let proxied = [("X-Forwarded-For", "127.0.0.1")];
    let answer = here.send(rocket::http::Method::Get, "/metrics", None, &proxied).await;
    assert_eq!(answer.status, Status::NotFound, "brought by a proxy on this machine");
}

#[rocket::async_test]
async fn with_a_token_the_figures_are_for_whoever_has_it() {
    let app = App::with(&[("metrics_token", "\"a long token\"")]).await;
    let far = app.browser_at("192.0.2.1");
    let ask = |headers| far.send(rocket::http::Method::Get, "/metrics", None, headers);
    assert_eq!(ask(&[HEADER]).await.status, Status::Ok);
    assert_eq!(ask(&[("Authorization", "Bearer another")]).await.status, Status::NotFound);
    assert_eq!(ask(&[]).await.status, Status::NotFound);
    assert_eq!(app.browser_at("127.0.0.1").get("/metrics").await.status, Status::NotFound);
}

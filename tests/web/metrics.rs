use rocket::http::Status;

use crate::app::App;

const HEADER: (&str, &str) = ("Authorization", "Bearer a token that is long");

#[rocket::async_test]
async fn the_figures_are_for_this_machine_and_for_nobody_else() {
    doorward::base::metrics::start();
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
async fn a_page_whose_name_was_made_to_lead_here_does_not_get_the_figures() {
    let app = App::start().await;
    for (host, status) in [
        ("127.0.0.1:8000", Status::Ok),
        ("[::1]:8000", Status::Ok),
        ("localhost", Status::Ok),
        ("evil.example", Status::NotFound),
        ("evil.example:8000", Status::NotFound),
        ("127.0.0.1.evil.example", Status::NotFound),
    ] {
        let mut request = app.client.get("/metrics");
        request.set_remote(([127, 0, 0, 1], 50_000).into());
        request.add_header(rocket::http::Header::new("Host", host));
        assert_eq!(request.dispatch().await.status(), status, "{host}");
    }
}

#[rocket::async_test]
async fn with_a_token_the_figures_are_for_whoever_has_it() {
    let app = App::with(&[("metrics_token", "\"a token that is long\"")]).await;
    let far = app.browser_at("192.0.2.1");
    let ask = |headers| far.send(rocket::http::Method::Get, "/metrics", None, headers);
    assert_eq!(ask(&[HEADER]).await.status, Status::Ok);
    assert_eq!(ask(&[("Authorization", "Bearer another")]).await.status, Status::NotFound);
    assert_eq!(ask(&[]).await.status, Status::NotFound);
    assert_eq!(app.browser_at("127.0.0.1").get("/metrics").await.status, Status::NotFound);
}

use rocket::http::{ContentType, Header, Status};
use serde_json::{Value, json};
use time::Duration;

use crate::app::{App, PASSWORD};

impl App {
    async fn api(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> (Status, Value) {
        let mut request = match method {
            "GET" => self.client.get(path.to_owned()),
            _ => self.client.post(path.to_owned()),
        };
        request.add_header(Header::new("Host", "localhost:8000"));
        if let Some(token) = token {
            request.add_header(Header::new("Authorization", format!("Bearer {token}")));
        }
        if let Some(body) = body {
            request.add_header(ContentType::JSON);
            request.set_body(body.to_string());
        }
        let answer = request.dispatch().await;
        let status = answer.status();
        let text = answer.into_string().await.unwrap_or_default();
        (status, serde_json::from_str(&text).unwrap_or(Value::Null))
    }

    pub async fn api_tokens(&self, name: &str) -> (String, String) {
        let body = json!({ "login": name, "password": PASSWORD });
        let (status, tokens) = self.api("POST", "/api/login", None, Some(body)).await;
        assert_eq!(status, Status::Ok, "{tokens}");
        assert_eq!(tokens["token_type"], "Bearer");
        assert_eq!(tokens["expires_in"], 600);
        let text = |name: &str| tokens[name].as_str().unwrap().to_owned();
        (text("access_token"), text("refresh_token"))
    }
}

#[rocket::async_test]
async fn a_script_logs_in_asks_who_it_is_refreshes_and_logs_out() {
    let app = App::start().await;
    app.account("ada", &["editors"]).await;
    let (access, refresh) = app.api_tokens("ada").await;
    let (status, me) = app.api("GET", "/api/me", Some(&access), None).await;
    assert_eq!(status, Status::Ok);
    assert_eq!(me["username"], "ada");
    assert_eq!(me["roles"], json!(["editors"]));
    app.pass(Duration::minutes(11)).await;
    let (status, error) = app.api("GET", "/api/me", Some(&access), None).await;
    assert_eq!((status, &error["error"]), (Status::Unauthorized, &json!("invalid_token")));
    let body = json!({ "refresh_token": refresh });
    let (status, tokens) = app.api("POST", "/api/refresh", None, Some(body)).await;
    assert_eq!(status, Status::Ok);
    let access = tokens["access_token"].as_str().unwrap();
    assert_eq!(app.api("GET", "/api/me", Some(access), None).await.0, Status::Ok);
    assert_eq!(app.api("POST", "/api/logout", Some(access), None).await.0, Status::NoContent);
    assert_eq!(app.api("GET", "/api/me", Some(access), None).await.0, Status::Unauthorized);
}

#[rocket::async_test]
async fn wrong_credentials_and_odd_bodies_are_answered_in_json() {
    let app = App::start().await;
    app.account("ada", &[]).await;
    for (body, status, code) in [
        (json!({ "login": "ada", "password": "not her password" }), 401, "invalid_credentials"),
        (json!({ "login": "bob", "password": "not her password" }), 401, "invalid_credentials"),
        (json!({ "login": "ada" }), 400, "invalid_request"),
        (json!({ "login": "ada", "password": PASSWORD, "admin": true }), 400, "invalid_request"),
        (json!({ "login": 1, "password": [] }), 400, "invalid_request"),
    ] {
        let (got, error) = app.api("POST", "/api/login", None, Some(body.clone())).await;
        assert_eq!((got.code, error["error"].as_str()), (status, Some(code)), "{body}");
    }
    let (status, error) = app.api("POST", "/api/login", None, None).await;
    assert_eq!(
        (status, &error["error"]),
        (Status::UnsupportedMediaType, &json!("unsupported_media_type"))
    );
}

#[rocket::async_test]
async fn cookies_are_never_read_there_nor_bearer_headers_on_pages() {
    let app = App::start().await;
    let browser = app.member("ada").await;
    assert_eq!(browser.get("/api/me").await.status, Status::Unauthorized);
    let (access, refresh) = app.api_tokens("ada").await;
    let headers = [("Authorization", format!("Bearer {access}"))];
    let headers = headers.each_ref().map(|(name, value)| (*name, value.as_str()));
    let page = app.browser().send(rocket::http::Method::Get, "/account", None, &headers).await;
    assert_eq!(page.status, Status::SeeOther);
    // Nor is a token of one kind any good as the other.
    let confused = app.browser();
    confused.cookies.set("__Host-at", &access);
    confused.cookies.set("__Host-rt", &refresh);
    assert!(!confused.is_signed_in().await);
    let web = browser.cookie("__Host-at").unwrap();
    assert_eq!(app.api("GET", "/api/me", Some(&web), None).await.0, Status::Unauthorized);
}

#[rocket::async_test]
async fn a_token_in_the_query_is_read_only_where_that_is_allowed() {
    for (setting, status) in [("false", Status::Unauthorized), ("true", Status::Ok)] {
        let app = App::with(&[("allow_query_token", setting)]).await;
        app.account("ada", &[]).await;
        let (access, _) = app.api_tokens("ada").await;
        let path = format!("/api/me?access_token={access}");
        assert_eq!(app.api("GET", &path, None, None).await.0, status);
    }
}

#[rocket::async_test]
async fn a_token_sent_twice_is_refused() {
    let app = App::with(&[("allow_query_token", "true")]).await;
    app.account("ada", &[]).await;
    let (access, _) = app.api_tokens("ada").await;
    let path = format!("/api/me?access_token={access}");
    assert_eq!(app.api("GET", &path, Some(&access), None).await.0, Status::BadRequest);
}

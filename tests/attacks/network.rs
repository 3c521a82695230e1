//! "someone who reads network traffic | the packets | nothing: HTTPS is the rule,
//! anything but localhost must be `https`, HSTS".

use doorward::service::settings::BaseUrl;

use crate::app::App;

#[test]
fn no_name_but_localhost_is_served_without_https() {
    for address in [
        "http://example.org",
        "HTTP://EXAMPLE.ORG",
        "http://localhost.evil.example",
        "http://localhost@evil.example",
        "http://evil.example#localhost",
        "http://evil.example/localhost",
        "http://127.0.0.1.nip.io",
        "http://127.0.0.2",
        "http://10.0.0.1",
        "http://0.0.0.0",
        "http://[::2]",
        "http://[::ffff:10.0.0.1]",
        "http://localhost.",
        "ws://localhost",
        "//example.org",
        "example.org",
    ] {
        assert!(BaseUrl::parse(address).is_err(), "{address}");
    }
    for address in
        ["http://localhost:8000", "http://127.0.0.1", "http://[::1]", "https://example.org"]
    {
        assert!(BaseUrl::parse(address).is_ok(), "{address}");
    }
}

#[rocket::async_test]
async fn every_answer_demands_https_and_every_cookie_is_kept_from_the_plain_network() {
    let app = App::with(&[("base_url", "\"https://localhost:8000\"")]).await;
    let browser = app.browser();
    let mut cookies = 0;
    for path in ["/login", "/register", "/account", "/nowhere", "/api/me", "/readyz", "/static/x"] {
        let answer = browser.get(path).await;
        let demanded = answer.header("strict-transport-security").unwrap_or_default();
        assert!(demanded.starts_with("max-age=63072000"), "{path}: {demanded}");
        for (name, line) in &answer.headers {
            if name.eq_ignore_ascii_case("set-cookie") {
                assert!(line.contains("; Secure;") && line.starts_with("__Host-"), "{line}");
                cookies += 1;
            }
        }
    }
    assert!(cookies > 0);
}

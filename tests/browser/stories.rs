//! What a person does, from the first link to the back button.

use doorward_browser_tests::{Browser, PASSWORD, Server};
use thirtyfour::prelude::*;

const NEW: &str = "a lantern in the harbour";

async fn the_whole_story(javascript: bool) {
    let server = Server::start(&[("ACCESS_TOKEN_SECONDS", "2")]);
    let profile = tempfile::tempdir().unwrap();
    let browser = Browser::with(&server, javascript, profile.path()).await;
    if !javascript {
        let page = "data:text/html,<title>off</title><script>document.title='on'</script>";
        browser.driver().goto(page).await.unwrap();
        assert_eq!(browser.driver().title().await.unwrap(), "off", "JavaScript is off");
    }

    browser.driver().goto(&server.setup_link).await.unwrap();
    for (field, text) in
        [("username", "chief"), ("email", "chief@example.org"), ("password", PASSWORD)]
    {
        browser.fill(field, text).await;
    }
    browser.send().await;
    assert!(browser.text().await.contains("You are the administrator"));

    browser.go("/register").await;
    for (field, text) in [("username", "Ada"), ("email", "ada@example.org"), ("password", PASSWORD)]
    {
        browser.fill(field, text).await;
    }
    browser.send().await;
    assert!(browser.text().await.contains("Your account is open"));

    browser.log_in("ada").await;
    assert_eq!(browser.path().await, "/account");
    assert!(browser.text().await.contains("ada@example.org"));

    let first = browser.driver().window().await.unwrap();
    let second = browser.driver().new_tab().await.unwrap();
    browser.driver().switch_to_window(second).await.unwrap();
    browser.go("/account/sessions").await;
    assert!(browser.text().await.contains("Log out"), "a second tab is signed in, too");
    browser.driver().close_window().await.unwrap();
    browser.driver().switch_to_window(first).await.unwrap();

    // The access token runs out while the form is being filled.
    browser.go("/account/password").await;
    browser.fill("current_password", PASSWORD).await;
    std::thread::sleep(std::time::Duration::from_secs(3));
    let expired = browser.driver().get_named_cookie("__Host-at").await;
    assert!(expired.is_err(), "the browser has dropped the access token by now");
    browser.fill("new_password", NEW).await;
    browser.send().await;
    assert!(browser.text().await.contains("Your password is changed"), "{}", browser.text().await);

    browser.press("Log out").await;
    assert!(browser.text().await.contains("You are logged out"));
    browser.driver().back().await.unwrap();
    let shown = browser.text().await;
    assert!(!shown.contains("ada@example.org") && !shown.contains("Log out"), "{shown}");
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_sets_up_registers_logs_in_changes_a_password_and_leaves() {
    the_whole_story(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_it_works_without_javascript() {
    the_whole_story(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_signed_out_from_another_says_why() {
    let server = Server::start(&[]);
    server.account("ada", &[]);
    let here = Browser::start(&server).await;
    let there = Browser::start(&server).await;
    here.log_in("ada").await;
    there.log_in("ada").await;
    here.go("/account/sessions").await;
    assert!(here.text().await.contains("Chrom"), "the other browser in words");
    here.press_at("ul.sessions form button").await;
    assert!(here.text().await.contains("That browser is signed out"));
    there.go("/account").await;
    assert!(there.path().await.starts_with("/login"));
    assert!(there.text().await.contains("from another browser of yours"));
    here.quit().await;
    there.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_that_refresh_at_once_stay_signed_in() {
    let server = Server::start(&[("ACCESS_TOKEN_SECONDS", "1")]);
    server.account("ada", &[]);
    let browser = Browser::start(&server).await;
    browser.log_in("ada").await;
    for _ in 0..4 {
        std::thread::sleep(std::time::Duration::from_millis(1100));
        let script =
            "return Promise.all(Array.from({length: 8}, () => fetch('/account').then(a => a.url)))";
        let answers = browser.script(script).await;
        let urls: Vec<&str> =
            answers.as_array().unwrap().iter().filter_map(|url| url.as_str()).collect();
        assert!(urls.len() == 8 && urls.iter().all(|url| url.ends_with("/account")), "{urls:?}");
    }
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn remember_me_outlives_the_browser_and_nothing_else_does() {
    let server = Server::start(&[("ACCESS_TOKEN_SECONDS", "1")]);
    server.account("ada", &[]);
    for remembered in [true, false] {
        let profile = tempfile::tempdir().unwrap();
        let browser = Browser::with(&server, true, profile.path()).await;
        browser.go("/login").await;
        browser.fill("login", "ada").await;
        browser.fill("password", PASSWORD).await;
        if remembered {
            browser.driver().find(By::Name("remember")).await.unwrap().click().await.unwrap();
        }
        browser.send().await;
        assert_eq!(browser.path().await, "/account");
        // Chromium writes cookies to its disk half a minute late, or when it is closed in order.
        browser.quit().await;
        std::thread::sleep(std::time::Duration::from_secs(2));
        let browser = Browser::with(&server, true, profile.path()).await;
        browser.go("/account").await;
        assert_eq!(
            browser.path().await.starts_with("/account"),
            remembered,
            "remembered: {remembered}"
        );
        browser.quit().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_form_keeps_its_text_and_leads_to_the_field() {
    let server = Server::start(&[]);
    let browser = Browser::start(&server).await;
    browser.go("/register").await;
    browser.fill("username", "ada lovelace").await;
    browser.fill("email", "ada@example.org").await;
    browser.fill("password", "short").await;
    browser.send().await;
    let field = browser.driver().find(By::Name("username")).await.unwrap();
    assert_eq!(field.prop("value").await.unwrap().unwrap(), "ada lovelace");
    assert_eq!(field.attr("aria-invalid").await.unwrap().as_deref(), Some("true"));
    let password = browser.driver().find(By::Name("password")).await.unwrap();
    assert_eq!(password.prop("value").await.unwrap().unwrap(), "");
    let focused = browser.script("return document.activeElement.name").await;
    assert_eq!(focused, "username", "the first field to put right has the focus");
    let summary = browser.driver().find(By::Css("[role=alert] a")).await.unwrap();
    summary.click().await.unwrap();
    assert_eq!(browser.script("return document.activeElement.name").await, "username");
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_logs_in_with_the_keyboard_alone() {
    let server = Server::start(&[]);
    server.account("ada", &[]);
    let browser = Browser::start(&server).await;
    browser.go("/login").await;
    assert_eq!(browser.script("return document.activeElement.name").await, "login");
    let active = browser.driver().active_element().await.unwrap();
    active.send_keys("ada").await.unwrap();
    active.send_keys(Key::Tab.value().to_string()).await.unwrap();
    let active = browser.driver().active_element().await.unwrap();
    active.send_keys(format!("{PASSWORD}{}", Key::Enter.value())).await.unwrap();
    for _ in 0..100 {
        if browser.path().await == "/account" {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(browser.path().await, "/account");
    browser.quit().await;
}

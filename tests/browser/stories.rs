//! What a person does, from the first link to the back button.

use doorward_browser_tests::{Browser, PASSWORD, Server, until};
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
    assert_eq!(browser.path().await, "/admin");
    let shown = browser.text().await;
    assert!(shown.contains("The administrator account was created"), "{shown}");
    assert!(shown.contains("Next steps"), "{shown}");
    browser.press("Sign out").await;

    browser.go("/register").await;
    for (field, text) in [("username", "Ada"), ("email", "ada@example.org"), ("password", PASSWORD)]
    {
        browser.fill(field, text).await;
    }
    browser.send().await;
    assert!(browser.text().await.contains("Your account was created"));

    browser.log_in("ada").await;
    assert_eq!(browser.path().await, "/account");
    assert!(browser.text().await.contains("ada@example.org"));

    let first = browser.driver().window().await.unwrap();
    let second = browser.driver().new_tab().await.unwrap();
    browser.driver().switch_to_window(second).await.unwrap();
    browser.go("/account/sessions").await;
    assert!(browser.text().await.contains("Sign out"), "a second tab is signed in, too");
    browser.driver().close_window().await.unwrap();
    browser.driver().switch_to_window(first).await.unwrap();

    // The access token runs out while the form is being filled.
    browser.go("/account/password").await;
    browser.fill("current_password", PASSWORD).await;
    browser.outwait_access_token().await;
    browser.fill("new_password", NEW).await;
    browser.send().await;
    assert!(browser.text().await.contains("Your password was changed"), "{}", browser.text().await);
    browser.press("Sign out").await;
    assert!(browser.text().await.contains("You are signed out"));
    browser.driver().back().await.unwrap();
    let shown = browser.text().await;
    assert!(!shown.contains("ada@example.org") && !shown.contains("Sign out"), "{shown}");
    assert!(shown.contains("Sign in"), "a page for strangers: {shown}");
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
    assert!(here.text().await.contains("That session was signed out"));
    there.press_at("header nav a[href='/account/sessions']").await;
    assert!(there.path().await.starts_with("/login"));
    assert!(there.text().await.contains("from another browser of yours"));
    here.quit().await;
    there.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tabs_that_refresh_at_once_stay_signed_in() {
    let server = Server::start(&[("ACCESS_TOKEN_SECONDS", "3")]);
    server.account("ada", &[]);
    let browser = Browser::start(&server).await;
    browser.log_in("ada").await;
    let mut tabs = vec![browser.driver().window().await.unwrap()];
    tabs.push(browser.driver().new_tab().await.unwrap());
    browser.driver().switch_to_window(tabs[1].clone()).await.unwrap();
    browser.go("/account/sessions").await;
    for round in 0..2 {
        let before = browser.generation().await;
        browser.outwait_access_token().await;
        // Both set out at the same moment.
        let start = browser.script("return Date.now() + 1000").await;
        let there = format!("/account?round={round}");
        for tab in &tabs {
            browser.driver().switch_to_window(tab.clone()).await.unwrap();
            let leave =
                format!("setTimeout(() => location.assign('{there}'), {start} - Date.now())");
            browser.script(&leave).await;
        }
        for tab in &tabs {
            browser.driver().switch_to_window(tab.clone()).await.unwrap();
            until("the tab is signed in", async || browser.path().await == there).await;
            assert!(browser.text().await.contains("ada@example.org"));
        }
        let after = browser.generation().await;
        // Less than a minute after a parallel hand-out, the same generation goes on.
        let at_most_one = (before..=before + 1).contains(&after);
        assert!(if round == 0 { after == before + 1 } else { at_most_one }, "one refresh for both");
    }
    // And eight requests of one tab.
    let before = browser.generation().await;
    browser.outwait_access_token().await;
    let script =
        "return Promise.all(Array.from({length: 8}, () => fetch('/account').then(a => a.url)))";
    let answers = browser.script(script).await;
    let urls: Vec<&str> =
        answers.as_array().unwrap().iter().filter_map(|url| url.as_str()).collect();
    assert!(urls.len() == 8 && urls.iter().all(|url| url.ends_with("/account")), "{urls:?}");
    let after = browser.generation().await;
    assert!((before..=before + 1).contains(&after), "one refresh for all");
    browser.quit().await;
}

/// Logs in, closes the browser, opens it again: is one still signed in?
async fn is_signed_in_after_a_restart(server: &Server, remember: bool) -> bool {
    let profile = tempfile::tempdir().unwrap();
    let browser = Browser::with(server, true, profile.path()).await;
    browser.go("/login").await;
    browser.fill("login", "ada").await;
    browser.fill("password", PASSWORD).await;
    if remember {
        browser.driver().find(By::Name("remember")).await.unwrap().click().await.unwrap();
    }
    browser.send().await;
    assert_eq!(browser.path().await, "/account");
    // It has a lifetime of its own, and outlives a browser that is closed before.
    browser.outwait_access_token().await;
    browser.quit().await;
    let browser = Browser::with(server, true, profile.path()).await;
    browser.go("/account").await;
    let signed_in = browser.path().await == "/account";
    browser.quit().await;
    signed_in
}

#[tokio::test(flavor = "multi_thread")]
async fn remember_me_outlives_the_browser_and_without_it_only_the_access_token_does() {
    let server = Server::start(&[("ACCESS_TOKEN_SECONDS", "2")]);
    server.account("ada", &[]);
    assert!(is_signed_in_after_a_restart(&server, true).await, "remembered");
    assert!(!is_signed_in_after_a_restart(&server, false).await, "not remembered");
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
    until("one is signed in", async || browser.path().await == "/account").await;
    browser.quit().await;
}

/// The pages on which staff act.
fn acts(id: &str) -> [String; 12] {
    [
        format!("/admin/accounts/disable?id={id}"),
        format!("/admin/accounts/enable?id={id}"),
        format!("/admin/accounts/end-sessions?id={id}"),
        format!("/admin/accounts/{id}/recovery"),
        "/admin/sessions/end?account=ada".to_owned(),
        "/admin/revocations/new".to_owned(),
        format!("/admin/accounts/{id}/roles"),
        format!("/admin/accounts/delete?id={id}"),
        "/admin/accounts/new".to_owned(),
        "/admin/sessions/end-all".to_owned(),
        "/admin/new-role".to_owned(),
        "/admin/roles/editors".to_owned(),
    ]
}

/// The first acts are also those of support.
const SUPPORTS: usize = 6;

async fn without_javascript(server: &Server, profile: &std::path::Path) -> Browser {
    Browser::with(server, false, profile).await
}

#[tokio::test(flavor = "multi_thread")]
async fn each_act_opens_to_whom_it_is_for_and_to_nobody_else() {
    let server = Server::start(&[]);
    server.command(&["role", "add", "editors"], "");
    server.account("ada", &["editors"]);
    for (name, role) in [("chief", "admin"), ("helper", "support"), ("reader", "auditor")] {
        server.account(name, &[role]);
    }
    let acts = acts(&server.id_of("ada"));
    let profile = tempfile::tempdir().unwrap();
    let browser = without_javascript(&server, profile.path()).await;
    for act in &acts {
        browser.go(act).await;
        assert!(browser.path().await.starts_with("/login?next="), "signed out: {act}");
    }
    for (name, opened) in [("chief", acts.len()), ("helper", SUPPORTS), ("reader", 0), ("ada", 0)] {
        browser.log_in(name).await;
        for (place, act) in acts.iter().enumerate() {
            browser.go(act).await;
            let open = !browser.text().await.contains("You don't have access");
            assert_eq!(open, place < opened, "{name}: {act}");
        }
        browser.press_log_out().await;
    }
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_do_their_days_work_without_javascript() {
    let server = Server::start(&[]);
    for name in ["ada", "bob"] {
        server.account(name, &[]);
    }
    server.account("chief", &["admin"]);
    let (ada, bob) = (server.id_of("ada"), server.id_of("bob"));
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let chief = without_javascript(&server, folders[0].path()).await;
    let person = without_javascript(&server, folders[1].path()).await;
    person.log_in("ada").await;
    chief.log_in("chief").await;

    // Two are ticked in the list, looked at, disabled, and that is undone.
    chief.go("/admin/accounts").await;
    for id in [&ada, &bob] {
        let tick = By::Css(format!("input[value='{id}']"));
        chief.driver().find(tick).await.unwrap().click().await.unwrap();
    }
    chief.press("Disable").await;
    assert!(chief.text().await.contains("about to disable 2 accounts. 1 session ends."));
    chief.fill("reason", "asked for by phone").await;
    chief.press("Disable").await;
    assert!(chief.text().await.contains("Accounts disabled: 2. Sessions ended: 1."));
    person.go("/account").await;
    assert!(person.text().await.contains("this account was disabled"));
    chief.press("Undo").await;
    assert!(chief.text().await.contains("Undone."), "{}", chief.text().await);
    person.log_in("ada").await;

    // A role, and its name in the navigation of the person who got it.
    chief.go("/admin/new-role").await;
    chief.fill("name", "editors").await;
    chief.fill("reason", "a new desk").await;
    chief.press("Create role").await;
    chief.go(&format!("/admin/accounts/{ada}/roles")).await;
    for role in ["support", "editors"] {
        let tick = By::Css(format!("input[name='role.{role}']"));
        chief.driver().find(tick).await.unwrap().click().await.unwrap();
    }
    chief.fill("reason", "joins the desk").await;
    chief.press("Save").await;
    person.go("/account").await;
    assert!(person.text().await.contains("Admin") && person.text().await.contains("editors"));

    // A session, found by its account, ended; the person is told.
    chief.go("/admin/sessions?account=ada").await;
    chief.driver().find(By::Css("input[name=sid]")).await.unwrap().click().await.unwrap();
    chief.press("End session").await;
    chief.fill("reason", "a lost telephone").await;
    chief.press_at("main form .danger").await;
    assert!(chief.text().await.contains("Sessions ended: 1."));
    person.go("/account").await;
    assert!(person.text().await.contains("by an administrator"));

    // A link for a forgotten password; all of it stands in the log, with its reasons.
    chief.go(&format!("/admin/accounts/{bob}/recovery")).await;
    chief.fill("reason", "forgot it").await;
    chief.press("Create recovery link").await;
    let link = chief.driver().find(By::Id("link")).await.unwrap();
    let link = link.text().await.unwrap();
    person.driver().goto(link).await.unwrap();
    person.fill("new_password", NEW).await;
    person.send().await;
    assert!(person.text().await.contains("Your password was set"));
    chief.go("/admin/audit").await;
    let log = chief.text().await;
    for reason in
        ["asked for by phone", "a new desk", "joins the desk", "a lost telephone", "forgot it"]
    {
        assert!(log.contains(reason), "{reason}: {log}");
    }

    // Deleted for good, and everyone out, the chief too.
    chief.go(&format!("/admin/accounts/{bob}")).await;
    chief.driver().find(By::LinkText("Delete")).await.unwrap().click().await.unwrap();
    chief.fill("reason", "left us").await;
    chief.press("Delete").await;
    assert!(chief.text().await.contains("Accounts deleted: 1."));
    chief.go("/admin/sessions/end-all").await;
    chief.fill("reason", "a drill").await;
    chief.press_at("main form .danger").await;
    assert!(chief.path().await.starts_with("/login"), "{}", chief.path().await);
    chief.quit().await;
    person.quit().await;
}

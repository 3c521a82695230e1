//! What only a browser shows of the stylesheet: where things stand, what can be seen of them, and
//! what is left on paper.

use std::collections::HashSet;

use doorward_browser_tests::{Browser, Server, until};
use serde_json::{Value, json};
use thirtyfour::prelude::*;

/// An administrator signed in, and so many members.
async fn staff(members: usize) -> (Server, Browser) {
    let server = Server::start(&[]);
    server.account("chief", &["admin"]);
    for number in 0..members {
        server.account(&format!("member-{number:02}"), &[]);
    }
    let browser = Browser::start(&server).await;
    browser.log_in("chief").await;
    (server, browser)
}

/// How many of these can be seen, now or after scrolling the page itself.
async fn seen(browser: &Browser, selector: &str) -> usize {
    let script = format!(
        "return [...document.querySelectorAll('{selector}')].filter(one => {{
            const place = one.getBoundingClientRect();
            if (!place.height || !one.checkVisibility()) return false;
            for (let box = one.parentElement; box !== document.body; box = box.parentElement) {{
                const clips = getComputedStyle(box).overflowY !== 'visible';
                if (clips && box.getBoundingClientRect().bottom < place.bottom - 1) return false;
            }}
            return true;
        }}).length"
    );
    browser.script(&script).await.as_u64().unwrap() as usize
}

async fn number(browser: &Browser, script: &str) -> f64 {
    browser.script(&format!("return {script}")).await.as_f64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_phone_the_heading_is_near_the_top_and_the_current_tab_in_view() {
    let (_server, browser) = staff(0).await;
    browser.look(360, "light").await;
    for page in ["", "/accounts", "/sessions", "/audit", "/doctor"] {
        browser.go(&format!("/admin{page}")).await;
        let top = number(&browser, "document.querySelector('h1').getBoundingClientRect().top");
        let top = top.await;
        assert!(top <= 160.0, "/admin{page}: {top}");
        let right =
            "document.querySelector('.sections [aria-current]').getBoundingClientRect().right";
        let right = number(&browser, right).await;
        assert!(right <= 361.0, "/admin{page}: {right}");
    }
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn headings_are_in_the_font_that_the_server_brings() {
    let server = Server::start(&[]);
    // Without JavaScript in the page; scripts of the test run all the same.
    let profile = tempfile::tempdir().unwrap();
    let browser = Browser::with(&server, false, profile.path()).await;
    for path in ["/login", "/nowhere"] {
        browser.go(path).await;
        let loaded = async || browser.script("return document.fonts.status").await == "loaded";
        until("the font is loaded", loaded).await;
        let document = browser.devtools("DOM.getDocument", json!({})).await;
        let root = &document["root"]["nodeId"];
        let heading = json!({ "nodeId": root, "selector": "h1" });
        let heading = browser.devtools("DOM.querySelector", heading).await;
        browser.devtools("CSS.enable", json!({})).await;
        let used = browser.devtools("CSS.getPlatformFontsForNode", heading).await;
        let used = used["fonts"].as_array().unwrap();
        assert_eq!(used.len(), 1, "{used:?}");
        assert_eq!(used[0]["isCustomFont"], true, "{path}: {used:?}");
        assert!(used[0]["familyName"].as_str().unwrap().starts_with("Newsreader"), "{used:?}");
    }
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_preview_hides_no_name() {
    let (server, browser) = staff(27).await;
    let list = server.command(&["account", "list", "--json"], "");
    let list: Vec<Value> = list.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: Vec<&str> = list.iter().map(|one| one["id"].as_str().unwrap()).collect();
    let some = |count: usize| {
        let chosen: Vec<String> = ids.iter().take(count).map(|id| format!("id={id}")).collect();
        format!("/admin/accounts/delete?{}", chosen.join("&"))
    };
    browser.go(&some(25)).await;
    assert_eq!(seen(&browser, ".people li").await, 25);
    assert!(browser.text().await.contains("Delete 25 accounts"));
    browser.go(&some(28)).await;
    assert_eq!(seen(&browser, ".people li").await, 25);
    browser
        .driver()
        .find(By::XPath("//summary[.='And 3 more']"))
        .await
        .unwrap()
        .click()
        .await
        .unwrap();
    assert_eq!(seen(&browser, ".people li").await, 28);
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_printed_list_has_its_rows_and_no_controls() {
    let (_server, browser) = staff(2).await;
    browser.devtools("Emulation.setEmulatedMedia", json!({ "media": "print" })).await;
    for (page, rows) in [("accounts", 3), ("sessions", 1)] {
        browser.go(&format!("/admin/{page}")).await;
        assert_eq!(seen(&browser, "main tbody tr").await, rows, "{page}");
        assert_eq!(seen(&browser, "h1").await, 1, "{page}");
        for control in [".top", ".sections", ".filters", "button", "[role=button]", ".tick input"] {
            assert_eq!(seen(&browser, control).await, 0, "{page}: {control}");
        }
    }
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_printed_recovery_link_is_a_name_a_link_and_a_date() {
    let (server, browser) = staff(1).await;
    let id = server.id_of("member-00");
    browser.go(&format!("/admin/accounts/{id}/recovery")).await;
    browser.fill("reason", "asked for by phone").await;
    browser.send().await;
    browser.devtools("Emulation.setEmulatedMedia", json!({ "media": "print" })).await;
    let text = browser.text().await;
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    let begins = ["Recovery link for member-00", "http://", "Valid until "];
    assert_eq!(lines.len(), begins.len(), "{lines:?}");
    for (line, begin) in lines.iter().zip(begins) {
        assert!(line.starts_with(begin), "{lines:?}");
    }
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_skip_link_passes_the_tabs_and_each_control_has_a_ring() {
    let (_server, browser) = staff(1).await;
    browser.go("/admin/accounts").await;
    let press = async |key: Key| {
        let active = browser.driver().active_element().await.unwrap();
        active.send_keys(key.value().to_string()).await.unwrap();
    };
    press(Key::Tab).await;
    press(Key::Enter).await;
    let mut kinds = HashSet::new();
    for _ in 0..12 {
        press(Key::Tab).await;
        let at = "const at = document.activeElement; const look = getComputedStyle(at); return [at.tagName, at.closest('main') !== null, look.outlineStyle + ' ' + look.outlineWidth]";
        let at = browser.script(at).await;
        assert_eq!((&at[1], &at[2]), (&json!(true), &json!("solid 3px")), "{at}");
        kinds.insert(at[0].as_str().unwrap().to_owned());
    }
    let kinds: HashSet<&str> = kinds.iter().map(String::as_str).collect();
    assert_eq!(kinds, HashSet::from(["A", "BUTTON", "INPUT", "SELECT"]));
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_actions_of_a_list_stay_in_view_while_something_is_selected() {
    let (_server, browser) = staff(12).await;
    browser.look(1280, "light").await;
    browser.go("/admin/accounts").await;
    let height =
        "Math.max(...[...document.querySelectorAll('tbody tr')].map(row => row.offsetHeight))";
    let height = number(&browser, height).await;
    assert!(height <= 45.0, "a row is {height} px high");
    browser.look(360, "light").await;
    browser.go("/admin/accounts").await;
    let bottom = "document.querySelector('.acts').getBoundingClientRect().bottom";
    assert!(number(&browser, bottom).await > 900.0, "it is at the end of a long list");
    // Anywhere in the row, next to its link, ticks the box.
    let rows = browser.driver().find_all(By::Css("tbody tr .last")).await.unwrap();
    for row in &rows[..2] {
        let chain = browser.driver().action_chain().move_to_element_center(row);
        chain.click().perform().await.unwrap();
    }
    let bottom = number(&browser, bottom).await;
    assert!(bottom <= 900.0, "{bottom}");
    let shown = "document.querySelectorAll('.tick input:checked').length";
    assert_eq!(number(&browser, shown).await, 2.0);
    let size = "Math.min(...[...document.querySelectorAll('.tick label')].flatMap(label => [label.offsetWidth, label.offsetHeight]))";
    assert!(number(&browser, size).await >= 24.0);
    assert_eq!(seen(&browser, ".filters select").await, 0, "filters are closed");
    browser.look(1280, "light").await;
    assert_eq!(seen(&browser, ".filters select").await, 4);
    browser.quit().await;
}

//! The stylesheet: nothing in it is about what no page has.

use rocket::http::Method;
use shared::page::Page;
use shared::routes::filled;
use time::Duration;

use crate::app::{Answer, App};
use crate::guarding::{entered, guard, wiki};

const WHY: (&str, &str) = ("reason", "asked for by phone");

/// The selectors of a stylesheet, each alternative by itself.
fn selectors(css: &str) -> Vec<String> {
    let mut text = String::new();
    for (number, part) in css.split("/*").enumerate() {
        text.push_str(if number == 0 { part } else { part.split_once("*/").unwrap().1 });
    }
    let mut found = vec![];
    let mut prelude = String::new();
    for c in text.chars() {
        match c {
            '{' => {
                if !prelude.trim_start().starts_with('@') {
                    found.extend(apart(prelude.trim()));
                }
                prelude.clear();
            }
            '}' | ';' => prelude.clear(),
            _ => prelude.push(c),
        }
    }
    found.into_iter().flat_map(|selector| expanded(&selector)).collect()
}

/// The parts between commas that stand in no brackets.
fn apart(list: &str) -> Vec<String> {
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for c in list.chars() {
        depth += i32::from("([".contains(c)) - i32::from(")]".contains(c));
        if c == ',' && depth == 0 {
            parts.push(String::new());
        } else {
            parts.last_mut().unwrap().push(c);
        }
    }
    parts.iter().map(|part| part.trim().to_owned()).collect()
}

/// `a:is(b, c)` is two: `a:is(b)` and `a:is(c)`.
fn expanded(selector: &str) -> Vec<String> {
    for word in [":is(", ":where("] {
        for (at, _) in selector.match_indices(word) {
            let inside = &selector[at + word.len()..];
            let mut depth = 1;
            let end = inside.find(|c| {
                depth += i32::from(c == '(') - i32::from(c == ')');
                depth == 0
            });
            let end = end.unwrap();
            let parts = apart(&inside[..end]);
            if parts.len() > 1 {
                let (before, after) = (&selector[..at + word.len()], &inside[end..]);
                let each = parts.iter().map(|part| format!("{before}{part}{after}"));
                return each.flat_map(|one| expanded(&one)).collect();
            }
        }
    }
    vec![selector.to_owned()]
}

/// Without what a page that only lies there cannot show.
fn at_rest(selector: &str) -> String {
    let mut rest = selector.to_owned();
    for state in [
        "::before",
        "::after",
        "::first-letter",
        "::details-content",
        ":checked",
        ":hover",
        ":focus-visible",
        ":focus",
    ] {
        rest = rest.replace(state, "");
    }
    rest
}

/// The pages of somebody who has not signed in.
async fn of_strangers(app: &App, pages: &mut Vec<Answer>) {
    let stranger = app.browser();
    for path in ["/login", "/register", "/nowhere", "/recover/used", "/logout"] {
        pages.push(stranger.get(path).await);
    }
    let wrong = [("username", "a"), ("email", "nobody"), ("password", "short")];
    pages.push(stranger.post("/register", &wrong).await);
    pages.push(stranger.log_in_with("nobody", "a guess").await);
}

/// The pages of an administrator among people, and of acts on them.
async fn of_staff(app: &App, pages: &mut Vec<Answer>) {
    let chief = app.staff("chief", "admin").await;
    app.signed_in("chief").await;
    let member = app.member("ada").await;
    let id = app.account("bob", &["editors"]).await.id.to_string();
    for _ in 0..25 {
        member.post("/confirm", &[("password", "a guess")]).await;
        app.browser().log_in_with("ada", "a guess").await;
    }
    app.doorward.sync(app.clock().now()).await.unwrap();
    app.doorward.purge_expired(app.clock().now()).await.unwrap();
    let ada = app.id_of("ada").await;
    guard(app, wiki()).await;
    entered(app, "chief", "wiki").await;
    for pattern in app.addresses(Method::Get) {
        let answer = chief.get(&filled(&pattern, &id)).await;
        let kind = answer.header("content-type").unwrap_or_default();
        if kind.starts_with("text/html") {
            pages.push(answer);
        }
    }
    for path in [
        format!("/admin/accounts/{ada}"),
        format!("/admin/accounts/disable?id={id}&id={ada}"),
        "/admin/accounts?q=nobody&sort=x".to_owned(),
        "/admin/sessions/end?account=ada".to_owned(),
        "/admin?span=month".to_owned(),
        "/admin/applications/explain?url=http://wiki.localhost:9000/a".to_owned(),
        "/leave?application=wiki".to_owned(),
    ] {
        pages.push(chief.get(&path).await);
    }
    let recovery = format!("/admin/accounts/{id}/recovery");
    pages.push(chief.post(&recovery, &[WHY]).await);
    pages.push(chief.post(&recovery, &[]).await);
    let page = format!("/admin/accounts/disable?id={id}");
    chief.post_at(&page, "/admin/accounts/disable", &[("ids", &id), WHY]).await;
    pages.push(chief.get(&format!("/admin/accounts/{id}")).await);
    for number in 0..60 {
        app.quick_account(&format!("member-{number:03}")).await;
    }
    for path in ["/admin/accounts", "/admin/revocations", "/admin/audit?until=2001-01-01"] {
        pages.push(chief.get(path).await);
    }
    let list = chief.get("/admin/accounts").await.page();
    let ids = list.attributes("input[name=id]", "value");
    let ids: Vec<String> = ids.iter().map(|id| format!("id={id}")).collect();
    pages.push(chief.get(&format!("/admin/accounts/disable?{}", ids.join("&"))).await);
}

#[rocket::async_test]
async fn every_selector_is_about_something_on_a_page() {
    let app = App::with(&[("throttle_name", "0")]).await;
    let mut answers = vec![];
    of_strangers(&app, &mut answers).await;
    of_staff(&app, &mut answers).await;
    app.pass(Duration::minutes(1)).await;
    let pages: Vec<Page> = answers.iter().map(Answer::page).collect();
    let css = ["static/doorward.css", "static/lists.css"];
    let css = css.map(|file| std::fs::read_to_string(file).unwrap());
    let selectors: Vec<String> = css.iter().flat_map(|css| selectors(css)).collect();
    assert!(selectors.len() > 150, "{}", selectors.len());
    let is_dead = |selector: &&String| {
        let rest = at_rest(selector);
        !rest.is_empty() && !pages.iter().any(|page| page.has(&rest))
    };
    let dead: Vec<&String> = selectors.iter().filter(is_dead).collect();
    assert!(dead.is_empty(), "no page has any of these: {dead:#?}");
}

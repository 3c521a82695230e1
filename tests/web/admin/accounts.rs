//! Lists, and what stands in their addresses.

use std::collections::BTreeSet;

use rocket::http::Status;

use super::with_people;
use crate::app::App;

#[rocket::async_test]
async fn a_long_list_goes_on_from_screen_to_screen() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    for number in 0..60 {
        app.quick_account(&format!("member-{number:03}")).await;
    }
    for start in [
        "/admin/accounts",
        "/admin/accounts?q=MEMBER&state=active",
        "/admin/accounts?sort=opened",
        "/admin/accounts?q=member",
        "/admin/audit",
    ] {
        let (mut next, mut names, mut screens) = (Some(start.to_owned()), BTreeSet::new(), 0);
        while let Some(path) = next {
            let page = chief.get(&path).await.page();
            screens += 1;
            let people = page.texts("main a[href^='/admin/accounts/']");
            names.extend(people.into_iter().filter(|name| name.starts_with("member-")));
            next = page.attributes("a[rel=next]", "href").into_iter().next();
        }
        assert_eq!((names.len(), screens), (60, 2), "{start}");
    }
}

#[rocket::async_test]
async fn a_search_that_finds_more_than_a_page_lists_the_newest_first_and_says_so() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    for number in 0..201 {
        app.quick_account(&format!("member-{number:03}")).await;
    }
    let range = async |path: &str| chief.get(path).await.page().texts(".range").remove(0);
    let many = "/admin/accounts?q=member";
    assert_eq!(range(many).await, "1–50 of 201, newest first");
    let page = chief.get(many).await.page();
    assert!(page.texts("tbody th a")[0].starts_with("member-200"));
    let second = page.attributes("a[rel=next]", "href").remove(0);
    assert_eq!(range(&second).await, "51–100 of 201, newest first");
    assert_eq!(range("/admin/accounts?q=member-1").await, "1–50 of 100");
    let asked = chief.get("/admin/accounts?q=member-1&sort=opened").await.page();
    assert!(asked.texts("main").concat().contains("A filtered list is sorted by name."));
    let asked = chief.get("/admin/accounts?q=member&sort=opened").await.page();
    assert_eq!(asked.texts(".range")[0], "1–50 of 201");
}

#[rocket::async_test]
async fn the_list_says_where_one_is_and_leads_back() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    for number in 0..60 {
        app.quick_account(&format!("member-{number:03}")).await;
    }
    let list = "/admin/accounts?q=member&size=25";
    let first = chief.get(list).await.page();
    assert_eq!(first.texts("main .range"), ["1–25 of 60"]);
    assert!(!first.has("a[rel=prev]"));
    let next = first.attributes("a[rel=next]", "href").remove(0);
    let second = chief.get(&next).await.page();
    assert_eq!(second.texts("main .range"), ["26–50 of 60"]);
    let next = second.attributes("a[rel=next]", "href").remove(0);
    let third = chief.get(&next).await.page();
    assert_eq!(third.texts("main .range"), ["51–60 of 60"]);
    assert!(!third.has("a[rel=next]"));
    let names = |page: &shared::page::Page| page.texts("tbody th a");
    for (page, before, range) in [(&third, &second, "26–50 of 60"), (&second, &first, "1–25 of 60")]
    {
        let there = page.attributes("a[rel=prev]", "href").remove(0);
        let there = chief.get(&there).await.page();
        assert_eq!(there.texts("main .range"), [range]);
        assert_eq!(names(&there), names(before));
    }
}

#[rocket::async_test]
async fn each_filter_that_is_on_can_be_removed_by_itself() {
    let (app, _) = with_people().await;
    let chief = app.signed_in("chief").await;
    let page = chief.get("/admin/accounts?q=a&role=admin&state=active").await.page();
    let chips = page.texts(".chips a");
    for words in ["Search: a", "Role: admin", "State: Active", "Clear filters"] {
        assert!(chips.iter().any(|chip| chip.contains(words)), "{words}: {chips:?}");
    }
    let links = page.attributes(".chips a", "href");
    assert_eq!(
        links,
        [
            "/admin/accounts?role=admin&state=active",
            "/admin/accounts?q=a&state=active",
            "/admin/accounts?q=a&role=admin",
            "/admin/accounts",
        ]
    );
    assert!(!chief.get("/admin/accounts").await.page().has(".chips"));
}

#[rocket::async_test]
async fn nonsense_in_an_address_gets_a_page_with_a_sentence() {
    let (app, id) = with_people().await;
    let chief = app.signed_in("chief").await;
    let long = "a".repeat(5000);
    for query in [
        "/admin?span=century",
        "/admin/accounts?sort=password",
        "/admin/accounts?state=asleep",
        "/admin/accounts?from=x",
        "/admin/accounts?from=m~99999999999999999999~x",
        "/admin/sessions?from=~",
        "/admin/sessions?kind=teapot",
        "/admin/sessions?address=999.1.1.1",
        "/admin/sessions?account=nobody",
        "/admin/revocations?before=x",
        "/admin/audit?before=9999999999999999999999",
        "/admin/audit?event=made.up",
        "/admin/audit?from=yesterday",
    ] {
        let answer = chief.get(query).await;
        assert_eq!(answer.status, Status::Ok, "{query}");
        assert!(answer.page().has(".message.notice"), "{query}: {}", answer.body);
    }
    for value in
        ["%25", "_", "%00", "%ff", "%e2%80%ae", "%3Cscript%3E", "%7B%7B7*7%7D%7D", &long, "'"]
    {
        for name in [
            "q", "role", "state", "sort", "from", "account", "address", "kind", "event", "until",
            "before", "id", "sid", "span",
        ] {
            for page in [
                "/admin",
                "/admin/accounts",
                "/admin/sessions",
                "/admin/revocations",
                "/admin/audit",
                "/admin/sessions/end",
                "/admin/accounts/disable",
            ] {
                let answer = chief.get(&format!("{page}?{name}={value}")).await;
                assert!(answer.status.code < 500, "{page}?{name}={value:.20}: {}", answer.status);
                assert!(!answer.body.contains("<script>") && !answer.body.contains(">49<"));
            }
        }
    }
    for path in ["x", "00000000-0000-4000-8000-000000000000", &id[1..]] {
        for rest in ["", "/roles", "/recovery"] {
            let answer = chief.get(&format!("/admin/accounts/{path}{rest}")).await;
            assert_eq!(answer.status, Status::NotFound, "{path}{rest}");
        }
    }
}

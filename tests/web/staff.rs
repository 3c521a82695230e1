//! What staff may do, and who may do it.

use doorward::domain::accounts::permissions::{Permission, Roles};
use doorward::web::admin::NEEDED;
use rocket::http::{ContentType, Header, Method, Status};
use time::Duration;

use crate::app::{App, Browser, PASSWORD};

const PEOPLE: [(&str, &[&str]); 5] = [
    ("member", &[]),
    ("editor", &["editors"]),
    ("auditor-one", &["auditor"]),
    ("helper", &["support"]),
    ("chief", &["admin"]),
];

fn permits(roles: &[&str], permission: Permission) -> bool {
    use doorward::domain::accounts::names::RoleName;
    Roles::of(roles.iter().map(|role| RoleName::parse(role).unwrap())).may(permission)
}

/// The table of who may do what, written down a second time on purpose.
#[test]
fn each_role_has_the_permissions_that_the_design_gives_it() {
    use Permission::{EndSessions, Look, ManageAccounts, ReadAudit};
    for (roles, permitted) in [
        (&[][..], &[][..]),
        (&["editors"], &[]),
        (&["auditor"], &[Look, ReadAudit]),
        (&["support"], &[Look, EndSessions, ManageAccounts]),
        (&["auditor", "support"], &[Look, ReadAudit, EndSessions, ManageAccounts]),
        (&["admin"], &Permission::ALL),
    ] {
        for permission in Permission::ALL {
            let expected = permitted.contains(&permission);
            assert_eq!(permits(roles, permission), expected, "{roles:?} {permission:?}");
        }
    }
}

#[rocket::async_test]
async fn every_address_for_staff_stands_in_the_table() {
    let app = App::start().await;
    for method in [Method::Get, Method::Post] {
        let mut mounted = app.addresses(method);
        mounted.retain(|path| path.starts_with("/admin"));
        mounted.sort();
        let of_method = NEEDED.iter().filter(|(known, ..)| *known == method.as_str());
        let mut known: Vec<String> = of_method.map(|(_, path, _)| (*path).to_owned()).collect();
        known.sort();
        assert_eq!(mounted, known);
    }
}

/// Asks; a form comes without its type, so that nothing is done even where it may.
async fn ask(browser: &Browser<'_>, method: &str, path: &str) -> (Status, String) {
    let answer = match method {
        "GET" => browser.get(path).await,
        _ => {
            let ours = [("Sec-Fetch-Site", "same-origin"), ("Origin", "http://localhost:8000")];
            browser.send(Method::Post, path, None, &ours).await
        }
    };
    (answer.status, answer.location.unwrap_or_default())
}

async fn with_people() -> (App, String) {
    let app = App::start().await;
    let mut id = String::new();
    for (name, roles) in PEOPLE {
        id = app.account(name, roles).await.id.to_string();
    }
    (app, id)
}

fn filled(pattern: &str, id: &str) -> String {
    pattern.replace("<id>", id).replace("<name>", "editors")
}

#[rocket::async_test]
async fn every_role_reaches_exactly_what_the_table_gives_it() {
    let (app, id) = with_people().await;
    for (name, roles) in PEOPLE {
        let browser = app.signed_in(name).await;
        for (method, pattern, permission) in NEEDED {
            let (status, _) = ask(&browser, method, &filled(pattern, &id)).await;
            let expected = match (permits(roles, permission), method) {
                (false, _) => Status::Forbidden,
                (true, "GET") => Status::Ok,
                (true, _) => Status::UnsupportedMediaType,
            };
            assert_eq!(status, expected, "{name}: {method} {pattern}");
        }
    }
    let stranger = app.browser();
    for (method, pattern, _) in NEEDED {
        let (status, to) = ask(&stranger, method, &filled(pattern, &id)).await;
        assert_eq!(status, Status::SeeOther, "{method} {pattern}");
        assert!(to.starts_with("/login?next="), "{method} {pattern}: {to}");
    }
}

#[rocket::async_test]
async fn to_act_the_password_must_have_been_given_lately() {
    let (app, id) = with_people().await;
    let chief = app.signed_in("chief").await;
    app.pass(Duration::minutes(6)).await;
    for (method, pattern, _) in NEEDED {
        let (status, to) = ask(&chief, method, &filled(pattern, &id)).await;
        let taken = pattern.ends_with(".csv") || pattern.ends_with(".jsonl");
        if method == "POST" || taken {
            assert_eq!(status, Status::SeeOther, "{pattern}");
            assert!(to.starts_with("/confirm?next="), "{pattern}: {to}");
        }
    }
    assert_eq!(chief.get("/admin/accounts").await.status, Status::Ok, "looking goes on");
}

#[rocket::async_test]
async fn what_somebody_was_refused_stands_in_the_audit_log() {
    let (app, _) = with_people().await;
    let helper = app.signed_in("helper").await;
    for _ in 0..50 {
        assert_eq!(helper.get("/admin/audit").await.status, Status::Forbidden);
    }
    let log = app.signed_in("auditor-one").await.get("/admin/audit?event=authz.denied").await.body;
    assert!(log.contains("was refused a page for staff"), "{log}");
    assert_eq!(log.matches("authz.denied</code>").count(), 1, "once a minute");
    assert!(log.contains(">helper</a>") && log.contains("GET &#x2F;admin&#x2F;audit"), "{log}");
}

#[rocket::async_test]
async fn a_page_offers_only_what_the_reader_may_do() {
    let (app, id) = with_people().await;
    let person = app.account("ada", &[]).await.id;
    for (name, roles) in &PEOPLE[2..] {
        let browser = app.signed_in(name).await;
        for path in ["/admin", "/admin/accounts", "/admin/sessions", "/admin/revocations"] {
            offers_fit(&browser, path, roles, &id).await;
        }
        offers_fit(&browser, &format!("/admin/accounts/{person}"), roles, &id).await;
    }
}

/// Every link and button of the page leads where its reader may go.
async fn offers_fit(browser: &Browser<'_>, page: &str, roles: &[&str], id: &str) {
    let body = browser.get(page).await.body;
    let mut seen = 0;
    for marker in ["href=\"/admin", "action=\"/admin"] {
        for after in body.split(marker).skip(1) {
            let rest = after.split(['"', '?', '#']).next().unwrap();
            let path = format!("/admin{rest}");
            let fits = |pattern: &str| {
                let known = filled(pattern, id);
                known == path || pattern.ends_with("<id>") && path.len() == known.len()
            };
            let needed = NEEDED.iter().find(|(_, pattern, _)| fits(pattern));
            if let Some((.., permission)) = needed {
                assert!(permits(roles, *permission), "{page} offers {path} to {roles:?}");
                seen += 1;
            }
        }
    }
    assert!(seen > 3, "{page}");
}

const WHY: (&str, &str) = ("reason", "asked for by phone");

#[rocket::async_test]
async fn an_account_is_switched_off_and_the_undo_switches_it_on_again() {
    let app = App::start().await;
    let ada = app.member("ada").await;
    let id = app.id_of("ada").await;
    app.account("helper", &["support"]).await;
    let helper = app.signed_in("helper").await;
    let page = format!("/admin/accounts/disable?id={id}");
    let preview = helper.get(&page).await;
    assert!(
        preview.body.contains("about one account, and signs out one session"),
        "{}",
        preview.body
    );
    let answer = helper.post_at(&page, "/admin/accounts/disable", &[("ids", &id), WHY]).await;
    assert_eq!(answer.location, Some(format!("/admin/accounts/{id}")), "{}", answer.body);
    assert!(!ada.is_signed_in().await, "on the very next request");
    assert_eq!(app.browser().log_in("ada").await.status, Status::UnprocessableEntity);
    let shown = helper.get(&format!("/admin/accounts/{id}")).await;
    assert!(shown.body.contains("Accounts switched off: 1. Sessions ended: 1."), "{}", shown.body);
    assert!(shown.body.contains("<q>asked for by phone</q>"), "the reason is kept");
    let undo = shown.hidden();
    let answer = helper.post_with("/admin/undo/disable", &shown.button_csrf(), &undo.pairs()).await;
    assert_eq!(answer.location.as_deref(), Some("/admin/accounts"));
    assert!(helper.get("/admin/accounts").await.body.contains("Taken back."));
    assert_eq!(app.browser().log_in("ada").await.status, Status::SeeOther);
    // A second press, and somebody else's press, take nothing back.
    for browser in [&helper, &app.staff("chief", "admin").await] {
        browser.post_with("/admin/undo/disable", &browser.token().await, &undo.pairs()).await;
        assert!(browser.get("/admin").await.body.contains("cannot be taken back any more"));
    }
}

#[rocket::async_test]
async fn an_act_on_many_does_all_or_nothing_and_leaves_out_who_is_gone() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    let mut ids = vec![];
    for name in ["ada", "bob", "cyd"] {
        app.member(name).await;
        ids.push(app.id_of(name).await);
    }
    let own = app.id_of("chief").await;
    let with_own = format!("{},{own}", ids.join(","));
    let page = format!("/admin/accounts/delete?id={}&id={own}", ids.join("&id="));
    assert!(chief.get(&page).await.body.contains("about 4 accounts, and signs out 4 sessions"));
    let refused = chief.post_at(&page, "/admin/accounts/delete", &[("ids", &with_own), WHY]).await;
    assert_eq!(refused.status, Status::UnprocessableEntity);
    assert!(refused.body.contains("This is the last administrator"), "{}", refused.body);
    assert!(refused.body.contains("value=\"asked for by phone\""), "the typed text is kept");
    assert!(chief.get("/admin/accounts").await.body.contains(">ada</a>"), "nothing half done");
    chief.post_at(&page, "/admin/accounts/delete", &[("ids", &ids[0]), WHY]).await;
    let rest = ids.join(",");
    let answer = chief.post_at(&page, "/admin/accounts/delete", &[("ids", &rest), WHY]).await;
    assert_eq!(answer.location.as_deref(), Some("/admin/accounts"));
    let list = chief.get("/admin/accounts").await.body;
    assert!(list.contains("Accounts deleted: 2.") && !list.contains(">bob</a>"), "{list}");
    let gone = chief.post_at(&page, "/admin/accounts/delete", &[("ids", &rest), WHY]).await;
    assert_eq!(gone.status, Status::NotFound, "deleted by somebody else meanwhile");
    assert_eq!(chief.get(&page).await.status, Status::Ok);
}

#[rocket::async_test]
async fn support_can_neither_switch_off_nor_recover_whoever_may_do_more() {
    let app = App::start().await;
    app.account("chief", &["admin"]).await;
    app.account("deputy", &["admin"]).await;
    let (helper, id) = (app.staff("helper", "support").await, app.id_of("chief").await);
    let page = format!("/admin/accounts/disable?id={id}");
    let refused = helper.post_at(&page, "/admin/accounts/disable", &[("ids", &id), WHY]).await;
    assert_eq!(refused.status, Status::UnprocessableEntity);
    assert!(refused.body.contains("may do things that yours may not"), "{}", refused.body);
    let path = format!("/admin/accounts/{id}/recovery");
    assert!(helper.get(&path).await.body.contains("made only at the command line"));
    let reader = app.account("reader", &["auditor"]).await.id;
    let refused = helper.post(&format!("/admin/accounts/{reader}/recovery"), &[WHY]).await;
    assert!(refused.body.contains("may do things that yours may not"), "{}", refused.body);
    let other = app.account("ada", &[]).await.id;
    let token = helper.get(&format!("/admin/accounts/{other}/recovery")).await.csrf();
    let refused = helper.post_with(&path, &token, &[WHY]).await;
    assert_eq!(refused.status, Status::UnprocessableEntity);
    assert!(!refused.body.contains("/recover/"), "{}", refused.body);
}

#[rocket::async_test]
async fn roles_change_with_the_next_request_and_can_be_taken_back() {
    let app = App::start().await;
    let ada = app.member("ada").await;
    let chief = app.staff("chief", "admin").await;
    let path = format!("/admin/accounts/{}/roles", app.id_of("ada").await);
    let silent = chief.post(&path, &[("role.support", "on")]).await;
    assert_eq!(silent.status, Status::UnprocessableEntity);
    assert!(silent.field_error("reason").contains("Say why"), "{}", silent.body);
    assert!(silent.body.contains("name=\"role.support\" checked"), "the tick is kept");
    assert_eq!(ada.get("/admin").await.status, Status::Forbidden);
    chief.post(&path, &[("role.support", "on"), WHY]).await;
    assert_eq!(ada.get("/admin").await.location.as_deref(), Some("/confirm?next=/admin"));
    ada.post("/confirm", &[("password", crate::app::PASSWORD)]).await;
    assert_eq!(ada.get("/admin").await.status, Status::Ok);
    let shown = chief.get("/admin").await;
    assert!(shown.body.contains("The roles are changed"));
    let undo = shown.hidden();
    chief.post_with("/admin/undo/roles", &shown.button_csrf(), &undo.pairs()).await;
    assert_eq!(ada.get("/admin").await.status, Status::Forbidden);
}

#[rocket::async_test]
async fn more_roles_than_a_token_can_carry_are_refused() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    app.account("ada", &[]).await;
    let path = format!("/admin/accounts/{}/roles", app.id_of("ada").await);
    let names: Vec<String> =
        (0..70).map(|number| format!("role.a-role-with-a-long-name-{number:03}")).collect();
    let mut fields: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "on")).collect();
    fields.push(WHY);
    let refused = chief.post(&path, &fields).await;
    assert_eq!(refused.status, Status::UnprocessableEntity);
    assert!(
        refused.body.contains("more roles than the access token can carry"),
        "{}",
        refused.body
    );
}

#[rocket::async_test]
async fn a_recovery_link_is_shown_once_and_works_once() {
    let app = App::start().await;
    app.account("ada", &[]).await;
    let helper = app.staff("helper", "support").await;
    let path = format!("/admin/accounts/{}/recovery", app.id_of("ada").await);
    let answer = helper.post(&path, &[WHY]).await;
    assert_eq!(answer.status, Status::Ok, "{}", answer.body);
    let link = answer.link();
    assert!(!helper.get(&path).await.body.contains("/recover/"));
    let person = app.browser();
    let done = person.post(&link, &[("new_password", "a lantern in the harbour")]).await;
    assert_eq!(done.location.as_deref(), Some("/login"));
    assert_eq!(app.browser().get(&link).await.status, Status::NotFound);
}

#[rocket::async_test]
async fn an_account_opened_for_somebody_gets_its_password_by_a_link() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    let fields = [("username", "Ada"), ("email", "ada@example.org"), ("role.editors", "on"), WHY];
    let twice = [("username", "chief"), ("email", "ada@example.org"), ("role.support", "on"), WHY];
    let refused = chief.post("/admin/accounts/new", &twice).await;
    assert!(refused.field_error("username").contains("taken"), "{}", refused.body);
    assert!(refused.body.contains("name=\"role.support\" checked"), "the tick is kept");
    let answer = chief.post("/admin/accounts/new", &fields).await;
    let link = answer.link();
    let ada = app.browser();
    assert_eq!(app.browser().log_in("ada").await.status, Status::Unauthorized);
    ada.post(&link, &[("new_password", PASSWORD)]).await;
    assert_eq!(ada.log_in("ada").await.status, Status::SeeOther);
    assert!(ada.get("/account").await.body.contains("editors"));
}

#[rocket::async_test]
async fn sessions_end_one_by_one_by_account_and_by_range_of_addresses() {
    let app = App::start().await;
    let helper = app.staff("helper", "support").await;
    let signed_in = async |name: &str, address: &str| {
        let browser = app.browser_at(address);
        browser.log_in(name).await;
        browser
    };
    for name in ["ada", "bob"] {
        app.account(name, &[]).await;
    }
    let near = signed_in("ada", "192.0.2.7").await;
    let far = signed_in("ada", "198.51.100.9").await;
    let bob = signed_in("bob", "192.0.2.200").await;
    let list = helper.get("/admin/sessions?address=192.0.2.0/25").await.body;
    assert!(list.contains("192.0.2.7") && !list.contains("192.0.2.200"), "{list}");
    let page = "/admin/sessions/end?address=192.0.2.0/25";
    let preview = helper.get(page).await;
    assert!(preview.body.contains("Signs out one session of one person."), "{}", preview.body);
    helper.end_sessions(page).await;
    assert!(!near.is_signed_in().await && far.is_signed_in().await && bob.is_signed_in().await);
    assert!(near.get("/login").await.body.contains("by the people who run this service"));
    signed_in("ada", "203.0.113.5").await;
    let page = "/admin/sessions/end?account=ada";
    assert!(helper.get(page).await.body.contains("Signs out 2 sessions of one person."));
    helper.end_sessions(page).await;
    assert!(helper.get("/admin/sessions").await.body.contains("Sessions ended: 2."));
    assert!(!far.is_signed_in().await && bob.is_signed_in().await);
    for nothing in ["", "?sid=x", "?account=nobody", "?address=nonsense", "?address=192.0.2.0/99"] {
        let preview = helper.get(&format!("/admin/sessions/end{nothing}")).await;
        assert!(preview.body.contains("No session is selected"), "{nothing}: {}", preview.body);
    }
}

#[rocket::async_test]
async fn everyone_is_signed_out_whoever_asks_for_it_too() {
    let app = App::start().await;
    let ada = app.member("ada").await;
    let chief = app.staff("chief", "admin").await;
    assert!(chief.get("/admin/sessions/end-all").await.body.contains("all 2 sessions, also yours"));
    let answer = chief.post("/admin/sessions/end-all", &[WHY]).await;
    assert_eq!(answer.location.as_deref(), Some("/login"));
    assert!(!ada.is_signed_in().await && !chief.is_signed_in().await);
    assert_eq!(ada.log_in("ada").await.status, Status::SeeOther);
    assert!(ada.is_signed_in().await);
}

#[rocket::async_test]
async fn a_pasted_token_is_revoked_and_never_shown_again() {
    let app = App::start().await;
    let helper = app.staff("helper", "support").await;
    let ada = app.member("ada").await;
    let (access, refresh) = (ada.cookie("__Host-at").unwrap(), ada.cookie("__Host-rt").unwrap());
    let path = "/admin/revocations/new";
    let refused = helper.post(path, &[("token", "a secret by mistake"), WHY]).await;
    assert!(refused.field_error("token").contains("neither a token"), "{}", refused.body);
    assert!(!refused.body.contains("by mistake"));
    let unsaid = helper.post(path, &[("token", &access)]).await;
    assert!(!unsaid.body.contains(&access), "not even when something else was wrong");
    let thief = ada.copied();
    thief.forget("__Host-rt");
    assert!(thief.is_signed_in().await);
    helper.post(path, &[("token", &access), WHY]).await;
    assert!(!thief.is_signed_in().await, "on the very next request");
    assert!(ada.is_signed_in().await, "the session goes on with a new token");
    let refresh = ada.cookie("__Host-rt").unwrap_or(refresh);
    helper.post(path, &[("token", &refresh), WHY]).await;
    assert!(!ada.is_signed_in().await);
    app.pass(Duration::seconds(1)).await;
    let list = helper.get("/admin/revocations").await.body;
    assert!(list.contains("Access token<small>") && list.contains("Session<small>"), "{list}");
    assert!(list.contains("Refused by one server within"), "{list}");
    assert!(list.contains("Turned away once here."), "{list}");
    assert!(list.contains("Nothing was let in since."), "{list}");
    assert!(!list.contains(&access) && !list.contains(&refresh));
}

#[rocket::async_test]
async fn own_roles_are_made_renamed_and_removed() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    for wrong in ["", "A", "with space", "admin", &"a".repeat(33)] {
        let refused =
            chief.post("/admin/new-role", &[("name", wrong), ("description", ""), WHY]).await;
        assert_eq!(refused.status, Status::UnprocessableEntity, "{wrong}");
        assert!(!refused.field_error("name").is_empty(), "{wrong}: {}", refused.body);
    }
    let made = [("name", "editors"), ("description", "They <b>edit</b>."), WHY];
    let answer = chief.post("/admin/new-role", &made).await;
    assert_eq!(answer.location.as_deref(), Some("/admin/roles"));
    assert!(chief.get("/admin/roles").await.body.contains("They &lt;b&gt;edit&lt;&#x2F;b&gt;."));
    app.account("ada", &["editors"]).await;
    let ada = app.signed_in("ada").await;
    assert!(chief.get("/admin/roles/editors").await.body.contains("One account has it."));
    let fields = [("name", "writers"), ("description", "They write."), WHY];
    chief.post("/admin/roles/editors", &fields).await;
    assert!(ada.get("/account").await.body.contains("writers"), "on the next request");
    assert_eq!(chief.get("/admin/roles/editors").await.status, Status::NotFound);
    chief.post("/admin/roles/writers/remove", &[WHY]).await;
    assert!(chief.get("/admin/roles").await.body.contains("from the accounts that had it: 1."));
    assert!(!ada.get("/account").await.body.contains("writers"));
    assert_eq!(chief.get("/admin/roles/admin").await.status, Status::NotFound, "built in");
}

#[rocket::async_test]
async fn a_new_name_that_makes_somebodys_token_too_large_is_refused() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    let names: Vec<String> =
        (0..57).map(|n| format!("a-role-with-a-very-long-name-{n:03}")).collect();
    let mut roles: Vec<&str> = names.iter().map(String::as_str).collect();
    roles.push("ab");
    app.account("ada", &roles).await;
    let long = "b".repeat(32);
    let refused = chief.post("/admin/roles/ab", &[("name", &long), ("description", ""), WHY]).await;
    assert_eq!(refused.status, Status::UnprocessableEntity, "{}", refused.body);
    assert!(refused.body.contains("more roles than the access token can carry"));
    assert_eq!(chief.get("/admin/roles/ab").await.status, Status::Ok, "nothing half done");
}

#[rocket::async_test]
async fn the_story_of_an_account_is_told_in_sentences() {
    let app = App::start().await;
    app.account("ada", &[]).await;
    let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
    let ada = app.browser_at("192.0.2.7");
    ada.log_in_as("ada", firefox).await;
    let auditor = app.staff("reader", "auditor").await;
    let id = app.id_of("ada").await;
    for page in [format!("/admin/accounts/{id}"), "/admin/audit?account=ada".to_owned()] {
        let body = auditor.get(&page).await.body;
        assert!(body.contains("signed in from Firefox on Linux, 192.0.2.7."), "{body}");
        assert!(body.contains("the account was opened at the command line"), "{body}");
    }
}

#[rocket::async_test]
async fn the_log_is_searched_by_event_account_address_and_day() {
    let app = App::start().await;
    let auditor = app.staff("reader", "auditor").await;
    app.account("ada", &[]).await;
    app.browser_at("192.0.2.7").log_in("ada").await;
    app.browser_at("192.0.2.8").log_in_with("ada", "not her password").await;
    let count = async |query: &str| {
        let answer = auditor.get(&format!("/admin/audit?{query}")).await;
        assert_eq!(answer.status, Status::Ok, "{query}");
        answer.body.matches("<code>auth.login").count()
    };
    assert_eq!(count("account=ada").await, 2);
    assert_eq!(count("event=auth.login.fail").await, 1);
    assert_eq!(count("event=auth.login.ok&account=ada%40example.org").await, 1);
    assert_eq!(count("address=192.0.2.8").await, 1);
    assert_eq!(count("account=nobody").await, 0);
    let today = app.clock().now().iso()[..10].to_owned();
    assert_eq!(count(&format!("account=ada&from={today}&until={today}")).await, 2);
    assert_eq!(count("account=ada&until=2001-01-01").await, 0);
    assert_eq!(count("account=ada&from=2999-01-01").await, 0);
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
        assert!(answer.body.contains("class=\"message notice\""), "{query}: {}", answer.body);
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

#[rocket::async_test]
async fn exports_keep_the_filter_and_hold_no_formula() {
    let app = App::start().await;
    let reader = app.staff("reader", "auditor").await;
    for name in ["ada", "adam", "bob"] {
        app.account(name, &[]).await;
    }
    let csv = reader.get("/admin/accounts.csv?q=ad").await;
    assert_eq!(csv.header("Content-Type"), Some("text/csv; charset=utf-8"));
    assert!(csv.header("Content-Disposition").unwrap().contains("accounts.csv"));
    let lines: Vec<&str> = csv.body.lines().collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert_eq!(lines[0], "id,username,email,roles,disabled,created_at,last_login_at");
    assert!(lines[2].contains(",adam,adam@example.org,,false,"));
    let lines = reader.get("/admin/accounts.jsonl?q=ad").await.body;
    let rows: Vec<serde_json::Value> =
        lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows[0]["username"], "ada");
    let mut request = app.client.get("/login");
    request.add_header(Header::new("Host", "localhost:8000"));
    request.dispatch().await;
    let evil = app.browser_at("192.0.2.9");
    evil.log_in_as("ada", "=HYPERLINK(\"http://evil.example\",\"x\")").await;
    let csv = reader.get("/admin/audit.csv?account=ada&event=auth.login.ok").await.body;
    assert_eq!(csv.lines().count(), 2, "{csv}");
    assert!(csv.contains("\"'=HYPERLINK(\"\"http://evil.example\"\",\"\"x\"\")\""), "{csv}");
    let lines = reader.get("/admin/audit.jsonl?event=audit.exported").await.body;
    assert_eq!(lines.lines().count(), 4, "who took what is written down: {lines}");
    assert_eq!(ContentType::new("application", "jsonl").to_string(), "application/jsonl");
}

#[rocket::async_test]
async fn the_doctor_tells_what_the_server_sees_of_whoever_asks() {
    let app = App::start().await;
    app.account("chief", &["admin"]).await;
    let chief = app.browser_at("192.0.2.7");
    chief.log_in("chief").await;
    let page = chief.get("/admin/doctor").await;
    assert_eq!(page.status, Status::Ok);
    assert!(page.body.contains("The database answers") && page.body.contains("log-ins a minute"));
    assert!(page.body.contains("Your address is 192.0.2.7"), "{}", page.body);
    assert!(page.body.contains("server_name localhost;"), "the sample fits this server");
    // A proxy that is not trusted.
    let forwarded = [("X-Forwarded-For", "198.51.100.4")];
    let page = chief.send(Method::Get, "/admin/doctor", None, &forwarded).await;
    assert!(page.body.contains("is not believed"), "{}", page.body);
    for number in 0..5 {
        let name = format!("member-{number}");
        app.account(&name, &[]).await;
        app.browser_at("192.0.2.7").log_in(&name).await;
    }
    let page = chief.get("/admin/doctor").await;
    assert!(page.body.contains("share the address"), "{}", page.body);
}

#[rocket::async_test]
async fn a_long_list_goes_on_from_screen_to_screen() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    for number in 0..60 {
        app.quick_account(&format!("member-{number:03}")).await;
    }
    for start in [
        "/admin/accounts",
        "/admin/accounts?sort=opened",
        "/admin/accounts?q=member",
        "/admin/audit",
    ] {
        let (mut path, mut names, mut screens) =
            (start.to_owned(), std::collections::BTreeSet::new(), 0);
        loop {
            let body = chief.get(&path).await.body;
            screens += 1;
            names.extend(body.split(">member-").skip(1).map(|rest| rest[..3].to_owned()));
            let Some(next) =
                body.split("\" rel=\"next\"").next().filter(|head| head.len() < body.len())
            else {
                break;
            };
            path =
                next.rsplit("href=\"").next().unwrap().replace("&#x2F;", "/").replace("&amp;", "&");
        }
        assert_eq!((names.len(), screens), (60, 2), "{start}");
    }
}

#[rocket::async_test]
async fn the_overview_tells_what_happened_and_what_needs_attention() {
    let app = App::with(&[("throttle_name", "0")]).await;
    let reader = app.staff("reader", "auditor").await;
    app.account("ada", &[]).await;
    for _ in 0..25 {
        app.browser().log_in_with("ada", "not her password").await;
    }
    app.doorward.sync(app.clock().now()).await.unwrap();
    app.doorward.purge_expired(app.clock().now()).await.unwrap();
    for page in ["/admin", "/admin?span=month"] {
        let body = reader.get(page).await.body;
        assert!(body.contains("Failed log-ins <strong>25</strong>"), "{body}");
        assert!(body.contains("Active sessions <strong>1</strong>"), "{body}");
        assert!(body.contains("25 log-ins failed in the last two hours"), "{body}");
        assert!(body.contains("25 log-ins in a row failed with the name ada"), "{body}");
        assert!(body.contains("<svg") && !body.contains("style="), "{body}");
    }
}

/// Which of the built-in roles have that permission.
fn holders(permission: Permission) -> String {
    let roles = ["auditor", "support", "admin"];
    let having = roles.into_iter().filter(|role| permits(&[role], permission));
    having.map(|role| format!("`{role}`")).collect::<Vec<_>>().join(", ")
}

#[test]
fn the_table_in_the_documentation_is_the_one_the_guards_are_held_against() {
    let rows: String = NEEDED
        .iter()
        .map(|(method, path, permission)| {
            format!("| {method} `{path}` | {} |\n", holders(*permission))
        })
        .collect();
    let document = std::fs::read_to_string("docs/roles.md").unwrap();
    assert!(document.contains(&rows), "docs/roles.md should have:\n{rows}");
}

#[rocket::async_test]
async fn the_overview_names_alarms_a_shared_address_and_old_keys() {
    let app = App::with(&[("throttle_name", "0"), ("throttle_address", "0")]).await;
    for number in 0..5 {
        app.account(&format!("pupil-{number}"), &[]).await;
    }
    for round in 0..100 {
        app.browser_at("192.0.2.1").log_in(&format!("pupil-{}", round % 5)).await;
    }
    let thief = app.browser_at("192.0.2.1");
    thief.log_in("pupil-1").await;
    let owner = thief.copied();
    for browser in [&owner, &thief] {
        app.pass(Duration::minutes(11)).await;
        browser.forget("__Host-at");
        browser.get("/account").await;
        browser.get("/account").await;
    }
    app.account("reader", &["auditor"]).await;
    let reader = app.browser_at("192.0.2.1");
    reader.log_in("reader").await;
    let body = reader.get("/admin").await.body;
    assert!(
        body.contains("a copy of a session was used, and that session was ended: once"),
        "{body}"
    );
    assert!(body.contains("seem to share the address 192.0.2.1"), "{body}");
    assert!(!body.contains("days old"), "{body}");
    app.pass(Duration::days(200)).await;
    let reader = app.browser_at("198.51.100.1");
    reader.log_in("reader").await;
    let body = reader.get("/admin").await.body;
    assert!(body.contains("The access key is 200 days old"), "{body}");
}

#[rocket::async_test]
async fn as_many_sessions_as_one_press_ends_fit_into_its_form() {
    let app = App::with(&[("max_sessions_per_account", "1000"), ("throttle_name", "0")]).await;
    let helper = app.staff("helper", "support").await;
    let account = app.account("ada", &[]).await;
    let (sessions, now) = (&app.doorward.sessions, app.clock().now());
    let origin = doorward::domain::audit::RequestSource::default();
    for _ in 0..510 {
        let client = doorward::domain::sessions::Audience::Api;
        sessions.start(&account, client, true, None, &origin, now).await.unwrap();
    }
    let page = "/admin/sessions/end?account=ada";
    let preview = helper.get(page).await;
    assert!(preview.body.contains("Signs out 500 sessions of one person."), "{}", preview.body);
    assert!(preview.body.contains("There are more that fit"), "{}", preview.body);
    helper.end_sessions(page).await;
    assert!(helper.get(page).await.body.contains("Signs out 10 sessions of one person."));
}

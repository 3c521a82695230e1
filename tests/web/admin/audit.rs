//! The audit log, searched and exported.

use doorward::base::zone::Zone;
use doorward::domain::accounts::names::Username;
use doorward::domain::administration::{self, Edit};
use doorward::domain::sessions::Actor;
use rocket::http::Status;

use sea_orm::ConnectionTrait;

use super::WHY;
use crate::app::App;

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
async fn days_and_times_are_those_of_the_time_zone_but_exports_stay_in_utc() {
    // A day apart, so that one of them has another day than UTC.
    for (name, short) in [("Pacific/Kiritimati", "UTC+14"), ("Pacific/Pago_Pago", "SST")] {
        let app = App::with(&[("time_zone", &format!("{name:?}"))]).await;
        let reader = app.staff("reader", "auditor").await;
        let zone = Zone::named(name).unwrap();
        let day = |before| zone.days_before(app.clock().now(), before);
        let (today, yesterday) = (day(0), day(1));
        assert_eq!(lines(&reader, &format!("from={today}&until={today}")).await.len(), 2);
        assert_eq!(lines(&reader, &format!("until={yesterday}")).await.len(), 0);
        let page = reader.get("/admin/audit").await.page();
        assert_eq!(page.texts(".above p"), [format!("Times in {name}")]);
        assert_eq!(page.texts("tr.day"), [zone.day_and_year(app.clock().now())]);
        assert!(page.links_to(&format!("/admin/audit?from={today}")), "{:?}", page.links());
        let full = page.attributes("tr.event time", "title");
        assert!(full[0].ends_with(short), "{full:?}");
        let own = reader.get("/account").await.page();
        assert!(own.texts("dd time").iter().all(|time| time.ends_with(short)));
        for list in ["accounts", "sessions"] {
            let page = reader.get(&format!("/admin/{list}")).await.page();
            let above = page.texts(".above p");
            assert_eq!(above.last().unwrap(), &format!("Times in {name}"));
            assert!(page.attributes("td time", "title").iter().all(|full| full.ends_with(short)));
        }
        let csv = reader.get("/admin/audit.csv").await.body;
        let now = &app.clock().now().iso()[..13];
        assert!(csv.lines().any(|line| line.contains(now)), "{now}: {csv}");
    }
}

/// What a browser reads in the cells of each line of the log.
async fn lines(reader: &crate::app::Browser<'_>, query: &str) -> Vec<String> {
    let answer = reader.get(&format!("/admin/audit?{query}")).await;
    assert_eq!(answer.status, Status::Ok, "{query}");
    let texts = answer.page().texts("tr.event");
    texts.iter().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[rocket::async_test]
async fn a_line_says_who_did_what_to_whom_and_from_where() {
    let app = App::start().await;
    let reader = app.staff("reader", "auditor").await;
    let helper = app.staff("helper", "support").await;
    app.account("anna", &[]).await;
    app.browser_at("192.0.2.7").log_in("anna").await;
    app.browser_at("192.0.2.8").log_in_with("anna", "not her password").await;
    let id = app.id_of("anna").await;
    let form = format!("/admin/accounts/end-sessions?id={id}");
    let fields = [("ids", id.to_string()), ("reason", "a lost telephone".to_owned())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    helper.post_at(&form, "/admin/accounts/end-sessions", &fields).await;
    let by = lines(&reader, "by=helper&about=anna").await;
    assert_eq!(by.len(), 1, "{by:?}");
    assert!(by[0].contains("helper signed out"), "{by:?}");
    assert!(by[0].contains("a lost telephone") && by[0].ends_with(" anna"), "{by:?}");
    assert!(lines(&reader, "by=anna").await.iter().all(|line| line.contains("anna signed in")));
    let about = lines(&reader, "about=anna&event=auth.login.fail").await;
    assert!(about[0].contains("Not signed in gave a wrong password"), "{about:?}");
    let created = lines(&reader, "about=anna&event=user.registered").await;
    assert!(created[0].contains("Operator created the account"), "{created:?}");
    assert!(lines(&reader, "by=nobody").await.is_empty());
    let both = lines(&reader, "account=anna").await;
    assert_eq!(both.len(), 4, "{both:?}");
    // What the page asks for, its exports do.
    let csv = reader.get("/admin/audit.csv?by=helper&about=anna").await.body;
    assert_eq!(csv.lines().count(), 2, "{csv}");
    let page = reader.get("/admin/audit?by=helper&about=anna").await.page();
    assert!(page.links_to("/admin/audit.csv?by=helper&about=anna"));
    for (words, without) in [("Done by: helper", "about=anna"), ("About: anna", "by=helper")] {
        assert!(page.texts(".chips li").iter().any(|chip| chip.contains(words)), "{words}");
        assert!(page.links_to(&format!("/admin/audit?{without}")), "{without}");
    }
}

#[rocket::async_test]
async fn equal_events_in_a_row_are_one_line_with_all_their_times() {
    let app = App::start().await;
    let reader = app.staff("reader", "auditor").await;
    app.account("anna", &[]).await;
    for address in ["192.0.2.8", "192.0.2.8", "192.0.2.8", "192.0.2.9", "192.0.2.8"] {
        app.browser_at(address).log_in_with("anna", "not her password").await;
        app.clock().advance(time::Duration::minutes(1));
    }
    let failed = lines(&reader, "event=auth.login.fail").await;
    assert_eq!(failed.len(), 3, "{failed:?}");
    let page = reader.get("/admin/audit?event=auth.login.fail").await.page();
    assert!(failed[2].contains("gave a wrong password ×3"), "{failed:?}");
    assert_eq!(page.texts("tr.event details time").len(), 3);
    assert!(!failed[0].contains('×') && !failed[1].contains('×'), "{failed:?}");
    // The next day has a heading of its own, and a line of its own.
    app.clock().advance(time::Duration::days(1));
    let reader = app.staff("reader-2", "auditor").await;
    app.browser_at("192.0.2.8").log_in_with("anna", "not her password").await;
    let page = reader.get("/admin/audit?event=auth.login.fail").await.page();
    assert_eq!(page.texts("tr.day").len(), 2);
    assert_eq!(page.texts("tr.event").len(), 4);
    assert_eq!(lines(&reader, "event=auth.login.fail&from=2999-01-01").await.len(), 0);
    let ranges = page.links().into_iter().filter(|link| link.contains("from=")).count();
    assert_eq!(ranges, 3, "{:?}", page.links());
    let today = app.clock().now().iso()[..10].to_owned();
    let today = format!("/admin/audit?event=auth.login.fail&from={today}");
    assert!(page.links_to(&today), "{:?}", page.links());
    let page = reader.get(&today).await.page();
    assert_eq!(page.texts("tr.event").len(), 1);
    assert_eq!(page.texts(".switch [aria-current]"), ["Today"]);
}

#[rocket::async_test]
async fn the_log_is_paged_forward_and_back() {
    let app = App::start().await;
    let reader = app.staff("reader", "auditor").await;
    let sql = "INSERT INTO audit_events (at, event, session, address, user_agent, detail, reason) SELECT at, 'app.start', '', 'command line', '', '', '' FROM audit_events LIMIT 1";
    for _ in 0..120 {
        app.doorward.db.write().execute_unprepared(sql).await.unwrap();
    }
    let numbers = async |path: &str| {
        let page = reader.get(path).await.page();
        let link = |name: &str| page.attributes(&format!(".pages [rel={name}]"), "href").pop();
        let count = page.texts("tr.event details time").len();
        (link("prev"), link("next"), count)
    };
    let start = "/admin/audit?event=app.start";
    let (previous, next, count) = numbers(start).await;
    assert_eq!((previous, count), (None, 50));
    let second = next.unwrap();
    let (previous, next, count) = numbers(&second).await;
    assert_eq!(count, 50);
    let (back, _, _) = numbers(&next.unwrap()).await;
    let (before, next, count) = numbers(&back.unwrap()).await;
    assert_eq!((before.is_some(), next.is_some(), count), (true, true, 50));
    let (before, next, count) = numbers(&previous.unwrap()).await;
    assert_eq!((before, count), (None, 50));
    assert_eq!(next.unwrap(), second);
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
    assert_eq!(lines[0], "id,username,display_name,email,roles,disabled,created_at,last_login_at");
    assert!(lines[2].contains(",adam,,adam@example.org,,false,"));
    let lines = reader.get("/admin/accounts.jsonl?q=ad").await;
    assert_eq!(lines.header("Content-Type"), Some("application/jsonl"));
    let rows: Vec<serde_json::Value> =
        lines.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows[0]["username"], "ada");
    let evil = app.browser_at("192.0.2.9");
    evil.log_in_as("ada", "=HYPERLINK(\"http://evil.example\",\"x\")").await;
    let csv = reader.get("/admin/audit.csv?account=ada&event=auth.login.ok").await.body;
    assert_eq!(csv.lines().count(), 2, "{csv}");
    assert!(csv.contains("\"'=HYPERLINK(\"\"http://evil.example\"\",\"\"x\"\")\""), "{csv}");
    let lines = reader.get("/admin/audit.jsonl?event=audit.exported").await.body;
    assert_eq!(lines.lines().count(), 4, "who took what is written down: {lines}");
    let newest: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(newest["detail"], "audit log");
    assert_eq!(newest["data"], serde_json::json!({ "list": "audit" }));
}

#[rocket::async_test]
async fn the_log_shows_words_for_data_and_old_words_as_they_are() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    let ada = app.member("ada").await;
    ada.get("/admin").await;
    chief
        .post(
            "/admin/accounts/new",
            &[("username", "bob"), ("email", "bob@example.org"), ("role.auditor", "on"), WHY],
        )
        .await;
    let sql = "INSERT INTO audit_events (at, event, session, address, user_agent, detail, reason) SELECT at, 'role.changed', '', '', '', 'from no roles to admin', '' FROM audit_events LIMIT 1";
    app.doorward.db.write().execute_unprepared(sql).await.unwrap();
    let page = chief.get("/admin/audit").await.body;
    for words in ["(GET &#x2F;admin)", "(auditor)", "(from no roles to admin)"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(!page.contains("{&quot;") && !page.contains("{\""), "{page}");
}

#[rocket::async_test]
async fn exports_have_the_names_of_the_time_and_none_of_a_deleted_account() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    let [anna, bob] = [app.account("anna.meyer", &[]).await.id, app.account("bob", &[]).await.id];
    for name in ["anna.meyer", "bob"] {
        app.browser_at("192.0.2.7").log_in(name).await;
    }
    for name in ["anna.holt", "anna.lang"] {
        let origin = doorward::domain::audit::RequestSource::command_line();
        let edit = Edit { username: Some(Username::parse(name).unwrap()), ..Edit::default() };
        let actor = Actor::operator(&origin);
        administration::edit(
            &app.doorward.sessions,
            &app.doorward.throttle,
            anna,
            &edit,
            actor,
            app.clock().now(),
        )
        .await
        .unwrap();
        app.browser_at("192.0.2.7").log_in(name).await;
    }
    let form = format!("/admin/accounts/delete?id={bob}");
    let fields = [("ids", bob.to_string()), ("reason", "a test".to_owned())];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    chief.post_at(&form, "/admin/accounts/delete", &fields).await;
    let rows = chief.get("/admin/audit.jsonl").await.body;
    let rows: Vec<serde_json::Value> =
        rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names = |account: &str, event: &str, field: &str| -> Vec<serde_json::Value> {
        let rows = rows.iter().rev().filter(|row| row["target"] == account);
        rows.filter(|row| row["event"] == event).map(|row| row[field].clone()).collect()
    };
    let (anna, bob) = (anna.to_string(), bob.to_string());
    let signed_in = names(&anna, "auth.login.ok", "actor_name");
    assert_eq!(signed_in, ["anna.meyer", "anna.holt", "anna.lang"]);
    assert_eq!(names(&anna, "user.edited", "target_name"), ["anna.meyer", "anna.holt"]);
    assert_eq!(names(&bob, "user.deleted", "actor_name"), ["chief"]);
    assert_eq!(names(&bob, "auth.login.ok", "actor_name"), [serde_json::Value::Null]);
    let csv = chief.get(&format!("/admin/audit.csv?about={anna}&event=user.registered")).await.body;
    assert!(csv.starts_with("id,at,event,actor,actor_name,target,target_name,"), "{csv}");
    assert!(csv.contains(&format!("{anna},anna.meyer,")), "{csv}");
}

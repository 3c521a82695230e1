//! The audit log, searched and exported.

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

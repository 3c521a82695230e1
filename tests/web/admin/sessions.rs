//! Sessions of other people, looked for and ended.

use rocket::http::Status;

use super::WHY;
use crate::app::App;

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
    assert!(preview.body.contains("about to end 1 session of 1 account."), "{}", preview.body);
    helper.end_sessions(page).await;
    assert!(!near.is_signed_in().await && far.is_signed_in().await && bob.is_signed_in().await);
    assert!(near.get("/login").await.body.contains("by an administrator"));
    signed_in("ada", "203.0.113.5").await;
    let page = "/admin/sessions/end?account=ada";
    assert!(helper.get(page).await.body.contains("about to end 2 sessions of 1 account."));
    helper.end_sessions(page).await;
    assert!(helper.get("/admin/sessions").await.body.contains("Sessions ended: 2."));
    assert!(!far.is_signed_in().await && bob.is_signed_in().await);
    for nothing in ["", "?sid=x", "?account=nobody", "?address=nonsense", "?address=192.0.2.0/99"] {
        let preview = helper.get(&format!("/admin/sessions/end{nothing}")).await;
        assert!(preview.body.contains("No session is selected"), "{nothing}: {}", preview.body);
    }
}

#[rocket::async_test]
async fn ones_own_session_and_account_are_marked_in_lists_and_previews() {
    let app = App::start().await;
    let chief = app.staff("chief", "admin").await;
    app.signed_in("chief").await;
    app.member("ada").await;
    let [own, other] = [app.id_of("chief").await, app.id_of("ada").await];
    let (this, you) = ("This browser", "You");
    for (path, mark, row) in [
        ("/admin/sessions".to_owned(), this, "tbody tr"),
        ("/admin/sessions/end?account=chief".to_owned(), this, ".people li"),
        (format!("/admin/accounts/{own}"), this, ".sessions li"),
        ("/admin/accounts".to_owned(), you, "tbody tr"),
        (format!("/admin/accounts/disable?id={own}&id={other}"), you, ".people li"),
        (format!("/admin/accounts/add-role?id={own}&id={other}"), you, ".people li"),
    ] {
        let page = chief.get(&path).await.page();
        let rows = page.texts(row);
        assert!(rows.len() > 1, "{path}: {rows:?}");
        let marks: Vec<String> = page.texts(&format!("{row} .tag"));
        assert_eq!(marks.iter().filter(|tag| *tag == mark).count(), 1, "{path}: {rows:?}");
    }
}

#[rocket::async_test]
async fn an_act_on_sessions_leads_back_to_where_it_began() {
    let app = App::start().await;
    let helper = app.staff("helper", "support").await;
    app.account("ada", &[]).await;
    let account = format!("/admin/accounts/{}", app.id_of("ada").await);
    let list = "/admin/sessions?account=ada&kind=browser";
    for (begun, act) in
        [(&*account, "main .sessions a[role=button]"), (list, "form .acts a[role=button]")]
    {
        app.browser().log_in("ada").await;
        let page = helper.get(begun).await.page();
        let preview = page.attributes(act, "href").remove(0);
        let shown = helper.get(&preview).await;
        assert!(shown.page().links_to(begun), "Cancel: {}", shown.body);
        let fields = [("sid", &*shown.value_of("sid")), ("back", &*shown.value_of("back")), WHY];
        let answer = helper.post_at(&preview, "/admin/sessions/end", &fields).await;
        assert_eq!(answer.location.as_deref(), Some(begun));
    }
    app.browser().log_in("ada").await;
    let page = helper.get(list).await.page();
    assert_eq!(
        page.field("back").map(|field| field.value),
        Some("account=ada&kind=browser".to_owned())
    );
    for strange in ["//evil.example", "a b", "x\r\ny: z", &"a".repeat(3000)] {
        let fields = [("sid", ""), ("back", strange), WHY];
        let answer =
            helper.post_at("/admin/sessions/end?account=helper", "/admin/sessions/end", &fields);
        let to = answer.await.location.unwrap();
        assert!(to == "/admin/sessions" || to.starts_with("/admin/sessions?"), "{to:.60}");
    }
}

#[rocket::async_test]
async fn everyone_is_signed_out_whoever_asks_for_it_too() {
    let app = App::start().await;
    let ada = app.member("ada").await;
    let chief = app.staff("chief", "admin").await;
    assert!(
        chief
            .get("/admin/sessions/end-all")
            .await
            .body
            .contains("all 2 sessions, including your own")
    );
    let answer = chief.post("/admin/sessions/end-all", &[WHY]).await;
    assert_eq!(answer.location.as_deref(), Some("/login"));
    assert!(!ada.is_signed_in().await && !chief.is_signed_in().await);
    assert_eq!(ada.log_in("ada").await.status, Status::SeeOther);
    assert!(ada.is_signed_in().await);
}

#[rocket::async_test]
async fn as_many_sessions_as_one_press_ends_fit_into_its_form() {
    let app = App::with(&[("max_sessions_per_account", "1000"), ("throttle_name", "0")]).await;
    let helper = app.staff("helper", "support").await;
    let account = app.account("ada", &[]).await;
    let (sessions, now) = (&app.doorward.sessions, app.clock().now());
    let origin = doorward::domain::audit::RequestSource::default();
    let verified = doorward::domain::login::Verified::by_password(account, now);
    let audience = doorward::domain::sessions::Audience::Api;
    let new = doorward::domain::sessions::NewSession { audience, remember: true, replaces: None };
    for _ in 0..510 {
        sessions.start(&verified, new, &origin, now).await.unwrap();
    }
    let page = "/admin/sessions/end?account=ada";
    let preview = helper.get(page).await;
    assert!(preview.body.contains("about to end 500 sessions of 1 account."), "{}", preview.body);
    assert!(preview.body.contains("More sessions match"), "{}", preview.body);
    helper.end_sessions(page).await;
    assert!(helper.get(page).await.body.contains("about to end 10 sessions of 1 account."));
}

//! Tokens that somebody found where they should not be.

use time::Duration;

use super::WHY;
use crate::app::App;

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
    let list = helper.get("/admin/revocations").await;
    let rows = list.page().texts("tbody th");
    for kind in ["Access token", "Session"] {
        assert!(rows.iter().any(|row| row.starts_with(kind)), "{rows:?}");
    }
    let list = list.body;
    assert!(list.contains("In effect "), "{list}");
    assert!(list.contains("Rejected once by this server."), "{list}");
    assert!(list.contains("No request was accepted since."), "{list}");
    assert!(!list.contains(&access) && !list.contains(&refresh));
}

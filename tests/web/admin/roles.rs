//! Roles of the operator's own.

use rocket::http::Status;

use super::WHY;
use crate::app::App;

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
    let said = chief.get("/admin/roles").await.page().texts("[data-label='Description']");
    assert!(said.contains(&"They <b>edit</b>.".to_owned()), "{said:?}");
    app.account("ada", &["editors"]).await;
    let ada = app.signed_in("ada").await;
    assert!(chief.get("/admin/roles/editors").await.body.contains("1 account has it."));
    let fields = [("name", "writers"), ("description", "They write."), WHY];
    chief.post("/admin/roles/editors", &fields).await;
    assert!(ada.get("/account").await.body.contains("writers"), "on the next request");
    assert_eq!(chief.get("/admin/roles/editors").await.status, Status::NotFound);
    chief.post("/admin/roles/writers/remove", &[WHY]).await;
    assert!(chief.get("/admin/roles").await.body.contains("Accounts that had it: 1."));
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
    assert!(refused.body.contains("cannot hold so many roles"));
    assert_eq!(chief.get("/admin/roles/ab").await.status, Status::Ok, "nothing half done");
}

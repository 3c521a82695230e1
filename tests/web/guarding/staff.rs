//! Applications as staff add them and people find them.

use rocket::http::Status;
use sea_orm::ConnectionTrait;

use super::{FILES, Person, WIKI, draft, guard, start};
use crate::app::App;

#[rocket::async_test]
async fn people_find_the_applications_that_they_may_open() {
    let app = start().await;
    let ada = app.member("ada").await;
    let mut files = draft("files", FILES, "roles");
    files.roles = vec!["admin".to_owned()];
    guard(&app, files).await;
    let mut hidden = draft("hidden", "hidden.localhost:9000", "public");
    hidden.listed = false;
    guard(&app, hidden).await;
    let page = ada.get("/account").await.page();
    let links = page.attributes("[aria-labelledby=applications] a", "href");
    assert_eq!(links, [format!("http://{WIKI}/")]);
}

#[rocket::async_test]
async fn staff_add_change_and_remove_an_application_and_take_it_back() {
    let app = start().await;
    app.account("bob", &["editor"]).await;
    let chief = app.staff("chief", "admin").await;
    const WHY: (&str, &str) = ("reason", "a test");
    let fields = [
        ("slug", "files"),
        ("name", "Files"),
        ("hosts", FILES),
        ("needs", "roles"),
        ("role.editor", "on"),
        ("identity", "both"),
    ];
    let silent = chief.post("/admin/applications/new", &fields).await;
    assert_eq!(silent.status, Status::UnprocessableEntity);
    assert!(silent.field_error("reason").contains("Enter a reason"), "{}", silent.body);
    assert_eq!(silent.value_of("hosts"), FILES, "what was typed is kept");
    assert!(silent.page().is_ticked("role.editor"));
    let taken = [fields[0], fields[1], ("hosts", WIKI), ("needs", "nobody"), fields[5], WHY];
    let taken = chief.post("/admin/applications/new", &taken).await;
    assert!(taken.field_error("hosts").contains("belongs to one application"), "{}", taken.body);
    let ours =
        [fields[0], fields[1], ("hosts", "localhost:1"), ("needs", "nobody"), fields[5], WHY];
    let ours = chief.post("/admin/applications/new", &ours).await;
    assert!(ours.field_error("hosts").contains("host of Doorward itself"), "{}", ours.body);
    let added = chief.post("/admin/applications/new", &[&fields[..], &[WHY]].concat()).await;
    assert_eq!(added.location.as_deref(), Some("/admin/applications/files"), "{}", added.body);
    let known =
        || app.doorward.applications.current().by_slug("files").map(|found| found.draft.clone());
    assert_eq!(known().unwrap().roles, ["editor"]);
    let seen = chief.get("/admin/applications/files/new-rule").await.value_of("seen");
    let rule = [("seen", &*seen), ("path", "/pub*"), ("needs", "public"), WHY];
    let wide = chief.post("/admin/applications/files/new-rule", &rule).await;
    assert!(wide.field_error("path").contains("ends with /*"), "{}", wide.body);
    let rule = [("seen", &*seen), ("path", "/pub/*"), ("needs", "public"), WHY];
    let added = chief.post("/admin/applications/files/new-rule", &rule).await;
    assert_eq!(added.status, Status::SeeOther, "{}", added.body);
    // A page that was drawn before: nothing of the other change is lost.
    let other = [rule[0], ("path", "/other/*"), rule[2], WHY];
    let late = chief.post("/admin/applications/files/new-rule", &other).await;
    assert!(late.body.contains("changed or removed meanwhile"), "{}", late.body);
    assert_eq!(known().unwrap().rules.len(), 1);
    chief.post("/admin/applications/files/rules/0/remove", &[WHY]).await;
    assert_eq!(known().unwrap().rules.len(), 0);
    let shown = chief.get("/admin/applications/files").await;
    let undo = shown.hidden();
    chief.post_with("/admin/undo/applications", &shown.button_csrf(), &undo.pairs()).await;
    assert_eq!(known().unwrap().rules.len(), 1);
    let said = chief.get("/admin/applications").await.body;
    assert!(said.contains("The application is as it was before"), "{said}");
    chief.post("/admin/applications/files/remove", &[WHY]).await;
    assert!(known().is_none());
    let shown = chief.get("/admin/applications").await;
    let undo = shown.hidden();
    chief.post_with("/admin/undo/applications", &shown.button_csrf(), &undo.pairs()).await;
    assert_eq!(known().unwrap().rules.len(), 1);
}

#[rocket::async_test]
async fn members_who_may_all_register_are_let_in_only_where_that_is_said() {
    let app = App::with(&[("trusted_proxies", r#"["127.0.0.9"]"#)]).await;
    let chief = app.staff("chief", "admin").await;
    let fields = [
        ("slug", "wiki"),
        ("name", "Wiki"),
        ("hosts", WIKI),
        ("needs", "members"),
        ("identity", "both"),
        ("reason", "a test"),
    ];
    let refused = chief.post("/admin/applications/new", &fields).await;
    let why = refused.field_error("anyone_may_register");
    assert!(why.contains("Everyone can create an account here"), "{}", refused.body);
    let said = [&fields[..], &[("anyone_may_register", "on")]].concat();
    let added = chief.post("/admin/applications/new", &said).await;
    assert_eq!(added.status, Status::SeeOther, "{}", added.body);
}

#[rocket::async_test]
async fn an_application_is_told_the_new_name_of_a_renamed_account_with_the_next_request() {
    let app = start().await;
    let chief = app.staff("chief", "admin").await;
    let ada = Person::named(&app, "ada", &[]).await;
    ada.enter().await;
    assert_eq!(ada.fetch("/a").await.header("Remote-User"), Some("ada"));
    let path = format!("/admin/accounts/{}/edit", app.id_of("ada").await);
    let fields = [
        ("username", "adele"),
        ("email", "ada@example.org"),
        ("display_name", ""),
        ("shown_username", "ada"),
        ("shown_email", "ada@example.org"),
        ("shown_display_name", ""),
        ("reason", "a test"),
    ];
    let answer = chief.post(&path, &fields).await;
    assert_eq!(answer.status, Status::SeeOther, "{}", answer.body);
    assert_eq!(ada.fetch("/a").await.header("Remote-User"), Some("adele"));
}

#[rocket::async_test]
async fn staff_see_which_application_cannot_be_used_and_why() {
    let app = start().await;
    let spoil = "UPDATE applications SET draft = replace(draft, 'members', 'friends')";
    app.doorward.db.write().execute_unprepared(spoil).await.unwrap();
    guard(&app, draft("files", FILES, "members")).await;
    let ada = Person::named(&app, "ada", &[]).await;
    assert_eq!(ada.fetch("/a").await.status, Status::Forbidden);
    let chief = app.staff("chief", "admin").await;
    let page = chief.get("/admin/applications").await.page();
    let said = page.texts(".message.warning").join(" ");
    assert!(said.contains("wiki admits nobody") && said.contains("Choose"), "{said}");
    assert_eq!(page.texts("tbody th"), ["FILES"]);
    let page = chief.get("/admin/doctor").await;
    assert!(page.body.contains("The application wiki admits nobody"), "{}", page.body);
    // And on the account page nobody finds it.
    let page = ada.here.get("/account").await.page();
    let links = page.attributes("[aria-labelledby=applications] a", "href");
    assert_eq!(links, [format!("http://{FILES}/")]);
}

#[rocket::async_test]
async fn the_cursor_goes_to_the_first_field_that_is_wrong() {
    let app = start().await;
    let chief = app.staff("chief", "admin").await;
    let fields = [("slug", "-"), ("hosts", "a b"), ("needs", "members"), ("confirm_seconds", "x")];
    let page = chief.post("/admin/applications/new", &fields).await.page();
    let links = page.attributes("#errors a", "href");
    assert_eq!(links[0], "#name");
    assert_eq!(links.last().unwrap(), "#reason");
    assert_eq!(page.attributes("[autofocus]", "id"), ["name"]);
    let all = [
        ("name", "Files"),
        ("slug", "files"),
        ("hosts", FILES),
        ("needs", "members"),
        ("identity", "both"),
        ("confirm_seconds", "x"),
    ];
    let page = chief.post("/admin/applications/new", &all).await.page();
    assert_eq!(page.attributes("[autofocus]", "id"), ["confirm_seconds"]);
}

#[rocket::async_test]
async fn the_configuration_of_a_proxy_is_a_file_to_keep() {
    let app = start().await;
    let chief = app.staff("chief", "admin").await;
    let page = chief.get("/admin/applications/wiki/proxy?for=traefik").await.page();
    let link = page.attributes("a[download]", "href")[0].clone();
    let file = chief.get(&link).await;
    assert_eq!(file.status, Status::Ok, "{}", file.body);
    assert_eq!(file.header("content-disposition"), Some("attachment; filename=\"wiki.yml\""));
    assert!(file.body.contains("/auth/verify/wiki"), "{}", file.body);
}

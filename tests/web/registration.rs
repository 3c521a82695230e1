use rocket::http::Status;

use crate::app::{App, PASSWORD};

fn fields<'a>(username: &'a str, email: &'a str, password: &'a str) -> [(&'a str, &'a str); 3] {
    [("username", username), ("email", email), ("password", password)]
}

#[rocket::async_test]
async fn a_new_account_leads_to_the_login_page_and_in() {
    let app = App::start().await;
    let browser = app.browser();
    let answer = browser.post("/register", &fields("ada", "ada@example.org", PASSWORD)).await;
    assert_eq!(answer.status, Status::SeeOther);
    assert_eq!(answer.location.as_deref(), Some("/login"));
    assert!(browser.get("/login").await.body.contains("Your account was created"));
    assert!(!browser.get("/login").await.body.contains("Your account was created"), "said once");
    browser.log_in("ada").await;
    assert!(browser.is_signed_in().await);
}

#[rocket::async_test]
async fn a_taken_username_is_refused_beside_its_field_however_it_is_written() {
    let app = App::start().await;
    app.account("ada", &[]).await;
    for look in ["ada", "Ada", " ADA ", "\u{ff21}\u{ff24}\u{ff21}"] {
        let answer =
            app.browser().post("/register", &fields(look, "new@example.org", PASSWORD)).await;
        assert_eq!(answer.status, Status::UnprocessableEntity, "{look}");
        assert!(answer.field_error("username").contains("taken"), "{look}: {}", answer.body);
    }
}

#[rocket::async_test]
async fn a_taken_email_address_is_refused_beside_its_field() {
    let app = App::start().await;
    app.account("ada", &[]).await;
    let answer = app.browser().post("/register", &fields("bob", "ADA@Example.org", PASSWORD)).await;
    assert_eq!(answer.status, Status::UnprocessableEntity);
    assert!(answer.field_error("email").contains("exists"), "{}", answer.body);
}

#[rocket::async_test]
async fn what_was_typed_is_kept_but_never_the_password() {
    let app = App::start().await;
    let answer = app.browser().post("/register", &fields("ad", "ada@example.org", "canary")).await;
    assert_eq!(answer.status, Status::UnprocessableEntity);
    assert_eq!(answer.value_of("username"), "ad");
    assert_eq!(answer.value_of("email"), "ada@example.org");
    assert!(!answer.body.contains("canary"), "{}", answer.body);
    assert!(answer.field_error("username").contains("between 3 and 32"));
}

#[rocket::async_test]
async fn all_faults_of_a_form_are_shown_at_once() {
    let app = App::start().await;
    let wrong = fields("a", "nobody", "short");
    let registered = app.browser().post("/register", &wrong).await;
    let set_up = [&[("token", "wrong")], &wrong[..]].concat();
    let set_up = app.browser().post("/setup", &set_up).await;
    for answer in [registered, set_up] {
        assert_eq!(answer.status, Status::UnprocessableEntity);
        for (field, word) in [("username", "3"), ("email", "@"), ("password", "12")] {
            let words = answer.field_error(field);
            assert!(words.contains(word), "{field}: {words}");
        }
    }
    let browser = app.member("ada").await;
    let fields = [("current_password", ""), ("new_password", "short")];
    let answer = browser.post("/account/password", &fields).await;
    assert!(answer.field_error("current_password").contains("fill"), "{}", answer.body);
    assert!(answer.field_error("new_password").contains("12"), "{}", answer.body);
}

#[rocket::async_test]
async fn a_refused_password_says_which_rule_it_breaks() {
    let app = App::start().await;
    for (password, word) in [
        ("short", "12"),
        ("passwordpassword", "word of this service"),
        ("allyouneedislove", "lists that attackers try first"),
        ("ada-ada-ada-ada", "little more than a name"),
        ("", "fill"),
        ("quiet\u{0}river under stone", "control"),
    ] {
        let answer =
            app.browser().post("/register", &fields("ada", "ada@example.org", password)).await;
        assert_eq!(answer.status, Status::UnprocessableEntity, "{password:?}");
        let words = answer.field_error("password").to_lowercase();
        assert!(words.contains(word), "{password:?}: {words}");
    }
}

#[rocket::async_test]
async fn what_was_typed_is_escaped_and_never_a_template() {
    let app = App::start().await;
    let typed = r#""><svg onload=1>{{7*7}}{{ get_env(name="PATH") }}"#;
    let answer = app.browser().post("/register", &fields(typed, typed, PASSWORD)).await;
    assert_eq!(answer.status, Status::UnprocessableEntity);
    assert!(!answer.body.contains("<svg onload"), "{}", answer.body);
    assert!(answer.body.contains("&lt;svg onload=1&gt;{{7*7}}"), "{}", answer.body);
}

#[rocket::async_test]
async fn of_two_who_want_one_name_at_once_one_gets_it() {
    let app = App::start().await;
    let (a, b) = (app.browser(), app.browser());
    let first = fields("ada", "one@example.org", PASSWORD);
    let second = fields("Ada", "two@example.org", PASSWORD);
    let (a, b) =
        rocket::futures::future::join(a.post("/register", &first), b.post("/register", &second))
            .await;
    let mut statuses = [a.status.code, b.status.code];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 422]);
}

#[rocket::async_test]
async fn a_closed_registration_is_no_page_and_no_link() {
    let app = App::with(&[("registration", "\"closed\"")]).await;
    let browser = app.browser();
    assert_eq!(browser.get("/register").await.status, Status::NotFound);
    let login = browser.get("/login").await;
    assert!(!login.page().links_to("/register"));
    let token = login.csrf();
    let answer =
        browser.post_with("/register", &token, &fields("ada", "a@example.org", PASSWORD)).await;
    assert_eq!(answer.status, Status::NotFound);
}

#[rocket::async_test]
async fn a_name_of_the_service_is_reserved() {
    let app = App::start().await;
    let answer = app.browser().post("/register", &fields("Admin", "a@example.org", PASSWORD)).await;
    assert!(answer.field_error("username").contains("reserved"), "{}", answer.body);
}

#[rocket::async_test]
async fn an_address_that_mixes_alphabets_is_refused_beside_its_field() {
    let app = App::start().await;
    let browser = app.browser();
    let fields = [
        ("username", "ada"),
        ("email", "аda@example.org"),
        ("password", "quiet river under stone"),
    ];
    let answer = browser.post("/register", &fields).await;
    assert_eq!(answer.status, Status::UnprocessableEntity);
    assert!(answer.field_error("email").contains("different alphabets"), "{}", answer.body);
}

#[rocket::async_test]
async fn one_mailbox_opens_one_account_however_its_host_is_written() {
    let app = App::start().await;
    for (name, email, status) in [
        ("ada", "ada@bücher.example", Status::SeeOther),
        ("eve", "ada@xn--bcher-kva.example", Status::UnprocessableEntity),
    ] {
        let fields = [("username", name), ("email", email), ("password", PASSWORD)];
        assert_eq!(app.browser().post("/register", &fields).await.status, status, "{email}");
    }
    let answer = app.browser().log_in("ada@xn--bcher-kva.example").await;
    assert_eq!(answer.status, Status::SeeOther);
}

#[rocket::async_test]
async fn staff_see_how_a_name_is_compared_and_which_address_mixes_alphabets() {
    let app = App::start().await;
    let helper = app.staff("helper", "support").await;
    app.account("bill", &[]).await;
    let id = app.account("biII", &[]).await.id;
    let (list, one) = ("/admin/accounts".to_owned(), format!("/admin/accounts/{id}"));
    for page in [&list, &one, &format!("/admin/accounts/disable?id={id}")] {
        let body = helper.get(page).await.body;
        assert!(body.contains("compared as <code>biii</code>"), "{page}: {body}");
        assert!(!body.contains("compared as <code>bill</code>"), "{page}: {body}");
        assert!(!body.contains("Mixes alphabets"), "{page}: {body}");
    }
    let now = app.clock().now();
    let new = doorward::domain::accounts::NewAccount {
        username: doorward::domain::accounts::names::Username::parse("look-alike").unwrap(),
        email: doorward::domain::accounts::names::EmailAddress::parse("аda@example.org").unwrap(),
        password: doorward::domain::passwords::policy::Password::parse(PASSWORD).unwrap(),
    };
    let (db, roles) =
        (app.doorward.db.write(), doorward::domain::accounts::permissions::Roles::default());
    doorward::domain::accounts::insert(db, &new, app.unknown_hash().await, roles, now)
        .await
        .unwrap();
    assert!(helper.get(&list).await.body.contains("Mixes alphabets"));
}

#[rocket::async_test]
async fn staff_see_that_an_address_of_other_letters_looks_like_a_plain_one() {
    let app = App::start().await;
    let helper = app.staff("helper", "support").await;
    // Cyrillic throughout: "сор", and a host like "асе.example".
    let others = ["\u{441}\u{43e}\u{440}@example.org", "ada@\u{430}\u{441}\u{435}.example"];
    for (place, email) in others.into_iter().enumerate() {
        let name = format!("member-{place}");
        let fields = [("username", name.as_str()), ("email", email), ("password", PASSWORD)];
        assert_eq!(app.browser().post("/register", &fields).await.status, Status::SeeOther);
        for page in
            ["/admin/accounts".to_owned(), format!("/admin/accounts/{}", app.id_of(&name).await)]
        {
            let body = helper.get(&format!("{page}?q={name}")).await.body;
            assert!(body.contains("Look-alike letters"), "{page}: {body}");
        }
    }
    app.account("plain", &[]).await;
    let body = helper.get("/admin/accounts?q=plain").await.body;
    assert!(!body.contains("Look-alike letters"), "{body}");
}

#[rocket::async_test]
async fn the_page_that_somebody_came_from_is_kept_while_they_register() {
    let app = App::start().await;
    let ada = app.browser();
    let page = ada.get("/login?next=/account/sessions%3Fa%3Db").await.page();
    let to = page.attributes("p.aside a", "href")[0].clone();
    let page = ada.get(&to).await;
    assert_eq!(page.value_of("next"), "/account/sessions?a=b");
    let back = page.page().attributes("p.aside a[href^='/login?']", "href");
    assert!(!back.is_empty(), "and back to the first page: {}", page.body);
    let fields = [
        ("username", "ada"),
        ("email", "ada@example.org"),
        ("password", PASSWORD),
        ("next", "/account/sessions?a=b"),
    ];
    let answer = ada.post_with("/register", &page.csrf(), &fields).await;
    assert_eq!(answer.status, Status::SeeOther, "{}", answer.body);
    let login = ada.get(&answer.location.unwrap()).await;
    assert_eq!(login.value_of("next"), "/account/sessions?a=b");
    let foreign = ada.get("/register?next=//evil.example").await;
    assert_eq!(foreign.value_of("next"), "");
}

//! "New passwords: 12 to 256 characters after NFC, no rules of composition, not
//! on a list of ten thousand common ones, not easily guessed (zxcvbn), not a
//! name of the person or the service": at every door through which one comes.

use doorward::domain::administration;
use doorward::domain::audit::RequestSource;
use doorward::domain::one_time;
use doorward::domain::sessions::Actor;
use rocket::http::Status;
use time::Duration;

use crate::app::{App, PASSWORD};

fn refused() -> Vec<String> {
    let plain = [
        "",
        "short",
        "elevenchars",
        // Twelve code points, but six after NFC.
        "e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}",
        "allyouneedislove",
        "ALLYOUNEEDISLOVE",
        "aaaaaaaaaaaaaaaa",
        "abcabcabcabcabc",
        "qwertyuiop123456",
        "localhost1234",
        "quiet\u{0}river under stone",
        "quiet river\u{7} under stone",
    ];
    let long = [format!("{} a lantern in the harbour", "x".repeat(232))];
    plain.into_iter().map(str::to_owned).chain(long).collect()
}

#[rocket::async_test]
async fn no_door_lets_a_weak_password_in() {
    let limits = ["throttle_name", "throttle_address", "throttle_registrations"];
    let app = App::with(&limits.map(|name| (name, "0"))).await;
    let now = app.clock().now();
    let setup = one_time::start_setup(&app.doorward.db, now).await.unwrap().unwrap();
    let ada = app.account("adaptable", &[]).await;
    let browser = app.signed_in("adaptable").await;
    let (cli, life) = (RequestSource::command_line(), Duration::minutes(30));
    let (sessions, by) = (&app.doorward.sessions, Actor::operator(&cli));
    let link = administration::start_recovery(sessions, ada.id, by, (life, now)).await.unwrap();
    let link = format!("/recover/{link}");
    for weak in refused() {
        let new =
            [("username", "adaptable2"), ("email", "adaptable@example.com"), ("password", &weak)];
        let first = [new[0], new[1], new[2], ("token", &setup)];
        let change = [("current_password", PASSWORD), ("new_password", &weak)];
        let recovered = [("new_password", &*weak)];
        let doors: [(&str, &[(&str, &str)]); 4] = [
            ("/register", &new),
            ("/setup", &first),
            ("/account/password", &change),
            (&link, &recovered),
        ];
        for (door, fields) in doors {
            let answer = match door {
                "/account/password" => browser.post(door, fields).await,
                _ => app.browser().post(door, fields).await,
            };
            assert_eq!(answer.status, Status::UnprocessableEntity, "{door}: {weak:?}");
        }
    }
    assert_eq!(app.browser().log_in("adaptable").await.status, Status::SeeOther);
}

#[rocket::async_test]
async fn a_sentence_of_any_characters_is_let_in() {
    let app = App::start().await;
    for (number, good) in
        ["quiet river under stone", "тихая река под камнем", "静かな川の石の下を流れる水"]
            .iter()
            .enumerate()
    {
        let (name, mail) = (format!("person{number}"), format!("person{number}@example.org"));
        let fields = [("username", &*name), ("email", &mail), ("password", good)];
        let answer = app.browser().post("/register", &fields).await;
        assert_eq!(answer.status, Status::SeeOther, "{good}: {}", answer.body);
    }
}

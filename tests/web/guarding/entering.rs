//! Entering an application, once for each browser, and leaving it.

use doorward::domain::applications::sightings::Cause;
use rocket::http::{Method, Status};
use time::Duration;

use super::{FETCHES, FILES, GOES, PROXY, Person, WIKI, draft, guard, split, start};

#[rocket::async_test]
async fn a_stranger_who_goes_to_a_page_is_led_to_sign_in_and_a_script_is_told() {
    let app = start().await;
    let stranger = Person::stranger(&app);
    let answer = stranger.go("/a?b=c").await;
    assert_eq!(answer.status, Status::SeeOther);
    let expected = format!("http://{WIKI}/.doorward/enter?to=%2Fa%3Fb%3Dc");
    assert_eq!(answer.location.as_deref(), Some(&*expected));
    for headers in
        [&FETCHES[..], &[("Accept", "*/*")], &[("Accept", "text/html"), ("X-Requested-With", "x")]]
    {
        let answer = stranger.ask("GET", "/a", headers).await;
        assert_eq!((answer.status, answer.location.as_ref()), (Status::Unauthorized, None));
        assert!(answer.body.contains("login_required"), "{}", answer.body);
        assert_eq!(answer.header("WWW-Authenticate"), Some("Bearer realm=\"wiki\""));
    }
    let upgrade = [GOES[0], ("Upgrade", "websocket"), ("Sec-WebSocket-Key", "x")];
    assert_eq!(stranger.ask("GET", "/a", &upgrade).await.status, Status::Unauthorized);
    for address in ["/nginx", "/refused"] {
        let expected = if address == "/nginx" { Status::Unauthorized } else { Status::SeeOther };
        assert_eq!(stranger.ask_at(address, "GET", "/a", &GOES).await.status, expected);
    }
}

#[rocket::async_test]
async fn somebody_signed_in_enters_without_seeing_a_page_and_is_known_there() {
    let app = start().await;
    let ada = Person::named(&app, "Ada", &["editor"]).await;
    let location = ada.go("/a?b=c").await.location.unwrap();
    let (end, redirects) = ada.follow(location).await;
    assert_eq!(end, format!("http://{WIKI}/a?b=c"));
    assert!(redirects <= 3, "{redirects}");
    let answer = ada.go("/a").await;
    assert_eq!((answer.status, &*answer.body), (Status::Ok, ""));
    let header = |name| answer.header(name).unwrap_or("missing").to_owned();
    assert_eq!(header("Remote-User"), "ada");
    assert_eq!(header("Remote-Groups"), "editor");
    assert_eq!(header("Remote-Name"), "ada");
    assert_eq!(header("Remote-Email"), "", "nobody has confirmed it");
    assert!(header("X-Doorward-Assertion").starts_with("eyJ"));
    assert_eq!(answer.header("Set-Cookie"), None);
    assert_eq!(answer.header("Authorization"), None);
    let cookie = ada.there.cookie("__Host-fa").unwrap();
    assert!(cookie.len() < 90, "{cookie}");
}

#[rocket::async_test]
async fn somebody_who_must_sign_in_lands_on_the_page_they_asked_for() {
    let app = start().await;
    app.account("ada", &[]).await;
    let person = Person::stranger(&app);
    let location = person.go("/a?b=c").await.location.unwrap();
    let (login, _) = person.follow(location).await;
    let (_, path) = split(login.split(' ').next().unwrap());
    assert!(path.starts_with("/login?next=/enter%3Fhost%3D"), "{path}");
    let page = person.here.get(path).await;
    let next = page.value_of("next");
    let fields = [("login", "ada"), ("password", crate::app::PASSWORD), ("next", &*next)];
    let answer = person.here.post_with("/login", &page.csrf(), &fields).await;
    let on = answer.location.unwrap();
    assert!(on.starts_with("/enter/on?"), "a page ends the chain of redirects: {on}");
    let page = person.here.get(&on).await;
    assert_eq!(page.status, Status::Ok);
    let refresh = page.page().attributes("meta[http-equiv=refresh]", "content");
    let to = refresh[0].split_once("url=").unwrap().1.to_owned();
    let (end, _) = person.follow(format!("http://localhost:8000{to}")).await;
    assert_eq!(end, format!("http://{WIKI}/a?b=c"));
    assert_eq!(person.go("/a").await.status, Status::Ok);
}

#[rocket::async_test]
async fn a_cookie_of_one_host_opens_no_other_and_a_forged_one_none() {
    let app = start().await;
    guard(&app, draft("files", FILES, "members")).await;
    let ada = Person::named(&app, "ada", &[]).await;
    ada.enter().await;
    let cookie = ada.there.cookie("__Host-fa").unwrap();
    let files = Person { slug: "files", host: FILES, ..Person::stranger(&app) };
    for value in [&*cookie, &cookie[..cookie.len() - 1], "fa1.AAAAAAAAAAAAAAAAAAAAAA.AAAA", ""] {
        let header = format!("__Host-fa={value}");
        let headers = [FETCHES[0], ("Cookie", &*header)];
        assert_eq!(files.ask("GET", "/a", &headers).await.status, Status::Unauthorized, "{value}");
    }
    let wiki = Person::stranger(&app);
    for header in [
        format!("__Host-fa={cookie}; __Host-fa={cookie}"),
        format!("__%48ost-fa={cookie}"),
        format!("__Host-fa={cookie}A"),
    ] {
        let headers = [FETCHES[0], ("Cookie", &*header)];
        assert_eq!(wiki.ask("GET", "/a", &headers).await.status, Status::Unauthorized, "{header}");
    }
    let header = format!("__Host-fa={cookie}");
    assert_eq!(wiki.ask("GET", "/a", &[("Cookie", &*header)]).await.status, Status::Ok);
}

#[rocket::async_test]
async fn a_code_is_good_once_for_the_browser_that_asked_for_it() {
    let app = start().await;
    let ada = Person::named(&app, "ada", &[]).await;
    let begin = async |person: &Person<'_>| {
        let enter = person.go("/a").await.location.unwrap();
        let (_, path) = split(&enter);
        let at = [("Host", WIKI)];
        let to = person.there.send(Method::Get, path, None, &at).await.location.unwrap();
        let (_, path) = split(&to);
        person.here.get(path).await.location.unwrap()
    };
    let callback = begin(&ada).await;
    let (_, path) = split(&callback);
    // Somebody else's browser: nobody is signed in as ada there, and the code is dead.
    let victim = app.browser_at(PROXY);
    let answer = victim.send(Method::Get, path, None, &[("Host", WIKI)]).await;
    assert_eq!(victim.cookie("__Host-fa"), None);
    assert!(answer.location.unwrap().starts_with("/.doorward/enter?to="));
    let answer = ada.there.send(Method::Get, path, None, &[("Host", WIKI)]).await;
    assert_eq!(ada.there.cookie("__Host-fa"), None, "used up");
    assert_eq!(answer.location.as_deref(), Some("/.doorward/enter?to=%2Fa&attempt=1"));
    // A minute later.
    let callback = begin(&ada).await;
    app.pass(Duration::seconds(61)).await;
    ada.there.send(Method::Get, split(&callback).1, None, &[("Host", WIKI)]).await;
    assert_eq!(ada.there.cookie("__Host-fa"), None);
    // And at once.
    let callback = begin(&ada).await;
    ada.there.send(Method::Get, split(&callback).1, None, &[("Host", WIKI)]).await;
    assert!(ada.there.cookie("__Host-fa").is_some());
}

#[rocket::async_test]
async fn a_browser_that_keeps_no_cookies_ends_on_a_page_that_says_so() {
    let app = start().await;
    let ada = Person::named(&app, "ada", &[]).await;
    let mut to = ada.go("/a").await.location.unwrap();
    for _ in 0..12 {
        let (host, path) = split(&to);
        let answer = match host {
            "localhost:8000" => ada.here.get(path).await,
            host => {
                let forgetful = app.browser_at(PROXY);
                forgetful.send(Method::Get, path, None, &[("Host", host)]).await
            }
        };
        match answer.location {
            Some(next) if next.starts_with("http") => to = next,
            Some(next) => to = format!("http://{host}{next}"),
            None => {
                assert_eq!(answer.status, Status::Forbidden);
                assert!(answer.body.contains("sent no cookie back"), "{}", answer.body);
                assert!(answer.body.contains("/.doorward/static/"), "its style is there");
                assert!(answer.page().links_to("/.doorward/explain"));
                let wiki = app.doorward.applications.current().by_slug("wiki").unwrap().id;
                let refused = app.doorward.sightings.recent(wiki).remove(0);
                assert_eq!(
                    (refused.cause, &*refused.path),
                    (Cause::Loop, "/"),
                    "where to is not read from a state of nobody"
                );
                return;
            }
        }
    }
    panic!("without end");
}

#[rocket::async_test]
async fn an_address_that_claims_many_attempts_ends_on_that_page_at_once() {
    let app = start().await;
    let there = app.browser_at(PROXY);
    let host = [("Host", WIKI)];
    let led = there.send(Method::Get, "/.doorward/enter?attempt=255", None, &host).await;
    let state = led.location.unwrap().split_once("state=").unwrap().1.to_owned();
    let path = format!("/.doorward/callback?code=a&state={state}");
    let answer = there.send(Method::Get, &path, None, &host).await;
    assert_eq!(answer.status, Status::Forbidden);
    let wiki = app.doorward.applications.current().by_slug("wiki").unwrap().id;
    assert!(app.doorward.sightings.recent(wiki).is_empty(), "it is no loop, whoever says so");
}

#[rocket::async_test]
async fn a_form_that_came_too_late_can_be_sent_again() {
    let app = start().await;
    let stranger = Person::stranger(&app);
    let own = [GOES[0], ("Sec-Fetch-Site", "same-origin")];
    let answer = stranger.ask("POST", "/edit", &own).await;
    assert_eq!(answer.status, Status::Unauthorized);
    assert!(answer.body.contains("Nothing is lost"), "{}", answer.body);
    let links = answer.page().attributes("ol a", "href");
    assert_eq!(links, ["/.doorward/enter?to=%2F.doorward%2Fentered"]);
    let foreign = [GOES[0], ("Sec-Fetch-Site", "cross-site")];
    let answer = stranger.ask("POST", "/edit", &foreign).await;
    assert_eq!(answer.status, Status::Unauthorized);
    assert!(answer.body.contains("came from another site"), "{}", answer.body);
    let script = stranger.ask("POST", "/edit", &FETCHES).await;
    assert!(script.body.contains("login_required"));
}

#[rocket::async_test]
async fn giving_the_password_again_throws_nobody_out_of_what_is_open() {
    let app = start().await;
    let ada = Person::named(&app, "ada", &[]).await;
    ada.enter().await;
    let page = ada.here.get("/confirm").await;
    let fields = [("password", crate::app::PASSWORD)];
    let answer = ada.here.post_with("/confirm", &page.csrf(), &fields).await;
    assert_eq!(answer.status, Status::SeeOther);
    assert_eq!(ada.fetch("/a").await.status, Status::Ok);
    ada.here.press("/account", "/logout").await;
    assert_eq!(ada.fetch("/a").await.status, Status::Unauthorized, "with its new name, too");
}

#[rocket::async_test]
async fn one_application_can_be_left_alone() {
    let app = start().await;
    guard(&app, draft("files", FILES, "members")).await;
    let ada = Person::named(&app, "ada", &[]).await;
    ada.enter().await;
    let files = Person {
        slug: "files",
        host: FILES,
        there: app.browser_at(PROXY),
        here: ada.here.copied(),
    };
    files.enter().await;
    let answer = ada.there.send(Method::Get, "/.doorward/leave", None, &[("Host", WIKI)]).await;
    assert_eq!(answer.location.as_deref(), Some("http://localhost:8000/leave?application=wiki"));
    assert_eq!(ada.fetch("/a").await.status, Status::Ok, "a link changes nothing");
    let page = ada.here.get("/leave?application=wiki").await;
    let token = page.page().token_for("/leave");
    let answer = ada.here.post_with("/leave", &token, &[("application", "wiki")]).await;
    assert_eq!(answer.status, Status::SeeOther, "{}", answer.body);
    assert_eq!(ada.fetch("/a").await.status, Status::Unauthorized);
    assert_eq!(files.fetch("/a").await.status, Status::Ok);
    ada.enter().await;
    assert_eq!(ada.fetch("/a").await.status, Status::Ok);
}

#[rocket::async_test]
async fn each_application_that_a_session_has_entered_can_be_left_from_any_of_ones_browsers() {
    let app = start().await;
    let ada = Person::named(&app, "ada", &[]).await;
    let other = app.signed_in("ada").await;
    let leave = async |browser: &crate::app::Browser<'_>| {
        let actions = browser.get("/account/sessions").await.page().attributes("form", "action");
        actions.into_iter().find(|action| action.ends_with("/leave/wiki"))
    };
    assert_eq!(leave(&other).await, None);
    ada.enter().await;
    let path = leave(&other).await.expect("a button");
    let bob = app.member("bob").await;
    assert_eq!(leave(&bob).await, None);
    assert_eq!(bob.press("/account/sessions", &path).await.status, Status::NotFound);
    assert_eq!(ada.fetch("/a").await.status, Status::Ok);
    let answer = other.press("/account/sessions", &path).await;
    assert_eq!(answer.location.as_deref(), Some("/account/sessions"));
    assert_eq!(ada.fetch("/a").await.status, Status::Unauthorized);
    assert_eq!(leave(&ada.here).await, None);
    assert!(ada.here.is_signed_in().await, "the session goes on");
}

#[rocket::async_test]
async fn an_entry_ends_the_earlier_ones_of_the_same_browser_and_a_day_ends_all() {
    let app = start().await;
    let ada = Person::named(&app, "ada", &[]).await;
    ada.enter().await;
    let copy = Person { there: ada.there.copied(), ..Person::stranger(&app) };
    assert_eq!(copy.fetch("/a").await.status, Status::Ok);
    app.pass(Duration::minutes(2)).await;
    ada.there.forget("__Host-fa");
    ada.enter().await;
    assert_eq!(copy.fetch("/a").await.status, Status::Unauthorized);
    assert_eq!(ada.fetch("/a").await.status, Status::Ok);
}

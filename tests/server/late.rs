//! Bodies that come seconds after their headers: the guards have let the
//! request in, and what they proved is gone when the form is whole.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use shared::forms;
use shared::routes::{self, filled, filled_in, form_to, page_of};

use crate::browser::Browser;
use crate::input::guard_wiki;
use crate::raw::{self, Answer};
use crate::server::{PASSWORD, Server, wait};

/// A form of which all but the last byte is sent.
struct HalfSent {
    stream: TcpStream,
    rest: u8,
}

impl HalfSent {
    fn send(server: &Server, browser: &Browser, path: &str, fields: &[(String, String)]) -> Self {
        let pairs = fields.iter().map(|(name, value)| (&**name, &**value));
        let mut body = forms::pairs(pairs).into_bytes();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost:{}\r\nConnection: close\r\nCookie: {}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n{}\r\n",
            server.port,
            browser.cookies.header(),
            body.len(),
            browser.ours()
        );
        let rest = body.pop().unwrap();
        let mut stream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
        stream.write_all(&[head.as_bytes(), &body].concat()).unwrap();
        Self { stream, rest }
    }

    fn finish(mut self) -> Answer {
        self.stream.write_all(&[self.rest]).unwrap();
        raw::read(&mut self.stream).expect("an answer")
    }
}

/// Long enough for the guards to have run.
fn let_the_guards_run() {
    std::thread::sleep(Duration::from_millis(400));
}

/// The fields of the form at `page`: its token, and these.
fn form(browser: &Browser, page: &str, fields: &[(&str, &str)]) -> Vec<(String, String)> {
    let token = browser.token(page);
    let fields = [("csrf", token.as_str())].into_iter().chain(fields.iter().copied());
    fields.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Everything that staff can send: its address, where it goes, its fields.
fn acts(browser: &Browser, ada: &str, token: &str) -> Vec<(String, String, Fields)> {
    let acts = routes::forms().into_iter().map(|route| route.address);
    let acts = acts.filter(|address| address.starts_with("/admin"));
    acts.map(|address| {
        let shown = browser.page(&filled(page_of(&address), ada));
        let (path, fields) = match form_to(&shown, &address) {
            Some(form) => (form.action.clone(), filled_in(&form, &[("token", token)])),
            // Nobody can press them at this moment; a browser could send them all the same.
            None => {
                assert!(BUTTONS.contains(&&*address), "no form is sent to {address}");
                let numbers = ["first", "last"].into_iter().filter(|_| address.contains("undo"));
                let fields = [("csrf".to_owned(), browser.button())].into_iter();
                let numbers = numbers.map(|name| (name.to_owned(), "1".to_owned()));
                (filled(&address, ada), fields.chain(numbers).collect())
            }
        };
        (address, path, fields)
    })
    .collect()
}

/// Buttons that are not always there.
const BUTTONS: [&str; 5] = [
    "/admin/undo/applications",
    "/admin/accounts/<id>/forgive",
    "/admin/undo/disable",
    "/admin/undo/edit",
    "/admin/undo/roles",
];

type Fields = Vec<(String, String)>;

/// What stands in the database about everybody but those who act.
fn everything(server: &Server) -> String {
    let others = |text: String| {
        let lines = text.lines().filter(|line| !line.contains("chief") && !line.contains("boss"));
        lines.map(|line| format!("{line}\n")).collect::<String>()
    };
    let sids = server.each(&["session", "list", "ada"], "session");
    others(server.done(&["account", "list"], ""))
        + &server
            .done(&["role", "list"], "")
            .lines()
            .filter(|line| line.starts_with("editors") || line.starts_with("writers"))
            .collect::<Vec<_>>()
            .join("\n")
        + &sids.join(" ")
}

#[test]
fn no_act_of_staff_outlives_the_role_or_the_session_it_was_begun_with() {
    let server = Server::start();
    for (name, roles) in [
        ("ada", &["editors"][..]),
        ("keeper", &["admin"]),
        ("chief", &["admin"]),
        ("boss", &["admin"]),
    ] {
        server.account(name, roles);
    }
    guard_wiki(&server);
    let ada = Browser::of(&server);
    ada.log_in("ada");
    let id = server.each(&["account", "show", "ada"], "id").remove(0);
    let token = ada.cookie("__Host-at");
    let before = everything(&server);
    let mut number = 0;
    loop {
        let (chief, boss) = (Browser::of(&server), Browser::of(&server));
        chief.log_in("chief");
        boss.log_in("boss");
        let (of_chief, of_boss) = (acts(&chief, &id, &token), acts(&boss, &id, &token));
        let (Some((pattern, path, fields)), Some((_, _, same))) =
            (of_chief.get(number), of_boss.get(number))
        else {
            break;
        };
        number += 1;
        let demoted = HalfSent::send(&server, &chief, path, fields);
        let signed_out = HalfSent::send(&server, &boss, path, same);
        let_the_guards_run();
        server.done(&["account", "set-roles", "chief"], "");
        server.done(&["session", "revoke", "--account", "boss"], "");
        let answer = demoted.finish();
        assert_eq!(answer.status, 403, "{pattern}: {}", answer.raw);
        let answer = signed_out.finish();
        assert_eq!(answer.status, 303, "{pattern}: {}", answer.raw);
        let to = answer.header("location").unwrap_or_default();
        assert!(to.starts_with("/login?next="), "{pattern}: {to}");
        assert_eq!(everything(&server), before, "{pattern}");
        assert!(ada.is_signed_in(), "{pattern}");
        server.done(&["account", "set-roles", "chief", "admin"], "");
    }
    assert!(number > 15, "{number}");
}

#[test]
fn nothing_is_done_to_an_account_by_a_form_whose_session_has_ended_meanwhile() {
    let server = Server::start();
    server.account("ada", &[]);
    let passwords = [("current_password", PASSWORD), ("new_password", "a lantern in the harbour")];
    for (path, fields) in [
        ("/account/password", &passwords[..]),
        ("/account/delete", &[("password", PASSWORD)]),
        ("/confirm", &[("password", PASSWORD), ("next", "/account")]),
    ] {
        let browser = Browser::of(&server);
        browser.log_in("ada");
        let fields = form(&browser, path, fields);
        let late = HalfSent::send(&server, &browser, path, &fields);
        let_the_guards_run();
        server.done(&["session", "revoke", "--account", "ada"], "");
        let answer = late.finish();
        assert_eq!(answer.status, 303, "{path}: {}", answer.raw);
        assert!(answer.header("location").unwrap().starts_with("/login?next="), "{}", answer.raw);
        assert!(
            answer.header("set-cookie").is_none_or(|cookie| !cookie.contains("-rt=")),
            "{path}"
        );
    }
    for path in ["/account/sessions/revoke-others", "/account/sessions/<sid>/revoke"] {
        let (browser, other) = (Browser::of(&server), Browser::of(&server));
        browser.log_in("ada");
        let own = server.each(&["session", "list", "ada"], "session");
        other.log_in("ada");
        let all = server.each(&["session", "list", "ada"], "session");
        let theirs = all.iter().find(|sid| !own.contains(sid)).unwrap();
        let path = path.replace("<sid>", theirs);
        let late =
            HalfSent::send(&server, &browser, &path, &[("csrf".to_owned(), browser.button())]);
        let_the_guards_run();
        server.done(&["session", "revoke", "--", &own[0]], "");
        let answer = late.finish();
        assert_eq!(answer.status, 303, "{path}: {}", answer.raw);
        assert!(answer.header("location").unwrap().starts_with("/login?next="), "{}", answer.raw);
        assert!(other.is_signed_in(), "{path}");
        server.done(&["session", "revoke", "--account", "ada"], "");
    }
}

#[test]
fn nothing_is_done_to_an_account_with_the_password_it_had_when_the_form_began() {
    let server = Server::start();
    let passwords = [("current_password", PASSWORD), ("new_password", "a lantern in the harbour")];
    for (number, (path, fields)) in [
        ("/account/password", &passwords[..]),
        ("/account/delete", &[("password", PASSWORD)]),
        ("/confirm", &[("password", PASSWORD), ("next", "/account")]),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("ada-{number}");
        server.account(&name, &[]);
        let browser = Browser::of(&server);
        browser.log_in(&name);
        let fields = form(&browser, path, fields);
        let late = HalfSent::send(&server, &browser, path, &fields);
        let_the_guards_run();
        server.done(&["account", "password", &name, "--password-stdin"], "another lantern at sea");
        let answer = late.finish();
        // It has heard of the new password within a second.
        wait(|| !browser.is_signed_in());
        assert!(
            answer.header("set-cookie").is_none_or(|cookie| !cookie.contains("-rt=")),
            "{path}"
        );
        let fields = [("login", name.as_str()), ("password", "another lantern at sea")];
        let owner = Browser::of(&server).post("/login", &fields);
        assert_eq!(owner.status, 303, "{path}: {}", owner.raw);
    }
}

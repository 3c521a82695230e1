//! Applications: paths and what servers take them for, rules, and what browsers
//! bring of the handshake.

use std::sync::LazyLock;

use doorward::base::host::{Authority, Scheme};
use doorward::base::keys::Keys;
use doorward::domain::applications::decide::{Verdict, decide};
use doorward::domain::applications::question::{Nature, Question};
use doorward::domain::applications::readings::readings;
use doorward::domain::applications::{Application, Catalogs, Draft, RuleDraft};
use doorward::domain::entries::{Challenge, Nonce, State, Target, issue_cookie, read_cookie};
use uuid::Uuid;

use crate::servers::served;
use crate::{NOON, near};

const HOST: &str = "wiki.example.org";

fn authority() -> Authority {
    Authority::parse(HOST, Scheme::Https).expect("a host")
}

/// A public application, parts of which are for nobody or public.
fn application(rules: &[(&str, &str)]) -> Option<Application> {
    let rule = |(path, needs): &(&str, &str)| RuleDraft {
        path: (*path).to_owned(),
        needs: (*needs).to_owned(),
        ..RuleDraft::default()
    };
    let draft = Draft {
        slug: "wiki".to_owned(),
        name: "Wiki".to_owned(),
        hosts: vec![HOST.to_owned()],
        needs: "public".to_owned(),
        rules: rules.iter().map(rule).collect(),
        ..serde_json::from_str(r#"{"slug":"","name":"","hosts":[],"needs":""}"#).expect("a draft")
    };
    let parsed = draft.parse(Catalogs::new("login.example.org").surroundings(false)).ok()?;
    // As the database has it.
    let text = serde_json::to_string(&draft).expect("it is written");
    let again: Draft = serde_json::from_str(&text).expect("it is read again");
    assert_eq!(again, draft);
    Some(parsed)
}

/// A request for that path and query, as a proxy may ask about it.
fn question(uri: &str) -> Option<Question> {
    Question::read("GET", "https", HOST, uri, None, Nature::default()).ok()
}

fn is_allowed(application: &Application, question: &Question) -> bool {
    decide(application, question, None, NOON).verdict == Verdict::Allow
}

static CLOSED: LazyLock<Application> = LazyLock::new(|| {
    application(&[("/admin*", "nobody"), ("/a/b", "nobody"), ("/share/*", "public")])
        .expect("an application")
});

/// Whatever a server takes a path for: what is closed stays closed.
pub fn path_readings(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some(question) = question(text) else { return };
    let path = question.path();
    let Ok(found) = readings(path) else {
        assert!(!is_allowed(&CLOSED, &question), "{text}: it has no readings");
        return;
    };
    assert_eq!(found[0].path, path);
    if is_allowed(&CLOSED, &question) {
        for (server, path) in served(path) {
            let path = path.to_lowercase();
            assert!(!path.starts_with("/admin") && path != "/a/b", "{text}: {server} has {path}");
        }
    }
    // A reading of a reading is one, too.
    if text.len() < 60 {
        for reading in found.iter().filter(|reading| !reading.is_folded) {
            let more = readings(&reading.path).expect("as of the whole");
            let known = more.iter().all(|one| found.contains(one));
            assert!(known, "{text}: of {} there are more", reading.path);
        }
    }
}

/// Two rules and a path, a line each. A path that is not read in several ways
/// is decided by the longer rule that fits.
pub fn rules(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut lines = text.splitn(3, '\n');
    let (Some(closed), Some(open), Some(uri)) = (lines.next(), lines.next(), lines.next()) else {
        return;
    };
    let Some(question) = question(uri) else { return };
    let Some(application) = application(&[(closed, "nobody"), (open, "public")]) else { return };
    let patterns: Vec<String> =
        application.rules.iter().map(|rule| rule.path.to_string()).collect();
    assert_eq!(patterns, [closed.trim(), open.trim()], "a pattern has one way to be written");
    let fits = |pattern: &str| match pattern.strip_suffix('*') {
        Some(start) => question.path().starts_with(start),
        None => question.path() == pattern,
    };
    let rank = |pattern: &str| (pattern.trim_end_matches('*').len(), !pattern.ends_with('*'));
    let [closed, open] = [&*patterns[0], &*patterns[1]];
    let is_closed = fits(closed) && !(fits(open) && rank(open) > rank(closed));
    assert!(!is_closed || !is_allowed(&application, &question), "{text}");
    let is_plain = question.path().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'/')
        && !question.path().contains("//");
    let twin = question.path().trim_end_matches('/');
    let is_near = closed.trim_end_matches(['*', '/']).eq_ignore_ascii_case(twin);
    if is_plain && !is_near && !fits(&closed.to_lowercase()) {
        assert!(is_allowed(&application, &question), "{text}");
    }
}

static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    Keys::in_file(&folder.path().join("keys.json"), NOON).expect("a key file")
});

/// Only the cookie that was made for a host is good there.
pub fn entry_cookie(data: &[u8]) {
    static COOKIE: LazyLock<String> =
        LazyLock::new(|| issue_cookie(&KEYS, Uuid::from_u128(1), HOST));
    let read = |text: &str, host: &str| read_cookie(&KEYS, text, host, NOON);
    if let Ok(text) = std::str::from_utf8(data) {
        assert!(text == *COOKIE || read(text, HOST).is_none(), "{text}");
        // Host and id do not run into each other.
        assert!(text == HOST || read(&COOKIE, text).is_none(), "{text}");
    }
    if let Some(text) = near(&COOKIE, data) {
        assert_eq!(read(&text, HOST).is_some(), text == *COOKIE, "{text}");
    }
}

/// Only the state that was made for a browser and a host is good there, and it
/// leads to a page of that host.
pub fn state(data: &[u8]) {
    static MADE: LazyLock<(String, Challenge)> = LazyLock::new(|| {
        let challenge = Nonce::fresh().challenge();
        let target = Target::parse("/a.b?c=d.e").expect("a page");
        (State::new(target, 1, NOON).sign(&KEYS, &authority(), challenge), challenge)
    });
    let (made, challenge) = &*MADE;
    let read = |text: &str| State::read(text, &KEYS, &authority(), *challenge, NOON);
    if let Ok(text) = std::str::from_utf8(data) {
        assert!(text == made || read(text).is_none(), "{text}");
        assert!(State::attempt_in(text) <= 100);
        if let Some(target) = Target::parse(text) {
            let to = url::Url::parse(&format!("https://{HOST}/")).expect("an address").join(text);
            assert_eq!(to.expect("a page").host_str(), Some(HOST), "{text}");
            let state = State::new(target, 2, NOON);
            let signed = state.sign(&KEYS, &authority(), *challenge);
            assert_eq!(read(&signed), Some(state), "{text}");
        }
        if let Some(challenge) = Challenge::parse(text) {
            assert_eq!(challenge.text(), text, "one way to write it");
        }
    }
    if let Some(text) = near(made, data) {
        assert_eq!(read(&text).is_some(), text == *made, "{text}");
    }
}

//! Scripts that show a personal token, through each proxy.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{FETCHES, GOES, Place, told};
use crate::server::wait;
use shared::proxies::Kind;

pub fn scripts(place: &Place, kind: Kind) {
    let server = &place.server;
    server.done(&["account", "add", "builds", "--service", "--role", "editor"], "");
    let made = |applications: &[&str]| {
        let named = applications.iter().flat_map(|slug| ["--application", slug]);
        let all = ["token", "add", "builds"].into_iter().chain(named).collect::<Vec<_>>();
        server.done(&all, "")
    };
    let token = made(&["wiki"]);
    assert!(token.starts_with("dws_"), "{token}");
    let script = place.visitor();
    let basic = STANDARD.encode(format!("x:{token}"));
    for shown in [
        format!("Authorization: Bearer {token}\r\n"),
        format!("Authorization: bearer {token}\r\n"),
        format!("X-Doorward-Token: {token}\r\n"),
        format!("X-Doorward-Token: {token}\r\nAuthorization: Bearer other\r\n"),
        format!("Authorization: Basic {basic}\r\n"),
    ] {
        let answer = script.send("GET", "/admin", &shown, b"");
        assert_eq!(told(&answer, "remote-user"), "builds", "{kind:?}: {shown}");
        assert_eq!(told(&answer, "remote-groups"), "editor", "{kind:?}");
        assert!(!answer.body.contains(&token[4..]), "{kind:?}: {}", answer.body);
        let own = if shown.contains("other") { "Bearer other" } else { "" };
        // Caddy cannot tell which password is a token: such tokens are for one application.
        let is_caddy = matches!(kind, Kind::Caddy | Kind::NewCaddy);
        if !(is_caddy && shown.contains("Basic")) {
            assert_eq!(told(&answer, "authorization"), own, "{kind:?}: {shown}");
        }
    }
    let before = place.upstream.count();
    let mistyped = format!("Authorization: Bearer {}\r\n", &token[..41]);
    for way in [GOES, FETCHES] {
        let answer = script.send("GET", "/a", &format!("{way}{mistyped}"), b"");
        assert_eq!((answer.status, answer.header("location")), (401, None), "{kind:?}");
        assert!(answer.body.contains("invalid_token"), "{kind:?}: {}", answer.raw);
    }
    let both = format!(
        "Authorization: Basic {}\r\n",
        STANDARD.encode(format!("x:{}", made(&["wiki", "files"])))
    );
    assert_eq!(script.send("GET", "/a", &both, b"").status, 403, "{kind:?}");
    assert_eq!(place.upstream.count(), before, "the application saw nothing of it");
    server.done(&["token", "revoke"], &token);
    let shown = format!("Authorization: Bearer {token}\r\n");
    wait(|| script.send("GET", "/a", &shown, b"").status == 401);
    let listed = server.listed(&["token", "list", "builds"]);
    assert_eq!((listed.len(), &listed[1]["state"]), (2, &"revoked".into()), "{listed:?}");
}

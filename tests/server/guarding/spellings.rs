//! The same request, written in other ways.

use shared::proxies::Kind;

use super::{FETCHES, Place};

/// However a request is written, what is decided about is what the application gets.
pub fn spellings(place: &Place, kind: Kind) {
    let stranger = place.visitor();
    let at = format!("http://{}", stranger.host());
    for (path, status) in [
        ("/public/a?x=1", 200),
        ("/a?x=/public/", 401),
        ("/admin", 401),
        ("/public/../admin", 401),
        ("/.doorward/enter?to=%2Fa", 303),
    ] {
        let answer = stranger.fetch(&format!("{at}{path}"));
        let expected = (answer.status, stranger.fetch(path).status);
        assert_eq!(expected, (status, status), "{kind:?} {path}: {}", answer.raw);
        if status == 200 {
            assert!(
                answer.body.starts_with(&format!("GET {path} HTTP")),
                "{kind:?}: {}",
                answer.raw
            );
        }
    }
    assert_eq!(stranger.fetch(&at).status, 401, "{kind:?}");
    // Where some see the path in the query, and others the start page.
    for path in ["?x=/public/a", "#/public/a", "\\/public/a"] {
        let answer = stranger.fetch(&format!("{at}{path}"));
        let gets = answer.body.split_whitespace().nth(1).unwrap_or_default();
        let is_public = answer.status == 200 && gets.starts_with("/public/a");
        assert!(is_public || answer.status >= 400, "{kind:?} {path}: {}", answer.raw);
    }
    let before = place.upstream.count();
    stranger.fetch("http://evil.example/a");
    assert_eq!(place.upstream.count(), before, "{kind:?}");
    for name in ["X-HTTP-Method-Override", "X_HTTP_Method_Override", "X.Method.Override"] {
        let header = format!("{FETCHES}{name}: DELETE\r\n");
        let answer = stranger.send("GET", "/reading/a", &header, b"");
        let is_told = answer.status == 200 && answer.body.contains("DELETE");
        assert!(!is_told, "{kind:?} {name}: {}", answer.raw);
    }
    assert_eq!(stranger.fetch("/reading/a").status, 200);
}

//! What comes from outside, against what must hold whatever it is. Each target
//! takes any bytes and panics where a promise is broken. `cargo fuzz` drives
//! them for hours, and `tests/short.rs` for a moment.

mod guarding;
mod servers;

use std::net::IpAddr;
use std::sync::LazyLock;

use doorward::base::keys::{Purpose, Ring};
use doorward::base::timestamp::Timestamp;
use doorward::domain::accounts::AccountId;
use doorward::domain::accounts::list;
use doorward::domain::accounts::permissions::Roles;
use doorward::domain::login::{AuthLevel, AuthMethods};
use doorward::domain::sessions::tokens::access::{Claims, Issuer};
use doorward::domain::sessions::tokens::refresh::RefreshToken;
use doorward::domain::sessions::{Audience, SessionId, search};
use doorward::web::form::return_to::OwnPage;
use doorward::web::form::urlencoded;
use doorward::web::request::cookies::{Cookie, Received};
use doorward::web::request::user_agent::client_address;
use ipnet::IpNet;
use time::Duration;
use uuid::Uuid;

pub use self::guarding::{entry_cookie, path_readings, rules, state};

/// A target: it panics where a promise is broken.
pub type Target = fn(&[u8]);

/// All targets, by name.
pub const TARGETS: [(&str, Target); 11] = [
    ("access_token", access_token),
    ("cookies", cookies),
    ("cursors", cursors),
    ("entry_cookie", entry_cookie),
    ("form", form),
    ("forwarded", forwarded),
    ("next", next),
    ("path_readings", path_readings),
    ("refresh_token", refresh_token),
    ("rules", rules),
    ("state", state),
];

const NOON: Timestamp = Timestamp(1_767_268_800_000);

/// A service's signing, and a token of it that is good.
struct Signing {
    ring: Ring,
    issuer: Issuer,
    token: String,
}

static SIGNING: LazyLock<Signing> = LazyLock::new(|| {
    let (ring, issuer) =
        (Ring::generate(NOON), Issuer::new("https://login.example.org", Duration::minutes(10)));
    let claims = Claims {
        sub: AccountId(Uuid::from_u128(1)),
        sid: SessionId(Uuid::from_u128(2)),
        jti: Uuid::from_u128(3),
        generation: 1,
        mark: NOON,
        epoch: 0,
        roles: Roles::default(),
        auth: AuthLevel { methods: AuthMethods::PASSWORD, at: NOON },
        issued_at: NOON,
        expires_at: NOON + Duration::minutes(10),
    };
    let token = issuer.issue(ring.signing(Purpose::Access), Audience::Web, &claims);
    Signing { token: token.expect("it signs"), ring, issuer }
});

/// Only what we signed is believed: not one other text, however near.
pub fn access_token(data: &[u8]) {
    let Signing { ring, issuer, token } = &*SIGNING;
    let verify = |text: &str| issuer.verify(ring, Audience::Web, text, NOON);
    if let Ok(text) = std::str::from_utf8(data) {
        assert!(text == token || verify(text).is_err(), "{text}");
    }
    if let Some(text) = near(token, data) {
        assert_eq!(verify(&text).is_ok(), text == *token, "{text}");
    }
}

/// A text near another: triples of a place, what to do there, and a byte.
fn near(text: &str, data: &[u8]) -> Option<String> {
    let mut near = text.to_owned().into_bytes();
    for step in data.chunks_exact(3) {
        let place = (usize::from(step[0]) * 256 + usize::from(step[1])) % (near.len() + 1);
        match (step[2] % 4, near.get_mut(place)) {
            (0, Some(byte)) => *byte = step[2],
            (1, Some(_)) => drop(near.remove(place)),
            (2, Some(byte)) => *byte ^= 1 << (step[2] >> 5),
            _ => near.insert(place, step[2]),
        }
    }
    String::from_utf8(near).ok()
}

/// What is believed occurs in the header once, as a plain value, under its exact name.
pub fn cookies(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let received = Received::parse(text.split('\n'));
    for cookie in [Cookie::Access, Cookie::Refresh] {
        let Some(value) = received.get(cookie) else { continue };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        assert!(value.len() <= 4096 && value.bytes().all(plain), "{text}");
        let name = |pair: &str| {
            let name = pair.split('=').next().unwrap_or_default();
            name.trim_start_matches([' ', '\t']) == cookie.name()
        };
        assert_eq!(text.split(['\n', ';']).filter(|pair| name(pair)).count(), 1, "{text}");
        // Where a laxer parser would find another one, that is noted.
        for pair in text.split(['\n', ';']) {
            let Ok(lax) = rocket::http::Cookie::parse_encoded(pair) else { continue };
            let other = lax.name() == cookie.name() && lax.value() != value;
            assert!(!other || received.spoofed, "{text}");
        }
    }
}

/// A cursor is written as it was read.
pub fn cursors(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Some(cursor) = list::Cursor::parse(text) {
        let again = list::Cursor::parse(&cursor.to_string());
        assert_eq!(again.map(|cursor| cursor.to_string()), Some(cursor.to_string()), "{text}");
    }
    if let Some(cursor) = search::Cursor::parse(text) {
        let again = search::Cursor::parse(&cursor.to_string());
        assert_eq!(again.map(|cursor| cursor.to_string()), Some(cursor.to_string()), "{text}");
    }
}

/// A form that is taken is the same when a browser sends it again.
pub fn form(data: &[u8]) {
    let Ok(fields) = urlencoded::parse(data) else { return };
    let encode = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let body: Vec<String> =
        fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    let again = urlencoded::parse(body.join("&").as_bytes());
    assert_eq!(again.ok(), Some(fields));
}

/// The address is that of the connection unless it is trusted, and else one of
/// those in the header.
pub fn forwarded(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let peer = IpAddr::from([10, 0, 0, 1]);
    let stranger = IpAddr::from([192, 0, 2, 7]);
    let trusted: Vec<IpNet> = vec!["10.0.0.0/8".parse().expect("a network")];
    assert_eq!(client_address(stranger, text.split('\n'), &trusted), stranger, "{text}");
    let found = client_address(peer, text.split('\n'), &trusted);
    let hop = |hop: &str| {
        let hop = hop.trim();
        let bare = hop.strip_prefix('[').and_then(|hop| hop.strip_suffix(']')).unwrap_or(hop);
        let port = || hop.parse::<std::net::SocketAddr>().map(|both| both.ip());
        bare.parse::<IpAddr>().or_else(|_| port()).map(|address| address.to_canonical())
    };
    let named = text.split(['\n', ',']).any(|part| hop(part) == Ok(found));
    assert!(found == peer || named, "{text}: {found}");
}

/// Where somebody is sent after the log-in is always a page of this service.
pub fn next(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some(next) = OwnPage::parse(text) else { return };
    let path = &next.to_string();
    assert!(path.starts_with('/') && !path.starts_with("//"), "{text}");
    assert!(path.bytes().all(|byte| byte > 0x20 && byte != 0x7f && byte != b'\\'), "{text}");
    assert!(rocket::http::uri::Origin::parse(path).is_ok(), "{text}");
    assert_eq!(OwnPage::parse(path).map(|next| next.to_string()), Some(next.to_string()), "{text}");
}

/// A token has one way to be written, and is not believed unless we made it.
pub fn refresh_token(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Some(token) = RefreshToken::parse(text) else { return };
    assert_eq!(token.to_string(), text);
    assert!(!token.is_made_by(SIGNING.ring.signing(Purpose::Refresh), b"salt"), "{text}");
}

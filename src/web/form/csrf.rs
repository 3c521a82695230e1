//! Cross-site request forgery: where a form came from, and the token that
//! proves it was shown to this very browser (security decision D2).

use rocket::Request;
use time::Duration;

use crate::base::keys::{Key, Keys, Purpose};
use crate::base::secrets;
use crate::base::timestamp::Timestamp;
use crate::domain::sessions::SessionId;
use crate::service::settings::BaseUrl;
use crate::web::request::cookies::{Cookie, Outgoing, Received};

/// How long the form session of somebody who is not signed in lasts.
const FORM_SESSION: Duration = Duration::hours(1);

/// What a token is bound to: it is good for nobody else.
#[derive(Clone, Debug)]
pub struct Binding(Vec<u8>);

impl Binding {
    /// A signed-in session.
    pub fn session(sid: SessionId) -> Self {
        Self(sid.0.as_bytes().to_vec())
    }

    /// The form session of somebody not signed in, if the browser has one.
    pub fn anonymous(request: &Request<'_>) -> Option<Self> {
        Received::of(request).get(Cookie::Form).map(|value| Self(value.as_bytes().to_vec()))
    }

    /// The same; begun if there is none.
    pub fn begin_anonymous(request: &Request<'_>) -> Self {
        /// One for the whole request, however many forms the page has.
        struct Begun(Binding);
        let begin = || {
            let known = Self::anonymous(request);
            Begun(known.unwrap_or_else(|| {
                let value = secrets::encode(&secrets::random::<16>());
                Outgoing::of(request).set(Cookie::Form, &value, Some(FORM_SESSION));
                Self(value.into_bytes())
            }))
        };
        request.local_cache(begin).0.clone()
    }
}

/// A fresh token for the form named `purpose`.
pub fn token(keys: &Keys, purpose: &str, binding: &Binding) -> String {
    let nonce = secrets::random::<16>();
    let mac = mac_of(keys.ring().signing(Purpose::Form), purpose, binding, &nonce);
    format!("{}.{}", secrets::encode(&nonce), secrets::encode(&mac))
}

fn mac_of(key: &Key, purpose: &str, binding: &Binding, nonce: &[u8]) -> [u8; 32] {
    key.mac(&[b"csrf1", purpose.as_bytes(), &binding.0, nonce])
}

/// Whether `token` was made for this form and this browser.
pub fn matches(keys: &Keys, purpose: &str, binding: &Binding, token: &str, now: Timestamp) -> bool {
    let parts = token.split_once('.');
    let parts = parts.and_then(|(a, b)| Some((secrets::decode(a)?, secrets::decode(b)?)));
    let Some((nonce, mac)) = parts else { return false };
    let signed: [&[u8]; 4] = [b"csrf1", purpose.as_bytes(), &binding.0, &nonce];
    nonce.len() == 16 && keys.signed(Purpose::Form, &signed, &mac, now)
}

/// Whether the request was sent by one of our own pages. Current browsers say
/// so in `Sec-Fetch-Site`, older ones in `Origin` or `Referer`; a request with
/// none of the three is rejected.
pub fn is_from_our_pages(request: &Request<'_>, base: &BaseUrl) -> bool {
    let headers = request.headers();
    if let Some(site) = headers.get_one("sec-fetch-site") {
        return site == "same-origin";
    }
    if let Some(origin) = headers.get_one("origin") {
        return origin == base.as_str();
    }
    headers.get_one("referer").is_some_and(|referer| {
        referer.strip_prefix(base.as_str()).is_some_and(|rest| rest.starts_with('/'))
    })
}

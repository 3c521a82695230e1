//! What a request brought too late: held while its sender gives the password
//! again at `/confirm`, and found again by the address of its page, which then
//! has the query `held=` and a token.

use std::collections::BTreeMap;

use rocket::Request;
use rocket::http::Method;

use super::body;
use super::csrf::is_from_our_pages;
use super::return_to::OwnPage;
use crate::domain::one_time::{self, HeldForm};
use crate::service::Doorward;
use crate::web::request::identity::{Identity, identity};
use crate::web::request::now::Now;
use crate::web::request::request_id::RequestId;

/// The form that a request asked for by its token.
pub struct Found {
    /// The token.
    pub token: String,
    /// The form.
    pub form: HeldForm,
}

struct Asked(Option<Found>);

/// Where the form that was sent waits.
struct Waiting(Option<OwnPage>);

impl Found {
    /// The token in the query of a page, if it has one.
    pub fn token_in(query: &str) -> Option<&str> {
        query.strip_prefix("held=")
    }

    /// What this request asked for and is held.
    pub fn of<'r>(request: &'r Request<'_>) -> Option<&'r Self> {
        request.local_cache(|| Asked(None)).0.as_ref()
    }

    /// Leaves it for the page. Only before anybody has asked for it.
    pub fn note(self, request: &Request<'_>) {
        request.local_cache(|| Asked(Some(self)));
    }

    fn page(path: &str, token: &str) -> Option<OwnPage> {
        OwnPage::parse(&format!("{path}?held={token}"))
    }
}

/// Holds what was typed into a form that came too late, to be shown again on
/// the page of its own address. For a mere button there is nothing to hold.
pub async fn hold_typed(request: &Request<'_>, fields: BTreeMap<String, String>) {
    let form = HeldForm { path: OwnPage::of(request).to_string(), query: String::new(), fields };
    let is_own = form.path == request.uri().path().as_str();
    // A box that is no longer ticked is sent as nothing.
    if is_own && form.fields.values().any(|text| !text.is_empty()) {
        let page = hold(request, form).await;
        request.local_cache(|| Waiting(page));
    }
}

/// The page to return to from `/confirm`. A query that is too long for an
/// address in an address is held.
pub async fn way_back(request: &Request<'_>) -> OwnPage {
    let uri = request.uri();
    if let Some(Found { token, form }) = Found::of(request) {
        return Found::page(&form.path, token).unwrap_or_default();
    }
    if let Waiting(Some(page)) = request.local_cache(|| Waiting(None)) {
        return page.clone();
    }
    let is_long = request.method() == Method::Get && OwnPage::parse(&uri.to_string()).is_none();
    let query = uri.query().filter(|query| is_long && query.len() <= body::MOST_BYTES);
    let path = OwnPage::parse(uri.path().as_str());
    if let (Some(query), Some(path)) = (query, path) {
        let (path, query) = (path.to_string(), query.to_string());
        let form = HeldForm { path, query, ..HeldForm::default() };
        if let Some(page) = hold(request, form).await {
            return page;
        }
    }
    OwnPage::of(request)
}

/// Only of our own pages: a link on another site must neither put anything there
/// nor take the place of what is held.
async fn hold(request: &Request<'_>, form: HeldForm) -> Option<OwnPage> {
    let doorward = Doorward::of(request);
    if !is_from_our_pages(request, &doorward.settings.base_url) {
        return None;
    }
    let Identity::SignedIn(principal) = identity(request).await else { return None };
    let (path, whose) = (form.path.clone(), (principal.account, principal.session));
    match one_time::hold(doorward.db.write(), whose, form, Now::of(request)).await {
        Ok(token) => Found::page(&path, &token),
        Err(error) => {
            tracing::error!(id = RequestId::of(request), %error, "a form cannot be held");
            None
        }
    }
}

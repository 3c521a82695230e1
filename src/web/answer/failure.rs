//! How a route fails, and the pages shown for it. They are drawn without
//! template engine and database, which may be what has failed; but for what is
//! no fault of the server, where somebody signed in keeps the navigation.

use std::borrow::Cow;
use std::convert::Infallible;
use std::io::Cursor;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rocket::http::{Accept, ContentType, Header, Status};
use rocket::request::{FromRequest, Outcome};
use rocket::response::{self, Responder, Response};
use rocket::{Catcher, Request, catch, catchers};
use rocket_dyn_templates::context;
use time::Duration;

use super::headers;
use super::page::{Html, Page};
use super::redirect::SeeOther;
use crate::base::error::{Denied, Error};
use crate::service::Doorward;
use crate::web::form::held::way_back;
use crate::web::form::return_to::OwnPage;
use crate::web::request::denial::Denial;
use crate::web::request::identity::{Identity, identity};
use crate::web::request::request_id::RequestId;

/// How a route ends when it does not succeed.
pub enum Failure {
    /// A page that says what to correct.
    Page(Status, Box<Html>),
    /// The catcher for the status draws its page.
    Status(Status),
    /// First to the page that asks for this.
    Denied(Denial),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Status(match error {
            Error::NotFound => Status::NotFound,
            Error::Denied(Denied::NotSignedIn) => return Self::Denied(Denial::NotSignedIn),
            Error::Denied(Denied::NotRecent) => return Self::Denied(Denial::NotRecent),
            Error::Denied(Denied::NotPermitted) => Status::Forbidden,
            Error::Refused(_) => Status::UnprocessableEntity,
            Error::Busy => Status::ServiceUnavailable,
            Error::Database(_) | Error::MissingKey(_) | Error::Broken(_) => {
                tracing::error!(%error, "error.unexpected");
                if error.is_outage() {
                    return Self::Status(Status::ServiceUnavailable);
                }
                Status::InternalServerError
            }
        })
    }
}

impl<'r, 'o: 'r> Responder<'r, 'o> for Failure {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'o> {
        match self {
            Self::Page(status, page) => {
                let mut response = (status, *page).respond_to(request)?;
                ask_to_wait(request, &mut response);
                Ok(response)
            }
            Self::Status(status) => Err(status),
            Self::Denied(denial) => {
                denial.note(request);
                Err(Status::Unauthorized)
            }
        }
    }
}

/// How long the client has to wait, for the header `Retry-After`
/// (RFC 9110, section 10.2.3).
#[derive(Clone, Default)]
pub struct RetryAfter(Arc<AtomicU64>);

impl RetryAfter {
    /// The `Retry-After` of this request.
    pub fn of<'r>(request: &'r Request<'_>) -> &'r Self {
        request.local_cache(Self::default)
    }

    /// Sets it, in whole seconds.
    pub fn after(&self, wait: Duration) {
        self.0.store(wait.whole_seconds().unsigned_abs() + 1, Ordering::Relaxed);
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for RetryAfter {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        Outcome::Success(Self::of(request).clone())
    }
}

/// A 429 and a 503 say when to come again.
fn ask_to_wait(request: &Request<'_>, response: &mut Response<'_>) {
    if response.status() == Status::TooManyRequests {
        let seconds = RetryAfter::of(request).0.load(Ordering::Relaxed);
        response.set_header(Header::new("Retry-After", seconds.to_string()));
    }
    if response.status() == Status::ServiceUnavailable {
        response.set_header(Header::new("Retry-After", "2"));
    }
}

/// What exactly is wrong with a request, where its status does not say it all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Problem {
    /// Nothing beyond the status.
    None,
    /// Not sent by one of our pages.
    ForeignOrigin,
    /// Another content type than a form's.
    NotAForm,
    /// Text that is not UTF-8.
    NotUtf8,
    /// A field twice.
    FieldTwice,
    /// A field the form does not have.
    UnknownField,
    /// A held form that was shown, or was never there.
    NoLongerHeld,
}

impl Problem {
    /// Leaves it for the catcher.
    pub fn note(self, request: &Request<'_>) {
        request.local_cache(|| self);
    }

    fn sentence(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::ForeignOrigin => Some(
                "This form was not sent from a page of this site, so nothing was done. Please open the page here and try again.",
            ),
            Self::NotAForm => Some("This address accepts only the form of its own page."),
            Self::NotUtf8 => Some("The form has text that is not UTF-8. Nothing was done."),
            Self::FieldTwice => Some("The form has a field twice. Nothing was done."),
            Self::NoLongerHeld => Some(
                "What you sent is no longer stored here: it was shown already, or it is older than 15 minutes. Nothing was changed by it.",
            ),
            Self::UnknownField => {
                Some("The form has a field that does not belong to it. Nothing was done.")
            }
        }
    }
}

/// Title, sentence, and where to go next (address and words).
fn words(status: Status) -> (&'static str, &'static str, (&'static str, &'static str)) {
    let home = ("/", "Go to the start page");
    match status.code {
        400 => (
            "The request cannot be read",
            "Your browser sent something this server does not understand. Nothing was done.",
            home,
        ),
        401 => {
            ("Please sign in", "This page is for people who are signed in.", ("/login", "Sign in"))
        }
        403 => (
            "You don't have access",
            "You are signed in, but your account does not have permission for this.",
            ("/account", "Go to your account"),
        ),
        404 => ("Page not found", "The address is wrong, or the page no longer exists.", home),
        405 => {
            ("That cannot be done here", "This address does not accept that kind of request.", home)
        }
        408 => (
            "The request took too long",
            "The request did not arrive in time. Nothing was done; please try again.",
            home,
        ),
        413 => (
            "The form is too large",
            "A form here has at most 16 KiB. Nothing was done; please shorten it.",
            home,
        ),
        414 => (
            "The address is too long",
            "The address has more characters than this server accepts.",
            home,
        ),
        415 => {
            ("The form cannot be read", "This address accepts only the form of its own page.", home)
        }
        421 => ("Wrong address", "This server is set up for another address.", home),
        422 => {
            ("That cannot be done", "Something in the request is wrong. Nothing was done.", home)
        }
        429 => (
            "Too many attempts",
            "Please wait a little before you try again.",
            ("/login", "Go to the sign-in page"),
        ),
        503 => (
            "Please try again in a moment",
            "The server is busy or cannot reach its database. Nothing was done.",
            home,
        ),
        code if code >= 500 => (
            "Something went wrong",
            "This is not your fault. The error was logged, and nothing was done in part. Please try again.",
            home,
        ),
        _ => ("That did not work", "The request could not be answered.", home),
    }
}

/// The page for a status.
pub fn page(status: Status, sentence: &str, link: (&str, &str), id: &str) -> String {
    let (title, ..) = words(status);
    let action = format!(r#"<a href="{}">{}</a>"#, headers::escaped(link.0), link.1);
    super::assets::FAILURE_PAGE
        .replace("{{status}}", &status.code.to_string())
        .replace("{{title}}", title)
        .replace("{{sentence}}", sentence)
        .replace("{{action}}", &action)
        .replace("{{request_id}}", id)
}

fn answer<'r>(status: Status, request: &'r Request<'_>) -> Response<'r> {
    let (_, sentence, link) = words(status);
    let problem = *request.local_cache(|| Problem::None);
    let base = Doorward::of(request).settings.base_url.as_str();
    let sentence: Cow<'static, str> = match problem.sentence().unwrap_or(sentence) {
        _ if status == Status::MisdirectedRequest => {
            format!("This server is set up for {base}. If you run it: the setting is base_url.")
                .into()
        }
        sentence => sentence.into(),
    };
    let id = RequestId::of(request);
    let (kind, body): (ContentType, Cow<'static, str>) = if wants_json(request) {
        let code = code_of(status);
        let body = serde_json::json!({ "error": code, "message": sentence, "request_id": id });
        (ContentType::JSON, body.to_string().into())
    } else {
        let link = if status == Status::MisdirectedRequest { (base, base) } else { link };
        (ContentType::HTML, page(status, &sentence, link, id).into())
    };
    let mut response = Response::build();
    response.status(status).header(kind).sized_body(body.len(), Cursor::new(body.into_owned()));
    let mut response = response.finalize();
    ask_to_wait(request, &mut response);
    // Answers to unreadable requests never pass the fairings.
    headers::write(request, &mut response);
    response
}

fn wants_json(request: &Request<'_>) -> bool {
    request.uri().path().starts_with("/api/")
        || request.accept().is_some_and(|accept| {
            *accept != Accept::Any
                && accept.preferred().media_type() == ContentType::JSON.media_type()
        })
}

/// The word for a status in JSON answers.
pub fn code_of(status: Status) -> &'static str {
    match status.code {
        400 => "invalid_request",
        401 => "invalid_token",
        403 => "forbidden",
        404 => "not_found",
        408 => "timeout",
        413 => "too_large",
        415 => "unsupported_media_type",
        421 => "misdirected",
        422 => "unprocessable",
        429 => "too_many_requests",
        503 => "unavailable",
        _ => "server_error",
    }
}

/// The page, or the JSON, for a status.
struct Told(Status);

impl<'r> Responder<'r, 'r> for Told {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'r> {
        Ok(answer(self.0, request))
    }
}

#[catch(default)]
fn any(status: Status, _: &Request<'_>) -> Told {
    Told(status)
}

#[catch(403)]
async fn no_access(status: Status, request: &Request<'_>) -> Result<(Status, Html), Told> {
    with_navigation(status, request).await
}

#[catch(404)]
async fn not_found(status: Status, request: &Request<'_>) -> Result<(Status, Html), Told> {
    with_navigation(status, request).await
}

/// The page for a status in the frame of somebody who is signed in.
async fn with_navigation(status: Status, request: &Request<'_>) -> Result<(Status, Html), Told> {
    let signed_in = matches!(identity(request).await, Identity::SignedIn(_));
    if !signed_in || wants_json(request) {
        return Err(Told(status));
    }
    let Outcome::Success(page) = request.guard::<Page>().await else { return Err(Told(status)) };
    let (title, sentence, (link, action)) = words(status);
    let problem = *request.local_cache(|| Problem::None);
    let sentence = problem.sentence().unwrap_or(sentence);
    let (status_code, request_id) = (status.code, RequestId::of(request));
    let content = context! { title, sentence, link, action, status: status_code, request_id };
    Ok((status, page.render("failed.html", content)))
}

/// Somebody who must log in, or give the password again, is led there and back.
#[catch(401)]
async fn sign_in_first(request: &Request<'_>) -> Result<SeeOther, Told> {
    if request.uri().path().starts_with("/api/") {
        return Err(Told(Status::Unauthorized));
    }
    let to = match Denial::of(request) {
        Denial::NotSignedIn => format!("/login?next={}", OwnPage::of(request).encoded()),
        Denial::NotRecent => format!("/confirm?next={}", way_back(request).await.encoded()),
    };
    Ok(SeeOther::at(to))
}

/// The catchers for every status.
pub fn catchers() -> Vec<Catcher> {
    catchers![any, no_access, not_found, sign_in_first]
}

//! `/api`: the same for scripts. Tokens come in the `Authorization` header
//! (RFC 6750) and go out as JSON; cookies are never read here, so there is no
//! CSRF to guard against.

use rocket::data::{self, FromData};
use rocket::http::{Header, Status};
use rocket::outcome::Outcome;
use rocket::request::{self, FromRequest};
use rocket::response::{self, Responder, Response};
use rocket::serde::json::Json;
use rocket::{Data, Request, Route, get, post, routes};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::base::error::{Error, Refusal};
use crate::domain::accounts;
use crate::domain::accounts::names::LoginName;
use crate::domain::login::{SignIn, Wanted};
use crate::domain::passwords::policy::Password;
use crate::domain::sessions::tokens::refresh::RefreshToken;
use crate::domain::sessions::{Access, Audience, Issued, Principal, Refreshed};
use crate::domain::throttle::known_browser;
use crate::service::Doorward;
use crate::web::answer::failure;
use crate::web::form::body;
use crate::web::request::caller::Caller;
use crate::web::request::now::Now;
use crate::web::request::service::Service;

/// The addresses of this file.
pub fn routes() -> Vec<Route> {
    routes![log_in, refresh, log_out, me]
}

/// A failure as JSON: a word for programs, a sentence for people.
pub struct ApiError {
    status: Status,
    code: &'static str,
    message: String,
    /// In seconds, where waiting helps.
    retry_after: i64,
}

impl ApiError {
    fn new(status: Status, code: &'static str, message: impl Into<String>) -> Self {
        // A 503 passes in a moment.
        Self { status, code, message: message.into(), retry_after: 2 }
    }

    fn invalid_token() -> Self {
        Self::new(
            Status::Unauthorized,
            "invalid_token",
            "The token is not valid or not any more. Refresh it or log in.",
        )
    }

    fn of_status(status: Status) -> Self {
        let message = match status.code {
            408 => "The body did not arrive in time.",
            413 => "The body has more than 16 KiB.",
            415 => "The body must be JSON: Content-Type: application/json.",
            503 => "The server is busy or cannot reach its database. Try again in a moment.",
            _ => "The body is not the JSON object this address takes.",
        };
        Self::new(status, failure::code_of(status), message)
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(Refusal::AccountDisabled) => {
                Self::new(Status::Forbidden, "account_disabled", error.to_string())
            }
            Error::Refused(Refusal::TooManyAttempts(wait)) => {
                let words = error.to_string();
                let new = Self::new(Status::TooManyRequests, "too_many_attempts", words);
                Self { retry_after: wait.whole_seconds() + 1, ..new }
            }
            Error::Refused(_) => {
                Self::new(Status::Unauthorized, "invalid_credentials", error.to_string())
            }
            Error::NotFound | Error::Denied(_) => Self::invalid_token(),
            Error::Busy => Self::of_status(Status::ServiceUnavailable),
            Error::Database(_) | Error::MissingKey(_) | Error::Broken(_) => {
                tracing::error!(%error, "error.unexpected");
                if error.is_outage() {
                    return Self::of_status(Status::ServiceUnavailable);
                }
                Self::new(
                    Status::InternalServerError,
                    "server_error",
                    "Something went wrong here. It was written down.",
                )
            }
        }
    }
}

impl<'r> Responder<'r, 'static> for ApiError {
    fn respond_to(self, request: &'r Request<'_>) -> response::Result<'static> {
        let body = serde_json::json!({ "error": self.code, "message": self.message });
        let mut answer = Response::build_from(Json(body).respond_to(request)?);
        answer.status(self.status);
        if self.status == Status::Unauthorized {
            let challenge = format!(r#"Bearer error="{}""#, self.code);
            answer.header(Header::new("WWW-Authenticate", challenge));
        }
        if [Status::ServiceUnavailable, Status::TooManyRequests].contains(&self.status) {
            answer.header(Header::new("Retry-After", self.retry_after.to_string()));
        }
        answer.ok()
    }
}

/// A JSON body of exactly this form, or what to answer instead.
struct Body<T>(Result<T, ApiError>);

#[rocket::async_trait]
impl<'r, T: DeserializeOwned + Send> FromData<'r> for Body<T> {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> data::Outcome<'r, Self> {
        let read = body::read(data).await;
        let is_json = request.content_type().is_some_and(|kind| kind.is_json());
        let parsed = match read {
            Err(status) => Err(ApiError::of_status(status)),
            Ok(_) if !is_json => Err(ApiError::of_status(Status::UnsupportedMediaType)),
            // To serde a list of the fields' values is as good as their object.
            Ok(bytes) if !bytes.trim_ascii_start().starts_with(b"{") => {
                Err(ApiError::of_status(Status::BadRequest))
            }
            // The parser's own message could quote a password.
            Ok(bytes) => {
                serde_json::from_slice(&bytes).map_err(|_| ApiError::of_status(Status::BadRequest))
            }
        };
        Outcome::Success(Self(parsed))
    }
}

/// A token pair (RFC 6749, section 5.1).
#[derive(Serialize)]
struct Tokens {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    refresh_token: String,
    /// After a log-in: gives this script attempts of its own the next time.
    #[serde(skip_serializing_if = "Option::is_none")]
    device_token: Option<String>,
}

impl Tokens {
    fn of(issued: Issued, device_token: Option<String>) -> Json<Self> {
        let (access_token, life) = issued.access_token;
        Json(Self {
            access_token,
            token_type: "Bearer",
            expires_in: life.whole_seconds(),
            refresh_token: issued.refresh_token,
            device_token,
        })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Login {
    login: String,
    password: String,
    /// Of an earlier log-in. One that is not good changes nothing.
    device_token: Option<String>,
}

#[post("/login", data = "<body>")]
async fn log_in(
    body: Body<Login>,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<Json<Tokens>, ApiError> {
    let Login { login, password, device_token } = body.0?;
    let password = Password::parse(&password).ok_or(Error::from(Refusal::WrongCredentials))?;
    let login = LoginName::parse(&login);
    let keys = &doorward.keys;
    let known = device_token.and_then(|token| known_browser::verify(keys, &token, now.0));
    let who = SignIn { login: &login, password: &password, known: known.as_ref() };
    let wanted = Wanted { client: Audience::Api, remember: true, replaces: None };
    let issued = doorward.credentials().sign_in(who, wanted, &caller.0, now.0).await?;
    let device_token = known_browser::issue(keys, issued.principal.account.0, now.0);
    Ok(Tokens::of(issued, Some(device_token)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refresh {
    refresh_token: String,
}

#[post("/refresh", data = "<body>")]
async fn refresh(
    body: Body<Refresh>,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<Json<Tokens>, ApiError> {
    let token = RefreshToken::parse(&body.0?.refresh_token).ok_or_else(ApiError::invalid_token)?;
    match doorward.sessions.refresh(&token, None, Audience::Api, &caller.0, now.0).await? {
        Refreshed::Issued(issued) => Ok(Tokens::of(*issued, None)),
        Refreshed::LetIn(_) => Err(ApiError::new(
            Status::Unauthorized,
            "superseded",
            "This refresh token has a successor that is in use. Nothing has ended; use the newer one.",
        )),
        Refreshed::Renewed(_) => Err(ApiError::invalid_token()),
        Refreshed::Ended(reason) => {
            let words = format!("The session is over ({}). Log in again.", reason.name());
            Err(ApiError::new(Status::Unauthorized, "invalid_token", words))
        }
        Refreshed::Unknown => Err(ApiError::invalid_token()),
    }
}

/// Whoever the bearer token speaks for, or what to answer instead.
struct Bearer(Result<Principal, ApiError>);

impl Bearer {
    async fn of(token: Option<&str>, request: &Request<'_>) -> Result<Principal, ApiError> {
        let token = token.ok_or_else(ApiError::invalid_token)?;
        let sessions = &Doorward::of(request).sessions;
        let caller = || Caller::of(request);
        match sessions.verify(token, Audience::Api, caller, Now::of(request)).await {
            Ok(Access::Granted(principal)) => Ok(principal),
            Ok(Access::Outdated(_) | Access::Denied) => Err(ApiError::invalid_token()),
            Err(error) => {
                tracing::error!(%error, "cannot tell who sent a request");
                Err(ApiError::of_status(Status::ServiceUnavailable))
            }
        }
    }
}

/// The one `Authorization: Bearer` header of a request.
fn header_token<'r>(request: &'r Request<'_>) -> Option<&'r str> {
    let mut headers = request.headers().get("authorization");
    let (header, None) = (headers.next()?, headers.next()) else { return None };
    let (scheme, token) = header.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Bearer {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        Outcome::Success(Self(Self::of(header_token(request), request).await))
    }
}

/// As [`Bearer`]; where the settings allow it, the token may also stand in the
/// query (RFC 6750, section 2.3, which advises against it).
struct BearerOrQuery(Result<Principal, ApiError>);

#[rocket::async_trait]
impl<'r> FromRequest<'r> for BearerOrQuery {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> request::Outcome<Self, ()> {
        let allowed = Doorward::of(request).settings.allow_query_token;
        let in_query = match request.query_value::<&str>("access_token") {
            Some(Ok(token)) if allowed => Some(token),
            _ => None,
        };
        let in_header = header_token(request);
        let found = match (in_header, in_query) {
            (Some(_), Some(_)) => Err(ApiError::new(
                Status::BadRequest,
                "invalid_request",
                "Send the token once: in the Authorization header.",
            )),
            (token, other) => Bearer::of(token.or(other), request).await,
        };
        Outcome::Success(Self(found))
    }
}

#[post("/logout")]
async fn log_out(
    who: Bearer,
    doorward: &Service,
    caller: Caller,
    now: Now,
) -> Result<Status, ApiError> {
    let who = who.0?;
    doorward.sessions.log_out(who.account, who.session, &caller.0, now.0).await?;
    Ok(Status::NoContent)
}

#[derive(Serialize)]
struct Me {
    sub: String,
    username: String,
    email: String,
    roles: Vec<String>,
    sid: String,
    auth_time: i64,
}

/// `/api/me`, which a token in the query makes private (RFC 6750, section 2.3).
#[derive(rocket::Responder)]
struct Private {
    body: Json<Me>,
    cache: Header<'static>,
}

#[get("/me")]
async fn me(who: BearerOrQuery, doorward: &Service) -> Result<Private, ApiError> {
    let who = who.0?;
    let account = accounts::by_id(doorward.db.read(), who.account).await?;
    let me = Me {
        sub: account.id.to_string(),
        username: account.username,
        email: account.email,
        roles: account.roles.names().map(str::to_owned).collect(),
        sid: who.session.to_string(),
        auth_time: who.auth_time.seconds(),
    };
    let cache = Header::new("Cache-Control", "private, no-store");
    Ok(Private { body: Json(me), cache })
}

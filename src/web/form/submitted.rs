//! Submitted forms: where they come from, their CSRF token, and what is shown
//! again with its errors. A route that takes a form takes [`Submitted`];
//! the fields cannot be had any other way, so no route can forget the checks.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rocket::data::{self, FromData};
use rocket::http::Status;
use rocket::outcome::Outcome;
use rocket::{Data, Request};
use serde::Serialize;

use super::csrf::{self, Binding};
use super::fields::FieldError;
pub use super::fields::{Button, Fields, PageForm};
use super::{body, urlencoded};
use crate::base::error::{Error, Result, Subject};
use crate::base::secrets;
use crate::domain::audit::RequestSource;
use crate::domain::{accounts, throttle};
use crate::service::{Doorward, words};
use crate::web::answer::failure::{Failure, Problem, RetryAfter};
use crate::web::answer::page::{Html, Page};
use crate::web::request::caller::Caller;
use crate::web::request::denial::Denial;
use crate::web::request::identity::{Identity, identity};
use crate::web::request::now::Now;

/// A form sent from one of our own pages. A foreign origin or a wrong CSRF
/// token: 403. A body that is not such a form: 400, 408, 413 or 415.
pub struct Submitted<T> {
    form: Option<T>,
    typed: Typed,
    retry: RetryAfter,
    token: String,
}

/// What a page needs to show a form again. As it is sent to the template.
#[derive(Default, Serialize)]
pub struct Typed {
    csrf: String,
    values: BTreeMap<Cow<'static, str>, String>,
    errors: Vec<FieldError>,
    stale: bool,
    /// Whether it was held while its sender gave the password again.
    held: bool,
}

impl Typed {
    /// A form with nothing typed yet but these values; or with what was typed
    /// before the password was asked for.
    pub fn fresh<T: PageForm>(page: &Page, values: &[(&'static str, &str)]) -> Self {
        let values = values.iter().map(|(name, value)| (Cow::from(*name), (*value).to_owned()));
        let mut values: BTreeMap<_, _> = values.collect();
        let held = page.held_fields().inspect(|(name, text)| {
            values.insert(Cow::from((*name).to_owned()), (*text).to_owned());
        });
        let held = held.count() > 0;
        Self { csrf: page.csrf_for(T::PURPOSE), values, held, ..Self::default() }
    }

    /// The same with another value in a field.
    pub fn with(mut self, name: &'static str, value: String) -> Self {
        self.values.insert(Cow::from(name), value);
        self
    }

    /// What stands in a field.
    pub fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// Whether that box of [`Fields::all_ticked`] was ticked; `None` when nothing was sent yet.
    pub fn is_ticked(&self, prefix: &str, name: &str) -> Option<bool> {
        let names = self.values.get(prefix)?;
        Some(names.split(' ').any(|ticked| ticked == name))
    }
}

impl<T: PageForm> Submitted<T> {
    /// Hands a well-filled form to the domain. Fields that do not parse, and
    /// refusals, show the same page again with the reasons at the fields
    /// (422); so does a page that was too old (403). `show` draws the page.
    ///
    /// # Errors
    /// The page with its errors, or whatever else went wrong.
    pub async fn submit<Done>(
        self,
        page: Page,
        show: impl FnOnce(Page, Typed) -> Html,
        act: impl AsyncFnOnce(T) -> Result<Done>,
    ) -> Result<Done, Failure> {
        let refused = self.attempt(&page, act).await?;
        refused.map_err(|(status, typed)| Failure::Page(status, Box::new(show(page, typed))))
    }

    /// The same for a page that takes more than a moment to draw: when the form
    /// has to be shown again, returns its status and what to show.
    ///
    /// # Errors
    /// Whatever else went wrong.
    pub async fn attempt<Done>(
        self,
        page: &Page,
        act: impl AsyncFnOnce(T) -> Result<Done>,
    ) -> Result<Result<Done, (Status, Typed)>, Failure> {
        let Self { form, mut typed, retry, .. } = self;
        let mut status = if typed.stale { Status::Forbidden } else { Status::UnprocessableEntity };
        if let Some(form) = form {
            match act(form).await {
                Err(Error::Refused(refusal)) => {
                    let (field, label) = place_of::<T>(refusal.subject());
                    if refusal == accounts::refusals::WRONG_CREDENTIALS {
                        status = Status::Unauthorized;
                    }
                    if let Some(wait) = throttle::refusals::wait_of(refusal) {
                        status = Status::TooManyRequests;
                        retry.after(wait);
                    }
                    typed.errors.push(FieldError {
                        field,
                        label,
                        message: words::refusal(refusal),
                    });
                }
                // What was typed is not lost to a busy moment.
                Err(Error::Busy) => {
                    let message = Error::Busy.to_string();
                    typed.errors.push(FieldError { field: "", label: "", message });
                    status = Status::ServiceUnavailable;
                }
                other => return Ok(Ok(other?)),
            }
        }
        typed.csrf = page.csrf_for(T::PURPOSE);
        Ok(Err((status, typed)))
    }

    /// The fields of a form that is sent a second time, from a page whose
    /// session was renewed since.
    ///
    /// # Errors
    /// Its fields do not parse, or its token is another session's: sign in.
    pub fn sent_again(self) -> Result<T, Failure> {
        self.form.ok_or(Failure::Denied(Denial::NotSignedIn))
    }

    /// Tells this form from every other one that was shown: it is the same only
    /// when the page that answered it is reloaded.
    pub fn fingerprint(&self) -> String {
        secrets::encode(&secrets::token_hash(&self.token))
    }

    /// What was typed into a field that is no secret.
    pub fn typed(&self, name: &str) -> String {
        self.typed.value(name).to_owned()
    }

    /// All that was typed and is no secret, also on a page that was too old: it is
    /// from one of our pages, and is sent again with the token of a new one.
    pub fn into_held(self) -> BTreeMap<String, String> {
        let values = self.typed.values.into_iter();
        values.map(|(name, text)| (name.into_owned(), text)).collect()
    }
}

impl Submitted<Button> {
    /// Passes if the button was pressed on one of our pages that was not too old;
    /// else `show` draws the page to answer with (403).
    ///
    /// # Errors
    /// The page, when nothing was done.
    pub fn pressed(self, page: Page, show: impl FnOnce(Page) -> Html) -> Result<(), Failure> {
        match self.form {
            Some(Button) => Ok(()),
            None => Err(Failure::Page(Status::Forbidden, Box::new(show(page)))),
        }
    }
}

/// The field a refusal is shown with, and its label; "" for the form as a whole.
fn place_of<T: PageForm>(subject: Subject) -> (&'static str, &'static str) {
    match subject {
        Subject::Username => ("username", "User name"),
        Subject::DisplayName => ("display_name", "Display name"),
        Subject::Email => ("email", "E-mail address"),
        Subject::NewPassword => T::NEW_PASSWORD,
        Subject::PresentPassword => T::PRESENT_PASSWORD,
        Subject::RoleName => ("name", "Name"),
        Subject::SetupToken => ("token", "Setup token"),
        Subject::RevokedToken => ("token", "Token or jti"),
        Subject::Field(name, label) => (name, label),
        Subject::Whole => ("", ""),
    }
}

#[rocket::async_trait]
impl<'r, T: PageForm> FromData<'r> for Submitted<T> {
    type Error = ();

    async fn from_data(request: &'r Request<'_>, data: Data<'r>) -> data::Outcome<'r, Self> {
        match receive(request, data).await {
            Ok(submitted) => Outcome::Success(submitted),
            Err((status, problem)) => {
                problem.note(request);
                Outcome::Error((status, ()))
            }
        }
    }
}

async fn receive<T: PageForm>(
    request: &Request<'_>,
    data: Data<'_>,
) -> Result<Submitted<T>, (Status, Problem)> {
    let doorward = Doorward::of(request);
    let is_form = request.content_type().is_some_and(|kind| kind.is_form());
    // The body is read first whatever is wrong with it: an answer sent before
    // would break the connection under a browser that is still sending.
    let body = body::read(data).await;
    if !csrf::is_from_our_pages(request, &doorward.settings.base_url) {
        let RequestSource { request_id, address, .. } = Caller::of(request);
        tracing::warn!(id = request_id, address, reason = "origin", "csrf.fail");
        return Err((Status::Forbidden, Problem::ForeignOrigin));
    }
    if !is_form {
        return Err((Status::UnsupportedMediaType, Problem::NotAForm));
    }
    let sent = urlencoded::parse(&body.map_err(|status| (status, Problem::None))?)
        .map_err(|problem| (Status::BadRequest, problem))?;
    let mut fields = Fields::of(sent, &doorward.rules);
    let token = fields.sent.remove("csrf").unwrap_or_default();
    let form = T::read(&mut fields);
    if !fields.sent.is_empty() {
        return Err((Status::BadRequest, Problem::UnknownField));
    }
    let bindings = match identity(request).await {
        Identity::SignedIn(principal) => [Some(Binding::session(principal.session)), None],
        // The form that renewed the session, sent again, or the sign-in page since.
        Identity::Renewed(before) => {
            [Some(Binding::session(before.sid)), Binding::anonymous(request)]
        }
        Identity::Anonymous(_) => [None, Binding::anonymous(request)],
        Identity::Unavailable => return Err((Status::ServiceUnavailable, Problem::None)),
    };
    let fresh = bindings.iter().flatten().any(|binding| {
        csrf::matches(&doorward.keys, T::PURPOSE, binding, &token, Now::of(request))
    });
    if !fresh {
        let RequestSource { request_id, address, .. } = Caller::of(request);
        tracing::warn!(id = request_id, address, reason = "token", form = T::PURPOSE, "csrf.fail");
    }
    let typed = Typed {
        csrf: String::new(),
        values: fields.shown.into_iter().map(|(name, text)| (name.into(), text)).collect(),
        errors: if fresh { fields.errors } else { Vec::new() },
        stale: !fresh,
        held: false,
    };
    let retry = RetryAfter::of(request).clone();
    Ok(Submitted { form: form.filter(|_| fresh), typed, retry, token })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::error::Refusal;
    use crate::domain::{administration, credentials};

    #[test]
    fn a_refusal_stands_beside_the_field_that_it_is_about() {
        struct Change;
        impl PageForm for Change {
            const PURPOSE: &'static str = "change";
            const NEW_PASSWORD: (&'static str, &'static str) = ("new_password", "New password");

            fn read(_: &mut Fields) -> Option<Self> {
                Some(Self)
            }
        }
        let field = |refusal: Refusal| place_of::<Change>(refusal.subject()).0;
        assert_eq!(field(accounts::refusals::USERNAME_TAKEN), "username");
        assert_eq!(field(credentials::refusals::SAME_PASSWORD), "new_password");
        assert_eq!(field(accounts::refusals::WRONG_PASSWORD), "password");
        assert_eq!(field(administration::refusals::LAST_ADMIN), "");
    }
}

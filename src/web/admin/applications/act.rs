//! What the pages about applications do, and say when it is done.

use crate::base::error::Result;
use crate::domain::applications::{Change, Surroundings, change_applications};
use crate::domain::sessions::Actor;
use crate::service::Doorward;
use crate::service::settings::Registration;
use crate::web::answer::message::Message;
use crate::web::request::now::Now;

const UNDO: &str = "/admin/undo/applications";

/// An application was added.
pub(super) const ADDED: Message =
    Message::done("application-added", "The application was added.").undone_at(UNDO);
/// An application or a rule of it was changed.
pub(super) const CHANGED: Message =
    Message::done("application-changed", "The change takes effect with the next request.")
        .undone_at(UNDO);
/// An application was removed.
pub(super) const REMOVED: Message =
    Message::done("application-removed", "The application was removed.").undone_at(UNDO);

/// The messages of this file.
pub(in crate::web::admin) const MESSAGES: &[Message] = &[ADDED, CHANGED, REMOVED];

/// What a form is checked with.
pub(super) fn surroundings(doorward: &Doorward) -> Surroundings<'_> {
    let open = doorward.settings.web.registration == Registration::Open;
    doorward.applications.surroundings(open)
}

/// Does it, and knows it before the answer leaves. Returns the numbers of the events.
///
/// # Errors
/// What [`change_applications`] refuses.
pub(super) async fn perform(
    doorward: &Doorward,
    change: Change,
    actor: Actor<'_>,
    now: Now,
) -> Result<(i64, i64)> {
    let events = change_applications(&doorward.sessions, &[change], actor, now.0).await?;
    doorward.applications.sync(doorward.db.read()).await?;
    Ok(events)
}

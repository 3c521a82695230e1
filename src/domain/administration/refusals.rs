//! What acts of staff refuse. The words for it are in `service::words`.

use crate::base::error::{Refusal, Subject};

/// Nobody else could administer the service afterwards.
pub const LAST_ADMIN: Refusal = Refusal::new("last-admin", Subject::Whole);
/// Support helps members; nobody takes over an administrator from the dashboard.
pub const NOT_AN_ADMIN: Refusal = Refusal::new("not-an-admin", Subject::Whole);
/// Staff who recover or disable an account must have all of its permissions.
pub const TARGET_OUTRANKS_ACTOR: Refusal = Refusal::new("target-outranks-actor", Subject::Whole);
/// With a copy of somebody's cookies nobody gets to the password.
pub const OWN_ACCOUNT: Refusal = Refusal::new("own-account", Subject::Whole);
/// Somebody else changed the roles since the form was drawn.
pub const ROLES_CHANGED_MEANWHILE: Refusal =
    Refusal::new("roles-changed-meanwhile", Subject::Whole);
/// Other accounts fit the list than when the page was drawn, or too many.
pub const SELECTION_CHANGED: Refusal = Refusal::new("selection-changed", Subject::Whole);
/// The role that accounts were to get or lose was removed or renamed.
pub const ROLE_IS_GONE: Refusal = Refusal::new("role-is-gone", Subject::Whole);
/// What an undo would bring back is not what is there.
pub const TOO_LATE_TO_UNDO: Refusal = Refusal::new("too-late-to-undo", Subject::Whole);

//! What is refused about an application. The words for it are in `service::words`.

use crate::base::error::{Refusal, Subject};

/// No application can have that short name.
pub const SLUG: Refusal = Refusal::new("application-slug", Subject::Field("slug", "Short name"));
/// Another application has it.
pub const SLUG_TAKEN: Refusal =
    Refusal::new("application-slug-taken", Subject::Field("slug", "Short name"));
/// No name is so short or so long, or has such characters.
pub const NAME: Refusal = Refusal::new("application-name", Subject::Field("name", "Name"));
/// An application without a host is never asked about.
pub const NO_HOST: Refusal = Refusal::new("application-no-host", Subject::Field("hosts", "Hosts"));
/// That is no host.
pub const HOST: Refusal = Refusal::new("application-host", Subject::Field("hosts", "Hosts"));
/// Another application has this host, perhaps with another port.
pub const HOST_TAKEN: Refusal =
    Refusal::new("application-host-taken", Subject::Field("hosts", "Hosts"));
/// Browsers would send the application the cookies of this service.
pub const HOST_IS_OURS: Refusal =
    Refusal::new("application-host-is-ours", Subject::Field("hosts", "Hosts"));
/// More hosts or rules than one application can have.
pub const TOO_MANY: Refusal =
    Refusal::new("application-too-many", Subject::Field("hosts", "Hosts"));
/// It must be said what is needed.
pub const NEEDS: Refusal =
    Refusal::new("application-needs", Subject::Field("needs", "Who may open it"));
/// Everybody may create an account, and so could open it.
pub const OPEN_TO_ANYONE: Refusal = Refusal::new(
    "application-open-to-anyone",
    Subject::Field("anyone_may_register", "Anyone may register"),
);
/// Roles are needed, but not which.
pub const NO_ROLES: Refusal =
    Refusal::new("application-no-roles", Subject::Field("roles", "Roles"));
/// There is no such role.
pub const UNKNOWN_ROLE: Refusal =
    Refusal::new("application-unknown-role", Subject::Field("roles", "Roles"));
/// Nobody could sign in as often, or it would mean nothing.
pub const CONFIRM_SECONDS: Refusal = Refusal::new(
    "application-confirm-seconds",
    Subject::Field("confirm_seconds", "Password again"),
);
/// There is no such way to tell an application who it is.
pub const IDENTITY: Refusal =
    Refusal::new("application-identity", Subject::Field("identity", "Identity"));
/// The address to open is not on one of its hosts.
pub const OPEN_URL: Refusal =
    Refusal::new("application-open-url", Subject::Field("open_url", "Address to open"));
/// That is no address of a server.
pub const UPSTREAM: Refusal =
    Refusal::new("application-upstream", Subject::Field("upstream", "Upstream"));
/// That is no path, or one that servers read in several ways.
pub const PATH: Refusal = Refusal::new("application-path", Subject::Field("path", "Path"));
/// A public rule for a beginning must end at a folder.
pub const PUBLIC_BORDER: Refusal =
    Refusal::new("application-public-border", Subject::Field("path", "Path"));
/// That is no network.
pub const NETWORK: Refusal =
    Refusal::new("application-network", Subject::Field("networks", "Networks"));
/// Another rule is about the same requests.
pub const SAME_RULE: Refusal =
    Refusal::new("application-same-rule", Subject::Field("path", "Path"));
/// Nobody has the application any more that was edited, or it was edited meanwhile.
pub const CHANGED_MEANWHILE: Refusal =
    Refusal::new("application-changed-meanwhile", Subject::Whole);

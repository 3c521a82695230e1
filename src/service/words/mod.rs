//! Words for people: what the domain says by name and with data, in sentences.
//! Pages, exports and the command line share them.

mod applications;
mod causes;
mod details;
mod ends;
mod events;
mod near;
mod networks;
mod refusals;
mod roles;
mod verdicts;

pub use self::applications::{faults, unusable};
pub use self::causes::{advice, cause, circumstances, problem};
pub use self::details::detail;
pub use self::ends::revoked_because;
pub use self::events::{action, event};
pub use self::near::near;
pub use self::networks::network;
pub use self::refusals::{error, refusal};
pub use self::roles::BUILT_IN_ROLES;
pub use self::verdicts::{fault, reason, verdict};

//! Applications that are guarded: who may open which part of them. `draft` is
//! how they are written, `application` what they are, `decide` the one function
//! that allows a request or not; `catalog` holds all of them in memory, and
//! `sightings` what was asked about them.

mod application;
mod catalog;
mod change;
pub mod decide;
mod draft;
pub mod events;
mod path;
mod place;
pub mod question;
pub mod readings;
pub mod refusals;
pub mod sightings;
mod tables;

pub use self::application::{Application, Needs, Requirement};
pub use self::catalog::{Catalog, Catalogs, Found, Unusable, slugs};
pub use self::change::{Change, change_applications, forget_old, rename_role, undo};
pub use self::draft::{Draft, Fault, RuleDraft, Surroundings};
pub use self::place::HostPattern;
pub use self::tables::tables;

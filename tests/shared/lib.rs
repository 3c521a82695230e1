//! What the tests of all floors share: a database, a page as it is read, a
//! browser's cookies and forms, proxies, and the source text.

pub mod databases;
pub mod forms;
pub mod jar;
pub mod page;
pub mod proxies;
pub mod routes;
pub mod source;

/// A password the policy lets pass.
pub const PASSWORD: &str = "quiet river under stone";

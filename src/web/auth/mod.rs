//! `/auth`: what proxies ask.

mod told;
pub mod verify;

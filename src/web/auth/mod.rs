//! `/auth`: what proxies ask.

mod answer;
mod noted;
mod script;
mod told;
pub mod verify;

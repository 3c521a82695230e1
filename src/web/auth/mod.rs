//! `/auth`: what proxies ask.

mod answer;
mod noted;
mod told;
pub mod verify;

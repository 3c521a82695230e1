//! `/auth`: what proxies ask.

pub mod verify;

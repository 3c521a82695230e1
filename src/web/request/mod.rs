//! What a request says: who asks, from where, with which cookies, at what time.

pub mod caller;
pub mod cookies;
pub mod denial;
pub mod guards;
pub mod identity;
pub mod known_browser;
pub mod now;
pub mod request_id;
pub mod service;
pub mod staff_guards;
pub mod user_agent;

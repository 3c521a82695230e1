//! What a request says: who asks, from where, with which cookies, at what time.

pub mod cookies;
pub mod guards;
pub mod now;
pub mod user_agent;

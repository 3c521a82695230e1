//! The two tokens of a session: the access token says who is signed in, the
//! refresh token gets the next pair.

pub mod access;
pub(super) mod pair;
pub mod refresh;

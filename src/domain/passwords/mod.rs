//! Passwords: what one must be like, and how it is hashed (Argon2id).

mod guessable;
pub mod hash;
pub mod hasher;
pub mod policy;
pub mod refusals;

//! Doorward, a sign-in server. Five rooms, lowest first; each imports only
//! those above it in this list. `tests/architecture.rs` holds the order, also
//! inside the rooms. `docs/architecture.md` follows two requests through them.
//!
//! It is a program: other crates have [`cli::run`] and nothing else. The feature
//! `test-support` opens the rooms to its tests and its benchmark.

#[cfg(feature = "test-support")]
pub mod base;
#[cfg(feature = "test-support")]
pub mod domain;
#[cfg(feature = "test-support")]
pub mod service;
#[cfg(feature = "test-support")]
pub mod web;

#[cfg(not(feature = "test-support"))]
mod base;
#[cfg(not(feature = "test-support"))]
mod domain;
#[cfg(not(feature = "test-support"))]
mod service;
#[cfg(not(feature = "test-support"))]
mod web;

pub mod cli;

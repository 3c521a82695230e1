//! Doorward, a sign-in server. Five rooms, lowest first; each imports only
//! those above it in this list. `tests/architecture.rs` holds the order, also
//! inside the rooms.

pub mod base;
pub mod domain;
pub mod service;
pub mod web;

pub mod cli;

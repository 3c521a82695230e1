//! Attacks, one file for each promise of SECURITY.md and docs/protocols.md:
//! every test is an attempt to break a sentence there, and holds that it fails.

#[path = "../web/app.rs"]
#[expect(dead_code, reason = "the tests of the pages use more of it")]
mod app;

mod access_token;
mod claims;
mod copied_cookies;
mod database_thief;
mod guessing;
mod key_thief;
mod members;
mod neighbours;
mod network;
mod other_sites;
mod overlapping;
mod passwords;
mod reasons;
mod refresh;
mod renewals;
mod staff;
mod strangers;

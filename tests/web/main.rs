//! The app as a browser meets it: requests in, pages and cookies out. In
//! process, with a real database; what needs a socket is in tests/server.

mod account;
mod admin;
mod api;
mod app;
mod assertion;
mod audit;
mod cookies;
mod csrf;
mod forms;
mod gates;
mod guarding;
mod headers;
mod held;
mod login;
mod metrics;
mod my_sessions;
mod my_tokens;
mod pages;
mod recovery;
mod registration;
mod setup;
mod styles;
mod throttle;
mod undo;

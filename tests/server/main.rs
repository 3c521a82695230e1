//! The built program on real sockets: started from nothing, talked to in raw
//! bytes where an HTTP client would be too polite.

#![expect(clippy::disallowed_types, reason = "these tests start the program")]

mod beside;
mod browser;
mod cluster;
mod commands;
mod crash;
mod faults;
mod guarding;
mod input;
mod installed;
mod late;
mod logs;
mod moving;
mod proxy;
mod raw;
mod restoring;
mod server;
mod service;
mod settings;
mod start;
mod tls;
mod upgrading;

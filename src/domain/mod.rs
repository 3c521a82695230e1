//! What sign-in is, one subject a folder, lowest first. No HTTP and no clock:
//! `now` is a parameter.

pub mod statistics;

pub mod audit;

pub mod throttle;

pub mod passwords;

pub mod accounts;

pub mod login;

pub mod sessions;

pub mod one_time;

pub mod applications;

pub mod entries;

pub mod personal_tokens;

pub mod credentials;

pub mod administration;

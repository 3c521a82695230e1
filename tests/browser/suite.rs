//! Doorward in Chromium, as a person meets it.

mod checks;
mod guarding;
mod layout;
mod stories;

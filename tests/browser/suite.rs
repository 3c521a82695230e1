//! Doorward in Chromium, as a person meets it.

mod checks;
mod layout;
mod stories;

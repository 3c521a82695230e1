//! What everything stands on, and what knows no account: errors, time, secrets,
//! the database, the keys, the log.

pub mod clock;
pub mod error;
pub mod files;
pub mod host;
pub mod keys;
pub mod logging;
pub mod metrics;
pub mod network;
pub mod percent;
pub mod secrets;
pub mod store;
pub mod timestamp;
pub mod zone;

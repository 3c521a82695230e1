//! What an answer is made of: the page and its frame, redirects, messages,
//! failures, headers and the line in the log.

pub mod access_log;
pub mod asset;
pub mod assets;
pub mod download;
pub mod engine;
pub mod failure;
pub mod frame;
pub mod headers;
pub mod message;
pub mod page;
pub mod redirect;
pub mod sections;
pub mod view;

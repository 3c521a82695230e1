//! What several pages of staff show.

pub(super) mod account;
pub(super) mod chart;
pub(super) mod event;
pub(super) mod session;

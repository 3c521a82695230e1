//! A new service: the link that makes the first administrator, what they should
//! do next, and the proxy in front.

pub mod guard;
pub mod next_steps;
pub mod proxy;
pub mod token;

use std::sync::atomic::{AtomicBool, Ordering};

use crate::base::store::Db;
use crate::domain::accounts;

/// Whether this process has seen an administrator. There is one from then on:
/// the last one can be neither demoted nor deleted.
#[derive(Default)]
pub struct AdministratorSeen(AtomicBool);

impl AdministratorSeen {
    /// Whether there is no administrator yet. Once there is one, the database
    /// is not asked again. If it does not answer, there is one: the pages that
    /// ask need no database, and are shown without one.
    pub(super) async fn awaits(&self, db: &Db) -> bool {
        if self.0.load(Ordering::Relaxed) {
            return false;
        }
        match accounts::count_admins(db.read()).await {
            Ok(0) => true,
            Ok(_) => {
                self.0.store(true, Ordering::Relaxed);
                false
            }
            Err(_) => false,
        }
    }
}

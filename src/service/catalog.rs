//! All tables, for what concerns each of them: the copy of the database and the personal data
//! export. What a table is to either is stated next to its entity.

use crate::base::keys::in_use;
use crate::base::store::{Table, numbers};
use crate::domain::sessions::revocation;
use crate::domain::{
    accounts, administration, applications, audit, entries, one_time, personal_tokens, sessions,
    statistics, throttle,
};
use crate::service::export;

/// Every table, those before which others refer to, and last the service's own
/// numbers: until they are there, a copy is not whole. The export has its parts
/// in this order. A test compares them with the schema.
pub fn tables() -> Vec<Table> {
    let tables = [
        accounts::tables(),
        accounts::custom_roles::tables(),
        sessions::tables(),
        revocation::tables(),
        revocation::acknowledged::tables(),
        one_time::tables(),
        administration::tables(),
        applications::tables(),
        applications::sightings::tables(),
        entries::tables(),
        personal_tokens::tables(),
        audit::tables(export::OWN_EVENTS),
        audit::tables_of_seals(),
        statistics::tables(),
        throttle::tables(),
        in_use::tables(),
        numbers::tables(),
    ];
    tables.into_iter().flatten().collect()
}

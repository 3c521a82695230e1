//! Built-in roles in words.

use crate::domain::accounts::permissions::{ADMIN, AUDITOR, SUPPORT};

/// Each built-in role, and what it is for.
pub const BUILT_IN_ROLES: [(&str, &str); 3] = [
    (
        ADMIN,
        "Can do everything: manage roles and keys, create and delete accounts, end all sessions.",
    ),
    (SUPPORT, "Ends sessions, disables and enables accounts, creates recovery links."),
    (AUDITOR, "Views everything, reads and exports the audit log. Changes nothing."),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::accounts::permissions::BUILT_IN;

    #[test]
    fn every_built_in_role_has_words() {
        assert_eq!(BUILT_IN_ROLES.map(|(name, _)| name), BUILT_IN);
    }
}

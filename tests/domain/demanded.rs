//! Which permission each act demands in its own transaction, whatever its guard asked.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use doorward::base::error::{Denied, Error};
use doorward::domain::accounts::names::RoleName;
use doorward::domain::accounts::permissions::{AUDITOR, Permission, Roles, SUPPORT};
use doorward::domain::administration::{self, UndoKind, refusals};
use doorward::domain::sessions::Actor;
use shared::source::{product, rust_files};

use crate::acting::{act_number, tokens_to_act_on};
use crate::{NOON, World, origin};

/// The acts of `act_number`: the function, and the permission that it demands.
pub(crate) const ACTS: [(&str, Permission); 24] = [
    ("apply", Permission::ManageAccounts),
    ("apply", Permission::ManageAccounts),
    ("apply", Permission::EndSessions),
    ("apply", Permission::Administer),
    ("add_account", Permission::Administer),
    ("invite", Permission::Administer),
    ("start_recovery", Permission::ManageAccounts),
    ("set_roles", Permission::Administer),
    ("lift_throttle", Permission::EndSessions),
    ("create_role", Permission::Administer),
    ("rename_role", Permission::Administer),
    ("remove_role", Permission::Administer),
    ("end_by_staff", Permission::EndSessions),
    ("revoke_named", Permission::EndSessions),
    ("revoke_named", Permission::EndSessions),
    ("end_everything", Permission::Administer),
    ("note_export", Permission::ReadAudit),
    ("edit", Permission::ManageAccounts),
    ("change_role", Permission::Administer),
    ("change_applications", Permission::Administer),
    ("add_service", Permission::Administer),
    ("make_for", Permission::Administer),
    ("revoke_by_staff", Permission::EndSessions),
    ("revoke_everyones", Permission::Administer),
];

/// Functions that begin an act for another one.
const WITHIN: [(&str, &str); 5] = [
    ("apply_once", "apply"),
    ("change_role_of", "change_role"),
    // Looks for what would be refused before the parts of either are done.
    ("check", "apply"),
    ("revoke_token", "revoke_named"),
    ("undo_part", "undo"),
];

/// What people do to their own account: it demands no permission.
const OWN: [&str; 2] = ["begin_own", "delete_own"];

#[test]
fn every_function_that_begins_an_act_of_staff_is_tried_here() {
    let mut begun = BTreeSet::new();
    for file in rust_files(Path::new("src")) {
        let source = product(&fs::read_to_string(file).unwrap());
        for (place, _) in source.match_indices(".begin_act(") {
            let after = source[..place].rsplit("fn ").next().unwrap();
            let name = after.split(['(', '<']).next().unwrap();
            let within = WITHIN.iter().find(|(inner, _)| *inner == name);
            begun.insert(within.map_or(name, |(_, outer)| outer).to_owned());
        }
    }
    let tried = ACTS.iter().map(|(name, _)| *name).chain(OWN).chain(["undo"]);
    assert_eq!(begun, tried.map(str::to_owned).collect());
}

#[tokio::test]
async fn each_act_is_done_by_staff_with_its_permission_and_by_nobody_else() {
    for role in [SUPPORT, AUDITOR] {
        let roles = Roles::of([RoleName::parse(role).unwrap()]);
        for (number, (name, demanded)) in ACTS.into_iter().enumerate() {
            let world = World::new().await;
            let (ada, session) = world.session("ada").await;
            tokens_to_act_on(&world, &ada).await;
            let by = world.account("one-of-staff", roles.clone()).await;
            let issued = world.start(&by, NOON).await;
            let here = origin("web");
            let actor = Actor::signed_in(&issued.principal, &here, "");
            let done = act_number(number, &world, actor, (&ada, &session), NOON).await.unwrap();
            if roles.may(demanded) {
                assert!(done.is_ok(), "{name} by {role}: {done:?}");
            } else {
                let denied = matches!(done, Err(Error::Denied(Denied::NotPermitted)));
                assert!(denied, "{name} by {role}: {done:?}");
            }
        }
    }
}

#[tokio::test]
async fn an_act_is_undone_with_the_permission_that_it_demanded() {
    let world = World::new().await;
    let here = origin("web");
    for role in [SUPPORT, AUDITOR] {
        let roles = Roles::of([RoleName::parse(role).unwrap()]);
        let by = world.account(role, roles.clone()).await;
        let issued = world.start(&by, NOON).await;
        let actor = Actor::signed_in(&issued.principal, &here, "");
        for (kind, demanded) in [
            (UndoKind::Disabled, Permission::ManageAccounts),
            (UndoKind::Roles, Permission::Administer),
            (UndoKind::Names, Permission::ManageAccounts),
        ] {
            let done = administration::undo(
                &world.sessions,
                &world.throttle,
                kind,
                (0, i64::MAX),
                actor,
                NOON,
            );
            let expected = if roles.may(demanded) {
                Error::Refused(refusals::TOO_LATE_TO_UNDO)
            } else {
                Error::Denied(Denied::NotPermitted)
            };
            let why = done.await.map(drop).unwrap_err();
            assert_eq!(why.to_string(), expected.to_string(), "{kind:?} by {role}");
        }
    }
}

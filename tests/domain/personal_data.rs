//! What every table states of the accounts that it names, compared with what
//! the export has and with what is left of a deleted account.

use std::collections::BTreeSet;

use doorward::base::store::{AtDeletion, Column, Exported};
use doorward::domain::accounts::Account;
use doorward::domain::accounts::names::{LoginName, RoleName};
use doorward::domain::accounts::permissions::Roles;
use doorward::domain::administration::{self, BulkAction, Change};
use doorward::domain::passwords::policy::Password;
use doorward::domain::personal_tokens::{Expiry, NewToken, Reach};
use doorward::domain::sessions::Actor;
use doorward::service::catalog;
use doorward::service::export::OWN_EVENTS;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{ColumnType, Expr, ExprTrait, Query};
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use crate::{NOON, World, origin};

/// UUIDs that name something else.
const NO_ACCOUNTS: [(&str, &str); 12] = [
    ("sessions", "sid"),
    ("sessions", "continued_by"),
    ("applications", "id"),
    ("application_hosts", "application_id"),
    ("application_changes", "application_id"),
    ("check_sightings", "application_id"),
    ("entries", "id"),
    ("entries", "sid"),
    ("entries", "application_id"),
    ("entry_codes", "sid"),
    ("entry_codes", "application_id"),
    ("personal_tokens", "id"),
];

/// A name that stands in no other text.
const NAME: &str = "ada-of-the-tables";

fn roles(name: &str) -> Roles {
    Roles::of([RoleName::parse(name).unwrap()])
}

/// An account that every column which may name one names: a member of staff who
/// has acted on somebody, and on whom somebody has acted.
async fn named_everywhere(world: &World) -> Account {
    let (sessions, life) = (&world.sessions, (Duration::hours(1), NOON));
    let chief = world.account("chief", roles("admin")).await;
    let ada = world.account(NAME, roles("editors")).await;
    let bob = world.account("bob", Roles::default()).await;
    let here = origin("office");
    let chief = world.start(&chief, NOON).await;
    let by_chief = Actor::signed_in(&chief.principal, &here, "");
    let change = Change { shown: None, roles: &roles("admin") };
    administration::start_recovery(sessions, ada.id, by_chief, life).await.unwrap();
    administration::set_roles(sessions, ada.id, change, by_chief, NOON).await.unwrap();
    let session = world.start(&ada, NOON).await;
    let by_ada = Actor::signed_in(&session.principal, &here, "");
    administration::start_recovery(sessions, bob.id, by_ada, life).await.unwrap();
    administration::apply(sessions, BulkAction::Disable, &[bob.id], by_ada, NOON).await.unwrap();
    crate::guarding::entered(world, &session, by_ada).await;
    crate::personal_tokens::made(world, by_ada, Expiry::Days(30)).await;
    let (name, wrong) = (LoginName::parse(NAME), Password::parse("not the password").unwrap());
    world.passwords().authenticate(&name, &wrong, None, &here, NOON).await.unwrap_err();
    ada
}

/// Every column of every table in which the account stands: its id, or its name or id in a text.
async fn columns_naming(world: &World, account: &Account) -> Vec<(&'static str, &'static str)> {
    let (mut found, db) = (vec![], world.sessions.db.read());
    for table in catalog::tables() {
        for Column { name, kind, .. } in &table.columns {
            let text = |part: &str| Expr::col(*name).like(format!("%{part}%"));
            let which = match kind {
                ColumnType::Uuid => Expr::col(*name).eq(account.id.0),
                ColumnType::String(_) | ColumnType::Text => {
                    text(NAME).or(text(&account.id.to_string()))
                }
                _ => continue,
            };
            let row =
                Query::select().expr(Expr::val(1)).from(table.name).and_where(which).to_owned();
            if db.query_one(&row).await.unwrap().is_some() {
                found.push((table.name, *name));
            }
        }
    }
    found.sort_unstable();
    found
}

#[test]
fn every_column_that_can_name_an_account_is_stated() {
    for table in catalog::tables() {
        for Column { name, kind, .. } in &table.columns {
            let is_stated = table.accounts.iter().any(|(stated, _)| stated == name);
            let can = *kind == ColumnType::Uuid && !NO_ACCOUNTS.contains(&(table.name, *name));
            assert_eq!(
                can, is_stated,
                "{}.{name}: state it where the table is declared",
                table.name
            );
        }
    }
}

#[tokio::test]
async fn of_a_deleted_account_only_that_is_left_which_its_table_says() {
    let world = World::new().await;
    let ada = named_everywhere(&world).await;
    let named = columns_naming(&world, &ada).await;
    for table in catalog::tables() {
        for (column, _) in &table.accounts {
            let is_named = named.contains(&(table.name, *column));
            assert!(is_named, "{}.{column}: let something name the account there", table.name);
        }
    }
    let (cli, only) = (origin("cli"), [ada.id]);
    let by = Actor::operator(&cli);
    administration::apply(&world.sessions, BulkAction::Delete, &only, by, NOON).await.unwrap();
    let mut kept = vec![];
    for table in catalog::tables() {
        let of_table =
            table.accounts.iter().filter(|(_, then)| matches!(then, AtDeletion::Kept(_)));
        kept.extend(of_table.map(|(column, _)| (table.name, *column)));
    }
    kept.sort_unstable();
    assert_eq!(columns_naming(&world, &ada).await, kept);
}

#[tokio::test]
async fn the_export_has_of_each_table_what_it_says() {
    let world = World::new().await;
    let ada = named_everywhere(&world).await;
    let (mut fields, db) = (BTreeSet::new(), world.sessions.db.read());
    for table in catalog::tables() {
        let (field, read) = match table.exported {
            Exported::Fields(read) => ("", read),
            Exported::Rows(field, read) => (field, read),
            Exported::Nothing(_) => continue,
        };
        assert!(fields.insert(field), "{}: two tables have the field {field:?}", table.name);
        let own = read(db, ada.id.0, i64::MAX).await.unwrap().rows;
        assert!(!own.is_empty(), "{}: nothing of the account is exported", table.name);
        let of_nobody = read(db, Uuid::from_u128(1), i64::MAX).await;
        let rows = of_nobody.map(|batch| batch.rows).unwrap_or_default();
        assert!(rows.is_empty(), "{}: {rows:?} is exported to somebody else", table.name);
    }
}

#[tokio::test]
async fn what_staff_did_to_others_is_not_in_their_own_export() {
    let world = World::new().await;
    let ada = named_everywhere(&world).await;
    let db = world.sessions.db.read();
    let events = async |which: Expr| {
        let rows =
            Query::select().expr(Expr::val(1)).from("audit_events").and_where(which).to_owned();
        db.query_all(&rows).await.unwrap().len()
    };
    let about_her = || Expr::col("target").eq(ada.id.0);
    assert!(events(Expr::col("actor").eq(ada.id.0).and(about_her().not())).await > 0);
    let Exported::Rows("events", read) = OWN_EVENTS else { panic!("the events are rows") };
    let exported = read(db, ada.id.0, i64::MAX).await.unwrap().rows;
    assert_eq!(exported.len(), events(about_her()).await);
}

#[tokio::test]
async fn the_export_says_which_applications_a_personal_token_opens() {
    let world = World::new().await;
    let chief = world.account("chief", roles("admin")).await;
    let (session, here) = (world.start(&chief, NOON).await, origin("office"));
    let by = Actor::signed_in(&session.principal, &here, "");
    let wiki = crate::guarding::entered(&world, &session, by).await;
    for reach in [Reach::These(vec![wiki, Uuid::from_u128(7)]), Reach::All] {
        let new = NewToken::parse("Backup script", reach, Expiry::Days(30)).unwrap();
        crate::personal_tokens::made_for(&world, chief.id, &new).await;
    }
    let mut tables = catalog::tables().into_iter().map(|table| table.exported);
    let own = tables.find_map(|exported| match exported {
        Exported::Rows("personal_tokens", read) => Some(read),
        _ => None,
    });
    let rows = own.unwrap()(world.sessions.db.read(), chief.id.0, i64::MAX).await.unwrap().rows;
    let opens = |row: &String| {
        let row: Value = serde_json::from_str(row).unwrap();
        (row["opens_all_applications"] == true, row["applications"].clone())
    };
    let mut told: Vec<_> = rows.iter().map(opens).collect();
    told.sort_by_key(|(is_all, _)| *is_all);
    assert_eq!(told, [(false, json!(["wiki"])), (true, json!([]))]);
}

//! Moving from one database to another.

use std::collections::BTreeMap;

use doorward::base::store::Table;
use doorward::domain::accounts;
use doorward::domain::accounts::permissions::Roles;
use doorward::service::{catalog, transfer};
use sea_orm::{ConnectionTrait, Statement, TransactionTrait};
use shared::databases::postgres;

use crate::{NOON, World};

#[tokio::test]
async fn every_column_of_every_table_is_copied() {
    let world = World::new().await;
    let db = world.sessions.db.read();
    let query = match postgres() {
        Some(_) => {
            "SELECT table_name AS t, column_name AS c FROM information_schema.columns WHERE table_schema = 'public'"
        }
        None => {
            "SELECT m.name AS t, c.name AS c FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite_%' AND m.name NOT LIKE 'account_trigrams%'"
        }
    };
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), query)).await;
    let mut schema: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in rows.unwrap() {
        let table: String = row.try_get("", "t").unwrap();
        schema.entry(table).or_default().push(row.try_get("", "c").unwrap());
    }
    schema.remove("seaql_migrations");
    // Numbers of transactions mean nothing to another server.
    schema.get_mut("revocations").unwrap().retain(|column| column != "written_by");
    let columns = |table: &Table| table.columns.iter().map(|one| one.name.to_owned()).collect();
    let mut known: BTreeMap<String, Vec<String>> =
        catalog::tables().iter().map(|table| (table.name.to_owned(), columns(table))).collect();
    schema.values_mut().chain(known.values_mut()).for_each(|columns| columns.sort());
    assert_eq!(known, schema);
}

#[tokio::test]
async fn an_interrupted_copy_is_taken_up_again_and_a_changed_one_is_noticed() {
    let (from, to) = (World::new().await, World::new().await);
    for number in 0..40 {
        from.session(&format!("member-{number}")).await;
    }
    let (here, there) = (&from.sessions.db, &to.sessions.db);
    // Dropped half-way, as by Ctrl-C.
    let half = std::time::Duration::from_millis(5);
    drop(tokio::time::timeout(half, transfer::copy(here, there, |_, _| {})).await);
    let rows = transfer::copy(here, there, |_, _| {}).await.unwrap();
    assert!(rows >= 120, "{rows}");
    assert_eq!(accounts::count(there.read()).await.unwrap(), 40);
    let refused = transfer::copy(here, there, |_, _| {}).await.unwrap_err().to_string();
    assert!(refused.contains("not empty"), "{refused}");
}

#[tokio::test]
async fn a_target_with_accounts_of_its_own_is_left_alone() {
    let (from, to) = (World::new().await, World::new().await);
    from.account("ada", Roles::default()).await;
    to.account("bob", Roles::default()).await;
    let refused = transfer::copy(&from.sessions.db, &to.sessions.db, |_, _| {}).await;
    assert!(refused.unwrap_err().to_string().contains("not empty"));
    assert_eq!(accounts::count(to.sessions.db.read()).await.unwrap(), 1);
    to.sessions.sync(NOON).await.unwrap();
}

#[tokio::test]
async fn the_log_of_sqlite_is_folded_when_it_has_grown_long() {
    if postgres().is_some() {
        return;
    }
    let world = World::new().await;
    let db = &world.sessions.db;
    let log = world.database_file().with_extension("db-wal");
    let length = || std::fs::metadata(&log).unwrap().len();
    let fill = async || {
        let write = "INSERT INTO junk VALUES (zeroblob(1048576))";
        for _ in 0..40 {
            db.write().execute_unprepared(write).await.unwrap();
        }
    };
    db.write().execute_unprepared("CREATE TABLE junk (x BLOB)").await.unwrap();
    // Somebody who is always reading keeps SQLite from doing it by itself.
    let reader = db.read().begin().await.unwrap();
    reader.execute_unprepared("SELECT count(*) FROM junk").await.unwrap();
    fill().await;
    reader.rollback().await.unwrap();
    assert!(length() > 32 << 20);
    db.checkpoint_wal(&world.url).await.unwrap();
    assert_eq!(length(), 0);
    fill().await;
    assert!(length() < 32 << 20, "{}", length());
}

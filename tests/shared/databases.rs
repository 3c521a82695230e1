//! A fresh database for a test: a SQLite file in its folder, or, where
//! `DOORWARD_TEST_POSTGRES` names a PostgreSQL server, a database of its own there.

use std::path::Path;

use sea_orm::{ConnectionTrait, Database};

/// The server for tests on PostgreSQL.
pub fn postgres() -> Option<String> {
    std::env::var("DOORWARD_TEST_POSTGRES").ok()
}

/// The address of a new, empty database.
pub async fn fresh(folder: &Path) -> String {
    let Some(server) = postgres() else {
        return format!("sqlite://{}", folder.join("doorward.db").display());
    };
    let name = format!("test_{}", uuid::Uuid::new_v4().simple());
    let admin = Database::connect(format!("{server}/postgres")).await.unwrap();
    admin.execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
    admin.close().await.unwrap();
    format!("{server}/{name}")
}

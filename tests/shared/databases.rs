//! A fresh database for a test: a SQLite file in its folder, or, where
//! `DOORWARD_TEST_POSTGRES` names a PostgreSQL server, a database of its own there.

use std::io::Write;
use std::path::Path;

use sea_orm::{ConnectionTrait, Database};

/// The PostgreSQL server that the tests run on, if they do.
pub fn postgres() -> Option<String> {
    std::env::var("DOORWARD_TEST_POSTGRES").ok()
}

/// The PostgreSQL server of a test that needs one. Without a server the test
/// fails; where `DOORWARD_TEST_SKIP_POSTGRES` is set it is left out and says so.
pub fn needed_postgres() -> Option<String> {
    needed("DOORWARD_TEST_POSTGRES")
}

/// The command that stops and starts that server, on the same terms.
pub fn needed_control() -> Option<String> {
    needed("DOORWARD_TEST_POSTGRES_CONTROL")
}

fn needed(variable: &str) -> Option<String> {
    let value = std::env::var(variable).ok();
    if value.is_none() {
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        assert!(
            std::env::var_os("DOORWARD_TEST_SKIP_POSTGRES").is_some(),
            "{test} needs PostgreSQL: run `tests/postgres cargo test …`, which starts a server for \
             it, or set DOORWARD_TEST_SKIP_POSTGRES=1 to leave it out"
        );
        // Not by `eprintln!`: what a test that passes prints is shown to nobody.
        let mut told = std::io::stderr();
        writeln!(told, "skipped without PostgreSQL: {test}").unwrap();
    }
    value
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

//! What the machine can do at best, without a server around it.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DbBackend, Statement};

/// Argon2id with the server's default cost, on every core at once.
pub(crate) fn hashes_per_second(time: Duration) -> f64 {
    let cores = thread::available_parallelism().map_or(1, |cores| cores.get().min(4));
    let began = Instant::now();
    let count = thread::scope(|scope| {
        let workers: Vec<_> = (0..cores).map(|_| scope.spawn(move || hash_for(time))).collect();
        workers.into_iter().map(|worker| worker.join().unwrap()).sum::<u32>()
    });
    f64::from(count) / began.elapsed().as_secs_f64()
}

fn hash_for(time: Duration) -> u32 {
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::default());
    let mut memory = vec![Block::default(); Params::default().block_count()];
    let (began, mut count, mut out) = (Instant::now(), 0, [0; 32]);
    while began.elapsed() < time {
        argon
            .hash_password_into_with_memory(
                b"quiet river under stone",
                b"sixteen bytes...",
                &mut out,
                &mut memory,
            )
            .unwrap();
        count += 1;
    }
    count
}

/// One-row updates, each committed to the same disk, one after the other.
pub(crate) async fn commits_per_second(time: Duration, folder: &Path) -> f64 {
    let file = folder.join("reference.db");
    let mut options = ConnectOptions::new(format!("sqlite://{}", file.display()));
    options.max_connections(1).sqlx_logging(false).map_sqlx_sqlite_opts(|sqlite| {
        sqlite.create_if_missing(true).pragma("journal_mode", "WAL").pragma("synchronous", "FULL")
    });
    let db = Database::connect(options).await.unwrap();
    db.execute_unprepared("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, n INTEGER)")
        .await
        .unwrap();
    db.execute_unprepared("INSERT OR IGNORE INTO t VALUES (1, 0)").await.unwrap();
    let update = Statement::from_string(DbBackend::Sqlite, "UPDATE t SET n = n + 1 WHERE id = 1");
    let (began, mut count) = (Instant::now(), 0);
    while began.elapsed() < time {
        db.execute_raw(update.clone()).await.unwrap();
        count += 1;
    }
    let per_second = f64::from(count) / began.elapsed().as_secs_f64();
    db.close().await.unwrap();
    per_second
}

//! No list looks at every row of a large table, nor sorts what it found: every
//! query of the dashboard goes along an index. (Of SQLite, whose plans do not
//! depend on how much is in the tables.)

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use doorward::domain::accounts::list::{self, Cursor, Place, Sort, State};
use doorward::domain::accounts::{self, AccountId, custom_roles};
use doorward::domain::audit::{self, chain};
use doorward::domain::sessions::{self, Audience, SessionId, revocation, search};
use doorward::domain::statistics::{self, Step};
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use shared::databases::postgres;
use time::Duration;
use uuid::Uuid;

use crate::listing::crowd;
use crate::{NOON, World};

/// A connection that remembers what was asked through it.
async fn listening(world: &World) -> (DatabaseConnection, Arc<Mutex<Vec<Statement>>>) {
    let asked: Arc<Mutex<Vec<Statement>>> = Arc::default();
    let mut db = Database::connect(&world.url).await.unwrap();
    let heard = Arc::clone(&asked);
    db.set_metric_callback(move |info| heard.lock().unwrap().push(info.statement.clone()));
    (db, asked)
}

async fn ask_everything(db: &DatabaseConnection) {
    let id = AccountId(Uuid::nil());
    for search in ["", "ada", "ada example", "a", "example.org"] {
        for role in [None, Some("editors".to_owned())] {
            for state in
                [None, Some(State::Active), Some(State::Disabled), Some(State::LockedAt(NOON))]
            {
                for sort in [Sort::Name, Sort::Created, Sort::LastLogin] {
                    let (search, role) = (search.to_owned(), role.clone());
                    let filter = list::Filter { search, role, state, sort };
                    let list = list::List::of(db, &filter).await.unwrap();
                    list.page(db, None, 50).await.unwrap();
                    let name = Place::Name("b".to_owned());
                    for place in [Place::Moment(NOON, id), name, Place::Number(9)] {
                        for is_backward in [false, true] {
                            let from = Cursor { is_backward, first: 51, place: place.clone() };
                            list.page(db, Some(&from), 50).await.unwrap();
                        }
                    }
                    list.count(db, 10_000).await.unwrap();
                    list.ids(db, 10_000).await.unwrap();
                }
            }
        }
    }
    for account in [None, Some(id)] {
        for addresses in [None, Some("192.0.2.0/24".parse().unwrap())] {
            for client in [None, Some(Audience::Web)] {
                let filter = search::Filter { account, addresses, client };
                for from in ["", "5~AAAAAAAAAAAAAAAAAAAAAA"] {
                    let from = search::Cursor::parse(from);
                    search::screen(db, &filter, from, 50, NOON).await.unwrap();
                }
            }
        }
    }
    let whom = [[None; 3], [Some(Uuid::nil()), None, None], [None, Some(Uuid::nil()), None]];
    let whom = whom.into_iter().chain([[None, None, Some(Uuid::nil())], [Some(Uuid::nil()); 3]]);
    for [account, by, about] in whom {
        for event in [None, Some(sessions::events::LOGGED_IN)] {
            for address in [None, Some("192.0.2.7".to_owned())] {
                for (from, until) in [(None, None), (Some(NOON), Some(NOON + Duration::days(1)))] {
                    let address = address.clone();
                    let filter = audit::Filter { event, account, by, about, address, from, until };
                    audit::list(db, &filter, i64::MAX, 50).await.unwrap();
                    audit::newer(db, &filter, 50, 50).await.unwrap();
                }
            }
        }
    }
    audit::newest(db, sessions::events::LOGGED_IN, NOON, 100).await.unwrap();
    audit::began_at(db).await.unwrap();
    accounts::most_failures(db, 10, 5).await.unwrap();
    accounts::names_of(db, [Uuid::nil()]).await.unwrap();
    accounts::all_of(db, &[id]).await.unwrap();
    custom_roles::holders(db, "editors").await.unwrap();
    statistics::since(db, Step::Day, 0).await.unwrap();
    revocation::list(db, i64::MAX, 50, NOON).await.unwrap();
    sessions::live_of(db, id, NOON).await.unwrap();
    sessions::count_live(db, NOON).await.unwrap();
    sessions::count_live_up_to(db, NOON, 10_000).await.unwrap();
    sessions::last_seen(db, &[SessionId(Uuid::nil())]).await.unwrap();
}

/// The steps in which SQLite would answer.
async fn steps(db: &DatabaseConnection, statement: Statement) -> Vec<String> {
    let sql = format!("EXPLAIN QUERY PLAN {}", statement.sql);
    let values = statement.values.unwrap_or(sea_orm::Values(vec![]));
    let query = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values.0);
    let rows = db.query_all_raw(query).await.unwrap();
    rows.iter().map(|row| row.try_get("", "detail").unwrap()).collect()
}

/// A page of accounts that a search finds is sorted by name, behind a `+`. Of
/// active accounts a page is full soon, and more than 10,000 are not counted.
fn is_slow(sql: &str, step: &str) -> bool {
    let active = sql.contains("\"disabled_at\" IS NULL") && sql.contains("LIMIT");
    let whole = match step.strip_prefix("SCAN ") {
        Some(what) if what.starts_with("accounts") && active => false,
        Some("found") => false,
        Some(what) => !what.contains(" USING ") && !what.contains(" VIRTUAL TABLE INDEX "),
        None => false,
    };
    whole || (step.contains("FOR ORDER BY") && !sql.contains("ORDER BY +"))
}

#[tokio::test]
async fn every_query_of_the_dashboard_goes_along_an_index() {
    if postgres().is_some() {
        return;
    }
    let world = World::new().await;
    crowd(&world).await;
    let (db, asked) = listening(&world).await;
    ask_everything(&db).await;
    let statements = std::mem::take(&mut *asked.lock().unwrap());
    assert!(statements.len() > 200, "{}", statements.len());
    let mut slow = BTreeSet::new();
    for statement in statements {
        let sql = statement.sql.clone();
        let steps = steps(&db, statement).await;
        if steps.iter().any(|step| is_slow(&sql, step)) {
            let from = sql.find(" FROM ").unwrap_or_default();
            slow.insert(format!("{}\n  {}", &sql[from..], steps.join("\n  ")));
        }
    }
    assert!(slow.is_empty(), "{}", slow.into_iter().collect::<Vec<_>>().join("\n\n"));
    chain::verify(&db).await.unwrap();
}

/// Else SQLite plans each query with a LIMIT again whenever it is run
/// (`.cargo/config.toml`).
#[tokio::test]
async fn a_plan_rests_on_the_query_and_not_on_its_values() {
    let db = Database::connect("sqlite::memory:").await.unwrap();
    let asked = Statement::from_string(DbBackend::Sqlite, "PRAGMA compile_options");
    let rows = db.query_all_raw(asked).await.unwrap();
    let options: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect();
    assert!(options.iter().any(|option| option == "ENABLE_QPSG"), "{options:?}");
}

#[tokio::test]
async fn a_query_that_looks_at_every_row_is_noticed() {
    if postgres().is_some() {
        return;
    }
    let world = World::new().await;
    let (db, _) = listening(&world).await;
    for sql in [
        "SELECT * FROM accounts WHERE password_hash = ''",
        "SELECT * FROM sessions WHERE account_id = x'00' ORDER BY user_agent",
    ] {
        let steps = steps(&db, Statement::from_string(DbBackend::Sqlite, sql)).await;
        assert!(steps.iter().any(|step| is_slow(sql, step)), "{sql}: {steps:?}");
    }
}

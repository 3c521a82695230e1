//! "a thief of the database | hashes, MACs, names and addresses | no password
//! (Argon2id), no token that works (tokens are made with keys that are not in
//! it), no typed names of failed log-ins", and "the database holds nothing
//! usable".

use std::collections::BTreeSet;

use doorward::base::keys::Purpose;
use doorward::base::secrets;
use doorward::domain::administration;
use doorward::domain::audit::RequestSource;
use doorward::domain::one_time;
use doorward::domain::sessions::Actor;
use jsonwebtoken::{Algorithm, EncodingKey, Header as Head, encode};
use rocket::http::{ContentType, Header, Status};
use sea_orm::{ConnectionTrait, DbBackend, QueryResult, Statement};
use serde_json::{Value, json};

use crate::app::{App, Browser, PASSWORD};

/// The texts of one query's only column.
async fn texts(app: &App, sql: String) -> Vec<String> {
    let db = app.doorward.db.read();
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await;
    let text = |row: QueryResult| row.try_get_by_index::<Option<String>>(0).unwrap();
    rows.unwrap().into_iter().filter_map(text).collect()
}

/// Every cell of every table, as text; bytes in hexadecimal digits.
async fn every_cell(app: &App) -> BTreeSet<String> {
    let sqlite = app.doorward.db.read().get_database_backend() == DbBackend::Sqlite;
    let (tables, columns, cell) = if sqlite {
        (
            "SELECT name FROM sqlite_master WHERE type = 'table'",
            "SELECT name FROM pragma_table_info('TABLE')",
            "CASE typeof(\"COL\") WHEN 'blob' THEN hex(\"COL\") ELSE CAST(\"COL\" AS TEXT) END",
        )
    } else {
        (
            "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'",
            "SELECT column_name::text FROM information_schema.columns WHERE table_name = 'TABLE'",
            "ltrim(\"COL\"::text, '\\x')",
        )
    };
    let mut cells = BTreeSet::new();
    for table in texts(app, tables.to_owned()).await {
        for column in texts(app, columns.replace("TABLE", &table)).await {
            let sql = format!("SELECT {} FROM \"{table}\"", cell.replace("COL", &column));
            cells.extend(texts(app, sql).await);
        }
    }
    cells
}

/// The secrets of people, and what the service was told; none of it may be kept.
struct Secrets(Vec<(&'static str, String)>);

/// A service in which everything happened that leaves traces.
async fn lived_in() -> (App, Secrets) {
    let limits = ["throttle_name", "throttle_address", "throttle_name_and_address"];
    let app = App::with_real_hashes(&limits.map(|name| (name, "0"))).await;
    let now = app.clock().now();
    let setup = one_time::start_setup(&app.doorward.db, now).await.unwrap().unwrap();
    let ada = app.account("ada", &["admin"]).await;
    let browser = app.signed_in("ada").await;
    browser.post("/confirm", &[("password", PASSWORD)]).await;
    let (cli, life) = (RequestSource::command_line(), time::Duration::minutes(30));
    let (sessions, by) = (&app.doorward.sessions, Actor::operator(&cli));
    let link = administration::start_recovery(sessions, ada.id, by, (life, now)).await.unwrap();
    let failed = "my-password-in-the-name-field";
    app.browser().log_in_with(failed, "my wrong password").await;
    app.browser().log_in_with("ada", "my wrong password").await;
    let script = json!({ "login": "ada", "password": PASSWORD }).to_string();
    let asked = app.client.post("/api/login").header(Header::new("Host", "localhost:8000"));
    let answer = asked.header(ContentType::JSON).body(script).dispatch().await;
    let script: Value = serde_json::from_str(&answer.into_string().await.unwrap()).unwrap();
    let mut secrets = vec![
        ("the password", PASSWORD.to_owned()),
        ("a wrong password", "my wrong password".to_owned()),
        ("the typed name of a failed log-in", failed.to_owned()),
        ("the token of a recovery link", link),
        ("the setup token", setup),
        ("the token of a form", browser.get("/confirm").await.csrf()),
    ];
    for name in ["__Host-at", "__Host-rt", "__Host-dev"] {
        secrets.push((name, browser.cookie(name).unwrap()));
    }
    for name in ["access_token", "refresh_token", "device_token"] {
        secrets.push((name, script[name].as_str().unwrap().to_owned()));
    }
    app.doorward.sync(app.clock().now()).await.unwrap();
    (app, Secrets(secrets))
}

fn parts(secret: &str) -> impl Iterator<Item = &str> {
    // The MAC of a token is as good as the token.
    let mac = secret.rsplit('.').next().filter(|mac| mac.len() >= 40);
    [Some(secret), mac].into_iter().flatten()
}

#[rocket::async_test]
async fn nothing_that_people_keep_secret_stands_in_the_database() {
    let (app, Secrets(secrets)) = lived_in().await;
    let cells = every_cell(&app).await;
    assert!(cells.len() > 60 && cells.contains("ada@example.org"), "a real dump: {cells:?}");
    let hashes: Vec<_> = cells.iter().filter(|cell| cell.starts_with("$argon2")).collect();
    assert!(!hashes.is_empty());
    for hash in hashes {
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    }
    for (what, secret) in &secrets {
        for part in parts(secret) {
            let bytes = secrets::decode(part).map(|bytes| hex(&bytes));
            for cell in &cells {
                assert!(!cell.contains(part), "{what}: {cell}");
                let found = bytes.as_ref().is_some_and(|hex| cell.eq_ignore_ascii_case(hex));
                assert!(!found, "{what}: {cell}");
            }
        }
    }
    // Nor in the file of SQLite, where what was removed may still stand.
    if let Some(file) = app.doorward.settings.store.url.strip_prefix("sqlite://") {
        for file in [file.to_owned(), format!("{file}-wal")] {
            let bytes = std::fs::read(&file).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            for (what, secret) in &secrets {
                assert!(parts(secret).all(|part| !text.contains(part)), "{what} in {file}");
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = (0..text.len()).step_by(2);
    pairs.map(|at| u8::from_str_radix(text.get(at..at + 2)?, 16).ok()).collect()
}

async fn gets_in(browser: &Browser<'_>, name: &str, value: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b";,\"\\".contains(&byte);
    if !value.bytes().all(plain) {
        return false;
    }
    let thief = browser.copied();
    thief.cookies.set(name, value);
    thief.is_signed_in().await
}

#[rocket::async_test]
async fn nothing_in_the_database_signs_anybody_in() {
    let (app, _) = lived_in().await;
    let cells = every_cell(&app).await;
    let (stranger, mut tried) = (app.browser(), 0);
    for cell in cells.iter().filter(|cell| !cell.is_empty() && cell.len() < 1000) {
        let bytes = unhex(cell).unwrap_or_else(|| cell.clone().into_bytes());
        for value in [cell.clone(), secrets::encode(&bytes)] {
            for cookie in ["__Host-at", "__Host-rt"] {
                assert!(!gets_in(&stranger, cookie, &value).await, "{cookie}: {value}");
            }
            let link = format!("/recover/{}", shared::forms::encode(&value));
            assert_eq!(stranger.get(&link).await.status, Status::NotFound, "{link}");
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried}");
}

#[rocket::async_test]
async fn nothing_in_the_database_is_the_key_of_a_token() {
    let (app, _) = lived_in().await;
    let cells = every_cell(&app).await;
    let ada = app.id_of("ada").await;
    let now = app.clock().now().0 / 1000;
    // Names of keys stand in the open: in the header of every token.
    let kid = app.doorward.keys.ring().signing(Purpose::Access).kid.clone();
    let sid = secrets::encode(&secrets::random::<16>());
    let claims = json!({
        "iss": "http://localhost:8000", "aud": "http://localhost:8000#web", "sub": ada,
        "sid": sid, "jti": sid, "gen": 0, "mark": 0, "ep": 9_000_000_000_000_000_i64,
        "roles": ["admin"], "auth_time": now, "iat": now, "nbf": now, "exp": now + 600,
    });
    let stranger = app.browser();
    for cell in &cells {
        for key in [Some(cell.clone().into_bytes()), unhex(cell), secrets::decode(cell)] {
            let Some(key) = key else { continue };
            let typ = Some("at+jwt".to_owned());
            let head = Head { typ, kid: Some(kid.clone()), ..Head::new(Algorithm::HS256) };
            let token = encode(&head, &claims, &EncodingKey::from_secret(&key)).unwrap();
            assert!(!gets_in(&stranger, "__Host-at", &token).await, "{cell}");
        }
    }
}

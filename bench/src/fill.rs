//! Fills an empty database with a year of people coming and going, so that
//! pages can be looked at, and timed, as they are when there is much to show.
//!
//! It writes tables directly, in large batches: through the application it
//! would take as long as the year, an Argon2id hash for each log-in.

use std::fmt::Write;
use std::os::unix::fs::PermissionsExt;
use std::time::Instant;

use doorward::base::timestamp::Timestamp;
use doorward::domain::audit::chain;
use doorward::service::Doorward;
use doorward::service::settings::{self, Settings};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use uuid::Uuid;

const DAY: i64 = 24 * 3_600_000;
const YEAR: i64 = 365 * DAY;

/// Rows in one statement.
const BATCH: usize = 500;

const FIRST: [&str; 24] = [
    "ada", "amir", "anna", "bilal", "carla", "chen", "dora", "elif", "emil", "fatou", "greta",
    "hana", "igor", "jonas", "kofi", "lena", "malik", "nora", "omar", "paula", "rosa", "samir",
    "tove", "yuki",
];
const LAST: [&str; 16] = [
    "abebe", "bauer", "costa", "dahl", "eriksen", "fontaine", "garcia", "haas", "ito", "jansen",
    "kaya", "lopez", "moreau", "novak", "okafor", "rossi",
];
const BROWSERS: [&str; 5] = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Mobile Safari/537.36",
];

/// How much of each.
#[derive(Clone, Copy)]
pub(crate) struct Size {
    pub(crate) accounts: usize,
    pub(crate) sessions: usize,
    pub(crate) events: usize,
    pub(crate) revocations: usize,
}

impl Size {
    /// Two sessions and ten events for each account.
    pub(crate) fn of(accounts: usize) -> Self {
        Self {
            accounts,
            sessions: 2 * accounts,
            events: 10 * accounts,
            revocations: accounts / 100,
        }
    }

    /// People and what is revoked, without a past.
    pub(crate) fn living(accounts: usize, revocations: usize) -> Self {
        Self { accounts, sessions: 2 * accounts, events: 0, revocations }
    }
}

/// Fills the database of the settings in the environment.
pub(crate) async fn fill(size: Size) {
    let settings = Settings::from_figment(&settings::figment()).expect("settings");
    let doorward = Doorward::open(settings).await.expect("a database");
    let now = doorward.clock.now();
    let db = doorward.db.write();
    let mut filler = Filler::new(db, now).await;
    let began = Instant::now();
    let indexes = filler.drop_indexes().await;
    filler.accounts(size.accounts).await;
    filler.sessions(size.sessions).await;
    filler.events(size.events).await;
    filler.revocations(size.revocations).await;
    for index in indexes {
        db.execute_unprepared(&index).await.unwrap();
    }
    say(began, "indexes are made");
    let sealed = chain::seal(&doorward.db, now).await.unwrap();
    say(began, &format!("{sealed} events are sealed"));
    doorward.purge_expired(now).await.unwrap();
    doorward.db.clone().close().await;
    // The server takes no database that others can read.
    if let Some(file) = doorward::base::store::sqlite_file(&doorward.settings.store.url) {
        std::fs::set_permissions(file, PermissionsExt::from_mode(0o600)).unwrap();
    }
}

fn say(began: Instant, what: &str) {
    eprintln!("{:>5.0} s  {what}", began.elapsed().as_secs_f64());
}

struct Filler<'a> {
    db: &'a DatabaseConnection,
    now: Timestamp,
    random: StdRng,
    people: Vec<Uuid>,
    began: Instant,
}

/// Values of one `INSERT`, as text.
struct Rows<'a> {
    db: &'a DatabaseConnection,
    head: String,
    text: String,
    count: usize,
}

impl<'a> Rows<'a> {
    fn into(db: &'a DatabaseConnection, table: &str, columns: &str) -> Self {
        let head = format!("INSERT INTO {table} ({columns}) VALUES ");
        Self { db, text: head.clone(), head, count: 0 }
    }

    async fn add(&mut self, values: std::fmt::Arguments<'_>) {
        if self.count > 0 {
            self.text.push(',');
        }
        write!(self.text, "({values})").unwrap();
        self.count += 1;
        if self.count == BATCH {
            self.write().await;
        }
    }

    async fn write(&mut self) {
        if self.count > 0 {
            self.db.execute_unprepared(&self.text).await.unwrap();
        }
        self.text.clone_from(&self.head);
        self.count = 0;
    }
}

impl<'a> Filler<'a> {
    async fn new(db: &'a DatabaseConnection, now: Timestamp) -> Self {
        let random = StdRng::seed_from_u64(7);
        Self { db, now, random, people: vec![], began: Instant::now() }
    }

    /// A literal for an id, as the database keeps it.
    fn literal(&self, id: Uuid) -> String {
        match self.db.get_database_backend() {
            DbBackend::Sqlite => format!("x'{}'", id.simple()),
            _ => format!("'{id}'"),
        }
    }

    fn bytes(&self, bytes: &[u8]) -> String {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        match self.db.get_database_backend() {
            DbBackend::Sqlite => format!("x'{digits}'"),
            _ => format!("'\\x{digits}'"),
        }
    }

    fn id(&mut self) -> Uuid {
        uuid::Builder::from_random_bytes(self.random.random()).into_uuid()
    }

    fn address(&mut self) -> String {
        let [a, b, c] = self.random.random::<[u8; 3]>();
        format!("10.{}.{b}.{c}", a % 64)
    }

    fn browser(&mut self) -> &'static str {
        BROWSERS.choose(&mut self.random).unwrap()
    }

    /// Indexes are made faster afterwards. Returns the statements that make them.
    async fn drop_indexes(&self) -> Vec<String> {
        let backend = self.db.get_database_backend();
        let query = match backend {
            DbBackend::Sqlite => {
                "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND sql NOT LIKE 'CREATE UNIQUE%' AND tbl_name IN ('accounts', 'account_roles', 'sessions', 'audit_events')"
            }
            _ => {
                "SELECT indexname AS name, indexdef AS sql FROM pg_indexes WHERE schemaname = 'public' AND indexdef NOT LIKE 'CREATE UNIQUE%' AND tablename IN ('accounts', 'account_roles', 'sessions', 'audit_events')"
            }
        };
        let rows = self.db.query_all_raw(Statement::from_string(backend, query)).await.unwrap();
        let mut makers = vec![];
        for row in rows {
            let name: String = row.try_get("", "name").unwrap();
            self.db.execute_unprepared(&format!("DROP INDEX {name}")).await.unwrap();
            makers.push(row.try_get("", "sql").unwrap());
        }
        makers
    }

    async fn begin(&self) {
        self.db.execute_unprepared("BEGIN").await.unwrap();
    }

    async fn commit(&self, what: &str) {
        self.db.execute_unprepared("COMMIT").await.unwrap();
        say(self.began, what);
    }

    async fn accounts(&mut self, count: usize) {
        let mut accounts = Rows::into(
            self.db,
            "accounts",
            "id, username, username_canonical, email, email_canonical, password_hash, password_changed_at, created_at, disabled_at, epoch, last_login_at, last_login_address, last_login_user_agent, failed_logins, display_name",
        );
        let mut searched = Rows::into(self.db, "account_search", "account_id, text");
        let mut roles = vec![];
        self.begin().await;
        for number in 0..count {
            let id = self.id();
            let first = FIRST.choose(&mut self.random).unwrap();
            let last = LAST.choose(&mut self.random).unwrap();
            let name = format!("{first}.{last}{number}");
            // More and more people join.
            let joined =
                self.now.0 - YEAR + (YEAR as f64 * (number as f64 / count as f64).sqrt()) as i64;
            let seen = joined + self.random.random_range(0..=self.now.0 - joined);
            let disabled = if number % 200 == 13 { seen.to_string() } else { "NULL".to_owned() };
            let failures = if number % 50 == 7 { self.random.random_range(1..8) } else { 0 };
            let (literal, address, browser) = (self.literal(id), self.address(), self.browser());
            accounts
                .add(format_args!(
                    "{literal}, '{name}', '{name}', '{name}@example.org', '{name}@example.org', '', {joined}, {joined}, {disabled}, 0, {seen}, '{address}', '{browser}', {failures}, '{first} {last}'"
                ))
                .await;
            // The names, and the beginnings of their parts, as the search has them.
            let parts = [first, last, "ex", "or"].map(|part| format!("\u{1}\u{1}{}", &part[..2]));
            let parts = parts.concat();
            searched
                .add(format_args!(
                    "{literal}, '\n{name}\n{name}@example.org\n{first} {last}\n{parts}'"
                ))
                .await;
            if number % 500 == 3 {
                let role = ["editors", "readers", "press"].choose(&mut self.random).unwrap();
                roles.push(format!("{literal}, '{role}', '{name}'"));
            }
            self.people.push(id);
        }
        accounts.write().await;
        searched.write().await;
        let mut own = Rows::into(self.db, "roles", "name, description, created_at");
        for (name, words) in [
            ("editors", "Write and change articles."),
            ("readers", "Read what is not public."),
            ("press", "Get news a day early."),
        ] {
            own.add(format_args!("'{name}', '{words}', {}", self.now.0 - YEAR)).await;
        }
        own.write().await;
        let mut rows = Rows::into(self.db, "account_roles", "account_id, role, username_canonical");
        for row in roles {
            rows.add(format_args!("{row}")).await;
        }
        rows.write().await;
        self.commit(&format!("{count} accounts")).await;
    }

    async fn sessions(&mut self, count: usize) {
        let mut rows = Rows::into(
            self.db,
            "sessions",
            "sid, account_id, client, created_at, auth_time, remember, idle_millis, idle_at, absolute_at, gen, mark, shown_mark, shown_at, parent_mark, kid, salt, user_agent, address, last_seen_at, previous_login_address, previous_login_user_agent, failures_before, ended_at, end_reason",
        );
        self.begin().await;
        for number in 0..count {
            let live = number % 5 == 0;
            let age = if live { 12 * 3_600_000 } else { 30 * DAY };
            let started = self.now.0 - self.random.random_range(60_000..age);
            let (sid, whose) = (self.id(), *self.people.choose(&mut self.random).unwrap());
            let salt: [u8; 16] = self.random.random();
            let (idle_at, over_at) = (self.now.0 + DAY, self.now.0 + 2 * DAY);
            let ended = if live {
                "NULL, NULL".to_owned()
            } else {
                let reason = ["logged_out", "idle", "absolute"].choose(&mut self.random).unwrap();
                format!("{}, '{reason}'", started + 1000)
            };
            let (sid, whose, salt) = (self.literal(sid), self.literal(whose), self.bytes(&salt));
            let (address, browser) = (self.address(), self.browser());
            rows.add(format_args!(
                "{sid}, {whose}, '{}', {started}, {started}, {}, {DAY}, {idle_at}, {over_at}, 3, {started}, {started}, {started}, {started}, 'filled', {salt}, '{browser}', '{address}', {started}, '', '', 0, {ended}",
                if number % 20 == 0 { "api" } else { "web" },
                number % 3 == 0,
            ))
            .await;
        }
        rows.write().await;
        self.commit(&format!("{count} sessions")).await;
    }

    async fn events(&mut self, count: usize) {
        const KINDS: [(&str, bool); 10] = [
            ("auth.login.ok", true),
            ("auth.login.ok", true),
            ("auth.login.ok", true),
            ("auth.login.ok", true),
            ("auth.logout", true),
            ("auth.logout", true),
            ("auth.reauth", true),
            ("auth.login.fail", false),
            ("auth.login.fail", false),
            ("password.changed", true),
        ];
        let mut rows = Rows::into(
            self.db,
            "audit_events",
            "at, event, actor, target, session, address, user_agent, detail, reason",
        );
        let mut registered = 0;
        self.begin().await;
        for number in 0..count {
            let share = (number as f64 / count as f64).sqrt();
            let at = self.now.0 - YEAR + (YEAR as f64 * share) as i64;
            let (address, browser) = (self.address(), self.browser());
            let joined = self.people.len() * number / count;
            if registered <= joined {
                let whose = self.literal(self.people[registered.min(self.people.len() - 1)]);
                registered += 1;
                rows.add(format_args!(
                    "{at}, 'user.registered', {whose}, {whose}, '', '{address}', '{browser}', '', ''"
                ))
                .await;
                continue;
            }
            let (event, own) = *KINDS.choose(&mut self.random).unwrap();
            let whose = self.people[self.random.random_range(0..=joined)];
            let whose = self.literal(whose);
            let actor = if own { whose.as_str() } else { "NULL" };
            let event = if number % 100_000 == 77 { "refresh.reuse" } else { event };
            rows.add(format_args!(
                "{at}, '{event}', {actor}, {whose}, '{:08x}', '{address}', '{browser}', '', ''",
                number as u32
            ))
            .await;
        }
        rows.write().await;
        self.commit(&format!("{count} events")).await;
    }

    async fn revocations(&mut self, count: usize) {
        let mut rows = Rows::into(
            self.db,
            "revocations",
            "kind, subject, min_version, reason, created_at, expires_at",
        );
        self.begin().await;
        for _ in 0..count {
            let subject = self.id();
            let subject = self.literal(subject);
            let (at, until) = (self.now.0 - 60_000, self.now.0 + DAY);
            rows.add(format_args!(
                "'session', {subject}, {}, 'logged_out', {at}, {until}",
                i64::MAX
            ))
            .await;
        }
        rows.write().await;
        self.commit(&format!("{count} revocations")).await;
    }
}

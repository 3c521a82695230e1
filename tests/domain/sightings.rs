//! What servers saw of the questions of proxies: a small table, written rarely.

use std::net::IpAddr;

use doorward::base::host::{Authority, Scheme};
use doorward::base::timestamp::Timestamp;
use doorward::domain::applications::sightings::{MOST, Problem, Sighting, Sightings};
use doorward::domain::applications::{Catalogs, Change, change_applications};
use doorward::domain::sessions::Actor;
use time::Duration;

use crate::guarding::added;
use crate::{NOON, World, origin};

const PEER: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST));

struct Server<'w> {
    world: &'w World,
    catalogs: Catalogs,
    sightings: Sightings,
}

impl<'w> Server<'w> {
    async fn new(world: &'w World) -> Self {
        let server = Self {
            world,
            catalogs: Catalogs::new("login.example.org"),
            sightings: Sightings::default(),
        };
        server.reads().await;
        server
    }

    async fn reads(&self) {
        self.catalogs.sync(self.world.sessions.db.read()).await.unwrap();
    }

    async fn writes(&self, now: Timestamp) {
        let catalog = self.catalogs.current();
        self.sightings.write(&self.world.sessions.db, &catalog, now).await.unwrap();
    }

    fn is_asked(&self, host: &str, is_let_in: bool, now: Timestamp) {
        let host = Authority::parse(host, Scheme::Https).unwrap();
        let catalog = self.catalogs.current();
        let found = catalog.by_host(&host).unwrap();
        self.sightings.note_asked((found, &host), PEER, is_let_in, now);
    }

    fn sees(&self, problem: Problem, host: &str, now: Timestamp) {
        self.sightings.note_problem(problem, (host.to_owned(), None), PEER, now);
    }
}

/// What the command line sees: nothing but the table.
async fn written(world: &World) -> Vec<Sighting> {
    Sightings::default().all(world.sessions.db.read()).await.unwrap()
}

async fn change(world: &World, change: Change) {
    let here = origin("cli");
    let by = Actor::operator(&here);
    change_applications(&world.sessions, &[change], by, NOON).await.unwrap();
}

fn after(seconds: i64) -> Timestamp {
    NOON + Duration::seconds(seconds)
}

#[tokio::test]
async fn what_was_seen_is_written_at_most_every_half_minute_and_never_lost() {
    let world = World::new().await;
    change(&world, added("wiki", "wiki.example.org")).await;
    let server = Server::new(&world).await;
    server.is_asked("wiki.example.org", true, after(0));
    server.writes(after(0)).await;
    let first = written(&world).await.remove(0);
    assert_eq!((first.asked_at, first.let_in_at), (after(0), Some(after(0))));
    assert_eq!(
        (&*first.host, &*first.peer, first.problem),
        ("wiki.example.org", "127.0.0.1", None)
    );
    server.is_asked("wiki.example.org", false, after(10));
    server.writes(after(29)).await;
    assert_eq!(written(&world).await, [first], "too soon");
    let here = server.sightings.all(world.sessions.db.read()).await.unwrap();
    assert_eq!((here[0].asked_at, here[0].let_in_at), (after(10), Some(after(0))));
    server.writes(after(30)).await;
    assert_eq!(written(&world).await, here);
    server.is_asked("wiki.example.org", false, after(31));
    server.sightings.write_soon();
    server.writes(after(32)).await;
    assert_eq!(written(&world).await[0].asked_at, after(31), "as at the stop");
    // Of two servers the latest counts, and neither forgets what the other saw.
    let other = Server::new(&world).await;
    other.is_asked("wiki.example.org", true, after(20));
    other.sees(Problem::Loop, "wiki.example.org", after(20));
    other.writes(after(33)).await;
    let rows = written(&world).await;
    assert_eq!(rows.len(), 2);
    assert_eq!((rows[1].asked_at, rows[1].let_in_at), (after(31), Some(after(20))));
}

#[tokio::test]
async fn hosts_that_visitors_make_up_push_out_nothing_and_are_few() {
    let world = World::new().await;
    change(&world, added("wiki", "*.apps.example.org")).await;
    let server = Server::new(&world).await;
    for number in 0..300 {
        server.is_asked(&format!("x{number}.apps.example.org"), true, after(0));
    }
    for round in 1..4 {
        for number in 0..300 {
            let host = format!("x{number}-{round}.evil.example");
            server.sees(Problem::UnknownHost, &host, after(round * 60));
        }
        server.writes(after(round * 60)).await;
    }
    let rows = written(&world).await;
    let unknown = rows.iter().filter(|row| row.problem == Some(Problem::UnknownHost)).count();
    assert_eq!((rows.len(), unknown), (21, 20));
    let known = rows.iter().find(|row| row.problem.is_none()).unwrap();
    assert_eq!((&*known.host, known.asked_at), ("*.apps.example.org", after(0)));
}

#[tokio::test]
async fn the_table_stays_small_and_forgets_removed_applications_and_old_problems() {
    let world = World::new().await;
    change(&world, added("wiki", "wiki.example.org")).await;
    let server = Server::new(&world).await;
    server.is_asked("wiki.example.org", true, after(0));
    for number in 0..300 {
        server.sees(Problem::WrongApplication, &format!("h{number}.example.org"), after(number));
    }
    server.writes(after(300)).await;
    let rows = written(&world).await;
    assert_eq!(rows.len(), MOST);
    for host in ["h299.example.org", "wiki.example.org"] {
        assert!(rows.iter().any(|row| row.host == host), "the latest problems, and what is well");
    }
    let week = 7 * 24 * 3600 + 300;
    server.is_asked("wiki.example.org", true, after(week));
    server.writes(after(week)).await;
    assert_eq!(written(&world).await.len(), 1);
    change(&world, Change::Remove("wiki".to_owned())).await;
    server.reads().await;
    server.sees(Problem::Loop, "other.example.org", after(week + 60));
    server.writes(after(week + 60)).await;
    let rows = written(&world).await;
    assert_eq!(rows.iter().map(|row| &*row.host).collect::<Vec<_>>(), ["other.example.org"]);
}

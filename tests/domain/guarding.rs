//! Applications and entries to them, without HTTP.

use doorward::base::host::{Authority, Scheme};
use doorward::domain::accounts::permissions::Roles;
use doorward::domain::applications::{self, Application, Catalogs, Change, Draft, refusals};
use doorward::domain::entries::{self, NoEntry, Nonce};
use doorward::domain::sessions::{Actor, Issued};
use sea_orm::ConnectionTrait;
use time::Duration;
use uuid::Uuid;

use crate::{NOON, World, origin};

fn draft(slug: &str, host: &str) -> Draft {
    serde_json::from_value(serde_json::json!({
        "slug": slug, "name": slug, "hosts": [host], "needs": "members",
    }))
    .unwrap()
}

fn parsed(draft: &Draft) -> Application {
    draft.parse(Catalogs::new("other.example").surroundings(false)).unwrap()
}

/// An application that is added.
pub(crate) fn added(slug: &str, host: &str) -> Change {
    let draft = draft(slug, host);
    let parsed = parsed(&draft);
    Change::Add(draft, parsed)
}

/// The same, in the place of the one of that short name.
pub(crate) fn replaced(slug: &str, host: &str) -> Change {
    let draft = draft(slug, host);
    let parsed = parsed(&draft);
    Change::Replace(slug.to_owned(), None, draft, parsed)
}

fn host(text: &str) -> Authority {
    Authority::parse(text, Scheme::Https).unwrap()
}

/// That session enters an application that this actor adds. Returns its id.
pub(crate) async fn entered(world: &World, session: &Issued, by: Actor<'_>) -> Uuid {
    let (sessions, here) = (&world.sessions, origin("web"));
    let change = [added("wiki", "wiki.example.org")];
    applications::change_applications(sessions, &change, by, NOON).await.unwrap();
    let catalogs = Catalogs::new("login.example.org");
    catalogs.sync(sessions.db.read()).await.unwrap();
    let id = catalogs.current().by_slug("wiki").unwrap().id;
    let (place, challenge) = ((id, &host("wiki.example.org")), Nonce::fresh().challenge());
    let sid = session.principal.session;
    let code = entries::code(&sessions.db, sid, place, challenge, NOON).await.unwrap();
    let entry = entries::enter(sessions, &code, place, Some(challenge), &here, NOON).await;
    entry.unwrap().unwrap();
    id
}

#[test]
fn what_would_be_left_out_of_account_is_refused() {
    let with = |value: serde_json::Value| {
        let mut whole = serde_json::to_value(draft("wiki", "wiki.example.org")).unwrap();
        whole.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
        let draft: Draft = serde_json::from_value(whole).unwrap();
        let parsed = draft.parse(Catalogs::new("login.example.org").surroundings(false));
        parsed.map(drop).map_err(|faults| faults[0].refusal)
    };
    // A rule for a network that was left blank would be one for everybody.
    for networks in [[""], [" "]] {
        let rule = serde_json::json!({ "path": "/*", "needs": "public", "networks": networks });
        assert_eq!(with(serde_json::json!({ "rule": [rule] })), Err(refusals::NETWORK));
    }
    // Nobody who names roles means all members.
    for needs in ["public", "members", "nobody"] {
        let roles = serde_json::json!({ "needs": needs, "roles": ["editor"] });
        assert_eq!(with(roles.clone()), Err(refusals::NEEDS), "{needs}");
        let mut rule = roles;
        rule["path"] = "/a/*".into();
        assert_eq!(with(serde_json::json!({ "rule": [rule] })), Err(refusals::NEEDS), "{needs}");
    }
    assert_eq!(with(serde_json::json!({ "needs": "roles", "roles": ["editor"] })), Ok(()));
}

#[tokio::test]
async fn no_two_applications_have_a_host_or_a_short_name() {
    let world = World::new().await;
    let here = origin("cli");
    let by = Actor::operator(&here);
    let change = async |change: Change| {
        applications::change_applications(&world.sessions, &[change], by, NOON).await.map(drop)
    };
    change(added("wiki", "wiki.example.org")).await.unwrap();
    let taken = change(added("wiki", "other.example.org")).await.unwrap_err();
    assert!(taken.to_string().contains(&refusals::SLUG_TAKEN.to_string()), "{taken}");
    let taken = change(added("files", "wiki.example.org:8443")).await.unwrap_err();
    assert!(taken.to_string().contains(&refusals::HOST_TAKEN.to_string()), "{taken}");
    change(Change::Remove("wiki".to_owned())).await.unwrap();
    change(added("files", "wiki.example.org")).await.unwrap();
}

#[tokio::test]
async fn an_application_that_cannot_be_read_keeps_no_other_from_being_used() {
    let world = World::new().await;
    let here = origin("cli");
    let by = Actor::operator(&here);
    let sessions = &world.sessions;
    let change = async |changes: &[Change]| {
        applications::change_applications(sessions, changes, by, NOON).await.unwrap();
    };
    let names = ["broken", "login", "wiki"];
    change(&names.map(|name| added(name, &format!("{name}.example.org")))).await;
    let spoil = "UPDATE applications SET draft = '{\"slug\":' WHERE slug = 'broken'";
    sessions.db.write().execute_unprepared(spoil).await.unwrap();
    // The address of the service was changed to the host of an application.
    let catalogs = Catalogs::new("login.example.org");
    let read = async || {
        catalogs.sync(sessions.db.read()).await.unwrap();
        let catalog = catalogs.current();
        let good = catalog.all().iter().map(|found| found.application.slug.clone());
        let faults = |one: &applications::Unusable| match &one.written {
            Ok((_, faults)) => faults[0].refusal.to_string(),
            Err(_) => "unreadable".to_owned(),
        };
        let bad = catalog.unusable().iter().map(|one| (one.slug.clone(), faults(one)));
        (good.collect::<Vec<_>>(), bad.collect::<Vec<_>>())
    };
    let bad = [
        ("broken".to_owned(), "unreadable".to_owned()),
        ("login".to_owned(), refusals::HOST_IS_OURS.to_string()),
    ];
    assert_eq!(read().await, (vec!["wiki".to_owned()], bad.to_vec()));
    let role = |name| doorward::domain::accounts::names::RoleName::parse(name).unwrap();
    use doorward::domain::administration;
    administration::create_role(sessions, &role("editor"), "", by, NOON).await.unwrap();
    administration::rename_role(sessions, "editor", &role("writer"), "", by, NOON).await.unwrap();
    change(&[replaced("broken", "broken.example.org"), Change::Remove("login".to_owned())]).await;
    assert_eq!(read().await, (vec!["broken".to_owned(), "wiki".to_owned()], vec![]));
    sessions.db.write().execute_unprepared(spoil).await.unwrap();
    change(&[Change::Remove("broken".to_owned())]).await;
    assert_eq!(read().await, (vec!["wiki".to_owned()], vec![]));
}

#[tokio::test]
async fn applications_can_swap_their_hosts() {
    let world = World::new().await;
    let here = origin("cli");
    let by = Actor::operator(&here);
    let change = async |changes: [Change; 2]| {
        applications::change_applications(&world.sessions, &changes, by, NOON).await.unwrap();
    };
    change([added("wiki", "wiki.example.org"), added("files", "files.example.org")]).await;
    change([replaced("wiki", "files.example.org"), replaced("files", "wiki.example.org")]).await;
    let catalogs = Catalogs::new("login.example.org");
    catalogs.sync(world.sessions.db.read()).await.unwrap();
    let catalog = catalogs.current();
    let slug = |at| catalog.by_host(&host(at)).unwrap().application.slug.clone();
    assert_eq!([slug("wiki.example.org"), slug("files.example.org")], ["files", "wiki"]);
}

#[tokio::test]
async fn a_change_is_taken_back_where_nobody_changed_it_since() {
    let world = World::new().await;
    let chief = world.account("chief", Roles::admin()).await;
    let chief = world.start(&chief, NOON).await;
    let here = origin("web");
    let by = Actor::signed_in(&chief.principal, &here, "");
    let catalogs = Catalogs::new("login.example.org");
    let around = catalogs.surroundings(false);
    let sessions = &world.sessions;
    let change = async |change| {
        applications::change_applications(sessions, &[change], by, NOON).await.unwrap()
    };
    let hosts = async || {
        catalogs.sync(sessions.db.read()).await.unwrap();
        let catalog = catalogs.current();
        let all = catalog.all().iter().map(|found| found.draft.hosts.concat());
        all.collect::<Vec<_>>()
    };
    let first = change(added("wiki", "wiki.example.org")).await;
    let second = change(replaced("wiki", "books.example.org")).await;
    let refused = applications::undo(sessions, first, around, by, NOON).await.unwrap_err();
    assert!(refused.to_string().contains(&refusals::CHANGED_MEANWHILE.to_string()), "{refused}");
    applications::undo(sessions, second, around, by, NOON).await.unwrap();
    assert_eq!(hosts().await, ["wiki.example.org"]);
    let gone = change(Change::Remove("wiki".to_owned())).await;
    assert!(hosts().await.is_empty());
    applications::undo(sessions, gone, around, by, NOON).await.unwrap();
    assert_eq!(hosts().await, ["wiki.example.org"]);
    let late = applications::undo(sessions, gone, around, by, NOON + Duration::hours(1)).await;
    late.unwrap_err();
}

#[tokio::test]
async fn a_code_lets_in_once_for_its_host_and_browser_within_a_minute() {
    let world = World::new().await;
    let (_, session) = world.session("ada").await;
    let (sessions, here) = (&world.sessions, origin("web"));
    let cli = origin("cli");
    let wiki = entered(&world, &session, Actor::operator(&cli)).await;
    let (sid, at) = (session.principal.session, host("wiki.example.org"));
    let (mine, other) = (Nonce::fresh().challenge(), Nonce::fresh().challenge());
    let code = async || entries::code(&sessions.db, sid, (wiki, &at), mine, NOON).await.unwrap();
    let enter = async |code: &str, host: &Authority, challenge, seconds| {
        let now = NOON + Duration::seconds(seconds);
        entries::enter(sessions, code, (wiki, host), challenge, &here, now).await.unwrap()
    };
    let one = code().await;
    assert!(enter(&one, &at, Some(mine), 59).await.is_ok());
    assert_eq!(enter(&one, &at, Some(mine), 59).await, Err(NoEntry::Used));
    for (elsewhere, challenge) in
        [(&host("files.example.org"), Some(mine)), (&at, Some(other)), (&at, None)]
    {
        let one = code().await;
        assert_eq!(enter(&one, elsewhere, challenge, 1).await, Err(NoEntry::Foreign));
        assert_eq!(enter(&one, &at, Some(mine), 1).await, Err(NoEntry::Used), "it is dead");
    }
    let one = code().await;
    assert_eq!(enter(&one, &at, Some(mine), 60).await, Err(NoEntry::Unknown));
    assert_eq!(enter("no code", &at, Some(mine), 1).await, Err(NoEntry::Unknown));
    let one = code().await;
    sessions.log_out(session.principal.account, sid, &here, NOON).await.unwrap();
    assert_eq!(enter(&one, &at, Some(mine), 1).await, Err(NoEntry::SessionOver));
}

#[tokio::test]
async fn a_session_gets_no_more_codes_than_people_need() {
    let world = World::new().await;
    let (_, session) = world.session("ada").await;
    let cli = origin("cli");
    let wiki = entered(&world, &session, Actor::operator(&cli)).await;
    let (sid, at) = (session.principal.session, host("wiki.example.org"));
    let challenge = Nonce::fresh().challenge();
    let code = async |seconds| {
        let now = NOON + Duration::seconds(seconds);
        entries::code(&world.sessions.db, sid, (wiki, &at), challenge, now).await
    };
    for _ in 0..20 {
        code(1).await.unwrap();
    }
    let refused = code(1).await.unwrap_err();
    assert!(refused.to_string().contains(&entries::refusals::TOO_OFTEN.to_string()), "{refused}");
    code(61).await.unwrap();
}

#[tokio::test]
async fn a_renamed_role_is_renamed_in_every_rule() {
    let world = World::new().await;
    let here = origin("cli");
    let by = Actor::operator(&here);
    let (sessions, catalogs) = (&world.sessions, Catalogs::new("login.example.org"));
    let role = |name| doorward::domain::accounts::names::RoleName::parse(name).unwrap();
    use doorward::domain::administration;
    administration::create_role(sessions, &role("editor"), "", by, NOON).await.unwrap();
    let mut draft = draft("wiki", "wiki.example.org");
    (draft.needs, draft.roles) = ("roles".to_owned(), vec!["editor".to_owned()]);
    let change = Change::Add(draft.clone(), parsed(&draft));
    applications::change_applications(sessions, &[change], by, NOON).await.unwrap();
    administration::rename_role(sessions, "editor", &role("writer"), "", by, NOON).await.unwrap();
    catalogs.sync(sessions.db.read()).await.unwrap();
    assert_eq!(catalogs.current().by_slug("wiki").unwrap().draft.roles, ["writer"]);
}

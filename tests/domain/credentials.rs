use doorward::base::error::{Denied, Error};
use doorward::domain::accounts::names::{LoginName, RoleName};
use doorward::domain::accounts::permissions::{Permission, Roles};
use doorward::domain::accounts::{self, Passwords};
use doorward::domain::administration::{self, BulkAction, Change};
use doorward::domain::login::Verified;
use doorward::domain::one_time;
use doorward::domain::passwords::hasher::Waiter;
use doorward::domain::passwords::policy::Password;
use doorward::domain::sessions::{self, Actor, EndReason, Issued, Refreshed};
use doorward::domain::throttle;
use rocket::futures::future::{join, join_all};
use time::Duration;

use crate::{BROWSER, NOON, PASSWORD, World, origin};

const NEW: &str = "a lantern in the harbour";

fn password(text: &str) -> Password {
    Password::parse(text).unwrap()
}

#[tokio::test]
async fn a_password_change_renews_the_session_within_its_limits() {
    let world = World::new().await;
    let (account, first) = world.session("ada").await;
    assert!(world.admits(&first, NOON).await);
    let now = NOON + Duration::minutes(1);
    let (sid, both) = (first.principal.session, (&password(PASSWORD), &password(NEW), false));
    let credentials = world.credentials();
    let renewed =
        credentials.change_password(&account, sid, both, &origin("web"), now).await.unwrap();
    assert_ne!(renewed.principal.session, sid);
    assert_eq!(renewed.principal.auth.at, now);
    assert!(world.admits(&renewed, now).await);
    assert!(!world.admits(&first, now).await, "the old access token is dead");
    assert!(!matches!(world.refresh(&first.refresh_token, now).await, Refreshed::Issued(_)));
    let late = now + Duration::minutes(2);
    assert_eq!(world.over(&first.refresh_token, late).await, EndReason::Renewed);
    let renewed = world.refreshed(&renewed.refresh_token, NOON + Duration::hours(11)).await;
    let end = NOON + Duration::hours(24);
    assert_eq!(world.over(&renewed.refresh_token, end - Duration::hours(1)).await, EndReason::Idle);
    let row = sessions::by_id(world.sessions.db.read(), renewed.principal.session).await.unwrap();
    assert_eq!(row.created_at, NOON, "its longest life is counted from the sign-in");
}

#[tokio::test]
async fn a_session_is_renewed_for_its_owner_only_and_once() {
    let world = World::new().await;
    let (ada, first) = world.session("ada").await;
    let (bob, _) = world.session("bob").await;
    let (sid, right, here) = (first.principal.session, password(PASSWORD), origin("web"));
    let credentials = world.credentials();
    let foreign = credentials.confirm(&bob, sid, &right, &here, NOON).await;
    assert!(matches!(foreign, Err(Error::Denied(Denied::NotSignedIn))));
    let twice = join_all((0..2).map(|_| credentials.confirm(&ada, sid, &right, &here, NOON))).await;
    let tokens: Vec<_> = twice.into_iter().map(|one| one.unwrap().refresh_token).collect();
    assert_eq!(tokens[0], tokens[1], "a double click gets one successor");
    let later = NOON + Duration::minutes(2);
    let late = credentials.confirm(&ada, sid, &right, &here, later).await;
    assert!(matches!(late, Err(Error::Denied(Denied::NotSignedIn))));
}

#[tokio::test]
async fn a_password_change_pressed_twice_at_once_changes_it_once() {
    let world = World::new().await;
    let (ada, first) = world.session("ada").await;
    let (old, new, here) = (password(PASSWORD), password(NEW), origin("web"));
    let (sid, credentials) = (first.principal.session, world.credentials());
    let press = || credentials.change_password(&ada, sid, (&old, &new, false), &here, NOON);
    let twice = join_all([press(), press()]).await;
    let tokens: Vec<_> = twice.into_iter().map(|one| one.unwrap().refresh_token).collect();
    assert_eq!(tokens[0], tokens[1]);
}

#[tokio::test]
async fn right_passwords_are_counted_for_a_session_under_all_its_names() {
    let world = World::new().await;
    let (ada, mut session) = world.session("ada").await;
    let (right, here, credentials) = (password(PASSWORD), origin("web"), world.credentials());
    for _ in 0..60 {
        let sid = session.principal.session;
        session = credentials.confirm(&ada, sid, &right, &here, NOON).await.unwrap();
    }
    let sid = session.principal.session;
    let more = credentials.confirm(&ada, sid, &right, &here, NOON).await;
    assert!(
        matches!(more, Err(Error::Refused(why)) if why.is(throttle::refusals::TOO_MANY_ATTEMPTS)),
        "{more:?}"
    );
    let elsewhere = world.start(&ada, NOON + Duration::seconds(1)).await;
    let sid = elsewhere.principal.session;
    credentials.confirm(&ada, sid, &right, &here, NOON + Duration::seconds(1)).await.unwrap();
}

#[tokio::test]
async fn a_recovery_token_works_once_though_two_use_it_at_once() {
    let world = World::new().await;
    let (account, signed_in) = world.session("ada").await;
    let cli = origin("cli");
    let (life, by) = (Duration::minutes(30), Actor::operator(&cli));
    let made = administration::start_recovery(&world.sessions, account.id, by, (life, NOON)).await;
    let token = made.unwrap();
    let (a, b) = (password(NEW), password("another lantern at sea"));
    let here = origin("web");
    let credentials = world.credentials();
    let both = join(
        credentials.recover(&token, &a, &here, NOON),
        credentials.recover(&token, &b, &here, NOON),
    )
    .await;
    assert!(
        matches!(both, (Ok(()), Err(Error::NotFound)) | (Err(Error::NotFound), Ok(()))),
        "{both:?}"
    );
    assert_eq!(world.over(&signed_in.refresh_token, NOON).await, EndReason::PasswordChanged);
}

#[tokio::test]
async fn two_administrators_who_demote_each_other_leave_one() {
    let world = World::new().await;
    let a = world.account("first-admin", Roles::admin()).await;
    let b = world.account("second-admin", Roles::admin()).await;
    let here = origin("web");
    let none = Roles::default();
    let (of_a, of_b) = (world.start(&a, NOON).await, world.start(&b, NOON).await);
    let demote = |by: &Issued, whom: &accounts::Account| {
        let actor = Actor::signed_in(&by.principal, &here, "");
        administration::set_roles(
            &world.sessions,
            whom.id,
            Change { shown: None, roles: &none },
            actor,
            NOON,
        )
    };
    let both = join(demote(&of_a, &b), demote(&of_b, &a)).await;
    let denied = |error: &Error| matches!(error, Error::Denied(Denied::NotPermitted));
    assert!(
        matches!(&both, (Ok(_), Err(late)) | (Err(late), Ok(_)) if denied(late)),
        "{both:?}: whoever is demoted demotes nobody"
    );
    assert_eq!(accounts::count_admins(world.sessions.db.read()).await.unwrap(), 1);
}

#[tokio::test]
async fn the_last_administrator_can_be_neither_disabled_nor_deleted() {
    let world = World::new().await;
    let chief = world.account("chief", Roles::admin()).await;
    let here = origin("web");
    let actor = Actor::operator(&here);
    let disabled =
        administration::apply(&world.sessions, BulkAction::Disable, &[chief.id], actor, NOON).await;
    assert!(matches!(disabled, Err(Error::Refused(administration::refusals::LAST_ADMIN))));
    let deleted =
        administration::apply(&world.sessions, BulkAction::Delete, &[chief.id], actor, NOON).await;
    assert!(matches!(deleted, Err(Error::Refused(administration::refusals::LAST_ADMIN))));
    let still = accounts::by_id(world.sessions.db.read(), chief.id).await.unwrap();
    assert!(still.disabled_at.is_none() && still.roles.may(Permission::Look));
}

#[tokio::test]
async fn of_many_registrations_of_one_name_one_wins_and_the_others_are_told() {
    let world = World::new().await;
    let (here, passwords) = (origin("web"), world.passwords());
    let tries = (0..10).map(|number| {
        let mut new = World::new_account("ada");
        new.email = World::new_account(&format!("ada{number}")).email;
        accounts::register(passwords, &world.rules, new, &here, NOON)
    });
    let done = join_all(tries).await;
    assert_eq!(done.iter().filter(|one| one.is_ok()).count(), 1);
    for lost in done.into_iter().filter_map(Result::err) {
        assert!(matches!(lost, Error::Refused(accounts::refusals::USERNAME_TAKEN)), "{lost:?}");
    }
}

#[tokio::test]
async fn a_hash_of_an_older_cost_is_made_anew_at_login() {
    use doorward::domain::passwords::hasher::{Cost, Hasher};
    let world = World::new().await;
    world.account("ada", Roles::default()).await;
    let dearer = Hasher::start(Cost { memory_kib: 128, passes: 1 }, world.keys.clone()).unwrap();
    let login = LoginName::parse("ada");
    let here = origin("web");
    let db = &world.sessions.db;
    let password = password(PASSWORD);
    let with_dearer = Passwords { hasher: &dearer, ..world.passwords() };
    with_dearer.authenticate(&login, &password, None, &here, NOON).await.unwrap();
    let cheaper = world.passwords().authenticate(&login, &password, None, &here, NOON).await;
    assert!(cheaper.is_ok());
    let hash: Option<sea_orm::QueryResult> = {
        use sea_orm::{ConnectionTrait, Statement};
        let query = Statement::from_string(
            db.read().get_database_backend(),
            "SELECT password_hash FROM accounts",
        );
        db.read().query_one_raw(query).await.unwrap()
    };
    let hash: String = hash.unwrap().try_get("", "password_hash").unwrap();
    assert!(hash.contains("m=64,"), "{hash}: as dear as the last log-in's hasher");
}

#[tokio::test]
async fn a_password_is_verified_exactly_as_it_was_typed() {
    let world = World::new().await;
    let typed =
        " Straße and Sea 1234567890 and much more that stands beyond the seventy-second byte ";
    let hash = world.hasher.hash(&password(typed), Waiter::House).await.unwrap();
    let matches = async |text: &str| {
        world.hasher.matches(&password(text), Some(&hash), Waiter::House).await.unwrap()
            != doorward::domain::passwords::hasher::Match::No
    };
    assert!(matches(typed).await);
    for other in [typed.trim(), &typed.to_lowercase(), &typed[..73], &typed.replace('ß', "ss")] {
        assert!(!matches(other).await, "{other}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn those_who_log_in_while_sessions_are_ended_get_in_and_nobody_gets_in_anybodys_way() {
    let world = World::new().await;
    let ada = world.account("ada", Roles::default()).await;
    for _ in 0..20 {
        world.start(&ada, NOON).await;
    }
    let (world, here) = (std::sync::Arc::new(world), origin("web"));
    let mut all = tokio::task::JoinSet::new();
    for number in 0..60 {
        let (world, ada, here) = (world.clone(), ada.clone(), here.clone());
        all.spawn(async move {
            if number % 3 == 0 {
                let (actor, ids) = (Actor::operator(&here), [ada.id]);
                let deed = BulkAction::EndSessions;
                administration::apply(&world.sessions, deed, &ids, actor, NOON).await.map(drop)
            } else {
                let sessions = &world.sessions;
                let ada = accounts::by_id(sessions.db.read(), ada.id).await.unwrap();
                let verified = Verified::by_password(ada, NOON);
                let begun = sessions.start(&verified, BROWSER, &here, NOON);
                match begun.await {
                    // Its sessions were ended in between.
                    Err(Error::Refused(accounts::refusals::ACCOUNT_CHANGED)) => Ok(()),
                    begun => begun.map(drop),
                }
            }
        });
    }
    for done in all.join_all().await {
        done.unwrap();
    }
}

#[tokio::test]
async fn two_who_act_on_one_account_at_once_both_get_a_clear_answer() {
    let world = World::new().await;
    world.account("chief", Roles::admin()).await;
    let here = origin("web");
    let actor = Actor::operator(&here);
    for round in 0..10 {
        let ada = world.account(&format!("ada-{round}"), Roles::default()).await;
        let bob = world.account(&format!("bob-{round}"), Roles::default()).await;
        let (forth, back) = ([ada.id, bob.id], [bob.id, ada.id]);
        let editors = Roles::of([RoleName::parse("editors").unwrap()]);
        let sessions = &world.sessions;
        let all = tokio::join!(
            administration::apply(sessions, BulkAction::Disable, &forth, actor, NOON),
            administration::apply(sessions, BulkAction::EndSessions, &back, actor, NOON),
            administration::set_roles(
                sessions,
                ada.id,
                Change { shown: None, roles: &editors },
                actor,
                NOON
            ),
            administration::apply(sessions, BulkAction::Delete, &back, actor, NOON),
        );
        for one in [all.0, all.1, all.2] {
            assert!(matches!(one, Ok(_) | Err(Error::NotFound)), "{one:?}");
        }
        assert_eq!(all.3.unwrap().accounts, 2, "whoever deletes, deletes both");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_recovers_waits_for_the_account_before_touching_its_links() {
    let world = std::sync::Arc::new(World::new().await);
    let ada = world.account("ada", Roles::default()).await;
    let here = origin("web");
    let (life, by) = (Duration::minutes(30), Actor::operator(&here));
    let made = administration::start_recovery(&world.sessions, ada.id, by, (life, NOON)).await;
    let token = made.unwrap();
    let change = world.sessions.db.begin().await.unwrap();
    accounts::by_id_to_change(&change, ada.id).await.unwrap();
    let recovering = {
        let (world, token) = (world.clone(), token.clone());
        tokio::spawn(async move {
            let new = password("a lantern in the harbour");
            world.credentials().recover(&token, &new, &origin("web"), NOON).await
        })
    };
    // Long enough for it to have locked what it locks first.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    one_time::void(&change, ada.id, &[one_time::TokenPurpose::Recovery], NOON).await.unwrap();
    change.commit().await.unwrap();
    let done = recovering.await.unwrap();
    assert!(matches!(done, Err(Error::NotFound)), "{done:?}");
}

#[tokio::test]
async fn a_token_is_void_for_its_own_purpose_and_brings_back_what_was_kept_with_it() {
    use one_time::{NewToken, TokenPurpose, find, use_up, void};
    let world = World::new().await;
    let ada = world.account("ada", Roles::default()).await;
    let (db, hour) = (world.sessions.db.write(), Duration::hours(1));
    let new = NewToken::of(TokenPurpose::Recovery).of_account(ada.id);
    let new = new.with(&("ada@example.org", 7)).unwrap();
    let token = new.issue(db, hour, NOON).await.unwrap();
    let good = async |purpose, at| find(db, &token, purpose, at).await.unwrap();
    assert!(good(TokenPurpose::Setup, NOON).await.is_none());
    assert!(good(TokenPurpose::Recovery, NOON + hour).await.is_none());
    void(db, ada.id, &[TokenPurpose::Setup], NOON).await.unwrap();
    let found = good(TokenPurpose::Recovery, NOON).await.unwrap();
    assert_eq!(found.account, Some(ada.id));
    assert_eq!(found.payload(), Some(("ada@example.org".to_owned(), 7)));
    assert_eq!(found.payload::<Vec<bool>>(), None);
    assert!(use_up(db, &token, TokenPurpose::Recovery, NOON).await.unwrap());
    assert!(!use_up(db, &token, TokenPurpose::Recovery, NOON).await.unwrap());
}

//! What a guard proved is proved again in the transaction of the act.

use doorward::base::error::{Denied, Error, Result};
use doorward::base::timestamp::Timestamp;
use doorward::domain::accounts::names::{EmailAddress, LoginName, RoleName, Username};
use doorward::domain::accounts::permissions::Roles;
use doorward::domain::accounts::{self, Account, AccountId};
use doorward::domain::administration::{self, BulkAction, Change, Edit, RoleChange, UndoKind};
use doorward::domain::applications;
use doorward::domain::audit;
use doorward::domain::passwords::hasher::Waiter;
use doorward::domain::passwords::policy::Password;
use doorward::domain::personal_tokens::{self, Expiry};
use doorward::domain::sessions::tokens::refresh::RefreshToken;
use doorward::domain::sessions::{Actor, Issued, Named, Principal};
use sea_orm::{ConnectionTrait, Statement};
use time::Duration;

use crate::demanded::ACTS;
use crate::{NOON, PASSWORD, World, origin};

fn role(name: &str) -> RoleName {
    RoleName::parse(name).unwrap()
}

/// Everything that staff can do, one by one, as `ACTS` names it; `None` behind the last.
pub(crate) async fn act_number(
    number: usize,
    world: &World,
    actor: Actor<'_>,
    (ada, session): (&Account, &Issued),
    now: Timestamp,
) -> Option<Result<()>> {
    let (sessions, ids) = (&world.sessions, [ada.id]);
    let credentials = world.credentials();
    let editors = Roles::of([role("editors")]);
    let (sid, half_an_hour) = (session.principal.session, Duration::minutes(30));
    let deed = async |deed| administration::apply(sessions, deed, &ids, actor, now).await.map(drop);
    let names = |name: &str| {
        let email = EmailAddress::parse(&format!("{name}@example.org")).unwrap();
        (Username::parse(name).unwrap(), email)
    };
    Some(match number {
        0 => deed(BulkAction::Disable).await,
        1 => {
            accounts::set_disabled(sessions.db.write(), ada.id, Some(NOON)).await.unwrap();
            let done = deed(BulkAction::Enable).await;
            accounts::set_disabled(sessions.db.write(), ada.id, None).await.unwrap();
            done
        }
        2 => deed(BulkAction::EndSessions).await,
        3 => deed(BulkAction::Delete).await,
        4 => {
            let new = World::new_account("newcomer");
            let roles = Roles::default();
            administration::add_account(&credentials, &new, roles, actor, now).await.map(drop)
        }
        5 => {
            let (names, life) = (names("newcomer"), (half_an_hour, now));
            administration::invite(&credentials, names, editors, actor, life).await.map(drop)
        }
        6 => {
            let life = (half_an_hour, now);
            administration::start_recovery(sessions, ada.id, actor, life).await.map(drop)
        }
        7 => administration::set_roles(
            sessions,
            ada.id,
            Change { shown: None, roles: &editors },
            actor,
            now,
        )
        .await
        .map(drop),
        8 => administration::lift_throttle(sessions, &world.throttle, ada.id, actor, now)
            .await
            .map(drop),
        9 => administration::create_role(sessions, &role("writers"), "", actor, now).await,
        10 => administration::rename_role(sessions, "own", &role("other"), "", actor, now).await,
        11 => administration::remove_role(sessions, "own", actor, now).await.map(drop),
        12 => sessions.end_by_staff(&[sid], actor, now).await.map(drop),
        13 => sessions.revoke_named(Named::Token(sid.0), actor, now).await.map(drop),
        14 => sessions.revoke_named(Named::Session(sid), actor, now).await.map(drop),
        15 => sessions.end_everything(actor, now).await.map(drop),
        16 => administration::note_export(sessions, "accounts", actor, now).await,
        17 => {
            let (username, email) = names("countess");
            let edit = Edit { username: Some(username), email: Some(email), ..Edit::default() };
            administration::edit(sessions, &world.throttle, ada.id, &edit, actor, now)
                .await
                .map(drop)
        }
        18 => {
            let own = role("own");
            let change = RoleChange::Add(&own);
            administration::change_role(sessions, change, &ids, actor, now).await.map(drop)
        }
        19 => {
            let changes = [crate::guarding::added("wiki", "wiki.example.org")];
            applications::change_applications(sessions, &changes, actor, now).await.map(drop)
        }
        20 => {
            let (name, roles) = (Username::parse("backups").unwrap(), Roles::default());
            administration::add_service(&credentials, &name, roles, actor, now).await.map(drop)
        }
        21 => {
            let builds = LoginName::parse("builds");
            let id = accounts::by_login_name(sessions.db.read(), &builds).await.unwrap().id;
            let new = (&crate::personal_tokens::wanted(Expiry::Days(1)), 365);
            personal_tokens::make_for(sessions, id, new, actor, now).await.map(drop)
        }
        22 => {
            let all = personal_tokens::of_account(sessions.db.read(), ada.id, now).await;
            personal_tokens::revoke_by_staff(sessions, all.unwrap()[0].id, actor, now).await
        }
        23 => personal_tokens::revoke_everyones(sessions, actor, now).await.map(drop),
        _ => return None,
    })
}

/// What those need who act on tokens: the account of a service, and a token.
pub(crate) async fn tokens_to_act_on(world: &World, ada: &Account) {
    crate::personal_tokens::service(world, "builds").await;
    let new = crate::personal_tokens::wanted(Expiry::Days(1));
    crate::personal_tokens::made_for(world, ada.id, &new).await;
}

/// How a session loses what its guard proved, and what is said then.
const LOSSES: [(&str, Denied); 6] = [
    ("logs out", Denied::NotSignedIn),
    ("is disabled", Denied::NotSignedIn),
    ("is deleted", Denied::NotSignedIn),
    ("is demoted", Denied::NotPermitted),
    ("gave the password long ago", Denied::NotRecent),
    ("claims somebody else's session", Denied::NotSignedIn),
];

async fn lose(world: &World, chief: &Issued, how: &str) {
    let (sessions, cli) = (&world.sessions, origin("cli"));
    let (Principal { account, session, .. }, by) = (&chief.principal, Actor::operator(&cli));
    match how {
        "logs out" => sessions.log_out(*account, *session, &cli, NOON).await.unwrap(),
        "is disabled" => {
            administration::apply(sessions, BulkAction::Disable, &[*account], by, NOON)
                .await
                .map(drop)
                .unwrap();
        }
        "is deleted" => {
            administration::apply(sessions, BulkAction::Delete, &[*account], by, NOON)
                .await
                .map(drop)
                .unwrap();
        }
        "is demoted" => {
            let support = Roles::of([role("member-of-staff")]);
            administration::set_roles(
                sessions,
                *account,
                Change { shown: None, roles: &support },
                by,
                NOON,
            )
            .await
            .unwrap();
        }
        _ => {}
    }
}

/// What an act could have changed.
async fn footprint(world: &World) -> Vec<i64> {
    let db = world.sessions.db.read();
    let mut counts = vec![];
    for what in [
        "accounts",
        "accounts WHERE disabled_at IS NULL",
        "accounts WHERE username = 'ada'",
        "account_roles",
        "roles",
        "sessions WHERE ended_at IS NULL",
        "revocations",
        "one_time_tokens",
        "audit_events",
    ] {
        let query = format!("SELECT count(*) AS count FROM {what}");
        let query = Statement::from_string(db.get_database_backend(), query);
        let row = db.query_one_raw(query).await.unwrap().unwrap();
        counts.push(row.try_get("", "count").unwrap());
    }
    counts
}

#[tokio::test]
async fn no_act_of_staff_comes_about_once_its_guard_would_say_no() {
    let mut number = 0;
    loop {
        let world = World::new().await;
        world.account("keeper", Roles::admin()).await;
        let here = origin("web");
        let cli = Actor::operator(&here);
        administration::create_role(&world.sessions, &role("own"), "", cli, NOON).await.unwrap();
        let (ada, session) = world.session("ada").await;
        tokens_to_act_on(&world, &ada).await;
        for (place, (how, expected)) in LOSSES.into_iter().enumerate() {
            let chief = world.account(&format!("chief-{place}"), Roles::admin()).await;
            let mut issued = world.start(&chief, NOON).await;
            lose(&world, &issued, how).await;
            let mut now = NOON + Duration::minutes(1);
            match how {
                "gave the password long ago" => now = NOON + Duration::minutes(6),
                "claims somebody else's session" => {
                    issued.principal.session = session.principal.session;
                }
                _ => {}
            }
            let before = footprint(&world).await;
            let actor = Actor::signed_in(&issued.principal, &here, "too late");
            let Some(done) = act_number(number, &world, actor, (&ada, &session), now).await else {
                assert_eq!(number, ACTS.len());
                return;
            };
            let denied = matches!(&done, Err(Error::Denied(why)) if *why == expected);
            assert!(denied, "act {number} by somebody who {how}: {done:?}");
            assert_eq!(footprint(&world).await, before, "act {number} by somebody who {how}");
        }
        let chief = world.account("chief", Roles::admin()).await;
        let issued = world.start(&chief, NOON).await;
        let actor = Actor::signed_in(&issued.principal, &here, "in time");
        let done = act_number(number, &world, actor, (&ada, &session), NOON).await.unwrap();
        assert!(done.is_ok(), "act {number}: {done:?}");
        number += 1;
    }
}

#[tokio::test]
async fn nobody_does_anything_to_their_own_account_with_a_session_that_is_over() {
    let world = World::new().await;
    let here = origin("web");
    let (ada, first) = world.session("ada").await;
    let second = world.start(&ada, NOON).await;
    world.sessions.log_out(ada.id, first.principal.session, &here, NOON).await.unwrap();
    let actor = Actor::signed_in(&first.principal, &here, "");
    let before = footprint(&world).await;
    let (credentials, password) = (world.credentials(), Password::parse(PASSWORD).unwrap());
    let other = second.principal.session;
    for done in [
        world.sessions.end_own(other, actor, NOON).await,
        world.sessions.end_others(other, None, actor, NOON).await.map(drop),
        administration::delete_own(&credentials, &ada, &password, actor, NOON).await.map(drop),
    ] {
        assert!(matches!(done, Err(Error::Denied(Denied::NotSignedIn))), "{done:?}");
    }
    assert_eq!(footprint(&world).await, before);
}

#[tokio::test]
async fn an_account_is_not_deleted_with_the_password_it_had() {
    let world = World::new().await;
    let (ada, session) = world.session("ada").await;
    let here = origin("web");
    let (credentials, password) = (world.credentials(), Password::parse(PASSWORD).unwrap());
    let other = Password::parse("a lantern in the harbour").unwrap();
    let hash = world.hasher.hash_new(&other, world.rules.clone(), Waiter::House).await;
    let db = world.sessions.db.write();
    // Between the check and the change: `ada` is as the guard read it.
    accounts::set_password_hash(db, ada.id, hash.unwrap(), NOON).await.unwrap();
    let actor = Actor::signed_in(&session.principal, &here, "");
    let done = administration::delete_own(&credentials, &ada, &password, actor, NOON).await;
    assert!(matches!(done, Err(Error::Refused(accounts::refusals::WRONG_PASSWORD))), "{done:?}");
    assert!(accounts::by_id(db, ada.id).await.is_ok());
}

#[tokio::test]
async fn a_wrong_password_for_a_deletion_is_recorded_with_where_it_was_given() {
    let world = World::new().await;
    let (ada, session) = world.session("ada").await;
    let here = origin("web");
    let (credentials, wrong) = (world.credentials(), Password::parse("not the password").unwrap());
    let actor = Actor::signed_in(&session.principal, &here, "");
    administration::delete_own(&credentials, &ada, &wrong, actor, NOON).await.unwrap_err();
    let db = world.sessions.db.read();
    let told = audit::about(db, ada.id.0, i64::MAX, 1).await.unwrap().remove(0);
    assert_eq!((told.event.as_str(), told.address.as_str()), ("auth.login.fail", "web"));
}

/// On PostgreSQL a transaction in a deadlock is ended with an error of the database.
#[tokio::test(flavor = "multi_thread")]
async fn staff_who_act_on_each_other_and_on_the_same_accounts_at_once_never_wait_in_a_circle() {
    let world = std::sync::Arc::new(World::new().await);
    let mut staff = vec![];
    for name in ["chief", "deputy", "third"] {
        staff.push(world.account(name, Roles::admin()).await);
    }
    let support = world.account("helper", Roles::of([role("support")])).await;
    for round in 0..6 {
        let ada = world.account(&format!("ada-{round}"), Roles::default()).await;
        let bob = world.account(&format!("bob-{round}"), Roles::default()).await;
        let mut sids = vec![];
        for account in [&ada, &bob, &ada, &bob] {
            sids.push(world.start(account, NOON).await.principal.session);
        }
        let mut signed_in = vec![];
        for number in 0..12 {
            let by = if number % 4 == 3 { &support } else { &staff[number % 3] };
            let by = accounts::by_id(world.sessions.db.read(), by.id).await.unwrap();
            signed_in.push(world.start(&by, NOON).await);
        }
        let mut all = tokio::task::JoinSet::new();
        for (number, issued) in signed_in.into_iter().enumerate() {
            let (world, ada, bob) = (world.clone(), ada.clone(), bob.clone());
            let (mut sids, staff) = (sids.clone(), staff.clone());
            if number % 2 == 0 {
                sids.reverse();
            }
            all.spawn(async move {
                let (sessions, here) = (&world.sessions, origin("web"));
                let actor = Actor::signed_in(&issued.principal, &here, "at once");
                let roles = Roles::of([role("editors")]);
                let change = Change { shown: None, roles: &roles };
                let life = (Duration::minutes(30), NOON);
                match number {
                    0 | 1 => sessions.end_by_staff(&sids, actor, NOON).await.map(drop),
                    2 | 3 => {
                        let ids = [bob.id, ada.id, staff[0].id];
                        administration::apply(sessions, BulkAction::EndSessions, &ids, actor, NOON)
                            .await
                            .map(drop)
                    }
                    4 => administration::set_roles(sessions, ada.id, change, actor, NOON)
                        .await
                        .map(drop),
                    5 => administration::set_roles(sessions, bob.id, change, actor, NOON)
                        .await
                        .map(drop),
                    6 | 7 => administration::start_recovery(sessions, ada.id, actor, life)
                        .await
                        .map(drop),
                    8 => administration::apply(
                        sessions,
                        BulkAction::Disable,
                        &[bob.id, ada.id],
                        actor,
                        NOON,
                    )
                    .await
                    .map(drop),
                    9 => {
                        let own = Actor::signed_in(&issued.principal, &here, "");
                        let (keep, token) = (issued.principal.session, &issued.refresh_token);
                        let shown = RefreshToken::parse(token);
                        sessions.end_others(keep, shown.as_ref(), own, NOON).await.map(drop)
                    }
                    10 => {
                        let password = Password::parse("a lantern in the harbour").unwrap();
                        world.credentials().set_password(&ada, &password, &here, NOON).await
                    }
                    _ => administration::undo(
                        sessions,
                        &world.throttle,
                        UndoKind::Disabled,
                        (0, i64::MAX),
                        actor,
                        NOON,
                    )
                    .await
                    .map(drop),
                }
            });
        }
        for done in all.join_all().await {
            assert!(!matches!(done, Err(Error::Database(_))), "{done:?}");
        }
    }
}

#[tokio::test]
async fn without_a_permission_one_acts_on_ones_own_account_only() {
    let world = World::new().await;
    let (ada, signed_in) = world.session("ada").await;
    let (bob, _) = world.session("bob").await;
    let here = origin("web");
    let actor = Actor::signed_in(&signed_in.principal, &here, "");
    let begun = async |upon: &[AccountId]| {
        world.sessions.begin_act(actor, None, upon, NOON).await.map(drop)
    };
    begun(&[ada.id]).await.unwrap();
    for upon in [&[bob.id][..], &[ada.id, bob.id]] {
        let denied = begun(upon).await;
        assert!(matches!(denied, Err(Error::Denied(Denied::NotPermitted))), "{denied:?}");
    }
}

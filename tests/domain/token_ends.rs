//! How personal tokens end.

use doorward::base::error::Error;
use doorward::domain::accounts;
use doorward::domain::accounts::permissions::Roles;
use doorward::domain::administration::{self, BulkAction};
use doorward::domain::applications::sightings::TokenFault;
use doorward::domain::passwords::policy::Password;
use doorward::domain::personal_tokens::{self, Expiry, Presented, Tokens};
use doorward::domain::sessions::Actor;
use time::Duration;

use crate::personal_tokens::{bearer, made, made_for, presented, wanted, why_not};
use crate::{NOON, PASSWORD, World, origin};

#[tokio::test]
async fn a_revoked_token_is_refused_from_the_next_request_on_by_every_server() {
    let world = World::new().await;
    let (_, session) = world.session("ada").await;
    let here = origin("web");
    let by = Actor::signed_in(&session.principal, &here, "");
    let made = made(&world, by, Expiry::Days(30)).await;
    let (other, tokens, others) = (world.restarted().await, Tokens::default(), Tokens::default());
    bearer(&world, &tokens, &made.text).await;
    bearer(&other, &others, &made.text).await;
    personal_tokens::revoke_own(&world.sessions, made.id, by, NOON).await.unwrap();
    assert_eq!(why_not(&world, &tokens, &made.text, NOON).await, TokenFault::Revoked);
    other.sessions.sync(NOON).await.unwrap();
    assert_eq!(why_not(&other, &others, &made.text, NOON).await, TokenFault::Revoked);
    let again = personal_tokens::revoke_own(&world.sessions, made.id, by, NOON).await;
    assert!(matches!(again, Err(Error::NotFound)), "{again:?}");
}

#[tokio::test]
async fn nobody_revokes_a_token_of_somebody_else_as_their_own() {
    let world = World::new().await;
    let ada = world.account("ada", Roles::default()).await;
    let made = made_for(&world, ada.id, &wanted(Expiry::Days(30))).await;
    let (_, session) = world.session("bob").await;
    let here = origin("web");
    let by = Actor::signed_in(&session.principal, &here, "");
    let done = personal_tokens::revoke_own(&world.sessions, made.id, by, NOON).await;
    assert!(matches!(done, Err(Error::NotFound)), "{done:?}");
    bearer(&world, &Tokens::default(), &made.text).await;
}

#[tokio::test]
async fn a_token_ends_with_its_time_and_while_its_account_is_disabled() {
    let world = World::new().await;
    let ada = world.account("ada", Roles::default()).await;
    let made = made_for(&world, ada.id, &wanted(Expiry::Days(30))).await;
    let tokens = Tokens::default();
    bearer(&world, &tokens, &made.text).await;
    let cli = origin("cli");
    let apply = async |action| {
        let by = Actor::operator(&cli);
        administration::apply(&world.sessions, action, &[ada.id], by, NOON).await.unwrap();
    };
    apply(BulkAction::Disable).await;
    assert_eq!(why_not(&world, &tokens, &made.text, NOON).await, TokenFault::Disabled);
    apply(BulkAction::Enable).await;
    bearer(&world, &tokens, &made.text).await;
    let late = NOON + Duration::days(30);
    assert_eq!(why_not(&world, &tokens, &made.text, late).await, TokenFault::Expired);
    let others = Tokens::default();
    assert_eq!(why_not(&world, &others, &made.text, late).await, TokenFault::Expired);
    apply(BulkAction::Delete).await;
    for (tokens, now) in [(&tokens, late), (&tokens, NOON), (&others, late)] {
        let told = presented(&world, tokens, &made.text, now).await;
        assert!(matches!(told, Presented::Refused(TokenFault::Unknown, None)), "{told:?}");
    }
}

#[tokio::test]
async fn a_token_that_is_over_stays_on_the_list_for_thirty_days() {
    let world = World::new().await;
    let ada = world.account("ada", Roles::default()).await;
    let cli = origin("cli");
    let by = Actor::operator(&cli);
    let revoked = made_for(&world, ada.id, &wanted(Expiry::Days(300))).await;
    personal_tokens::revoke_by_staff(&world.sessions, revoked.id, by, NOON).await.unwrap();
    made_for(&world, ada.id, &wanted(Expiry::Days(1))).await;
    let good = made_for(&world, ada.id, &wanted(Expiry::Days(300))).await;
    let db = &world.sessions.db;
    for (days, left) in [(29, 3), (30, 2), (31, 1), (300, 1)] {
        let now = NOON + Duration::days(days);
        personal_tokens::remove_expired(db.write(), now).await.unwrap();
        let listed = personal_tokens::of_account(db.read(), ada.id, now).await.unwrap();
        assert_eq!(listed.len(), left, "after {days} days");
        assert!(listed.iter().any(|one| one.id == good.id));
    }
}

#[tokio::test]
async fn a_new_password_ends_tokens_unless_they_are_kept_and_a_recovery_always() {
    let world = World::new().await;
    let (ada, mut session) = world.session("ada").await;
    let (here, credentials, tokens) = (origin("web"), world.credentials(), Tokens::default());
    let mut passwords = [PASSWORD, "a lantern in the harbour", "seven lamps on a quiet pier"]
        .map(|text| Password::parse(text).unwrap());
    for keeps in [true, false] {
        let made = made_for(&world, ada.id, &wanted(Expiry::Days(30))).await;
        bearer(&world, &tokens, &made.text).await;
        let account = accounts::by_id(world.sessions.db.read(), ada.id).await.unwrap();
        let (sid, both) = (session.principal.session, (&passwords[0], &passwords[1], keeps));
        session = credentials.change_password(&account, sid, both, &here, NOON).await.unwrap();
        match keeps {
            true => drop(bearer(&world, &tokens, &made.text).await),
            false => {
                let why = why_not(&world, &tokens, &made.text, NOON).await;
                assert_eq!(why, TokenFault::Revoked);
            }
        }
        passwords.rotate_left(1);
    }
    let made = made_for(&world, ada.id, &wanted(Expiry::Days(30))).await;
    bearer(&world, &tokens, &made.text).await;
    let (by, life) = (Actor::operator(&here), (Duration::hours(1), NOON));
    let link = administration::start_recovery(&world.sessions, ada.id, by, life).await.unwrap();
    credentials.recover(&link, &passwords[1], &here, NOON).await.unwrap();
    assert_eq!(why_not(&world, &tokens, &made.text, NOON).await, TokenFault::Revoked);
}

#[tokio::test]
async fn signing_everyone_out_leaves_tokens_and_revoking_all_of_them_is_another_act() {
    let world = World::new().await;
    let ada = world.account("ada", Roles::default()).await;
    let made = made_for(&world, ada.id, &wanted(Expiry::Days(30))).await;
    let (tokens, cli) = (Tokens::default(), origin("cli"));
    bearer(&world, &tokens, &made.text).await;
    let by = Actor::operator(&cli);
    world.sessions.end_everything(by, NOON).await.unwrap();
    bearer(&world, &tokens, &made.text).await;
    let ended = personal_tokens::revoke_everyones(&world.sessions, by, NOON).await.unwrap();
    assert_eq!(ended, 1);
    assert_eq!(why_not(&world, &tokens, &made.text, NOON).await, TokenFault::Revoked);
}

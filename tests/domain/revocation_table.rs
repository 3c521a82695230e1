//! What the table of revocations says of a token, asked without the index.

use doorward::domain::accounts::permissions::Roles;
use doorward::domain::sessions::revocation::{Kind, OUTRIGHT, revoke, stands_in_table};
use doorward::domain::sessions::tokens::access::Claims;
use sea_orm::ConnectionTrait;
use time::Duration;
use uuid::Uuid;

use crate::{NOON, World};

#[tokio::test]
async fn the_table_revokes_what_a_row_names_below_its_version_and_nothing_else() {
    let world = World::new().await;
    let (account, issued) = world.session("ada").await;
    let db = world.sessions.db.write();
    let claims = Claims {
        sub: account.id,
        sid: issued.principal.session,
        jti: Uuid::new_v4(),
        generation: 3,
        mark: NOON,
        epoch: 3,
        roles: Roles::default(),
        auth: issued.principal.auth,
        issued_at: NOON,
        expires_at: NOON + Duration::minutes(10),
    };
    let life = (Duration::minutes(10), NOON);
    let stands = async |kind, subject, version| {
        db.execute_unprepared("DELETE FROM revocations").await.unwrap();
        drop(revoke(db, kind, subject, version, "test", life).await.unwrap());
        stands_in_table(db, &claims).await.unwrap()
    };
    let (token, session, account) = (claims.jti, claims.sid.0, claims.sub.0);
    assert!(stands(Kind::Token, token, OUTRIGHT).await);
    for (kind, subject) in
        [(Kind::Session, session), (Kind::Account, account), (Kind::Global, Uuid::nil())]
    {
        assert!(stands(kind, subject, 4).await, "{kind:?}");
        assert!(!stands(kind, subject, 3).await, "{kind:?}: not below its version");
        assert!(!stands(kind, token, 3).await, "{kind:?}");
    }
    for subject in [session, account, Uuid::nil()] {
        assert!(!stands(Kind::Token, subject, OUTRIGHT).await, "another token");
    }
    assert!(!stands(Kind::Session, account, OUTRIGHT).await, "another session");
    assert!(!stands(Kind::Account, session, OUTRIGHT).await, "another account");
}

//! Giving an account other names.

use serde_json::json;

use super::outcome::Outcome;
use super::safeguards::ensure_outranks;
use super::table::UndoKind;
use super::undoable::{Names, remember, supersede};
use super::{events, refusals};
use crate::base::error::{Error, Result};
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::names::{DisplayName, EmailAddress, Username};
use crate::domain::accounts::permissions::Permission;
use crate::domain::accounts::{self, Account, AccountId};
use crate::domain::one_time::{self, TokenPurpose};
use crate::domain::sessions::revocation::Revoked;
use crate::domain::sessions::{Act, Actor, Sessions};
use crate::domain::throttle::Throttle;

/// The names to change; `None` leaves a name as it is.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// The name to sign in with.
    pub username: Option<Username>,
    /// The address to sign in with and to be reached at.
    pub email: Option<EmailAddress>,
    /// What the account is called on pages; an empty one removes it.
    pub display_name: Option<DisplayName>,
}

/// Changes the names of an account. Sessions go on; it is signed in to with the
/// new names from now on.
///
/// # Errors
/// [`Error::Denied`]; `administration::refusals::TARGET_OUTRANKS_ACTOR`;
/// `USERNAME_TAKEN`, `USERNAME_KEPT`, `EMAIL_TAKEN` of `accounts::refusals`; not found.
pub async fn edit(
    sessions: &Sessions,
    throttle: &Throttle,
    id: AccountId,
    edit: &Edit,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<Outcome> {
    let demanded = Some(Permission::ManageAccounts);
    let (act, found) = sessions.begin_act(actor, demanded, &[id], now).await?;
    let account = found.first().ok_or(Error::NotFound)?;
    ensure_outranks(&act, &found)?;
    ensure_may_give(&act, id, edit)?;
    supersede(&act.txn, UndoKind::Names, &found).await?;
    let (mut done, mut revoked) = (Outcome::default(), Revoked::default());
    if let Some((event, after)) = write(&act, throttle, account, edit).await? {
        revoked = tell_applications(sessions, &act, account).await?;
        remember(&act, UndoKind::Names, account, UndoKind::Names.state(&after), event).await?;
        done.told(event);
        done.accounts = 1;
    }
    act.commit().await?;
    sessions.make_known([id], revoked);
    Ok(done)
}

/// What applications are told of an account is read again before the next
/// request to them: somebody else may have its former name by then.
pub(super) async fn tell_applications(
    sessions: &Sessions,
    act: &Act<'_>,
    account: &Account,
) -> Result<Revoked> {
    sessions.require_refresh(&act.txn, account, "names changed", act.now).await
}

/// Somebody changes what they are called themselves; an empty name removes it. Says whether that
/// changed anything.
///
/// # Errors
/// [`Error::Denied`].
pub async fn set_own_display_name(
    sessions: &Sessions,
    throttle: &Throttle,
    name: &DisplayName,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<bool> {
    let (act, account) = sessions.begin_own(actor, now).await?;
    let edit = Edit { display_name: Some(name.clone()), ..Edit::default() };
    let written = write(&act, throttle, &account, &edit).await?;
    let mut revoked = Revoked::default();
    if written.is_some() {
        revoked = tell_applications(sessions, &act, &account).await?;
        // What staff called them before is no longer what an undo would bring back.
        supersede(&act.txn, UndoKind::Names, std::slice::from_ref(&account)).await?;
    }
    let id = account.id;
    act.commit().await?;
    sessions.make_known([id], revoked);
    Ok(written.is_some())
}

/// Names that pass for the service, and addresses that pass for others, are given
/// by administrators alone, as in a new account. With a copy of somebody's cookies
/// nobody renames them.
fn ensure_may_give(act: &Act<'_>, id: AccountId, edit: &Edit) -> Result<()> {
    let Some(by) = act.by.as_ref().filter(|by| !by.roles.may(Permission::Administer)) else {
        return Ok(());
    };
    if by.id == id {
        return Err(refusals::OWN_ACCOUNT.into());
    }
    if edit.username.as_ref().is_some_and(Username::is_reserved) {
        return Err(accounts::refusals::USERNAME_RESERVED.into());
    }
    if edit.email.as_ref().is_some_and(EmailAddress::mixes_scripts) {
        return Err(accounts::refusals::EMAIL_MIXES_SCRIPTS.into());
    }
    Ok(())
}

/// Writes the names of an account that is held. Returns the number of the event
/// and the account as it is then; nothing where nothing changes.
pub(super) async fn write(
    act: &Act<'_>,
    throttle: &Throttle,
    account: &Account,
    edit: &Edit,
) -> Result<Option<(i64, Account)>> {
    let after = accounts::set_names(
        &act.txn,
        account,
        (edit.username.as_ref(), edit.email.as_ref(), edit.display_name.as_ref()),
    )
    .await?;
    let (old, new) = (Names::of(account), Names::of(&after));
    if old == new {
        return Ok(None);
    }
    if account.canonical_email != after.canonical_email {
        // A link that was sent to the former address must not open the account.
        one_time::void(&act.txn, account.id, &[TokenPurpose::Recovery], act.now).await?;
    }
    // Attempts are counted by name: what was counted for a former one locks nobody.
    let names = [&*after.canonical_username, &after.canonical_email];
    let locked_until = throttle.lock_of(&names, act.now).await?;
    accounts::set_locked_until(&act.txn, account.id, locked_until).await?;
    let data = json!({ "before": old, "after": new });
    let event = act.tell(events::ACCOUNT_EDITED, Some(account.id), data).await?;
    Ok(Some((event, after)))
}

/// What to change for an account to have these names again.
pub(super) fn back_to(names: &Names) -> Result<Edit> {
    Ok(Edit {
        username: Some(Username::parse(&names.username)?),
        email: Some(EmailAddress::parse(&names.email)?),
        display_name: Some(DisplayName::parse(&names.display_name)?),
    })
}

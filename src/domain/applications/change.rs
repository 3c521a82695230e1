//! Adding, changing and removing applications, and taking that back. In one
//! transaction each time; every server knows it before the answer leaves, or a
//! moment later.

use std::collections::BTreeSet;

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder,
};
use serde_json::{Value, json};
use time::Duration;
use uuid::Uuid;

use super::application::{Application, Needs};
use super::draft::{Draft, Surroundings};
use super::tables::{ActiveModel, Column, Entity, Model, VERSION, change as record, host};
use super::{events, refusals};
use crate::base::error::{Error, Result};
use crate::base::secrets;
use crate::base::store::{numbers, shared, unless_taken};
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::custom_roles;
use crate::domain::accounts::permissions::{Permission, Roles};
use crate::domain::audit::Event;
use crate::domain::sessions::{Act, Actor, Sessions};

/// For how long a change can be undone.
const UNDO: Duration = Duration::minutes(30);

/// Something that is done to an application.
#[derive(Clone, Debug)]
pub enum Change {
    /// Another one is there from now on.
    Add(Draft, Application),
    /// The one of that short name is this from now on. It must still be what
    /// it was at that moment, where one is given.
    Replace(String, Option<Timestamp>, Draft, Application),
    /// The one of that short name is gone.
    Remove(String),
}

/// Does this, all of it or nothing. Returns the number of the first event and of the last.
///
/// # Errors
/// [`Error::Denied`]; `SLUG_TAKEN`, `HOST_TAKEN`, `UNKNOWN_ROLE` and
/// `CHANGED_MEANWHILE` of `applications::refusals`; [`Error::NotFound`].
pub async fn change_applications(
    sessions: &Sessions,
    changes: &[Change],
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<(i64, i64)> {
    let (act, _) = sessions.begin_act(actor, Some(Permission::Administer), &[], now).await?;
    hold(&act.txn).await?;
    let mut told = vec![];
    // First what makes room: a host may go from one to another, and two may swap theirs.
    let removes = |one: &&Change| matches!(one, Change::Remove(_));
    let ordered = changes.iter().filter(removes).chain(changes.iter().filter(|one| !removes(one)));
    for one in changes {
        if let Change::Replace(slug, ..) = one {
            let row = by_slug(&act.txn, slug).await?;
            give_up_hosts(&act.txn, row.id).await?;
        }
    }
    for one in ordered {
        told.push(apply(&act, one).await?);
    }
    act.commit().await?;
    Ok((told.iter().copied().min().unwrap_or(0), told.iter().copied().max().unwrap_or(0)))
}

/// Nobody else changes applications until the transaction ends; every server
/// reads them again after it.
async fn hold(txn: &impl ConnectionTrait) -> Result<()> {
    numbers::raise(txn, VERSION).await?;
    shared::wake_others(txn).await
}

async fn apply(act: &Act<'_>, change: &Change) -> Result<i64> {
    match change {
        Change::Add(draft, application) => {
            let id = secrets::random_id();
            write(act, id, draft, application, None).await
        }
        Change::Replace(slug, seen, draft, application) => {
            let row = by_slug(&act.txn, slug).await?;
            if seen.is_some_and(|seen| seen != row.changed_at) {
                return Err(refusals::CHANGED_MEANWHILE.into());
            }
            write(act, row.id, draft, application, Some(row)).await
        }
        Change::Remove(slug) => {
            let row = by_slug(&act.txn, slug).await?;
            remove(act, row).await
        }
    }
}

async fn by_slug(db: &impl ConnectionTrait, slug: &str) -> Result<Model> {
    let row = Entity::find().filter(Column::Slug.eq(slug)).one(db).await?;
    row.ok_or(Error::NotFound)
}

async fn write(
    act: &Act<'_>,
    id: Uuid,
    draft: &Draft,
    application: &Application,
    before: Option<Model>,
) -> Result<i64> {
    let txn = &act.txn;
    if !custom_roles::exist(txn, &roles_of(application)).await? {
        return Err(refusals::UNKNOWN_ROLE.into());
    }
    let text = serde_json::to_string(draft).map_err(unreadable)?;
    let row = ActiveModel {
        id: Set(id),
        slug: Set(application.slug.clone()),
        draft: Set(text.clone()),
        created_at: Set(before.as_ref().map_or(act.now, |row| row.created_at)),
        changed_at: Set(after(act.now, before.as_ref())),
    };
    let written = match &before {
        None => Entity::insert(row).exec_without_returning(txn).await.map(drop),
        Some(_) => Entity::update(row).exec(txn).await.map(drop),
    };
    unless_taken(written, refusals::SLUG_TAKEN)?;
    give_up_hosts(txn, id).await?;
    let names: BTreeSet<String> = application.hosts.iter().map(|host| host.key()).collect();
    let hosts = names
        .into_iter()
        .map(|name| host::ActiveModel { name: Set(name), application_id: Set(id) });
    let written = host::Entity::insert_many(hosts).exec_without_returning(txn).await;
    unless_taken(written, refusals::HOST_TAKEN)?;
    let event = if before.is_none() { events::CREATED } else { events::CHANGED };
    let told = (id, &*application.slug);
    tell(act, event, told, before.map(|row| row.draft), Some(text)).await
}

async fn give_up_hosts(txn: &impl ConnectionTrait, id: Uuid) -> Result<()> {
    host::Entity::delete_many().filter(host::Column::ApplicationId.eq(id)).exec(txn).await?;
    Ok(())
}

/// Never the same moment twice: an earlier page must be told from this change.
fn after(now: Timestamp, before: Option<&Model>) -> Timestamp {
    before.map_or(now, |row| now.max(row.changed_at + Duration::MILLISECOND))
}

async fn remove(act: &Act<'_>, row: Model) -> Result<i64> {
    Entity::delete_by_id(row.id).exec(&act.txn).await?;
    tell(act, events::REMOVED, (row.id, &row.slug), Some(row.draft), None).await
}

async fn tell(
    act: &Act<'_>,
    event: Event,
    (id, slug): (Uuid, &str),
    before: Option<String>,
    after: Option<String>,
) -> Result<i64> {
    let value = |text: &str| {
        let read = serde_json::from_str::<serde_json::Map<_, _>>(text).map(Value::Object);
        read.unwrap_or_else(|_| json!({ "unreadable": text }))
    };
    let data = match (&before, &after) {
        (Some(before), Some(after)) => {
            json!({ "application": slug, "before": value(before), "after": value(after) })
        }
        _ => json!({ "application": slug }),
    };
    let number = act.tell(event, None, data).await?;
    // The operator has no button.
    if let Some(by) = &act.by {
        let row = record::ActiveModel {
            event_id: Set(number),
            application_id: Set(id),
            actor: Set(by.id),
            at: Set(act.now),
            before: Set(before),
            after: Set(after),
        };
        record::Entity::insert(row).exec_without_returning(&act.txn).await?;
    }
    Ok(number)
}

/// Takes back what these events tell of, which the actor did in the last half
/// hour, where the application still is as they left it.
///
/// # Errors
/// [`Error::Denied`]; `CHANGED_MEANWHILE`, `SLUG_TAKEN` and `HOST_TAKEN` of
/// `applications::refusals`.
pub async fn undo(
    sessions: &Sessions,
    (first, last): (i64, i64),
    around: Surroundings<'_>,
    actor: Actor<'_>,
    now: Timestamp,
) -> Result<()> {
    let (act, _) = sessions.begin_act(actor, Some(Permission::Administer), &[], now).await?;
    hold(&act.txn).await?;
    let by = actor.account().ok_or(Error::NotFound)?;
    let rows = record::Entity::find()
        .filter(record::Column::EventId.between(first, last))
        .filter(record::Column::Actor.eq(by))
        .filter(record::Column::At.gt(now - UNDO))
        .order_by_desc(record::Column::EventId)
        .all(&act.txn)
        .await?;
    if rows.is_empty() {
        return Err(refusals::CHANGED_MEANWHILE.into());
    }
    for row in rows {
        let present = Entity::find_by_id(row.application_id).one(&act.txn).await?;
        if present.as_ref().map(|row| &row.draft) != row.after.as_ref() {
            return Err(refusals::CHANGED_MEANWHILE.into());
        }
        match (row.before, present) {
            (Some(before), present) => {
                let draft = Draft::stored(&before)?;
                let parsed = draft.parse(around).map_err(|faults| faults[0].refusal)?;
                write(&act, row.application_id, &draft, &parsed, present).await?;
            }
            (None, Some(present)) => drop(remove(&act, present).await?),
            (None, None) => {}
        }
    }
    act.commit().await
}

/// Forgets what is too long ago to be taken back.
///
/// # Errors
/// The database failed.
pub async fn forget_old(db: &impl ConnectionTrait, now: Timestamp) -> Result<()> {
    let old = record::Entity::delete_many().filter(record::Column::At.lte(now - UNDO));
    old.exec(db).await?;
    Ok(())
}

/// Gives a role another name in every application that asks for it.
///
/// # Errors
/// The database failed.
pub async fn rename_role(db: &impl ConnectionTrait, from: &str, to: &str) -> Result<()> {
    hold(db).await?;
    for row in Entity::find().all(db).await? {
        // One that cannot be read asks for no role.
        let Ok(mut draft) = Draft::stored(&row.draft) else { continue };
        let rules = draft.rules.iter_mut().flat_map(|rule| rule.roles.iter_mut());
        let mut is_changed = false;
        for role in draft.roles.iter_mut().chain(rules).filter(|role| *role == from) {
            to.clone_into(role);
            is_changed = true;
        }
        if is_changed {
            let text = serde_json::to_string(&draft).map_err(unreadable)?;
            Entity::update_many()
                .col_expr(Column::Draft, Expr::value(text))
                .filter(Column::Id.eq(row.id))
                .exec(db)
                .await?;
        }
    }
    Ok(())
}

fn roles_of(application: &Application) -> Roles {
    let own = [&application.requirement];
    let all = application.rules.iter().map(|rule| &rule.requirement).chain(own);
    let named = all.filter_map(|requirement| match &requirement.needs {
        Needs::Roles(roles) => Some(roles.names()),
        _ => None,
    });
    Roles::stored(named.flatten().map(str::to_owned))
}

fn unreadable(why: serde_json::Error) -> Error {
    Error::broken(format!("An application cannot be written: {why}."))
}

//! User names that are not given to anybody else: an application knows people
//! by them, and the next owner of one would find there what the former had.

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use crate::base::error::Result;
use crate::base::secrets;
use crate::base::store::{AtDeletion, Exported, Table};
use crate::domain::accounts::id::AccountId;
use crate::domain::accounts::refusals;

/// The table `kept_names`.
pub(super) mod table {
    use sea_orm::entity::prelude::*;

    use crate::domain::accounts::id::AccountId;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
    #[sea_orm(table_name = "kept_names")]
    pub struct Model {
        /// Of the name as it is compared.
        #[sea_orm(primary_key, auto_increment = false)]
        pub digest: Vec<u8>,
        /// Whose it is; of a deleted account there is no id.
        pub account_id: Option<AccountId>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The table of this file.
pub fn tables() -> Vec<Table> {
    vec![Table::naming_accounts::<table::Entity>(
        Exported::Nothing("a digest of the user name, which is exported itself"),
        &[(
            table::Column::AccountId,
            AtDeletion::Cleared(
                "so that nobody else is given a user name by which an application knew somebody",
            ),
        )],
    )]
}

fn digest(canonical: &str) -> Vec<u8> {
    secrets::digest(&format!("user name {canonical}")).to_vec()
}

/// An application is told this name: from now on nobody else is given it.
///
/// # Errors
/// The database failed.
pub async fn keep(db: &impl ConnectionTrait, id: AccountId, canonical: &str) -> Result<()> {
    let row = table::ActiveModel { digest: Set(digest(canonical)), account_id: Set(Some(id)) };
    let known = OnConflict::column(table::Column::Digest).do_nothing().to_owned();
    table::Entity::insert(row).on_conflict(known).exec_without_returning(db).await?;
    Ok(())
}

/// Refuses a name by which applications know another account.
///
/// # Errors
/// `accounts::refusals::USERNAME_KEPT`.
pub(in crate::domain::accounts) async fn ensure_free(
    db: &impl ConnectionTrait,
    id: AccountId,
    canonical: &str,
) -> Result<()> {
    let row = table::Entity::find_by_id(digest(canonical)).one(db).await?;
    if row.is_some_and(|row| row.account_id != Some(id)) {
        return Err(refusals::USERNAME_KEPT.into());
    }
    Ok(())
}

/// Another name of an account: applications that know the former one are told it, too.
///
/// # Errors
/// `accounts::refusals::USERNAME_KEPT`.
pub(in crate::domain::accounts) async fn keep_new(
    db: &impl ConnectionTrait,
    id: AccountId,
    canonical: &str,
) -> Result<()> {
    ensure_free(db, id, canonical).await?;
    let own = table::Entity::find().filter(table::Column::AccountId.eq(id));
    if own.one(db).await?.is_some() {
        keep(db, id, canonical).await?;
    }
    Ok(())
}

/// Whether nobody new is given that name.
///
/// # Errors
/// The database failed.
pub(in crate::domain::accounts) async fn is_kept(
    db: &impl ConnectionTrait,
    canonical: &str,
) -> Result<bool> {
    Ok(table::Entity::find_by_id(digest(canonical)).one(db).await?.is_some())
}

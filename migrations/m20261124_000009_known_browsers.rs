//! From when on a known browser of an account is known: earlier ones became
//! strangers with a password change.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::alter()
            .table("accounts")
            .add_column(big_integer("browsers_since").default(0))
            .to_owned();
        db.alter_table(table).await
    }

    async fn down(&self, db: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::alter().table("accounts").drop_column("browsers_since").to_owned();
        db.alter_table(table).await
    }
}

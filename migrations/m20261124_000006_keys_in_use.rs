//! The names of the keys that servers sign with.

use sea_orm_migration::{prelude::*, schema::*};

use crate::exact;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        let kid = exact(db, string_len("kid", 16).primary_key().to_owned());
        let seen_at = big_integer("seen_at");
        let table = Table::create().table("keys_in_use").col(kid).col(seen_at).to_owned();
        db.create_table(table).await
    }

    async fn down(&self, db: &SchemaManager) -> Result<(), DbErr> {
        db.drop_table(Table::drop().table("keys_in_use").to_owned()).await
    }
}

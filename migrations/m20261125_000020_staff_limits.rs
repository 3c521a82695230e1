//! Until when a session opens what staff may see, unless it is used, and how
//! its owner proved who they are.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        let staff_idle_at = big_integer("staff_idle_at").default(0).take();
        let auth_methods = text("auth_methods").default("pwd").take();
        for column in [staff_idle_at, auth_methods] {
            db.alter_table(Table::alter().table("sessions").add_column(column).to_owned()).await?;
        }
        // So far a session of staff ended when its staff limits were reached.
        let now_staff = "UPDATE sessions SET staff_idle_at = idle_at";
        db.get_connection().execute_unprepared(now_staff).await.map(|_| ())
    }

    async fn down(&self, db: &SchemaManager) -> Result<(), DbErr> {
        for column in ["staff_idle_at", "auth_methods"] {
            db.alter_table(Table::alter().table("sessions").drop_column(column).to_owned()).await?;
        }
        Ok(())
    }
}

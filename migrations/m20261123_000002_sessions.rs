//! Sessions, revocations, and the service's own numbers (the global epoch).

use sea_orm_migration::{prelude::*, schema::*};

use crate::exact;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        db.create_table(
            Table::create()
                .table("sessions")
                .col(pk_uuid("sid"))
                .col(uuid("account_id"))
                .col(text("client"))
                .col(big_integer("created_at"))
                .col(big_integer("auth_time"))
                .col(boolean("remember"))
                .col(big_integer("idle_millis"))
                .col(big_integer("idle_at"))
                .col(big_integer("absolute_at"))
                .col(big_integer("gen"))
                .col(big_integer("rotated_at"))
                .col(big_integer("confirmed_gen"))
                .col(text("kid"))
                .col(var_binary("salt", 16))
                .col(text("user_agent"))
                .col(exact(db, text("address")))
                .col(big_integer("last_seen_at"))
                .col(big_integer_null("previous_login_at"))
                .col(text("previous_login_address"))
                .col(text("previous_login_user_agent"))
                .col(big_integer("failures_before"))
                .col(big_integer_null("ended_at"))
                .col(text_null("end_reason"))
                .foreign_key(
                    ForeignKey::create()
                        .from("sessions", "account_id")
                        .to("accounts", "id")
                        .on_delete(ForeignKeyAction::Cascade),
                )
                .to_owned(),
        )
        .await?;
        db.create_index(
            Index::create()
                .name("sessions_by_account")
                .table("sessions")
                .col("account_id")
                .col("ended_at")
                .col("last_seen_at")
                .to_owned(),
        )
        .await?;
        db.create_index(
            Index::create()
                .name("sessions_ended")
                .table("sessions")
                .col("ended_at")
                .and_where(Expr::col("ended_at").is_not_null())
                .to_owned(),
        )
        .await?;
        // Live sessions, to be listed and to be ended in time; ended ones are most rows.
        for column in ["created_at", "address", "idle_at", "absolute_at"] {
            db.create_index(
                Index::create()
                    .name(format!("sessions_live_by_{column}"))
                    .table("sessions")
                    .col(column)
                    .col("sid")
                    .and_where(Expr::col("ended_at").is_null())
                    .to_owned(),
            )
            .await?;
        }
        db.create_table(
            Table::create()
                .table("revocations")
                .col(big_pk_auto("id"))
                .col(text("kind"))
                .col(uuid("subject"))
                .col(big_integer("min_version"))
                .col(text("reason"))
                .col(big_integer("created_at"))
                .col(big_integer("expires_at"))
                .to_owned(),
        )
        .await?;
        db.create_index(
            Index::create()
                .name("revocations_by_expiry")
                .table("revocations")
                .col("expires_at")
                .to_owned(),
        )
        .await?;
        db.create_table(
            Table::create()
                .table("revocation_receipts")
                .col(big_integer("revocation_id"))
                .col(text("instance"))
                .col(big_integer("delay_millis"))
                .primary_key(Index::create().col("revocation_id").col("instance"))
                .to_owned(),
        )
        .await?;
        db.create_table(
            Table::create()
                .table("service")
                .col(text("name").primary_key())
                .col(big_integer("value"))
                .to_owned(),
        )
        .await
    }

    async fn down(&self, db: &SchemaManager) -> Result<(), DbErr> {
        for table in ["service", "revocation_receipts", "revocations", "sessions"] {
            db.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

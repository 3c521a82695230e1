//! Accounts and their roles.

use sea_orm_migration::{prelude::*, schema::*};

use crate::exact;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        db.create_table(
            Table::create()
                .table("accounts")
                .col(pk_uuid("id"))
                .col(text("username"))
                .col(exact(db, text_uniq("username_canonical")))
                .col(text("email"))
                .col(exact(db, text_uniq("email_canonical")))
                .col(text("password_hash"))
                .col(big_integer("password_changed_at"))
                .col(big_integer("created_at"))
                .col(big_integer_null("disabled_at"))
                .col(big_integer("epoch"))
                .col(big_integer_null("last_login_at"))
                .col(text("last_login_address"))
                .col(text("last_login_user_agent"))
                .col(big_integer("failed_logins"))
                .to_owned(),
        )
        .await?;
        db.create_table(
            Table::create()
                .table("account_roles")
                .col(uuid("account_id"))
                .col(exact(db, text("role")))
                // As in the account: holders are listed by name from one index.
                .col(exact(db, text("username_canonical")))
                .primary_key(Index::create().col("account_id").col("role"))
                .foreign_key(
                    ForeignKey::create()
                        .from("account_roles", "account_id")
                        .to("accounts", "id")
                        .on_delete(ForeignKeyAction::Cascade),
                )
                .to_owned(),
        )
        .await?;
        db.create_index(
            Index::create()
                .name("account_roles_by_role")
                .table("account_roles")
                .col("role")
                .col("username_canonical")
                .to_owned(),
        )
        .await?;
        db.create_table(
            Table::create()
                .table("roles")
                .col(exact(db, text("name")).primary_key())
                .col(text("description"))
                .col(big_integer("created_at"))
                .to_owned(),
        )
        .await?;
        let index = |name: &str| Index::create().name(name).table("accounts").to_owned();
        for new in [
            index("accounts_by_opening").col("created_at").col("id"),
            index("accounts_by_login").col("last_login_at").col("id"),
            index("accounts_by_failures")
                .col("failed_logins")
                .and_where(Expr::col("failed_logins").gt(0)),
            index("accounts_disabled")
                .col("username_canonical")
                .and_where(Expr::col("disabled_at").is_not_null()),
        ] {
            db.create_index(new.to_owned()).await?;
        }
        Ok(())
    }

    async fn down(&self, db: &SchemaManager) -> Result<(), DbErr> {
        for table in ["roles", "account_roles", "accounts"] {
            db.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

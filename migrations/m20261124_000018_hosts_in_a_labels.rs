//! Hosts of e-mail addresses are compared in A-labels: `bücher.example` becomes
//! `xn--bcher-kva.example`. Where both spellings have an account already, the
//! one in the other spelling stays as it is, and logs in by its user name.

use sea_orm_migration::prelude::*;
use sea_orm_migration::sea_orm::DbBackend;

#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, db: &SchemaManager) -> Result<(), DbErr> {
        let connection = db.get_connection();
        let beyond_ascii = match db.get_database_backend() {
            DbBackend::Postgres => Expr::cust("email_canonical ~ '[^ -~]'"),
            _ => Expr::cust("email_canonical GLOB '*[^ -~]*'"),
        };
        let all = Query::select()
            .column("email_canonical")
            .from("accounts")
            .and_where(beyond_ascii)
            .to_owned();
        for row in connection.query_all(&all).await? {
            let old: String = row.try_get("", "email_canonical")?;
            let Some((local, host)) = old.split_once('@') else { continue };
            let Ok(host) = idna::domain_to_ascii(host) else { continue };
            let new = format!("{local}@{host}");
            let taken = Query::select()
                .expr(Expr::val(1))
                .from("accounts")
                .and_where(Expr::col("email_canonical").eq(&new))
                .to_owned();
            if new == old || connection.query_one(&taken).await?.is_some() {
                continue;
            }
            let update = Query::update()
                .table("accounts")
                .value("email_canonical", new)
                .and_where(Expr::col("email_canonical").eq(old))
                .to_owned();
            connection.execute(&update).await?;
        }
        Ok(())
    }

    /// Nothing: an older program finds these accounts by their user names.
    async fn down(&self, _: &SchemaManager) -> Result<(), DbErr> {
        Ok(())
    }
}

//! `/admin/audit.csv` and `/admin/audit.jsonl`: the log as a file.

use rocket::{Route, get, routes};

use super::query::AuditQuery;
use crate::service::export::{self, Lines};
use crate::web::admin::export::{Export, List};
use crate::web::answer::download::Download;
use crate::web::answer::failure::Failure;
use crate::web::request::service::Service;

/// The addresses of this file.
pub(in crate::web::admin) fn routes() -> Vec<Route> {
    routes![audit_csv, audit_jsonl]
}

async fn send(
    export: Export,
    query: AuditQuery<'_>,
    doorward: &Service,
) -> Result<Download<Lines>, Failure> {
    let filter =
        query.filter(doorward.db.read(), doorward.settings.web.time_zone, &mut vec![]).await?;
    let lines = |doorward, reader, format| export::events(doorward, Some(reader), filter, format);
    export.send(List::Events, doorward, lines).await
}

#[get("/audit.csv?<query..>")]
async fn audit_csv(
    export: Export,
    query: AuditQuery<'_>,
    doorward: &Service,
) -> Result<Download<Lines>, Failure> {
    send(export, query, doorward).await
}

#[get("/audit.jsonl?<query..>")]
async fn audit_jsonl(
    export: Export,
    query: AuditQuery<'_>,
    doorward: &Service,
) -> Result<Download<Lines>, Failure> {
    send(export, query, doorward).await
}

//! `/admin/accounts.csv` and `/admin/accounts.jsonl`: the list as a file.

use rocket::{Route, get, routes};

use super::query::AccountsQuery;
use crate::service::export::{self, Lines};
use crate::web::admin::export::{Export, List};
use crate::web::answer::download::Download;
use crate::web::answer::failure::Failure;
use crate::web::request::now::Now;
use crate::web::request::service::Service;

/// The addresses of this file.
pub(in crate::web::admin) fn routes() -> Vec<Route> {
    routes![accounts_csv, accounts_jsonl]
}

async fn send(
    export: Export,
    query: AccountsQuery,
    doorward: &Service,
    now: Now,
) -> Result<Download<Lines>, Failure> {
    let filter = query.filter(now.0, &mut vec![]);
    let lines = |doorward, reader, format| export::accounts(doorward, reader, filter, format);
    export.send(List::Accounts, doorward, lines).await
}

#[get("/accounts.csv?<query..>")]
async fn accounts_csv(
    export: Export,
    query: AccountsQuery,
    doorward: &Service,
    now: Now,
) -> Result<Download<Lines>, Failure> {
    send(export, query, doorward, now).await
}

#[get("/accounts.jsonl?<query..>")]
async fn accounts_jsonl(
    export: Export,
    query: AccountsQuery,
    doorward: &Service,
    now: Now,
) -> Result<Download<Lines>, Failure> {
    send(export, query, doorward, now).await
}

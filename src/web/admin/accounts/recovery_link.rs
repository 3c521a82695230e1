//! The page that shows a recovery link, once. The link is in the answer itself
//! and nowhere else: a redirect would have to keep it somewhere.

use rocket_dyn_templates::context;

use crate::base::error::Result;
use crate::base::timestamp::Timestamp;
use crate::domain::accounts::{self, Account};
use crate::domain::one_time;
use crate::service::Doorward;
use crate::web::admin::view::account::AccountDetails;
use crate::web::answer::page::{Html, Page};
use crate::web::answer::view::Moment;

/// Makes a link, unless this very form has made one: then the page that showed
/// it was reloaded, and another link would void the first. Returns the account
/// and the link's token.
pub(super) async fn once(
    doorward: &Doorward,
    form: &str,
    now: Timestamp,
    make: impl AsyncFnOnce() -> Result<(Account, String)>,
) -> Result<(Account, Option<String>)> {
    if let Some(id) = one_time::made_with(doorward.db.read(), form, now).await? {
        return Ok((accounts::by_id(doorward.db.read(), id).await?, None));
    }
    let (account, token) = make().await?;
    one_time::note_form(doorward.db.write(), &token, form).await?;
    Ok((account, Some(token)))
}

/// `is_new`: the account was created with the link; without `token` it was shown before.
pub(super) fn draw_link(
    page: Page,
    account: Account,
    is_new: bool,
    token: Option<String>,
    (doorward, now): (&Doorward, Timestamp),
) -> Html {
    let base = doorward.settings.base_url.as_str();
    let link = token.map(|token| format!("{base}/recover/{token}"));
    let until = Moment::from(now + doorward.settings.recovery_link_life);
    let account = AccountDetails::from(account);
    page.in_section("admin/accounts")
        .render("admin/account_link.html", context! { account, is_new, link, until })
}

//! The page that shows a recovery link, once.

use rocket_dyn_templates::context;

use crate::domain::accounts::Account;
use crate::web::admin::view::account::AccountDetails;
use crate::web::answer::page::{Html, Page};
use crate::web::answer::view::Moment;

/// `is_new`: the account was created with it.
pub(super) fn draw_link(
    page: Page,
    account: Account,
    is_new: bool,
    (link, until): (String, Moment),
) -> Html {
    let account = AccountDetails::from(account);
    page.in_section("admin/accounts")
        .render("admin/account_link.html", context! { account, is_new, link, until })
}

//! The list of what the pages say after a redirect.

use crate::web::answer::message::{Message, Messages};
use crate::web::{account, admin, answer, leave, recover, register, setup};

/// The messages of every page.
pub(super) fn all() -> Messages {
    let pages: [&[Message]; 11] = [
        register::MESSAGES,
        recover::MESSAGES,
        setup::MESSAGES,
        account::password::MESSAGES,
        account::sessions::MESSAGES,
        account::delete::MESSAGES,
        account::display_name::MESSAGES,
        account::tokens::MESSAGES,
        leave::MESSAGES,
        answer::redirect::MESSAGES,
        &admin::messages(),
    ];
    Messages(pages.concat())
}

#[cfg(test)]
mod tests {
    use shared::source::declared;

    use super::*;

    #[test]
    fn every_message_that_is_declared_is_in_the_list_under_an_id_of_its_own() {
        let kinds = ["done", "notice", "warning"].map(|kind| format!("Message::{kind}("));
        let mut declared_ids: Vec<String> = kinds.iter().flat_map(|call| declared(call)).collect();
        declared_ids.sort();
        let mut ids: Vec<&str> = all().0.iter().map(Message::id).collect();
        ids.sort_unstable();
        assert_eq!(declared_ids, ids, "the `MESSAGES` of its file, and `web::messages`");
        ids.dedup();
        assert_eq!(ids.len(), declared_ids.len());
    }
}

//! What the check, the handshake and the pages on hosts of applications share:
//! who asks (`asked`, `site`), who is meant (`visitor`, `token`), what they may open
//! (`opens`), and the pages that stand alone (`notice`).

pub mod asked;
pub mod named;
pub mod new_token;
pub mod notice;
pub mod opens;
pub mod site;
pub mod token;
pub mod token_view;
pub mod visitor;

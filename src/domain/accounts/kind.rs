//! Whether an account is a person's or a service's.

use sea_orm::entity::prelude::StringLen;
use sea_orm::{DeriveActiveEnum, EnumIter};

/// Whose an account is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
pub enum AccountKind {
    /// A person's, who signs in.
    Person,
    /// A program's, which has personal tokens and never signs in.
    Service,
}

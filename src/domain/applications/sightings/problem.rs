//! What was seen of a host, and what can be wrong with it.

use sea_orm::entity::prelude::StringLen;
use sea_orm::{DeriveActiveEnum, EnumIter};
use uuid::Uuid;

use crate::base::timestamp::Timestamp;

/// What keeps everybody out, and the operator corrects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "String(StringLen::None)", rename_all = "snake_case")]
pub enum Problem {
    /// A proxy asked that is not trusted.
    UntrustedProxy,
    /// The proxy says that the browser uses http.
    NotHttps,
    /// No application has the host.
    UnknownHost,
    /// There is no application of the name that the proxy asks for.
    UnknownApplication,
    /// The host belongs to another application than the proxy asks for.
    WrongApplication,
    /// A browser was led around and never entered.
    Loop,
}

impl Problem {
    /// Whether it is about a host that no application has: visitors can make them up.
    pub(super) fn is_of_unknown_host(self) -> bool {
        matches!(self, Self::UnknownHost | Self::UnknownApplication)
    }
}

/// What was seen of one host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// The host; one that fits `*.apps.example.org` by that name. Empty where
    /// it is not known which one was meant.
    pub host: String,
    /// What was wrong; `None`: the question could be answered.
    pub problem: Option<Problem>,
    /// The application that was asked for.
    pub application: Option<Uuid>,
    /// When it was last asked.
    pub asked_at: Timestamp,
    /// When somebody was last let through.
    pub let_in_at: Option<Timestamp>,
    /// The address that asked last.
    pub peer: String,
}

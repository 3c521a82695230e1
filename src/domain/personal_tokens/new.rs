//! A token that is to be made, as people describe it.

use ipnet::IpNet;
use time::Duration;
use uuid::Uuid;

use super::refusals;
use crate::base::error::Refusal;
use crate::base::network;
use crate::domain::accounts::names::DisplayName;
use crate::domain::accounts::permissions::Roles;

/// Which applications a token opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// These.
    These(Vec<Uuid>),
    /// Every one there is and will be.
    All,
}

impl Reach {
    /// Whether it opens that application.
    pub fn includes(&self, application: Uuid) -> bool {
        match self {
            Self::These(ids) => ids.contains(&application),
            Self::All => true,
        }
    }

    /// Whether it was made for exactly one application.
    pub fn is_single(&self) -> bool {
        matches!(self, Self::These(ids) if ids.len() == 1)
    }
}

/// No token that expires is good for more days.
const MOST_DAYS: u32 = 36_500;

/// How long a token is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expiry {
    /// So many days.
    Days(u32),
    /// Until it is revoked.
    Never,
}

impl Expiry {
    /// How long that is, where no token may be good for more than `most` days; 0: no limit.
    pub(super) fn life(self, most: u32) -> Result<Option<Duration>, Refusal> {
        let longest = if most == 0 { MOST_DAYS } else { most };
        match self {
            Self::Days(days) if (1..=longest).contains(&days) => {
                Ok(Some(Duration::days(days.into())))
            }
            Self::Never if most == 0 => Ok(None),
            _ => Err(refusals::EXPIRY.with(longest.into())),
        }
    }
}

/// A token that is to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewToken {
    pub(super) name: String,
    pub(super) reach: Reach,
    pub(super) roles: Option<Roles>,
    pub(super) networks: Vec<IpNet>,
    pub(super) expiry: Expiry,
    pub(super) id: Uuid,
}

impl NewToken {
    /// A token of that name for these applications; with all roles its account
    /// has now, from anywhere.
    ///
    /// # Errors
    /// `personal_tokens::refusals::NAME`, `personal_tokens::refusals::NO_APPLICATION`.
    pub fn parse(name: &str, reach: Reach, expiry: Expiry) -> Result<Self, Refusal> {
        // What a name may hold is the same as where people read those of others.
        let name = DisplayName::parse(name).map_err(|_| refusals::NAME)?;
        if name.as_str().is_empty() {
            return Err(refusals::NAME);
        }
        let reach = match reach {
            Reach::These(mut ids) => {
                ids.sort_unstable();
                ids.dedup();
                if ids.is_empty() {
                    return Err(refusals::NO_APPLICATION);
                }
                Reach::These(ids)
            }
            Reach::All => Reach::All,
        };
        let name = name.as_str().to_owned();
        Ok(Self { name, reach, roles: None, networks: vec![], expiry, id: Uuid::new_v4() })
    }

    /// The same with an id of the caller's choice.
    pub fn known_as(self, id: Uuid) -> Self {
        Self { id, ..self }
    }

    /// The same with these roles alone.
    pub fn with_roles(self, roles: Roles) -> Self {
        Self { roles: Some(roles), ..self }
    }

    /// The same from these networks alone, in CIDR notation or as single
    /// addresses; from anywhere if there are none.
    ///
    /// # Errors
    /// `personal_tokens::refusals::NETWORK`.
    pub fn within<'a>(self, networks: impl IntoIterator<Item = &'a str>) -> Result<Self, Refusal> {
        let parsed = |text: &str| {
            network::parse(text).map(|network| network.trunc()).ok_or(refusals::NETWORK)
        };
        let mut networks = networks.into_iter().map(parsed).collect::<Result<Vec<_>, _>>()?;
        networks.sort();
        networks.dedup();
        Ok(Self { networks, ..self })
    }
}

//! What attempts are counted by, how many are let through, and for how long
//! they count.

use time::Duration;

use super::limits::Limits;
use super::table;
use crate::base::timestamp::Timestamp;

/// So many failures in a row may be had with one account, then only known
/// browsers may try (NIST SP 800-63B-4, section 3.2.2: no more than 100).
const IN_A_ROW: u32 = 100;

/// How long a full count of failures in a row lasts.
const LONG: Duration = Duration::days(30);

/// How much more a network of a customer may do than one line of it.
const WIDE: u32 = 10;

/// How often somebody may meet a taken name before an account is opened.
const NAMES: u32 = 4;

/// An account has two names, and nobody may see that two names are one
/// account's: so each of them has half of what the account may.
fn half(limit: u32) -> u32 {
    limit.div_ceil(2)
}

/// So many times as many right passwords are let through.
const RIGHT: u32 = 3;

/// How many right passwords of one account are let through in an hour; 0: all.
pub(super) fn right(limits: Limits) -> u32 {
    limits.name.saturating_mul(RIGHT)
}

/// What attempts are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bucket {
    Address,
    AddressWide,
    NameAndAddress,
    Name,
    InARow,
    /// A known browser, a script, or a session of an account.
    Own,
    OwnInARow,
    Registrations,
    RegistrationsWide,
    TakenNames,
    TakenNamesWide,
}

/// How the end of a count moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ends {
    /// It stands from the first attempt on.
    Fixed,
    /// It is as far from the last attempt.
    FromTheLast,
    /// Each attempt puts it off by as much.
    LaterEachTime,
}

impl Bucket {
    pub(super) fn label(self) -> &'static [u8] {
        match self {
            Self::Address => b"address",
            Self::AddressWide => b"wide address",
            Self::NameAndAddress => b"name and address",
            Self::Name => b"name",
            Self::InARow => b"in a row",
            Self::Own => b"own",
            Self::OwnInARow => b"own in a row",
            Self::Registrations => b"registrations",
            Self::RegistrationsWide => b"wide registrations",
            Self::TakenNames => b"taken names",
            Self::TakenNamesWide => b"wide taken names",
        }
    }

    /// How many are let through; 0: all.
    pub(super) fn limit(self, limits: Limits) -> u32 {
        let names = limits.registrations.saturating_mul(NAMES);
        match self {
            Self::Address => limits.address,
            Self::AddressWide => limits.address.saturating_mul(WIDE),
            Self::NameAndAddress => limits.name_and_address,
            Self::Name => half(limits.name),
            Self::InARow if limits.name == 0 => 0,
            Self::InARow => half(IN_A_ROW),
            Self::Own => limits.known_browser,
            Self::OwnInARow if limits.known_browser == 0 => 0,
            Self::OwnInARow => IN_A_ROW,
            Self::Registrations => limits.registrations,
            Self::RegistrationsWide => limits.registrations.saturating_mul(WIDE),
            Self::TakenNames => names,
            Self::TakenNamesWide => names.saturating_mul(WIDE),
        }
    }

    /// Whether it is of an address, which belongs to no single person.
    pub(super) fn is_of_network(self) -> bool {
        matches!(self, Self::Address | Self::AddressWide)
    }

    /// Whether it is of one person, and forgotten when they get in.
    pub(super) fn is_forgiven(self) -> bool {
        matches!(self, Self::NameAndAddress | Self::InARow | Self::Own | Self::OwnInARow)
    }

    /// How long a count lasts, or by how much each attempt makes it last longer.
    pub(super) fn window(self) -> Duration {
        match self {
            Self::Address | Self::AddressWide => Duration::minutes(15),
            // The longest wait, and what it takes to be forgotten after it.
            Self::NameAndAddress => Duration::minutes(60 + 15),
            // A full count lasts 30 days, and one failure with a name that
            // nobody has leaves no row for as long. Someone who lets a count end
            // to start again has tried no more often than one who fills it up.
            Self::InARow => LONG / (half(IN_A_ROW) as i32),
            Self::OwnInARow => LONG / (IN_A_ROW as i32),
            _ => Duration::hours(1),
        }
    }

    pub(super) fn ends(self) -> Ends {
        match self {
            Self::NameAndAddress => Ends::FromTheLast,
            Self::InARow | Self::OwnInARow => Ends::LaterEachTime,
            _ => Ends::Fixed,
        }
    }

    /// Until when a full count turns attempts away; `None` while it is not full.
    pub(super) fn full_until(self, row: &table::Model, limits: Limits) -> Option<Timestamp> {
        let limit = self.limit(limits);
        let is_full = limit > 0 && row.count >= i64::from(limit);
        is_full.then(|| self.blocked_until(row, limit))
    }

    /// Until when nobody may try, if the limit is reached.
    pub(super) fn blocked_until(self, row: &table::Model, limit: u32) -> Timestamp {
        match self {
            Self::NameAndAddress => {
                let beyond = row.count.saturating_sub(i64::from(limit)).clamp(0, 6);
                row.last_at + Duration::minutes((1 << beyond).min(60))
            }
            _ => row.expires_at,
        }
    }
}

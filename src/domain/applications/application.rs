//! An application that is guarded, and the rules about who may open what of it.

use ipnet::IpNet;
use time::Duration;

use super::path::PathPattern;
use super::place::HostPattern;
use crate::base::host::{Authority, Scheme};
use crate::domain::accounts::permissions::Roles;

/// What somebody must be to be allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Needs {
    /// Nothing: everybody is allowed, signed in or not.
    Public,
    /// To be signed in.
    Members,
    /// To be signed in, and to have one of these roles.
    Roles(Roles),
    /// Nobody is allowed.
    Nobody,
}

/// What is needed, and how long ago the password may have been given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requirement {
    /// What somebody must be.
    pub needs: Needs,
    /// The password must have been given less than this ago.
    pub confirm: Option<Duration>,
}

/// Something else is needed for a part of an application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Which part.
    pub path: PathPattern,
    /// Only about requests that read: GET and HEAD and no way round.
    pub reading_only: bool,
    /// Only about requests from these networks; from anywhere if there are none.
    pub networks: Vec<IpNet>,
    /// What is needed.
    pub requirement: Requirement,
}

/// How an application is told who somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// By headers.
    Headers,
    /// By a signed statement.
    Assertion,
    /// By both.
    Both,
    /// Not at all.
    None,
}

impl Identity {
    /// Every way.
    pub const ALL: [Self; 4] = [Self::Headers, Self::Assertion, Self::Both, Self::None];

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Headers => "headers",
            Self::Assertion => "assertion",
            Self::Both => "both",
            Self::None => "none",
        }
    }

    /// Whether it is told by headers.
    pub fn has_headers(self) -> bool {
        matches!(self, Self::Headers | Self::Both)
    }

    /// Whether it is told by a signed statement.
    pub fn has_assertion(self) -> bool {
        matches!(self, Self::Assertion | Self::Both)
    }
}

/// An application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// Its name in addresses, files and commands.
    pub slug: String,
    /// Its name for people.
    pub name: String,
    /// Where it is reached.
    pub hosts: Vec<HostPattern>,
    /// What is needed where no rule says otherwise.
    pub requirement: Requirement,
    /// How it is told who somebody is.
    pub identity: Identity,
    /// Whether clients that are no browsers are asked for a name and a password.
    pub challenge_basic: bool,
    /// Whether the questions of browsers before a request to another site pass.
    pub let_preflight: bool,
    /// Whether it is told addresses that nobody has confirmed.
    pub unverified_email: bool,
    /// Whether people see it among their applications.
    pub listed: bool,
    /// Where people begin.
    pub open_url: Option<String>,
    /// Where the proxy finds it, for the files that are printed.
    pub upstream: Option<String>,
    /// Whether it is closed for now.
    pub is_disabled: bool,
    /// What is needed for parts of it.
    pub rules: Vec<Rule>,
}

impl Application {
    /// Where people begin: its address to open, or the start page of its first
    /// single host, which is reached by that scheme.
    pub fn start(&self, scheme_of: impl Fn(&Authority) -> Scheme) -> Option<String> {
        let first = || self.hosts.iter().find_map(HostPattern::single);
        let page = |host: Authority| format!("{}://{host}/", scheme_of(&host).name());
        self.open_url.clone().or_else(|| first().map(page))
    }

    /// The host as it is written here: that of a single host, or the pattern that it fits.
    pub fn host_of(&self, asked: &Authority) -> String {
        let fitting = self.hosts.iter().filter(|host| host.fits(asked));
        let written = fitting.max_by_key(|host| host.specificity());
        written.map_or_else(|| asked.to_string(), HostPattern::to_string)
    }

    /// Whether it is reached there.
    pub fn has_host(&self, asked: &Authority) -> bool {
        self.hosts.iter().any(|host| host.fits(asked))
    }
}

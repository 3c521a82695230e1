//! Taking a list out as a file, in the format that the address ends with.

use std::sync::Arc;

use rocket::http::ContentType;
use rocket::outcome::try_outcome;
use rocket::request::{FromRequest, Outcome, Request};

use crate::domain::administration;
use crate::domain::sessions::Principal;
use crate::service::Doorward;
use crate::service::export::{Format, Lines};
use crate::web::answer::download::Download;
use crate::web::answer::failure::Failure;
use crate::web::request::caller::Caller;
use crate::web::request::now::Now;
use crate::web::request::service::Service;
use crate::web::request::staff_guards::Exporter;

/// What may be exported.
#[derive(Clone, Copy)]
pub(super) enum List {
    Accounts,
    Events,
}

impl List {
    /// Its name in the audit log, and the file's.
    fn name(self) -> &'static str {
        match self {
            Self::Accounts => "accounts",
            Self::Events => "audit",
        }
    }
}

/// Somebody who may take data out, as [`Exporter`], and the format they want.
pub(super) struct Export {
    who: Exporter,
    caller: Caller,
    now: Now,
    format: Format,
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Export {
    type Error = ();

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, ()> {
        let who = try_outcome!(request.guard::<Exporter>().await);
        // By the route: the path may be written in other ways.
        let is_csv = request.route().is_some_and(|route| route.uri.path().ends_with(".csv"));
        Outcome::Success(Self {
            who,
            caller: Caller(Caller::of(request).clone()),
            now: Now(Now::of(request)),
            format: if is_csv { Format::Csv } else { Format::JsonLines },
        })
    }
}

impl Export {
    /// Records who exports what, and sends the `lines` of it.
    pub(super) async fn send(
        self,
        list: List,
        doorward: &Service,
        lines: impl FnOnce(Arc<Doorward>, Principal, Format) -> Lines,
    ) -> Result<Download<Lines>, Failure> {
        let Self { who: Exporter(who), caller, now, format } = self;
        let name = list.name();
        let actor = who.acting(&caller, "");
        administration::note_export(&doorward.sessions, name, actor, now.0).await?;
        let (kind, ending) = match format {
            Format::Csv => (ContentType::CSV, "csv"),
            Format::JsonLines => (ContentType::new("application", "jsonl"), "jsonl"),
        };
        let lines = lines(Arc::clone(doorward.inner()), who.principal, format);
        Ok(Download::new(&format!("{name}.{ending}"), kind, lines))
    }
}

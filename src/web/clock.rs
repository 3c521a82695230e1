//! The clock. The ground floor is told the time; here it is read.

use std::convert::Infallible;
use std::sync::atomic::{AtomicI64, Ordering};

use rocket::request::{FromRequest, Outcome, Request};
use time::{Duration, OffsetDateTime};

use crate::timestamp::Timestamp;

/// The system's clock, which tests can move.
#[derive(Default)]
pub struct Clock {
    ahead_millis: AtomicI64,
}

impl Clock {
    /// The present moment.
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the clock")]
    pub fn now(&self) -> Timestamp {
        let real = Timestamp::from(OffsetDateTime::now_utc());
        Timestamp(real.0 + self.ahead_millis.load(Ordering::Relaxed))
    }

    /// Moves on (or back) by `duration`.
    pub fn advance(&self, duration: Duration) {
        self.ahead_millis.fetch_add(duration.whole_milliseconds() as i64, Ordering::Relaxed);
    }
}

/// The moment of the request.
#[derive(Clone, Copy)]
pub struct Now(pub Timestamp);

impl Now {
    /// The same for everyone who asks during one request.
    pub fn of(request: &Request<'_>) -> Timestamp {
        let clock: &Clock = request.rocket().state().expect("the clock is managed");
        request.local_cache(|| Now(clock.now())).0
    }
}

#[rocket::async_trait]
impl<'r> FromRequest<'r> for Now {
    type Error = Infallible;

    async fn from_request(request: &'r Request<'_>) -> Outcome<Self, Infallible> {
        Outcome::Success(Now(Now::of(request)))
    }
}

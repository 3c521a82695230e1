//! The rotation protocol: what a presented pair of tokens means, compared with
//! the session's row. Pure functions, so that a test can explore every history
//! up to a bound (`tests/domain/refresh_model.rs`); docs/protocols.md has the
//! table and its reasons.
//!
//! A *mark* is the moment of a hand-out: tokens of a generation that go to
//! somebody who did not have them. Hand-outs less than [`GRACE`] after a mark
//! share it, so parallel tabs get the same successor.

use time::Duration;

use crate::base::timestamp::Timestamp;

/// How long after a hand-out tabs that asked at the same time are still served.
pub const GRACE: Duration = Duration::seconds(60);

/// Two marks of one generation that are this far apart were never both given
/// to one honest browser.
pub const DISTANT: Duration = Duration::seconds(120);

/// How long somebody may go on asking for the successor of a token without ever
/// using one. A browser whose answers got lost uses the first that arrives; a
/// thief who watches for the owner never does.
pub const IDLE_ASKING: Duration = Duration::minutes(30);

/// The time of a judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The protocol's clock.
    pub now: Timestamp,
    /// Whether that clock can be relied on. While it cannot, nothing is
    /// called a copy because of the time alone.
    pub certain: bool,
}

impl Moment {
    /// A moment of a clock that can be relied on.
    #[cfg(feature = "test-support")]
    pub fn certain(now: Timestamp) -> Self {
        Self { now, certain: true }
    }

    /// A clock that was set back makes the age negative: that counts as recent.
    fn is_recent(self, at: Timestamp) -> bool {
        !self.certain || self.now.since(at) < GRACE
    }

    fn are_distant(self, one: Timestamp, other: Timestamp) -> bool {
        self.certain && are_distant(one, other)
    }
}

/// Whether no honest browser can hold tokens of both marks.
pub fn are_distant(one: Timestamp, other: Timestamp) -> bool {
    one.since(other).abs() >= DISTANT
}

/// The first request that bore an access token of the newest generation: proof
/// that somebody has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Shown {
    /// The mark of that token.
    pub mark: Timestamp,
    /// When it came.
    pub at: Timestamp,
}

/// What a session's row says about its line of tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rotation {
    /// The newest generation.
    pub generation: i64,
    /// The mark of its newest hand-out.
    pub mark: Timestamp,
    /// Set once an access token of it was shown.
    pub shown: Option<Shown>,
    /// The mark that the generation before was shown with.
    pub parent_mark: Timestamp,
    /// When tokens of the newest generation were last handed out again.
    pub again_at: Option<Timestamp>,
    /// When an access token was last accepted, or tokens were handed out after
    /// nobody had asked for [`DISTANT`].
    pub seen_at: Timestamp,
}

/// A refresh token whose MAC is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Presented {
    /// Its generation.
    pub generation: i64,
    /// Its mark. `None` in a token of the first form, which had no marks: it
    /// counts as one with the mark of the row.
    pub mark: Option<Timestamp>,
    /// Whether an access token of the same generation came with it that has
    /// not run out, but must be renewed (its epoch is over).
    pub unexpired: bool,
}

/// What to do with a presented token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The newest token: hand out the next generation.
    Rotate(Rotation),
    /// Its successor may not have arrived: hand out the successor again.
    Again(Rotation),
    /// It has only lost its access token: hand out the same generation and
    /// mark with a fresh one.
    Same(Rotation, Timestamp),
    /// A request that was on its way: let it in, hand out nothing.
    LetIn,
    /// Two hold the session: end it.
    Reuse,
    /// Newer than the row: an older database was restored.
    Restored,
}

impl Verdict {
    /// The word in figures.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rotate(_) => "rotate",
            Self::Again(_) => "again",
            Self::Same(..) => "same",
            Self::LetIn => "let_in",
            Self::Reuse => "reuse",
            Self::Restored => "restored",
        }
    }
}

impl Rotation {
    /// The beginning of a session.
    pub fn begun(now: Timestamp) -> Self {
        Self {
            generation: 0,
            mark: now,
            shown: None,
            parent_mark: now,
            again_at: None,
            seen_at: now,
        }
    }

    fn next(self, parent_mark: Timestamp, now: Timestamp) -> Self {
        let generation = self.generation + 1;
        Self { generation, mark: now, shown: None, parent_mark, again_at: None, seen_at: now }
    }

    /// A request came with a good access token of this generation and mark.
    /// `None` when two hold the session.
    pub fn show(self, generation: i64, mark: Timestamp, moment: Moment) -> Option<Self> {
        let seen = Self { seen_at: moment.now, ..self };
        if generation != self.generation {
            return Some(seen);
        }
        match self.shown {
            None => Some(Self { shown: Some(Shown { mark, at: moment.now }), ..seen }),
            Some(shown) if moment.are_distant(mark, shown.mark) => None,
            Some(_) => Some(seen),
        }
    }

    /// The table of the protocol.
    pub fn judge(self, presented: Presented, moment: Moment) -> Verdict {
        let behind = match self.generation.checked_sub(presented.generation) {
            Some(behind @ 0..) => behind,
            _ => return Verdict::Restored,
        };
        match behind {
            0 => self.judge_newest(presented, moment),
            1 => self.judge_parent(presented, moment),
            _ => Verdict::Reuse,
        }
    }

    fn judge_newest(self, presented: Presented, moment: Moment) -> Verdict {
        let now = moment.now;
        let known = self.shown.map_or(self.mark, |shown| shown.mark);
        let mark = presented.mark.unwrap_or(known);
        if self.shown.is_some_and(|shown| moment.are_distant(mark, shown.mark)) {
            return Verdict::Reuse;
        }
        let lately = self.again_at.is_some_and(|at| moment.is_recent(at));
        if !presented.unexpired && !lately {
            return Verdict::Rotate(self.next(self.shown.map_or(mark, |shown| shown.mark), now));
        }
        let long_shown = self.shown.is_some_and(|shown| !moment.is_recent(shown.at));
        if !presented.unexpired && long_shown {
            return Verdict::LetIn;
        }
        Verdict::Same(Self { again_at: Some(now), ..self }, mark)
    }

    fn judge_parent(self, presented: Presented, moment: Moment) -> Verdict {
        let now = moment.now;
        let mark = presented.mark.unwrap_or(self.parent_mark);
        if moment.are_distant(mark, self.parent_mark) {
            return Verdict::Reuse;
        }
        let handed_out = self.mark.max(self.again_at.unwrap_or(self.mark));
        let Some(shown) = self.shown else {
            let seen_at = if are_distant(now, handed_out) { now } else { self.seen_at };
            if moment.certain && now.since(seen_at) >= IDLE_ASKING {
                return Verdict::Reuse;
            }
            let mark = if moment.is_recent(self.mark) { self.mark } else { now };
            return Verdict::Again(Self { mark, again_at: Some(now), seen_at, ..self });
        };
        let latest = handed_out.max(shown.at);
        if moment.is_recent(latest) { Verdict::LetIn } else { Verdict::Reuse }
    }
}

//! The rotation protocol explored breadth first, through the functions that
//! judge in the server: every history of a browser up to a bound, and a thief
//! who tries whatever may last.
//!
//! A browser sends requests with the cookies it has at that moment, several at
//! once. A request or an answer is on its way for at most twenty seconds; any
//! answer may be lost or overtaken; an account's epoch may rise, which makes
//! every access token be renewed.

use std::collections::HashMap;
use std::collections::VecDeque;

use doorward::base::timestamp::Timestamp;
use doorward::domain::sessions::refresh::rotation::{Moment, Presented, Rotation, Verdict};
use time::Duration;

use crate::NOON;

/// A pair of cookies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Pair {
    generation: i64,
    mark: Timestamp,
    issued_at: Timestamp,
    epoch: u8,
}

impl Pair {
    fn first() -> Self {
        Self { generation: 0, mark: NOON, issued_at: NOON, epoch: 0 }
    }
}

/// What the server did with a request.
enum Done {
    /// Accepted, perhaps with a new pair.
    In(Rotation, Option<Pair>, &'static str),
    /// The session ended.
    Ended(&'static str),
}

/// A request, as the guard handles it: the access token first, then the
/// refresh token. `life` is that of an access token.
fn serve(row: Rotation, epoch: u8, pair: Pair, life: Duration, now: Timestamp) -> Done {
    let moment = Moment::certain(now);
    let unexpired = now < pair.issued_at + life;
    if unexpired && pair.epoch >= epoch {
        return match row.show(pair.generation, pair.mark, moment) {
            Some(row) => Done::In(row, None, "access"),
            None => Done::Ended("two hold it"),
        };
    }
    let presented = Presented { generation: pair.generation, mark: Some(pair.mark), unexpired };
    let verdict = row.judge(presented, moment);
    let (row, mark) = match verdict {
        Verdict::Rotate(row) | Verdict::Again(row) => (row, row.mark),
        Verdict::Same(row, mark) => (row, mark),
        Verdict::LetIn => return Done::In(row, None, verdict.name()),
        Verdict::Reuse | Verdict::Restored => return Done::Ended(verdict.name()),
    };
    let pair = Pair { generation: row.generation, mark, issued_at: now, epoch };
    Done::In(row, Some(pair), verdict.name())
}

/// What is on its way, since which tick.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Flight {
    Request(Pair, u8),
    Answer(Pair, u8),
}

impl Flight {
    fn since(self) -> u8 {
        match self {
            Self::Request(_, since) | Self::Answer(_, since) => since,
        }
    }
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct State {
    row: Rotation,
    jar: Pair,
    flying: Vec<Flight>,
    tick: u8,
    epoch: u8,
}

const TICK: Duration = Duration::seconds(20);
/// All that matters of an access token's life is that it is longer than the grace.
const LIFE: Duration = Duration::seconds(100);

fn moment(tick: u8) -> Timestamp {
    NOON + TICK * i32::from(tick)
}

/// Explores every history; returns the number of states, or the shortest one
/// in which the browser is signed out.
fn explore(ticks: u8, epochs: u8, in_flight: usize) -> Result<usize, Vec<String>> {
    let first =
        State { row: Rotation::begun(NOON), jar: Pair::first(), flying: vec![], tick: 0, epoch: 0 };
    let mut came: HashMap<State, Option<(State, String)>> = HashMap::from([(first.clone(), None)]);
    let mut queue = VecDeque::from([first]);
    while let Some(state) = queue.pop_front() {
        let mut add = |next: State, what: String| {
            came.entry(next.clone()).or_insert_with(|| {
                queue.push_back(next);
                Some((state.clone(), what))
            });
        };
        let flight = |flying: &[Flight], more: Option<Flight>| {
            let mut flying: Vec<Flight> = flying.iter().copied().chain(more).collect();
            flying.sort();
            flying
        };
        if state.tick < ticks && state.flying.iter().all(|one| state.tick < one.since() + 1) {
            add(State { tick: state.tick + 1, ..state.clone() }, "twenty seconds".to_owned());
        }
        if state.flying.len() < in_flight {
            let request = Flight::Request(state.jar, state.tick);
            let flying = flight(&state.flying, Some(request));
            add(
                State { flying, ..state.clone() },
                format!("a request with {}", state.jar.generation),
            );
        }
        if state.epoch < epochs {
            add(State { epoch: state.epoch + 1, ..state.clone() }, "the epoch rises".to_owned());
        }
        let mut ended = None;
        for (place, one) in state.flying.iter().enumerate() {
            let mut rest = state.flying.clone();
            rest.remove(place);
            match *one {
                Flight::Request(pair, _) => {
                    match serve(state.row, state.epoch, pair, LIFE, moment(state.tick)) {
                        Done::In(row, answer, what) => {
                            // All is over before anybody has asked for too long.
                            let row = Rotation { seen_at: NOON, ..row };
                            let answer = answer.map(|pair| Flight::Answer(pair, state.tick));
                            let flying = flight(&rest, answer);
                            let what = format!("{what} of {}", pair.generation);
                            add(State { row, flying, ..state.clone() }, what);
                        }
                        Done::Ended(why) => ended = Some(format!("{why} of {}", pair.generation)),
                    }
                }
                Flight::Answer(pair, _) => {
                    let flying = flight(&rest, None);
                    let lost = State { flying: flying.clone(), ..state.clone() };
                    add(lost, "an answer is lost".to_owned());
                    let arrived = State { jar: pair, flying, ..state.clone() };
                    add(arrived, format!("an answer with {} arrives", pair.generation));
                }
            }
        }
        if let Some(why) = ended {
            let mut story = vec![format!("{}: {why}", state.tick)];
            let mut at = &state;
            while let Some((before, what)) = &came[at] {
                story.push(format!("{}: {what}", before.tick));
                at = before;
            }
            story.reverse();
            return Err(story);
        }
    }
    Ok(came.len())
}

#[test]
fn no_history_signs_an_honest_browser_out() {
    for (ticks, epochs, in_flight) in [(13, 1, 2), (9, 2, 2), (7, 1, 3)] {
        match explore(ticks, epochs, in_flight) {
            Ok(states) => println!("{states} states: never signed out"),
            Err(story) => panic!("signed out by {story:#?}"),
        }
    }
}

/// What a thief may try with a copy of the cookies.
#[derive(Clone, Copy, Debug)]
struct Strategy {
    /// Seconds after the access token's end at which the copy is refreshed.
    wait: i64,
    /// Seconds for which new cookies are not used.
    still: i64,
    /// The access token is thrown away each time.
    hammer: bool,
}

/// Small and the same everywhere: the histories can be told again.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn exponential(&mut self, mean: f64) -> i64 {
        (-self.next().max(1e-12).ln() * mean).round() as i64
    }
}

const DAY: i64 = 24 * 3600;

/// Ten minutes of clicks every 40 s, half an hour of nothing between.
fn clicks(chance: &mut Chance) -> Vec<i64> {
    let (mut clicks, mut at) = (vec![], chance.exponential(300.0));
    while at < DAY {
        let stop = at + chance.exponential(600.0);
        while at < stop {
            clicks.push(at);
            at += chance.exponential(40.0).max(1);
        }
        at += chance.exponential(1800.0).max(1);
    }
    clicks
}

/// How many minutes a copy lasts while its owner is active; `None` when the owner's
/// clicks ended before the theft.
fn minutes_of(strategy: Strategy, seed: u64) -> Option<i64> {
    let life = Duration::seconds(600);
    let mut chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    for _ in 0..8 {
        chance.next();
    }
    let clicks = clicks(&mut chance);
    let theft = 60 + (chance.next() * 3540.0) as i64;
    let (mut row, mut jar, mut copy) = (Rotation::begun(NOON), Pair::first(), None::<Pair>);
    let (mut click, mut thief_at) = (0, theft);
    loop {
        let owner_at = clicks.get(click).copied().unwrap_or(DAY);
        let at = owner_at.min(thief_at);
        if at >= DAY {
            return Some(DAY / 60);
        }
        let now = NOON + Duration::seconds(at);
        let owners = owner_at <= thief_at;
        let pair = match copy {
            _ if owners => jar,
            Some(copy) if strategy.hammer => Pair { issued_at: NOON - Duration::days(1), ..copy },
            Some(copy) => copy,
            None => {
                copy = Some(jar);
                thief_at = at + 1;
                continue;
            }
        };
        let (bought, ended) = match serve(row, 0, pair, life, now) {
            Done::In(next, bought, _) => {
                row = next;
                (bought, false)
            }
            Done::Ended(_) => (None, true),
        };
        if ended {
            return copy.map(|_| (at - theft) / 60);
        }
        if owners {
            jar = bought.unwrap_or(jar);
            click += 1;
            continue;
        }
        copy = bought.or(copy);
        let runs_out = copy.map_or(at, |pair| pair.issued_at.since(NOON).whole_seconds() + 600);
        thief_at = match (strategy.hammer, bought.is_some()) {
            (true, _) => at + 20,
            (false, true) => at + strategy.still,
            (false, false) if at < runs_out - 31 => at + 30,
            (false, false) => runs_out + strategy.wait,
        }
        .max(at + 1);
    }
}

#[test]
fn a_copy_lasts_minutes_whatever_the_thief_tries_and_never_a_day() {
    for strategy in [
        Strategy { wait: 1, still: 1, hammer: false },
        Strategy { wait: 1, still: 300, hammer: false },
        Strategy { wait: 60, still: 30, hammer: false },
        Strategy { wait: 0, still: 0, hammer: true },
    ] {
        let mut minutes: Vec<i64> =
            (0..400).filter_map(|seed| minutes_of(strategy, seed)).collect();
        minutes.sort_unstable();
        let (median, most) = (minutes[minutes.len() / 2], minutes[minutes.len() - 1]);
        println!("{strategy:?}: {median} minutes at the median, {most} at most");
        assert!(minutes.len() > 300);
        assert!(median <= 45 && most < DAY / 60, "{strategy:?}: {median}, {most}");
    }
}

/// How many minutes a copy lasts whose holder asks every few seconds with the
/// refresh token alone, keeps what is handed out without using it, and goes
/// over to it when nothing is handed out any more: then the owner has it.
fn minutes_of_a_watcher(every: i64, seed: u64) -> i64 {
    let life = Duration::seconds(600);
    let mut chance = Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1);
    for _ in 0..8 {
        chance.next();
    }
    let mut clicks = clicks(&mut chance).into_iter().peekable();
    let theft = 60 + (chance.next() * 3540.0) as i64;
    let (mut row, mut jar) = (Rotation::begun(NOON), Pair::first());
    let (mut asks_with, mut kept, mut thief_at) = (None::<Pair>, None::<Pair>, theft);
    loop {
        let owner_at = clicks.peek().copied().unwrap_or(DAY);
        let at = owner_at.min(thief_at);
        let owners = owner_at <= thief_at;
        if at >= DAY {
            return DAY / 60;
        }
        let without_access = NOON - Duration::days(1);
        let pair = match asks_with {
            _ if owners => jar,
            Some(pair) => Pair { issued_at: without_access, ..pair },
            None => {
                (asks_with, thief_at) = (Some(jar), at + every);
                continue;
            }
        };
        let Done::In(next, bought, _) = serve(row, 0, pair, life, NOON + Duration::seconds(at))
        else {
            return (at - theft).max(0) / 60;
        };
        row = next;
        if owners {
            clicks.next();
            jar = bought.unwrap_or(jar);
            continue;
        }
        thief_at = at + every;
        match bought {
            Some(more) if more.generation > pair.generation => kept = Some(more),
            Some(_) => {}
            None => asks_with = kept.take().or(asks_with),
        }
    }
}

#[test]
fn a_copy_whose_holder_watches_for_its_owner_never_lasts_a_day() {
    for every in [5, 30, 55, 80, 100, 119] {
        let mut minutes: Vec<i64> =
            (0..400).map(|seed| minutes_of_a_watcher(every, seed)).collect();
        minutes.sort_unstable();
        let (median, most) = (minutes[minutes.len() / 2], minutes[minutes.len() - 1]);
        println!("every {every} s: {median} minutes at the median, {most} at most");
        assert!(median <= 75 && most < DAY / 60, "every {every} s: {median}, {most}");
    }
}

#[test]
fn two_who_fetch_a_generation_two_minutes_apart_are_told_apart() {
    let owner = Presented { generation: 0, mark: Some(NOON), unexpired: false };
    for seconds in [120, 121, 3600] {
        let row = Rotation::begun(NOON).show(0, NOON, Moment::certain(NOON)).unwrap();
        let at = NOON + Duration::minutes(11);
        let Verdict::Rotate(row) = row.judge(owner, Moment::certain(at)) else { panic!() };
        // The answer was lost, or kept still by a thief; the other one comes later.
        let late = at + Duration::seconds(seconds);
        let Verdict::Again(row) = row.judge(owner, Moment::certain(late)) else { panic!() };
        assert_ne!(row.mark, at, "another hand-out");
        let row = row.show(1, row.mark, Moment::certain(late)).unwrap();
        assert_eq!(row.show(1, at, Moment::certain(late)), None);
        let other = Presented { generation: 1, mark: Some(at), unexpired: false };
        assert_eq!(row.judge(other, Moment::certain(late)), Verdict::Reuse);
    }
}

//! The three promises of the refresh protocol, over random histories of tabs,
//! lost and late answers, crashes, clock steps, renewals, and a thief.

use doorward::domain::sessions::EndReason;
use doorward::domain::sessions::refresh::rotation::GRACE;
use proptest::prelude::*;
use time::Duration;

use crate::story::{Jar, Outcome, Story, request};
use crate::{NOON, World};

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    /// A tab of the owner asks for a page; its answer is on its way.
    Ask,
    /// The same, and another server answers, whose clock differs.
    AskOther,
    /// The oldest or the newest answer on its way arrives, or gets lost.
    Arrive { newest: bool, lost: bool },
    /// Time passes while answers are on their way.
    Wait { seconds: i64 },
    /// Everything on its way arrives; then hours pass, or the clock is set.
    Pause { seconds: i64 },
    /// The clock is set a little while answers are on their way.
    Nudge { seconds: i64 },
    /// The server flushes what it saw.
    Tend,
    /// The server is killed and started again.
    Crash,
    /// The owner gives the password again; the answer may get lost.
    Confirm { lost: bool },
    /// The account's epoch rises: every access token must be renewed.
    Raise,
    /// The thief copies the owner's cookies.
    Steal,
    /// The thief asks for a page.
    Thieve,
}

/// Requests and answers are less than twenty seconds on their way each; here a
/// request arrives at once, so its answer may take all of it.
const MOST_IN_FLIGHT: Duration = Duration::seconds(40);

fn honest_steps() -> impl Strategy<Value = Step> {
    prop_oneof![
        5 => Just(Step::Ask),
        2 => Just(Step::AskOther),
        6 => (any::<bool>(), prop::bool::weighted(0.2)).prop_map(|(newest, lost)| Step::Arrive { newest, lost }),
        3 => (0..30i64).prop_map(|seconds| Step::Wait { seconds }),
        3 => (0..20_000i64).prop_map(|seconds| Step::Pause { seconds }),
        1 => (-86_400..0i64).prop_map(|seconds| Step::Pause { seconds }),
        1 => (-15..15i64).prop_map(|seconds| Step::Nudge { seconds }),
        2 => Just(Step::Tend),
        1 => Just(Step::Crash),
        1 => prop::bool::weighted(0.2).prop_map(|lost| Step::Confirm { lost }),
        1 => Just(Step::Raise),
    ]
}

fn steps_with_a_thief() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Ask),
        6 => Just(Step::Arrive { newest: false, lost: false }),
        3 => (0..900i64).prop_map(|seconds| Step::Pause { seconds }),
        2 => Just(Step::Tend),
        1 => Just(Step::Crash),
        1 => Just(Step::Raise),
        1 => Just(Step::Confirm { lost: false }),
        1 => Just(Step::Steal),
        4 => Just(Step::Thieve),
    ]
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap()
}

/// Plays an honest history; says what went wrong, if anything did.
async fn play_honestly(ahead: Duration, steps: Vec<Step>) -> Result<(), String> {
    let mut story = Story::begin(ahead).await;
    let mut confirmation_lost = false;
    for (number, step) in steps.into_iter().enumerate() {
        match &step {
            Step::Ask | Step::AskOther => {
                let outcome = story.ask(matches!(step, Step::AskOther)).await;
                match outcome {
                    Outcome::In(issued) => story.flying.push_back((issued, story.now)),
                    // Limits and clock jumps may end a session; nothing else may.
                    Outcome::Out(Some(EndReason::Idle | EndReason::Absolute)) => return Ok(()),
                    // The price of ending every copy: the answer cannot be asked for again.
                    Outcome::Out(Some(EndReason::Renewed)) if confirmation_lost => return Ok(()),
                    Outcome::Out(reason) => return Err(format!("step {number}: {reason:?}")),
                }
            }
            Step::Arrive { newest, lost } => story.land(*newest, *lost),
            Step::Wait { seconds } => {
                if story.oldest_flight() + Duration::seconds(*seconds) < MOST_IN_FLIGHT {
                    story.now = story.now + Duration::seconds(*seconds);
                }
            }
            Step::Pause { seconds } => {
                story.land_all();
                story.now = story.now + Duration::seconds(*seconds);
            }
            Step::Nudge { seconds } => {
                if story.oldest_flight() + Duration::seconds(15) < MOST_IN_FLIGHT {
                    story.now = story.now + Duration::seconds(*seconds);
                }
            }
            Step::Tend => story.sync().await,
            Step::Crash => story.crash().await,
            Step::Confirm { lost } => {
                // Pages of before are closed: an answer that arrives later would
                // put the old cookies back, which costs one more sign-in.
                story.land_all();
                let done = story.confirm(*lost).await;
                if let Err(why) = done {
                    let renewed = confirmation_lost && why.contains("Renewed");
                    let limits = why.contains("Idle") || why.contains("Absolute") || renewed;
                    return if limits { Ok(()) } else { Err(format!("step {number}: {why}")) };
                }
                confirmation_lost |= *lost;
            }
            Step::Raise => story.raise().await,
            Step::Steal | Step::Thieve => {}
        }
    }
    if story.bystanders_go_on().await {
        Ok(())
    } else {
        Err("a bystander was signed out".to_owned())
    }
}

/// Plays a history with a thief; holds that the two never both go on.
async fn play_with_a_thief(steps: Vec<Step>) -> Result<(), String> {
    let mut story = Story::begin(Duration::ZERO).await;
    let mut ended = false;
    for (number, step) in steps.into_iter().enumerate() {
        match step {
            Step::Ask | Step::AskOther => {
                let outcome = story.ask(matches!(step, Step::AskOther)).await;
                match outcome {
                    Outcome::In(_) if ended => {
                        return Err(format!("step {number}: owner let in after the end"));
                    }
                    Outcome::In(issued) => story.flying.push_back((issued, story.now)),
                    Outcome::Out(_) => ended = true,
                }
            }
            Step::Arrive { newest, lost } => story.land(newest, lost),
            Step::Pause { seconds } => {
                story.land_all();
                story.now = story.now + Duration::seconds(seconds);
            }
            Step::Tend => story.sync().await,
            Step::Crash => story.crash().await,
            Step::Steal => story.thief = Some(story.owner.clone()),
            Step::Thieve => {
                let Some(mut thief) = story.thief.take() else { continue };
                match request(&story.world, &thief, story.now).await {
                    Outcome::In(_) if ended => {
                        return Err(format!("step {number}: thief let in after the end"));
                    }
                    Outcome::In(Some(issued)) => thief.take(&issued, story.now),
                    Outcome::In(None) => {}
                    Outcome::Out(_) => ended = true,
                }
                story.thief = Some(thief);
            }
            Step::Raise => story.raise().await,
            Step::Confirm { lost } => {
                story.land_all();
                if story.confirm(lost).await.is_err() {
                    ended = true;
                    continue;
                }
                // Whatever the thief holds, used or kept, is worthless from now on.
                if let Some(thief) = story.thief.take() {
                    let bare = Jar { access: None, ..thief.clone() };
                    for jar in [thief, bare] {
                        if let Outcome::In(_) = request(&story.world, &jar, story.now).await {
                            return Err(format!("step {number}: the thief outlives the password"));
                        }
                    }
                }
            }
            Step::Wait { .. } | Step::Nudge { .. } => {}
        }
    }
    // However it went: both now act in turn and show what they get. They may
    // share one more generation (that of a lost answer); the next confirmed one
    // tells them apart, and the session ends.
    if let Some(mut thief) = story.thief.take() {
        story.land_all();
        let mut both_in = 0;
        for _ in 0..6 {
            story.now = story.now + Duration::minutes(12);
            story.world.sessions.sync(story.now).await.unwrap();
            let mut in_now = 0;
            for jar in [&mut story.owner, &mut thief] {
                // Two requests, so that a fresh token is also shown.
                for _ in 0..2 {
                    match request(&story.world, jar, story.now).await {
                        Outcome::In(Some(issued)) => jar.take(&issued, story.now),
                        Outcome::In(None) => {}
                        Outcome::Out(_) => in_now -= 1,
                    }
                    story.now = story.now + Duration::seconds(61);
                }
                in_now += 2;
            }
            both_in += i32::from(in_now == 4);
        }
        if both_in > 1 {
            return Err(format!(
                "both went on {both_in} times; owner at {}, thief at {}",
                story.owner.generation(),
                thief.generation()
            ));
        }
    }
    if story.bystanders_go_on().await {
        Ok(())
    } else {
        Err("a bystander was signed out".to_owned())
    }
}

fn cases() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig {
        cases: cases.unwrap_or(48),
        max_shrink_iters: 300,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn an_honest_browser_is_never_signed_out(
        ahead in prop_oneof![Just(0i64), -4..=4i64, -55..=55i64],
        steps in prop::collection::vec(honest_steps(), 1..60),
    ) {
        let played = runtime().block_on(play_honestly(Duration::seconds(ahead), steps));
        prop_assert!(played.is_ok(), "{:?}", played);
    }

    #[test]
    fn thief_and_owner_never_both_go_on(steps in prop::collection::vec(steps_with_a_thief(), 1..40)) {
        let played = runtime().block_on(play_with_a_thief(steps));
        prop_assert!(played.is_ok(), "{:?}", played);
    }
}

#[tokio::test]
async fn a_thief_who_stops_holds_nothing_that_works() {
    let world = World::new().await;
    let (_, first) = world.session("ada").await;
    let mut owner = Jar { access: None, refresh: String::new() };
    owner.take(&first, NOON);
    let thief = owner.clone();
    let now = NOON + Duration::minutes(11);
    let Outcome::In(Some(issued)) = request(&world, &owner, now).await else { panic!() };
    owner.take(&issued, now);
    assert!(matches!(request(&world, &owner, now).await, Outcome::In(None)));
    let later = now + GRACE;
    assert!(matches!(request(&world, &thief, later).await, Outcome::Out(Some(EndReason::Reuse))));
}

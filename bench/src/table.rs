//! Measuring in turn, and the table of what came of it.

use std::time::Duration;

use crate::others::Others;

/// How long one measurement takes, and how often each is taken.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) each: Duration,
    pub(crate) rounds: usize,
}

/// What a figure should be.
#[derive(Clone, Copy)]
pub(crate) enum Aim {
    AtLeast(f64),
    Below(f64),
}

/// A figure, its reference, and how the two relate in each round.
pub(crate) struct Compared {
    ours: f64,
    theirs: f64,
    ratios: Vec<f64>,
    others: f64,
}

/// With more of the processors than this gone to others, no ratio counts.
const DISTURBED: f64 = 0.1;

pub(crate) fn head() {
    println!("| what | Doorward | reference | ratio (range) | aim | | others' part of the CPU |");
    println!("|---|--:|--:|--:|--:|---|--:|");
}

/// A figure with an aim of its own.
pub(crate) fn line(what: &str, figure: f64, aim: Aim) {
    let (aim, verdict) = judge(figure, aim);
    println!("| {what} | {figure:.0} | | | {aim} | {verdict} | |");
}

/// A figure with its reference; the aim is for their ratio, which is returned.
pub(crate) fn compared(what: &str, compared: Compared, reference: &str, aim: Aim) -> f64 {
    let Compared { ours, theirs, ratios, others } = compared;
    let ratio = median(&ratios);
    let least = ratios.iter().copied().fold(f64::INFINITY, f64::min);
    let most = ratios.iter().copied().fold(0.0, f64::max);
    let (aim, verdict) = judge(ratio, aim);
    let verdict = if others > DISTURBED { "disturbed, run it again" } else { verdict };
    let others = others * 100.0;
    println!(
        "| {what} | {ours:.0} | {theirs:.0} {reference} | {ratio:.2} ({least:.2} to {most:.2}) | {aim} | {verdict} | {others:.0} % |"
    );
    ratio
}

fn judge(figure: f64, aim: Aim) -> (String, &'static str) {
    let (text, met) = match aim {
        Aim::AtLeast(least) => (format!("≥ {least}"), figure >= least),
        Aim::Below(limit) => (format!("< {limit}"), figure < limit),
    };
    (text, if met { "met" } else { "**missed**" })
}

pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// Takes both in turn, so that whatever disturbs the machine hits both. The
/// ratio is the median of the rounds' own ratios, not that of the two medians.
pub(crate) async fn in_turn(
    plan: Plan,
    subject: impl AsyncFn() -> f64,
    reference: impl AsyncFn() -> f64,
) -> Compared {
    let (mut ours, mut theirs) = (vec![], vec![]);
    let others = Others::watch();
    for round in 0..plan.rounds {
        // Neither always comes second.
        if round % 2 == 0 {
            ours.push(subject().await);
            theirs.push(reference().await);
        } else {
            theirs.push(reference().await);
            ours.push(subject().await);
        }
    }
    let ratios = ours.iter().zip(&theirs).map(|(ours, theirs)| ours / theirs).collect();
    Compared { ours: median(&ours), theirs: median(&theirs), ratios, others: others.share() }
}

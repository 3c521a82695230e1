//! What the ratios were before, so that a slower change shows here:
//! no new capability may cost a page of somebody signed in more than 2 %.
//!
//! `bench/history.csv` is written by hand: a row for each version, of the
//! medians of three full runs on a quiet machine.

const WRITTEN: &str = include_str!("../history.csv");

/// Prints the earlier ratios, those of this run in the same order, and by how
/// much they differ from the last ones.
pub(crate) fn print(ratios: &[f64]) {
    let mut lines = WRITTEN.lines();
    let head: Vec<&str> = lines.next().unwrap().split(',').collect();
    assert_eq!(ratios.len() + 1, head.len(), "a column for each ratio");
    println!("\n| {} |", head.join(" | "));
    println!("|---{}|", "|--:".repeat(ratios.len()));
    let mut last = vec![];
    for line in lines {
        last = line.split(',').skip(1).map(|ratio| ratio.parse::<f64>().ok()).collect();
        println!("| {} |", line.replace(',', " | "));
    }
    let now: Vec<String> = ratios.iter().map(|ratio| format!("{ratio:.2}")).collect();
    println!("| this run | {} |", now.join(" | "));
    let change = |(now, last): (&f64, &Option<f64>)| match last {
        Some(last) => format!("{:+.0} %", (now / last - 1.0) * 100.0),
        None => String::new(),
    };
    let changes: Vec<String> = ratios.iter().zip(&last).map(change).collect();
    println!("| since the last | {} |", changes.join(" | "));
}

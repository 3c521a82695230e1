//! Bar charts, as the numbers that a template draws as SVG: no script, and no
//! `style`, which the content security policy would refuse. The stylesheet
//! gives them the colours of the page, light or dark.

use serde::Serialize;

use crate::web::answer::view::grouped;

/// A chart with the table of its figures.
#[derive(Serialize)]
pub(in crate::web::admin) struct Chart {
    title: &'static str,
    total: String,
    rows: Vec<(String, i64)>,
    /// Whether there is nothing to draw.
    empty: bool,
    ticks: Vec<Mark>,
    labels: Vec<Mark>,
    bars: Vec<Bar>,
}

/// Words next to an axis, and how far along it they stand.
#[derive(Serialize)]
struct Mark {
    at: f64,
    words: String,
}

#[derive(Serialize)]
struct Bar {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
}

/// Where the bars are, in a picture of 400 by 140.
const LEFT: f64 = 48.0;
const RIGHT: f64 = 396.0;
const TOP: f64 = 10.0;
const FLOOR: f64 = 116.0;

/// How many labels there is room for.
const LABELS: usize = 6;

/// The distance of the lines: 1, 2 or 5 times a power of ten, so that at most
/// four lines reach the highest bar.
fn step(highest: i64) -> i64 {
    let powers = std::iter::successors(Some(1_i64), |power| power.checked_mul(10));
    let steps = powers.flat_map(|power| [1, 2, 5].map(|times| power.saturating_mul(times)));
    let fits = |step: &i64| highest.saturating_add(step - 1) / step <= 4;
    steps.into_iter().find(fits).unwrap_or(i64::MAX)
}

fn rounded(number: f64) -> f64 {
    (number * 10.0).round() / 10.0
}

impl Chart {
    /// Of one figure for each label, oldest first. `total` is the figure that
    /// says it all in a word.
    pub(in crate::web::admin) fn of(
        title: &'static str,
        total: i64,
        rows: Vec<(String, i64)>,
    ) -> Self {
        let highest = rows.iter().map(|(_, value)| *value).max().unwrap_or(0).max(0);
        let step = step(highest);
        let lines = (highest.saturating_add(step - 1) / step).max(1);
        let height = |value: i64| value as f64 / (lines * step) as f64 * (FLOOR - TOP);
        let ticks = (0..=lines).map(|line| Mark {
            at: rounded(FLOOR - height(line * step)),
            words: grouped(line * step),
        });
        let room = (RIGHT - LEFT) / rows.len().max(1) as f64;
        let middle = |place: usize| LEFT + (place as f64 + 0.5) * room;
        let every = rows.len().div_ceil(LABELS).max(1);
        let labels = rows.iter().enumerate().step_by(every);
        let labels = labels
            .map(|(place, (label, _))| Mark { at: rounded(middle(place)), words: label.clone() });
        let bars = rows.iter().enumerate().filter(|(_, (_, value))| *value > 0);
        let bars = bars.map(|(place, (_, value))| {
            let height = height(*value).max(1.0);
            Bar {
                x: rounded(middle(place) - room * 0.3),
                y: rounded(FLOOR - height),
                width: rounded(room * 0.6),
                height: rounded(height),
            }
        });
        Self {
            title,
            total: grouped(total),
            empty: highest == 0,
            ticks: ticks.collect(),
            labels: labels.collect(),
            bars: bars.collect(),
            rows,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(highest: i64) -> Vec<String> {
        let chart = Chart::of("Sign-ins", 0, vec![("a".to_owned(), highest), ("b".to_owned(), 0)]);
        chart.ticks.into_iter().map(|tick| tick.words).collect()
    }

    #[test]
    fn the_lines_of_a_chart_are_whole_numbers_a_person_would_choose() {
        assert_eq!(ticks(0), ["0", "1"]);
        assert_eq!(ticks(1), ["0", "1"]);
        assert_eq!(ticks(4), ["0", "1", "2", "3", "4"]);
        assert_eq!(ticks(5), ["0", "2", "4", "6"]);
        assert_eq!(ticks(9), ["0", "5", "10"]);
        assert_eq!(ticks(79), ["0", "20", "40", "60", "80"]);
        assert_eq!(ticks(8200), ["0", "5,000", "10,000"], "2,000 would take five lines");
    }

    #[test]
    fn a_bar_takes_three_fifths_of_its_place_and_as_much_of_the_height_as_it_counts() {
        let rows = vec![("a".to_owned(), 2), ("b".to_owned(), 0), ("c".to_owned(), 4)];
        let chart = Chart::of("Sign-ins", 6, rows);
        assert!(!chart.empty);
        let sizes: Vec<(f64, f64)> = chart.bars.iter().map(|bar| (bar.width, bar.height)).collect();
        assert_eq!(sizes, [(69.6, 53.0), (69.6, 106.0)]);
        assert!(chart.bars.iter().all(|bar| rounded(bar.y + bar.height) == FLOOR));
        assert!(Chart::of("Sign-ins", 0, vec![("a".to_owned(), 0)]).empty);
    }
}

//! Bar charts as SVG, drawn on the server: no script, and no `style`, which the
//! content security policy would refuse. The stylesheet gives them the colours
//! of the page, light or dark.

use charts_rs::{BarChart, Color, Series, svg_with_accessibility};
use serde::Serialize;

/// A chart with the table of its figures.
#[derive(Serialize)]
pub(in crate::web::admin) struct Chart {
    title: &'static str,
    svg: String,
    total: String,
    rows: Vec<(String, i64)>,
}

const SIZE: (f32, f32) = (400.0, 140.0);

impl Chart {
    /// Of one figure for each label, oldest first. `total` is the figure that
    /// says it all in a word.
    pub(in crate::web::admin) fn of(
        title: &'static str,
        total: i64,
        rows: Vec<(String, i64)>,
    ) -> Self {
        let values = rows.iter().map(|(_, value)| *value as f32).collect();
        let labels = rows.iter().map(|(label, _)| label.clone()).collect();
        let mut chart = BarChart::new(vec![Series::new(title.to_owned(), values)], labels);
        let base = &mut chart.base;
        (base.width, base.height) = SIZE;
        base.background_color = Color::transparent();
        base.legend.show = Some(false);
        base.font_family = "inherit".to_owned();
        base.x_axis.font.size = 12.0;
        // One colour, which the stylesheet knows and replaces.
        base.series.colors = vec![Color::from("#1f6251")];
        if let Some(axis) = chart.y_axis_configs.first_mut() {
            axis.font.size = 12.0;
            axis.split_number = 4;
            if rows.iter().all(|(_, value)| *value == 0) {
                axis.max = Some(4.0);
            }
        }
        let description = format!("{title}: {total} in total. The table below has all values.");
        let svg = chart.svg().unwrap_or_default();
        let svg = svg_with_accessibility(&svg, title, &description);
        Self { title, svg, total: grouped(total), rows }
    }
}

/// `1234567` as `1 234 567`, with thin spaces that do not break.
pub(in crate::web::admin) fn grouped(number: i64) -> String {
    let digits = number.unsigned_abs().to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    if number < 0 { format!("−{text}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chart_has_neither_style_nor_script_and_escapes_its_labels() {
        let rows = vec![("<script>".to_owned(), 3), ("b".to_owned(), 0)];
        let Chart { svg, .. } = Chart::of("Sign-ins", 3, rows);
        assert!(svg.contains("role=\"img\"") && svg.contains("<title>Sign-ins</title>"), "{svg}");
        for word in ["style", "script>", "http://", "url("] {
            assert!(!svg.replace("http://www.w3.org/2000/svg", "").contains(word), "{word}: {svg}");
        }
    }

    #[test]
    fn digits_stand_in_threes() {
        assert_eq!(grouped(7), "7");
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(grouped(-1234), "−1\u{202f}234");
    }
}

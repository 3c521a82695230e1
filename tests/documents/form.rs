//! The form of the documents: short at the front, and lines that a diff can show.

use std::fs;
use std::path::Path;

use super::documents;

#[test]
fn the_readme_takes_at_most_120_lines_and_has_the_two_commands() {
    let readme = fs::read_to_string("README.md").unwrap();
    assert!(readme.lines().count() <= 120, "{}", readme.lines().count());
    for command in ["cargo run --release", "tests/run"] {
        assert!(readme.contains(command), "{command}");
    }
}

#[test]
fn prose_is_wrapped_at_100_columns() {
    let mut long = vec![];
    // An entry of the changelog is one line, so that two changes do not meet in one paragraph.
    for document in documents().iter().filter(|it| *it != Path::new("CHANGELOG.md")) {
        let mut in_code = false;
        for (number, line) in fs::read_to_string(document).unwrap().lines().enumerate() {
            let text = line.trim_start();
            in_code ^= text.starts_with("```");
            let is_prose = !in_code && !["|", "<", "#"].iter().any(|begin| text.starts_with(begin));
            if is_prose && line.chars().count() > 100 && longest_word(line) < 60 {
                long.push(format!("{}:{}", document.display(), number + 1));
            }
        }
    }
    assert!(long.is_empty(), "longer than 100 columns:\n{}", long.join("\n"));
}

/// The length of the longest part of a line that cannot be broken: a word or a code span.
fn longest_word(line: &str) -> usize {
    let parts = line.split('`').enumerate().map(|(at, part)| match at % 2 {
        0 => part.split(' ').map(|word| word.chars().count()).max().unwrap_or(0),
        _ => part.chars().count(),
    });
    parts.max().unwrap_or(0)
}

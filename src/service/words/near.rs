//! What somebody meant who made a typing error.

/// The one of the known words that a mistyped one is nearest to, if it is near.
pub fn near<'k>(word: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let steps = |known: &'k str| (distance(word, known), known);
    let (steps, nearest) = known.into_iter().map(steps).min()?;
    (steps <= (word.len() / 4 + 1).min(3)).then_some(nearest)
}

/// How many letters differ between two words: insertions, deletions and changes.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.bytes().enumerate() {
            let changed = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_near_to_one_that_differs_in_a_few_of_its_letters() {
        let known = ["admin", "support", "auditor"];
        assert_eq!(near("admni", known), Some("admin"));
        assert_eq!(near("suport", known), Some("support"));
        assert_eq!(near("audit", known), Some("auditor"));
        for word in ["editors", "editor-in-chief", "add", "", "a", "min"] {
            assert_eq!(near(word, known), None, "{word}");
        }
        assert_eq!(near("admin", []), None);
    }
}

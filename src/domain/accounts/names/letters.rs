//! What names are made of.

use unicode_normalization::char::is_combining_mark;

/// The most bytes of text that can be a name, written as wastefully as may be.
/// Normalizing makes more of longer text, before anybody has counted an attempt.
pub(super) const MOST_TYPED: usize = 1024;

/// A letter, digit or accent that can be seen. Unicode counts the Hangul
/// fillers among the letters and the variation selectors among the accents.
pub(super) fn is_letter(c: char) -> bool {
    let invisible = matches!(c,
        '\u{34f}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{e0000}'..='\u{e0fff}');
    (c.is_alphanumeric() || is_combining_mark(c)) && !invisible
}

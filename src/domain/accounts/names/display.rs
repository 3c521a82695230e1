//! What an account is called on pages, which need not be unique.

use unicode_normalization::UnicodeNormalization;

use super::letters::{MOST_TYPED, is_letter};
use crate::base::error::Refusal;
use crate::domain::accounts::refusals;

/// The name of a person as others read it, of up to 64 characters; empty where
/// none is given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DisplayName(String);

impl DisplayName {
    const MOST_CHARS: usize = 64;

    /// The display name in `text`, with single blanks.
    ///
    /// # Errors
    /// `DISPLAY_NAME_LENGTH`, `DISPLAY_NAME_LETTERS` of `accounts::refusals`.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        if text.len() > MOST_TYPED {
            return Err(refusals::DISPLAY_NAME_LENGTH);
        }
        let name: String = text.split_whitespace().collect::<Vec<_>>().join(" ").nfc().collect();
        if name.chars().count() > Self::MOST_CHARS {
            return Err(refusals::DISPLAY_NAME_LENGTH);
        }
        let is_fit = |c: char| is_letter(c) || " .,'’\"-–()&+/·_:!?#".contains(c);
        let has_letter = name.is_empty() || name.chars().any(char::is_alphanumeric);
        if !(has_letter && name.chars().all(is_fit)) {
            return Err(refusals::DISPLAY_NAME_LETTERS);
        }
        Ok(Self(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_people_are_taken_in_every_script() {
        for (typed, name) in [
            ("", ""),
            ("  ", ""),
            (" Anna   Meyer ", "Anna Meyer"),
            ("Seán O’Brien-Núñez (Choir)", "Seán O’Brien-Núñez (Choir)"),
            ("e\u{301}lise", "élise"),
            ("山田 花子", "山田 花子"),
            ("محمد", "محمد"),
            ("Ada & Bob", "Ada & Bob"),
        ] {
            assert_eq!(DisplayName::parse(typed).unwrap().as_str(), name, "{typed:?}");
        }
        assert!(DisplayName::parse(&"ä".repeat(64)).is_ok());
    }

    #[test]
    fn what_hides_or_turns_text_is_no_name() {
        for typed in
            ["Anna\u{202e}reyeM", "a\u{200b}b", "<b>", "a\0b", "a@b", "a;b", "...", "\u{3164}"]
        {
            assert_eq!(DisplayName::parse(typed), Err(refusals::DISPLAY_NAME_LETTERS), "{typed:?}");
        }
        for typed in ["ä".repeat(65), "a ".repeat(600)] {
            assert_eq!(DisplayName::parse(&typed), Err(refusals::DISPLAY_NAME_LENGTH));
        }
    }
}

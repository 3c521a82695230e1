//! Passwords as text: which may be chosen, and how they are kept in memory.
//! No rule asks for capitals or symbols: length and not being guessable do more.

use std::{fmt, sync::LazyLock};

use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::guessable::is_guessable;
use super::refusals;
use crate::base::error::Refusal;

const MOST_CHARS: usize = 256;
const MOST_BYTES: usize = 1024;

/// A password as somebody typed it, to be checked against a stored hash.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// The password in `text`; `None` for text that cannot be anybody's password:
    /// nothing, more than 256 characters or 1024 bytes, and characters that
    /// cannot be kept. It is kept whole, neither trimmed nor cut.
    pub fn parse(text: &str) -> Option<Self> {
        normalised(text).filter(|password| !password.is_empty()).map(Self)
    }

    /// The text to hash, in Unicode's NFC form: the same password typed on
    /// another system is the same bytes (RFC 8265, section 4.2.2).
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// What new passwords are checked against.
#[derive(Clone, Debug)]
pub struct PasswordRules {
    /// The fewest characters, counted as Unicode code points in NFC form.
    pub min_length: usize,
    /// Words an attacker tries first at this service, like its host name.
    pub context: Vec<String>,
}

impl PasswordRules {
    /// These rules for one person, whose own names are no passwords either.
    pub fn with_context(&self, username: &str, email: &str) -> Self {
        let local_part = email.split('@').next().unwrap_or_default();
        let own = [username, email, local_part].map(str::to_owned);
        Self {
            min_length: self.min_length,
            context: self.context.iter().cloned().chain(own).collect(),
        }
    }

    /// Whether a password may be chosen.
    ///
    /// # Errors
    /// The first rule it breaks.
    pub fn judge(&self, password: &Password) -> Result<(), Refusal> {
        let words = self.screened(password)?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        if is_guessable(password.expose(), &words) {
            return Err(refusals::PASSWORD_TOO_SIMPLE);
        }
        Ok(())
    }

    /// Whether it breaks one of the rules that cost nothing to look at.
    ///
    /// # Errors
    /// The first rule it breaks.
    pub fn screen(&self, password: &Password) -> Result<(), Refusal> {
        self.screened(password).map(drop)
    }

    fn screened(&self, password: &Password) -> Result<Vec<String>, Refusal> {
        let password = password.expose();
        if password.chars().count() < self.min_length {
            return Err(too_short(self.min_length));
        }
        let folded = Zeroizing::new(password.to_lowercase());
        let words = self.words();
        if words.iter().any(|word| is_little_more_than(word, &folded)) {
            return Err(refusals::PASSWORD_CONTAINS_CONTEXT);
        }
        if COMMON.binary_search(&folded.as_str()).is_ok() {
            return Err(refusals::PASSWORD_COMMON);
        }
        Ok(words)
    }

    /// All words in small letters, also the parts of words like `login.example.org`.
    fn words(&self) -> Vec<String> {
        let ours = OUR_WORDS.map(str::to_owned);
        let given = self.context.iter().map(|word| word.nfc().collect::<String>().to_lowercase());
        let mut words = Vec::new();
        for word in ours.into_iter().chain(given) {
            let parts = word.split(|c: char| !c.is_alphanumeric());
            words.extend(parts.filter(|part| part.chars().count() >= 4).map(str::to_owned));
            words.push(word);
        }
        words.retain(|word| word.chars().count() >= 3);
        words.sort();
        words.dedup();
        words
    }
}

const OUR_WORDS: [&str; 7] =
    ["doorward", "admin", "administrator", "support", "auditor", "password", "login"];

fn too_short(min_length: usize) -> Refusal {
    refusals::PASSWORD_TOO_SHORT.with(min_length as i64)
}

fn normalised(text: &str) -> Option<Zeroizing<String>> {
    // The composed form is at most three times shorter or longer in bytes.
    if text.len() > 3 * MOST_BYTES {
        return None;
    }
    // Room for all of it at once: a string that grows leaves copies behind in memory.
    let mut password = Zeroizing::new(String::with_capacity(3 * text.len()));
    password.extend(text.nfc());
    if password.len() > MOST_BYTES || password.chars().count() > MOST_CHARS {
        return None;
    }
    // A control character, or one that replaced bytes that were not Unicode:
    // all of those would be the same password.
    let kept = |c: char| !c.is_control() && c != char::REPLACEMENT_CHARACTER;
    password.chars().all(kept).then_some(password)
}

/// Whether nothing but digits, signs and spaces is left of `password` without
/// `word`; of digits, signs and spaces themselves, whether nothing at all is.
fn is_little_more_than(word: &str, password: &str) -> bool {
    let padding = |c: char| !c.is_alphabetic() && c.is_ascii();
    let rest = Zeroizing::new(password.replace(word, ""));
    rest.len() < password.len() && rest.chars().all(|c| padding(c) && !word.chars().all(padding))
}

/// The lines of the list, which is sorted.
static COMMON: LazyLock<Vec<&str>> =
    LazyLock::new(|| include_str!("common_passwords.txt").lines().collect());

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rules() -> PasswordRules {
        PasswordRules { min_length: 12, context: vec!["login.example.org".to_owned()] }
            .with_context("lovelace", "ada.byron@mail.test")
    }

    fn refusal(text: &str) -> Option<Refusal> {
        rules().judge(&Password::parse(text).expect("a usable password")).err()
    }

    #[test]
    fn a_long_password_of_any_kind_is_accepted() {
        for text in [
            "quiet river under stone",
            "830274916523",
            "  spaces at both ends  ",
            "🦀🌲🚲🧦🪁🎻🥨🐚🪴🧊🛶🪵",
            "lovelace met the quiet badger",
            "Größe zählt nicht immer",
            "正しい馬電池ホッチキスの使い方",
            "j7!kQz0)vL2#",
            &"ab cd ef gh ".repeat(21),
        ] {
            assert_eq!(refusal(text), None, "{text:?}");
            let password = Password::parse(text).unwrap();
            assert_eq!(password.expose(), text.nfc().collect::<String>());
        }
    }

    #[test]
    fn length_is_counted_in_composed_code_points() {
        let short = "e\u{301}".repeat(11);
        assert_eq!(refusal(&short), Some(too_short(12)));
        for long in ["a b".repeat(86), "🦀".repeat(257), "a".repeat(1 << 20)] {
            assert!(Password::parse(&long).is_none());
        }
        assert!(Password::parse(&"e\u{301}".repeat(256)).is_some());
    }

    #[test]
    fn both_forms_of_an_accent_are_the_same_password() {
        let composed = Password::parse("caf\u{e9} noir").unwrap();
        let decomposed = Password::parse("cafe\u{301} noir").unwrap();
        assert_eq!(composed.expose(), decomposed.expose());
    }

    #[test]
    fn characters_that_stand_for_others_are_refused() {
        for c in ['\0', '\t', '\n', '\u{7f}', '\u{85}', '\u{9f}', '\u{fffd}'] {
            let text = format!("quiet river{c}under stone");
            assert!(Password::parse(&text).is_none(), "{c:?}");
        }
    }

    #[test]
    fn a_listed_password_is_refused_in_any_case() {
        for text in ["1qaz2wsx3edc4rfv", "FinalFantasy", "qwertyuiop123"] {
            assert_eq!(refusal(text), Some(refusals::PASSWORD_COMMON), "{text}");
        }
    }

    #[test]
    fn a_simple_password_is_refused() {
        for text in ["zzzzzzzzzzzzzzzz", "xkxkxkxkxkxkxkxk", "zyxwvutsrqponm", &"7".repeat(200)] {
            assert_eq!(refusal(text), Some(refusals::PASSWORD_TOO_SIMPLE), "{text}");
        }
    }

    #[test]
    fn a_name_with_digits_and_signs_around_it_is_refused() {
        for text in [
            "Doorward2026!!",
            "123-lovelace-456",
            "LOVELACELOVELACE",
            "LoveLace LoveLace",
            "ada.byron@mail.test",
            "ada.byron 1815",
            "!!login.example.org!!",
            "example 20262026",
            "Password2026!!!",
            "administrator",
        ] {
            assert_eq!(refusal(text), Some(refusals::PASSWORD_CONTAINS_CONTEXT), "{text}");
        }
    }

    #[test]
    fn a_name_of_digits_spoils_only_itself() {
        let rules = rules().with_context("4711", "4711@example.org");
        let judge = |text| rules.judge(&Password::parse(text).unwrap());
        assert!(judge("830471127916").is_ok());
        assert!(judge("471147114711").is_err());
    }

    #[test]
    fn a_typed_password_is_held_against_no_policy() {
        assert_eq!(Password::parse(" a ").unwrap().expose(), " a ");
        assert!(Password::parse("").is_none());
        assert!(Password::parse(&"a".repeat(257)).is_none());
    }

    #[test]
    fn debug_output_never_shows_a_password() {
        let typed = Password::parse("quiet river under stone").unwrap();
        assert_eq!(format!("{typed:?}"), "Password(..)");
    }

    #[test]
    fn the_list_is_sorted_folded_and_long_enough() {
        assert!(COMMON.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(COMMON.iter().all(|line| line.to_lowercase() == **line && *line == line.trim()));
        assert!(COMMON.iter().filter(|line| line.chars().count() >= 12).count() >= 3000);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn any_text_is_taken_or_refused(text in any::<String>()) {
            if let Some(password) = Password::parse(&text) {
                let _ = rules().judge(&password);
                let again = Password::parse(password.expose()).unwrap();
                prop_assert_eq!(again.expose(), password.expose());
            }
        }
    }
}

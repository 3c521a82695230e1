//! Whether a password is easily guessed, at a cost that its author
//! cannot raise: zxcvbn by itself takes a second for a hundred well-chosen
//! characters, some fifty times what a hash takes.

use zeroize::Zeroizing;
use zxcvbn::Score;

/// zxcvbn looks at so many characters at a time: its work grows with their square and more.
const PIECE: usize = 24;

/// In so many ways it may read the signs of a piece as letters. Digits alone stay below.
const READINGS: usize = 16;

/// What may stand for a letter, as zxcvbn knows it.
const STAND_INS: [(char, &str); 12] = [
    ('a', "4@"),
    ('b', "8"),
    ('c', "({[<"),
    ('e', "3"),
    ('g', "69"),
    ('i', "1!|"),
    ('l', "1|7"),
    ('o', "0"),
    ('s', "$5"),
    ('t', "+7"),
    ('x', "%"),
    ('z', "2"),
];

/// Whether a million tries would find `password`. One piece that they would
/// not find is enough: an attacker must guess that one, too.
pub(super) fn is_guessable(password: &str, words: &[&str]) -> bool {
    let chars: Zeroizing<Vec<char>> = Zeroizing::new(password.chars().collect());
    let mut pieces = chars[..period(&chars)].chunks(PIECE);
    !pieces.any(|piece| {
        let piece: Zeroizing<String> = Zeroizing::new(readable(piece));
        zxcvbn::zxcvbn(&piece, words).score() >= Score::Two
    })
}

/// After how many characters a text repeats itself to its end; its length, if
/// it does not. Repeated it is hardly less guessable.
fn period(chars: &[char]) -> usize {
    let repeats = |period: &usize| chars[*period..] == chars[..chars.len() - period];
    (1..=chars.len() / 2).find(repeats).unwrap_or(chars.len())
}

/// The piece, with letters for signs where there are too many ways to read them.
fn readable(piece: &[char]) -> String {
    let stands = |signs: &&str| signs.chars().filter(|sign| piece.contains(sign)).count();
    let mut ways: usize = STAND_INS.iter().map(|(_, signs)| stands(signs).max(1)).product();
    // These stand for two letters each.
    ways <<= ['1', '|', '7'].iter().filter(|sign| piece.contains(sign)).count();
    if ways <= READINGS {
        return piece.iter().collect();
    }
    let letter = |sign: &char| {
        let found = STAND_INS.iter().find(|(_, signs)| signs.contains(*sign));
        found.map_or(*sign, |(letter, _)| *letter)
    };
    piece.iter().map(letter).collect()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    /// The shortest of a few times, on a machine with other work.
    fn shortest(work: impl Fn()) -> Duration {
        let time = |_| {
            let began = Instant::now();
            work();
            began.elapsed()
        };
        (0..3).map(time).min().unwrap()
    }

    #[test]
    fn judging_a_password_costs_no_more_than_two_hashes_whatever_it_is() {
        let argon = argon2::Argon2::default();
        let hash =
            || argon.hash_password_into(b"password", b"salt and more", &mut [0; 32]).unwrap();
        let hash = shortest(hash);
        let words = vec!["quietriver"; 40];
        let signs = "4@8({[<369!1i|0$5+7%2";
        // A word of the first lists in each piece, every time with other signs in it.
        let dressed: String = (0..11)
            .map(|number| {
                let word = "p4$$w0rd1!|7+({[<%26983@";
                word.chars().cycle().skip(number * 24 % 7).take(24).collect::<String>()
            })
            .collect();
        let texts = [
            signs.repeat(12),
            signs.chars().flat_map(|sign| [sign; 12]).collect(),
            "p4$$w0rd1!|7+({[<%26983@ ".repeat(10),
            dressed,
            "password".repeat(32),
            "1991-12-11.".repeat(23),
            "19911211".repeat(32),
            "aabaabaaabaabaaab".repeat(15),
            ('a'..='k').map(|letter| letter.to_string().repeat(23)).collect(),
            ('a'..='k').map(|letter| format!("{letter}4").repeat(11) + "!").collect(),
            "1qaz2wsx3edc4rfv5tgb6yhn".repeat(10),
            "the of and to in is it on".repeat(10),
        ];
        for text in texts {
            let text: String = text.chars().take(256).collect();
            let judged = shortest(|| _ = is_guessable(&text, &words));
            println!("{judged:?} {} {text}", is_guessable(&text, &words));
            assert!(judged < 2 * hash, "{judged:?}, a hash {hash:?}: {text}");
        }
    }

    #[test]
    fn one_piece_that_nobody_guesses_is_enough_wherever_it_stands() {
        let easy = "a".repeat(120);
        assert!(is_guessable(&easy, &[]));
        assert!(!is_guessable(&format!("{easy}vQ8r!Lm2zK0p"), &[]));
        assert!(!is_guessable(&format!("vQ8r!Lm2zK0p{easy}"), &[]));
        assert!(
            !is_guessable("4@8({[<369!1|0$5+7%2", &[]),
            "signs in no order that means anything"
        );
    }

    #[test]
    fn a_repeated_text_is_as_good_as_one_of_it() {
        for easy in ["password", "qwertyuiopasdfgh", "abcdefghijklmnopqrst", "monkey1"] {
            assert!(is_guessable(&easy.repeat(10), &[]), "{easy}");
            assert!(is_guessable(&easy.repeat(10)[..4 * easy.len() + 3], &[]), "{easy}");
        }
        assert!(is_guessable("doorward-doorward-doorward", &["doorward"]));
    }
}

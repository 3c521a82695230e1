//! What may look like something else: hosts in two spellings, and words that
//! mix alphabets.

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use unicode_security::MixedScript;
use unicode_security::confusable_detection::skeleton;

/// A host as the DNS knows it, in A-labels: `bücher.example` and
/// `xn--bcher-kva.example` are one (RFC 5891, UTS 46). `None` for a host that
/// no registry could have.
pub(super) fn in_a_labels(host: &str) -> Option<String> {
    let (list, hyphens) = (AsciiDenyList::STD3, Hyphens::Allow);
    let host = Uts46::new().to_ascii(host.as_bytes(), list, hyphens, DnsLength::Verify);
    host.ok().map(std::borrow::Cow::into_owned)
}

/// Whether some word of the text, or some label of its host, has letters of
/// more than one alphabet, as a Latin word with one Cyrillic letter does
/// (UTS 39, section 5.1; Han with kana, hangul or bopomofo is one).
pub(super) fn mixes_scripts(local: &str, host: &str) -> bool {
    any_word(local, host, |word| !word.is_single_script())
}

/// Whether some word is of letters beyond ASCII and looks like one of ASCII (UTS
/// 39, section 4).
pub(super) fn looks_plain(local: &str, host: &str) -> bool {
    any_word(local, host, |word| !word.is_ascii() && skeleton(word).all(|c| c.is_ascii()))
}

fn any_word(local: &str, host: &str, is_so: impl Fn(&str) -> bool) -> bool {
    // A host is looked at as it is shown, whichever way it was typed.
    let (host, _) = Uts46::new().to_unicode(host.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow);
    let words = local.split(|c: char| c.is_ascii_punctuation());
    words.chain(host.split(['.', '-'])).any(is_so)
}

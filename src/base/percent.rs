//! Percent-encoding (RFC 3986, section 2.1).

use std::fmt::Write;

/// `text` with every byte that is not plain as `%` and two digits.
pub fn percent_encoded(text: &str, is_plain: impl Fn(u8) -> bool) -> String {
    // As most texts are; some are long.
    if text.bytes().all(&is_plain) {
        return text.to_owned();
    }
    text.bytes().fold(String::with_capacity(text.len()), |mut encoded, byte| {
        if is_plain(byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}

/// Whether a byte stands for itself everywhere in an address (RFC 3986, section 2.3).
pub fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

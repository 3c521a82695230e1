//! A form as a browser writes it.

use std::fmt::Write;

/// The body of a form with these fields, in addition to its token.
pub fn body(token: &str, fields: &[(&str, &str)]) -> String {
    let all = [("csrf", token)].into_iter().chain(fields.iter().copied());
    pairs(all)
}

/// Fields in `application/x-www-form-urlencoded`.
pub fn pairs<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let pairs: Vec<String> =
        fields.into_iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    pairs.join("&")
}

/// A value of such a field, or of a query.
pub fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._".contains(&byte) {
            encoded.push(byte.into());
        } else {
            write!(encoded, "%{byte:02X}").unwrap();
        }
    }
    encoded
}

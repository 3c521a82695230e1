//! The body of a form, decoded (`application/x-www-form-urlencoded`).

use std::collections::BTreeMap;

use rocket::http::RawStr;

use crate::web::answer::failure::Problem;

/// The pairs of an urlencoded body, strictly: valid UTF-8, no field twice.
pub fn parse(body: &[u8]) -> Result<BTreeMap<String, String>, Problem> {
    let text = std::str::from_utf8(body).map_err(|_| Problem::NotUtf8)?;
    let mut fields = BTreeMap::new();
    for pair in text.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decoded(name)?, decoded(value)?);
        if fields.insert(name, value).is_some() {
            return Err(Problem::FieldTwice);
        }
    }
    Ok(fields)
}

fn decoded(text: &str) -> Result<String, Problem> {
    let spaced = text.replace('+', " ");
    let decoded = RawStr::new(&spaced).percent_decode().map_err(|_| Problem::NotUtf8)?;
    Ok(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_once() {
        let fields = parse(b"a=1+2%2B3&b=%2541&c").unwrap();
        assert_eq!(fields["a"], "1 2+3");
        assert_eq!(fields["b"], "%41");
        assert_eq!(fields["c"], "");
    }

    #[test]
    fn bytes_that_are_not_utf8_are_refused_and_not_replaced() {
        assert_eq!(parse(b"a=%ff").err(), Some(Problem::NotUtf8));
        assert_eq!(parse(b"a=\xff").err(), Some(Problem::NotUtf8));
    }

    #[test]
    fn a_field_sent_twice_is_refused() {
        assert_eq!(parse(b"a=1&b=2&a=1").err(), Some(Problem::FieldTwice));
        assert_eq!(parse(b"a=1&%61=2").err(), Some(Problem::FieldTwice));
    }
}

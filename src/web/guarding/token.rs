//! A personal token in the headers of a request: `Authorization: Bearer`, a
//! password in `Authorization: Basic`, or `X-Doorward-Token`, for applications
//! that need `Authorization` themselves. Never in an address.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use rocket::Request;

use crate::domain::applications::sightings::TokenFault;
use crate::domain::personal_tokens::{Digest, is_ours};

/// A token that was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PresentedToken {
    /// What is looked up.
    pub digest: Digest,
    /// Whether it came as a password.
    pub is_password: bool,
}

/// What a request shows; `None` where that is no token of this service.
pub fn shown(request: &Request<'_>) -> Option<Result<PresentedToken, TokenFault>> {
    let headers = request.headers();
    // Proxies that cannot leave a header out send it empty.
    let own = headers.get("x-doorward-token").filter(|line| !line.is_empty());
    let mut all = headers
        .get("authorization")
        .filter_map(in_authorization)
        .chain(own.map(|line| token(line, false)));
    let first = all.next()?;
    Some(if all.next().is_some() { Err(TokenFault::Several) } else { first })
}

/// The token in the value of an `Authorization` header. Anything else there
/// belongs to the application.
pub fn in_authorization(line: &str) -> Option<Result<PresentedToken, TokenFault>> {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    if let [scheme, value] = words[..] {
        if scheme.eq_ignore_ascii_case("bearer") && is_ours(value) {
            return Some(token(value, false));
        }
        if scheme.eq_ignore_ascii_case("basic")
            && let Some(found) = in_basic(value)
        {
            return Some(found);
        }
    }
    // However it is written: no application is to see a token.
    let separates = |letter: char| letter.is_ascii_whitespace() || ",;=:\"'".contains(letter);
    let has_ours = |word| is_ours(word) || in_basic(word).is_some();
    line.split(separates).any(has_ours).then_some(Err(TokenFault::Malformed))
}

fn in_basic(value: &str) -> Option<Result<PresentedToken, TokenFault>> {
    let pair = decoded(value)?;
    let pair = String::from_utf8_lossy(&pair);
    if let Some((_, password)) = pair.split_once(':').filter(|(_, password)| is_ours(password)) {
        return Some(token(password, true));
    }
    pair.split(':').any(is_ours).then_some(Err(TokenFault::Malformed))
}

/// As leniently as any application decodes it.
fn decoded(value: &str) -> Option<Vec<u8>> {
    let lenient = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let by = |alphabet| GeneralPurpose::new(alphabet, lenient).decode(value).ok();
    [STANDARD, URL_SAFE].iter().find_map(by)
}

fn token(text: &str, is_password: bool) -> Result<PresentedToken, TokenFault> {
    let digest = Digest::of(text).ok_or(TokenFault::Malformed)?;
    Ok(PresentedToken { digest, is_password })
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD as BASE64;

    use super::*;

    // Its checksum was calculated by another program.
    const GOOD: &str = "dwp_0123456789abcdefghijABCDEFGHIJ010WsqYQ";

    fn basic(pair: &str) -> String {
        format!("Basic {}", BASE64.encode(pair))
    }

    #[test]
    fn a_token_is_found_where_tokens_are_sent() {
        let found =
            |line: &str| in_authorization(line).map(|shown| shown.map(|one| one.is_password));
        assert_eq!(found(&format!("Bearer {GOOD}")), Some(Ok(false)));
        assert_eq!(found(&format!("bearer  {GOOD} ")), Some(Ok(false)));
        assert_eq!(found(&format!("Bearer\t{GOOD}")), Some(Ok(false)));
        for name in ["", "ada", "\u{e9}"] {
            assert_eq!(found(&basic(&format!("{name}:{GOOD}"))), Some(Ok(true)), "{name}");
        }
        let unpadded = basic(&format!("ad:{GOOD}"));
        assert_eq!(found(unpadded.trim_end_matches('=')), Some(Ok(true)));
        let pair = format!("a??>:{GOOD}");
        assert!(basic(&pair).contains('/'));
        let other_alphabet = basic(&pair).replace('/', "_").replace('+', "-");
        assert_eq!(found(&other_alphabet), Some(Ok(true)));
    }

    #[test]
    fn what_claims_to_be_one_and_is_none_goes_to_no_application() {
        for line in [
            format!("Bearer {GOOD}x"),
            "Bearer dwp_".to_owned(),
            "Bearer dws_abc".to_owned(),
            format!("Token {GOOD}"),
            GOOD.to_owned(),
            format!("Bearer other, Bearer {GOOD}"),
            format!("Bearer other,Bearer\t{GOOD}"),
            format!("Digest username=\"{GOOD}\""),
            format!("Bearer other, {}", basic(&format!("ada:{GOOD}"))),
            basic(GOOD),
            basic(&format!("ada:other:{GOOD}")),
            basic(&format!("ada:{GOOD}\u{e9}")),
            basic(&format!("{GOOD}:x-oauth-basic")),
            basic("ada:dwp_abc"),
        ] {
            assert_eq!(in_authorization(&line), Some(Err(TokenFault::Malformed)), "{line}");
        }
    }

    #[test]
    fn all_else_belongs_to_the_application() {
        let lines = ["Bearer other", "Bearer eyJhbGciOiJIUzI1NiJ9.e30.x", "word", "", "Basic !!!"];
        for line in lines.map(str::to_owned).into_iter().chain([basic("app:app"), basic("app")]) {
            assert_eq!(in_authorization(&line), None, "{line}");
        }
    }
}

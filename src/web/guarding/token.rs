//! A personal token in the headers of a request: `Authorization: Bearer`, a
//! password in `Authorization: Basic`, or `X-Doorward-Token`, for applications
//! that need `Authorization` themselves. Never in an address.

use base64::Engine;
use base64::alphabet::STANDARD;
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
    let (scheme, value) = line.trim().split_once(' ')?;
    let value = value.trim();
    if scheme.eq_ignore_ascii_case("basic") {
        return in_basic(value);
    }
    if !is_ours(value) {
        return None;
    }
    let is_bearer = scheme.eq_ignore_ascii_case("bearer");
    Some(if is_bearer { token(value, false) } else { Err(TokenFault::Malformed) })
}

fn in_basic(value: &str) -> Option<Result<PresentedToken, TokenFault>> {
    // As leniently as any application decodes it: none is to see a token.
    let padding = DecodePaddingMode::Indifferent;
    let lenient = GeneralPurposeConfig::new()
        .with_decode_padding_mode(padding)
        .with_decode_allow_trailing_bits(true);
    let pair = GeneralPurpose::new(&STANDARD, lenient).decode(value).ok()?;
    let (name, password) = pair.split_at(pair.iter().position(|byte| *byte == b':')?);
    let text = |bytes| std::str::from_utf8(bytes).ok().filter(|text| is_ours(text));
    match (text(&password[1..]), text(name)) {
        (Some(password), _) => Some(token(password, true)),
        (None, Some(_)) => Some(Err(TokenFault::Malformed)),
        (None, None) => None,
    }
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
        for name in ["", "ada", "\u{e9}"] {
            assert_eq!(found(&basic(&format!("{name}:{GOOD}"))), Some(Ok(true)), "{name}");
        }
        let unpadded = basic(&format!("ad:{GOOD}"));
        assert_eq!(found(unpadded.trim_end_matches('=')), Some(Ok(true)));
    }

    #[test]
    fn what_claims_to_be_one_and_is_none_goes_to_no_application() {
        for line in [
            format!("Bearer {GOOD}x"),
            "Bearer dwp_".to_owned(),
            "Bearer dws_abc".to_owned(),
            format!("Token {GOOD}"),
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

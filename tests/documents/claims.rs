//! Each claim of protection, and the attacks that it names.

use std::fs;
use std::path::Path;

use shared::source::files_below;

use super::tests;

/// The rows of `docs/assurance/claims.md`: the document, what is quoted from it, and the
/// names of the tests that attack it.
fn claims() -> Vec<(String, String, Vec<String>)> {
    let text = fs::read_to_string("docs/assurance/claims.md").unwrap();
    let mut claims = vec![];
    for part in text.split("\n## ").skip(1) {
        let document = part.lines().next().unwrap();
        for row in part.lines().filter(|line| line.starts_with("| \"")) {
            let (quote, rest) = row.strip_prefix("| \"").unwrap().split_once("\" | ").unwrap();
            let codes = rest.split('`').skip(1).step_by(2);
            let tests = codes.filter(|code| code.contains("::")).map(str::to_owned).collect();
            claims.push((document.to_owned(), quote.to_owned(), tests));
        }
    }
    claims
}

/// The words of a document, however its lines are broken.
fn words_of(document: &str) -> String {
    let text = fs::read_to_string(document).unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_claim_still_stands_where_it_is_quoted_from() {
    for (document, quote, tests) in claims() {
        assert!(words_of(&document).contains(&quote), "not in {document}: {quote}");
        assert!(!tests.is_empty(), "nothing attacks: {quote}");
    }
}

#[test]
fn every_promise_of_the_documents_is_among_the_claims() {
    let claims = claims();
    let is_quoted = |document: &str, text: &str| {
        claims.iter().any(|(of, quote, _)| of == document && text.contains(quote.as_str()))
    };
    let security = fs::read_to_string("SECURITY.md").unwrap();
    let mut count = 0;
    for row in
        security.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| attacker |"))
    {
        assert!(is_quoted("SECURITY.md", row), "{row}");
        count += 1;
    }
    assert!(count > 10, "{count}");
    let protocols = fs::read_to_string("docs/protocols.md").unwrap();
    for part in protocols.split("\n## ").skip(1) {
        let words = part.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(is_quoted("docs/protocols.md", &words), "{}", part.lines().next().unwrap());
    }
}

#[test]
fn every_attack_that_a_claim_names_stands_in_its_file() {
    let all = tests();
    for (_, quote, tests) in claims() {
        for test in tests {
            assert!(all.contains(&test), "{quote}: there is no {test}");
        }
    }
}

#[test]
fn every_attack_stands_beside_its_claim() {
    let named = fs::read_to_string("docs/assurance/claims.md").unwrap();
    for file in files_below(Path::new("tests/attacks")) {
        let module = file.file_stem().unwrap().to_str().unwrap().to_owned();
        if module != "main" {
            assert!(named.contains(&format!("`attacks::{module}::")), "tests/attacks/{module}.rs");
        }
    }
}

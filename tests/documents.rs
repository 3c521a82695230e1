//! What the documents say of the code and its tests, held against both.

use std::fs;
use std::path::Path;

use shared::source::files_below;

#[test]
fn every_field_of_a_form_stands_in_the_documentation() {
    let documented = fs::read_to_string("docs/validation.md").unwrap();
    let mut count = 0;
    for file in files_below(Path::new("src/web")) {
        let source = fs::read_to_string(&file).unwrap();
        let source = source.split("#[cfg(test)]").next().unwrap();
        for read in ["parsed(", "unseen(", "secret(", "text(", "ticked(", "all_ticked("] {
            for field in source.split(&format!("fields.{read}")).skip(1) {
                let Some(field) = field.trim_start().strip_prefix('"') else { continue };
                let name = field.split('"').next().unwrap().trim_end_matches('.');
                count += 1;
                let stands = documented.contains(&format!("`{name}`"))
                    || documented.contains(&format!("`{name}.NAME`"));
                assert!(stands, "{}: {name}", file.display());
            }
        }
    }
    assert!(count > 15, "{count}");
}

#[test]
fn documents_name_tests_that_exist() {
    let tests = tests();
    let settings = fs::read_to_string("Rocket.toml").unwrap();
    let (mut count, mut wrong) = (0, vec![]);
    for document in files_below(Path::new("docs")) {
        let Ok(text) = fs::read_to_string(&document) else { continue };
        for code in text.split('`').skip(1).step_by(2) {
            let of_a_name =
                |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_:*".contains(c);
            let name = code.rsplit("::").next().unwrap();
            // Not a setting, nor a figure for Prometheus.
            let alone = name.matches('_').count() >= 3
                && !settings.contains(name)
                && !name.starts_with("doorward_");
            let of_a_floor = code.split("::").next().is_some_and(|floor| FLOORS.contains(&floor));
            let named = alone || of_a_floor && name == "*";
            if named && code.chars().all(of_a_name) {
                count += 1;
                if !stands(&tests, code) {
                    wrong.push(format!("{}: {code}", document.display()));
                }
            }
        }
    }
    assert!(count > 150, "{count}");
    assert!(wrong.is_empty(), "no such tests:\n{}", wrong.join("\n"));
}

/// The folders and files of tests that a name may begin with.
const FLOORS: [&str; 7] =
    ["architecture", "attacks", "browser", "documents", "domain", "server", "web"];

/// Every test by its path: `floor::file::test`, and `module::tests::test` of the source.
fn tests() -> Vec<String> {
    let mut tests = vec![];
    for (folder, above) in [("tests", "tests"), ("src", "src")] {
        for file in files_below(Path::new(folder)) {
            if file.extension().is_none_or(|ending| ending != "rs") {
                continue;
            }
            let module = file.strip_prefix(above).unwrap().with_extension("");
            let mut path: Vec<&str> = module.iter().map(|part| part.to_str().unwrap()).collect();
            path.retain(|part| !["mod", "main", "lib"].contains(part));
            let source = fs::read_to_string(&file).unwrap();
            let beside = source.find("mod tests {").unwrap_or(source.len());
            for (at, name) in functions_under_test(&source) {
                let inside = (at > beside).then_some("tests");
                let full: Vec<&str> = path.iter().copied().chain(inside).chain([name]).collect();
                tests.push(full.join("::"));
            }
        }
    }
    assert!(tests.len() > 400, "{}", tests.len());
    tests
}

/// The names that follow `#[test]` and its like, with where they stand.
fn functions_under_test(source: &str) -> Vec<(usize, &str)> {
    let mut found = vec![];
    for mark in ["#[test]", "#[tokio::test", "#[rocket::async_test]"] {
        for (at, _) in source.match_indices(mark) {
            let name = source[at..].split_once("fn ").map(|(_, rest)| rest);
            found.extend(name.and_then(|rest| Some((at, rest.split('(').next()?))));
        }
    }
    found
}

/// Whether there is such a test: by its name, by the end of its path, or any of
/// a module for `module::*`.
fn stands(tests: &[String], code: &str) -> bool {
    let code = code.strip_prefix("tests::").unwrap_or(code);
    if let Some(module) = code.strip_suffix("*") {
        return tests.iter().any(|test| test.starts_with(module));
    }
    let end = format!("::{code}");
    tests.iter().any(|test| test == code || test.ends_with(&end))
}

/// The rows of `docs/claims.md`: the document, what is quoted from it, and the
/// names of the tests that attack it.
fn claims() -> Vec<(String, String, Vec<String>)> {
    let text = fs::read_to_string("docs/claims.md").unwrap();
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
        security.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| who |"))
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
    let named = fs::read_to_string("docs/claims.md").unwrap();
    for file in files_below(Path::new("tests/attacks")) {
        let module = file.file_stem().unwrap().to_str().unwrap().to_owned();
        if module != "main" {
            assert!(named.contains(&format!("`attacks::{module}::")), "tests/attacks/{module}.rs");
        }
    }
}

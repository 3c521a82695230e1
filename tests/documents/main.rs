//! What the documents say of the code and its tests, compared with both.

mod claims;
mod form;
mod generated;
mod links;
mod words;

use std::fs;
use std::path::{Path, PathBuf};

use shared::source::files_below;

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

/// Every document: those at the root, and those below `docs`.
fn documents() -> Vec<PathBuf> {
    let at_root = fs::read_dir(".").unwrap().map(|entry| entry.unwrap().path());
    let at_root = at_root.map(|path| path.strip_prefix(".").unwrap().to_owned());
    let all = at_root.chain(files_below(Path::new("docs")));
    all.filter(|path| path.extension().is_some_and(|ending| ending == "md")).collect()
}

//! What the documents say of the code and its tests, compared with both.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use doorward::base::store::{AtDeletion, Exported, Table};
use shared::source::{files_below, rust_files, table_in};

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
    let named = fs::read_to_string("docs/claims.md").unwrap();
    for file in files_below(Path::new("tests/attacks")) {
        let module = file.file_stem().unwrap().to_str().unwrap().to_owned();
        if module != "main" {
            assert!(named.contains(&format!("`attacks::{module}::")), "tests/attacks/{module}.rs");
        }
    }
}

#[test]
fn no_file_has_more_banned_words_than_the_list_allows() {
    let (banned, mut allowed) = (words_of_table("Banned words", 51), banned_words_left());
    let not_on_pages = words_of_table("Not on pages", 5);
    let (mut files, mut wrong) = (0, vec![]);
    for file in written_files() {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        files += 1;
        let mut found = find_banned(&prose(&file, &text), &banned);
        if file.starts_with("templates") {
            found.extend(find_banned(&prose(&file, &text), &not_on_pages));
        } else if SENTENCES.iter().any(|folder| file.starts_with(folder)) {
            let sentences = sentences(&text);
            found.extend(find_banned(&sentences, &banned));
            found.extend(find_banned(&sentences, &not_on_pages));
        }
        let name = file.to_str().unwrap().replace('\\', "/");
        let left = allowed.remove(&name).unwrap_or(0);
        if found.len() != left {
            let places = found.join("\n    ");
            wrong.push(format!("{name},{} (the list says {left})\n    {places}", found.len()));
        }
    }
    assert!(files > 300, "{files}");
    assert!(
        wrong.is_empty(),
        "docs/style.md says what to write instead. Where a number fell, correct \
         tests/banned_words.csv:\n{}",
        wrong.join("\n")
    );
    assert!(allowed.is_empty(), "no such files: {:?}", allowed.keys());
}

#[test]
fn banned_words_are_found_in_prose_and_not_in_names() {
    let banned = vec!["anew".to_owned(), "let in".to_owned()];
    let found = |file: &str, text: &str| find_banned(&prose(Path::new(file), text), &banned).len();
    assert_eq!(found("a.md", "It begins Anew. Nobody is let\nin."), 2);
    assert_eq!(found("a.md", "`anew` and renewed, /anew, tests_anew"), 0);
    assert_eq!(found("a.md", "```sh\nanew\n```\n"), 0);
    assert_eq!(found("a.rs", "/// It is let\n/// in.\nlet in_use = anew; \x2f/ Anew."), 2);
    assert_eq!(found("a.html.tera", "<p>anew</p>{{ roles.anew }}"), 1);
}

#[test]
fn sentences_of_the_source_are_its_literals_that_people_read() {
    let source = "/// \"Not a sentence\"\nlet id = \"mend\";\nsay(\"Mend\", '\"', \"let \\\"it\\\" \\\n    in\");";
    assert_eq!(sentences(source), "Mend | let it in | ");
    let all: String = SENTENCES
        .iter()
        .flat_map(|folder| rust_files(Path::new(folder)))
        .map(|file| sentences(&fs::read_to_string(file).unwrap()))
        .collect();
    for known in ["You signed out.", "the account was disabled", "1 problem was found"] {
        assert!(all.contains(known), "{known}");
    }
}

/// The folders of source whose literals people read.
const SENTENCES: [&str; 3] = ["src/web", "src/service", "src/cli"];

/// The literals of source that people may read: they begin with a capital letter or have a space.
fn sentences(source: &str) -> String {
    let lines = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code = lines.map(|line| line.trim_start().trim_end_matches('\\')).collect::<Vec<_>>();
    let code = code.join("\n").replace("\\\"", "").replace("'\"'", "");
    let literals = code.split('"').skip(1).step_by(2);
    literals
        .filter(|text| text.contains(' ') || text.starts_with(char::is_uppercase))
        .map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ") + " | ")
        .collect()
}

/// The code spans of the first column of the table below a heading of `docs/style.md`.
fn words_of_table(heading: &str, at_least: usize) -> Vec<String> {
    let text = fs::read_to_string("docs/style.md").unwrap();
    let part = text.split(&format!("\n## {heading}\n")).nth(1).expect(heading);
    let table = part.split("\n## ").next().unwrap();
    let rows = table.lines().filter(|line| line.starts_with("| `"));
    let first = rows.filter_map(|row| row.split('|').nth(1));
    let words: Vec<String> =
        first.flat_map(|cell| cell.split('`').skip(1).step_by(2)).map(str::to_owned).collect();
    assert!(words.len() >= at_least, "{heading}: {}", words.len());
    words
}

/// How many banned words each file not yet revised has.
fn banned_words_left() -> BTreeMap<String, usize> {
    let list = fs::read_to_string("tests/banned_words.csv").unwrap();
    let rows = list.lines().skip(1).filter_map(|row| row.split_once(','));
    rows.map(|(file, count)| (file.to_owned(), count.parse().unwrap())).collect()
}

/// The templates, the documents, and the source.
fn written_files() -> Vec<PathBuf> {
    let documents = ["README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"];
    let ending = |file: &Path, ending: &str| file.extension().is_some_and(|it| it == ending);
    let mut files: Vec<PathBuf> = documents.map(PathBuf::from).into();
    files.extend(files_below(Path::new("templates")));
    files.extend(files_below(Path::new("docs")).into_iter().filter(|file| ending(file, "md")));
    for folder in ["src", "migrations", "tests", "bench"] {
        files.extend(rust_files(Path::new(folder)));
    }
    files
}

/// What is written in a file for people: the comments of source, and all of a
/// document but its code.
fn prose(file: &Path, text: &str) -> String {
    let is_source = file.extension().is_some_and(|ending| ending == "rs");
    let (mut prose, mut in_code) = (String::new(), false);
    for line in text.lines() {
        let line = match line.trim_start() {
            line if !is_source => line,
            line if line.starts_with("//") => line.trim_start_matches(['/', '!']),
            line => line.split_once(" // ").map_or("", |(_, comment)| comment),
        };
        in_code ^= line.starts_with("```");
        if !in_code {
            let parts: Vec<&str> = line.split('`').step_by(2).collect();
            for word in parts.join(" ` ").split_whitespace() {
                prose.push_str(word);
                prose.push(' ');
            }
        }
    }
    prose
}

/// Each banned word that occurs by itself, with what is around it.
fn find_banned(prose: &str, banned: &[String]) -> Vec<String> {
    let prose: Vec<char> = prose.chars().flat_map(char::to_lowercase).collect();
    let of_a_name = |c: &char| c.is_alphanumeric() || "_/=".contains(*c);
    let mut found = vec![];
    for word in banned {
        let word: Vec<char> = word.chars().collect();
        for (at, part) in prose.windows(word.len()).enumerate() {
            let end = at + word.len();
            let before = at.checked_sub(1).map(|before| prose[before]);
            let inside = before.is_some_and(|c| of_a_name(&c) || c == '.')
                || prose.get(end).is_some_and(of_a_name);
            if part == word && !inside {
                let around = &prose[at.saturating_sub(40)..prose.len().min(end + 40)];
                found.push(around.iter().collect());
            }
        }
    }
    found
}

#[test]
fn the_table_of_tables_says_what_each_is_to_a_person() {
    let row = |table: Table| {
        let exported = match table.exported {
            Exported::Fields(_) => "fields of its own".to_owned(),
            Exported::Rows(field, _) => format!("`{field}`"),
            Exported::Nothing(why) => format!("nothing: {why}"),
        };
        let then = table.accounts.iter().map(|(column, then)| match then {
            AtDeletion::Removed => format!("`{column}`: removed"),
            AtDeletion::Kept(why) => format!("`{column}`: kept {why}"),
        });
        let mut then = then.collect::<Vec<_>>().join("; ");
        if then.is_empty() {
            "none".clone_into(&mut then);
        }
        format!("| `{}` | {exported} | {then} |\n", table.name)
    };
    let rows: String = doorward::service::catalog::tables().into_iter().map(row).collect();
    let head = "| table | in the export | rows that name a deleted account |\n|---|---|---|\n";
    table_in("docs/inventory.md", head, &rows);
}

#[test]
fn the_table_of_settings_is_the_one_the_program_prints() {
    let table = doorward::service::settings::table();
    let head = "| key | default | meaning |\n|---|---|---|\n";
    table_in("README.md", head, table.strip_prefix(head).unwrap());
}

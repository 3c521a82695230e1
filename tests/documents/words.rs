//! The words that documents, pages and comments are written in.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use shared::source::{files_below, rust_files};

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

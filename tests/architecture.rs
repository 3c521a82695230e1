//! The import rules, checked on the source text.

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms, lowest first. A file imports only from its own room and from
/// those below it.
const ROOMS: [&str; 5] = ["base", "domain", "service", "web", "cli"];

/// The modules of two rooms, lowest first: within them the same rule holds.
const BASE: [&str; 9] =
    ["timestamp", "error", "secrets", "logging", "metrics", "store", "files", "keys", "clock"];
const DOMAIN: [&str; 11] = [
    "statistics",
    "audit",
    "throttle",
    "passwords",
    "accounts",
    "sessions",
    "one_time",
    "credentials",
    "login",
    "administration",
    "personal_data",
];

#[test]
fn the_source_has_five_rooms_and_nothing_beside_them() {
    let mut names: Vec<String> = fs::read_dir("src")
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["base", "cli", "domain", "lib.rs", "main.rs", "service", "web"]);
}

#[test]
fn a_room_imports_only_from_those_below_it() {
    for (position, room) in ROOMS.iter().enumerate() {
        let allowed = &ROOMS[..=position];
        for file in rust_files(&Path::new("src").join(room)) {
            let source = product(&fs::read_to_string(&file).unwrap());
            for import in imports(&source, "crate::") {
                assert!(allowed.contains(&import.as_str()), "{}: crate::{import}", file.display());
            }
        }
    }
}

#[test]
fn inside_base_and_domain_a_module_imports_only_from_those_below_it() {
    for (room, modules) in [("base", &BASE[..]), ("domain", &DOMAIN[..])] {
        for (position, module) in modules.iter().enumerate() {
            let allowed = &modules[..=position];
            for file in files_of(&format!("{room}/{module}")) {
                let source = product(&fs::read_to_string(&file).unwrap());
                for import in imports(&source, &format!("crate::{room}::")) {
                    let import = import.as_str();
                    assert!(allowed.contains(&import), "{}: {room}::{import}", file.display());
                }
            }
        }
        for entry in fs::read_dir(Path::new("src").join(room)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let placed = name == "mod" || modules.contains(&name.as_str());
            assert!(placed, "src/{room}/{name} is not in the list of this file");
        }
    }
}

#[test]
fn base_and_domain_know_no_http_and_the_domain_no_clock() {
    let domain = ["rocket", "now_utc", "SystemTime"];
    for (room, words) in [("base", &domain[..1]), ("domain", &domain[..])] {
        for file in rust_files(&Path::new("src").join(room)) {
            let source = product(&fs::read_to_string(&file).unwrap());
            for word in words {
                let used =
                    source.contains(&format!("{word}::")) || source.contains(&format!("{word}("));
                assert!(!used, "{}: {word}", file.display());
            }
        }
    }
}

#[test]
fn tables_are_used_only_in_their_own_module() {
    for file in rust_files(Path::new("src")) {
        let source = fs::read_to_string(&file).unwrap();
        assert!(!source.contains("pub mod entity"), "{}", file.display());
    }
}

#[test]
fn what_staff_do_is_done_only_in_an_act_that_proves_their_rights() {
    for file in files_of("domain/administration") {
        let source = product(&fs::read_to_string(&file).unwrap());
        for bypass in ["db.begin()", "db.write()", "audit::record("] {
            assert!(!source.contains(bypass), "{}: {bypass}", file.display());
        }
    }
    let makers = rust_files(Path::new("src"))
        .into_iter()
        .filter(|file| fs::read_to_string(file).unwrap().contains("Actor::signed_in("));
    assert_eq!(makers.collect::<Vec<_>>(), [Path::new("src/web/request/guards.rs")]);
}

#[test]
fn migrations_import_nothing_of_the_app() {
    let manifest = fs::read_to_string("migrations/Cargo.toml").unwrap();
    assert!(!manifest.contains("path = \"..\""));
    for file in rust_files(Path::new("migrations")) {
        assert!(!fs::read_to_string(&file).unwrap().contains("doorward::"), "{}", file.display());
    }
}

#[test]
fn templates_leave_escaping_on() {
    for file in files_below(Path::new("templates")) {
        let source = fs::read_to_string(&file).unwrap();
        // Drawn by a library that escapes its labels, as a test of ours shows.
        let source = source.replace("{{ chart.svg | safe }}", "");
        for bypass in ["| safe", "|safe", "autoescape", "<script", "style=", "onclick"] {
            assert!(!source.contains(bypass), "{}: {bypass}", file.display());
        }
        let name = file.file_name().unwrap().to_str().unwrap();
        assert!(name.ends_with(".html.tera") || name == "failure.html", "{}", file.display());
    }
}

#[test]
fn no_statement_is_put_together_from_text() {
    let mut made = vec![];
    for file in rust_files(Path::new("src")) {
        let source = product(&fs::read_to_string(&file).unwrap());
        for call in ["execute_unprepared(", "Expr::cust(", "from_string(DbBackend::"] {
            for text in source.split(call).skip(1) {
                let text = if call.ends_with(':') { text.split_once(',').unwrap().1 } else { text };
                // A literal or a constant.
                if !text.trim_start().starts_with(|c: char| c == '"' || c.is_uppercase()) {
                    made.push(file.display().to_string());
                }
            }
        }
        for raw in ["Statement::from_sql", "sqlx::query", "cust_with_", "SqlxRaw"] {
            assert!(!source.contains(raw), "{}: {raw}", file.display());
        }
    }
    made.sort();
    made.dedup();
    let known = [
        // The file of a backup, in whose name quotes are doubled.
        "src/base/store/mod.rs",
        // A text that lives for ever.
        "src/base/store/shared.rs",
        // One of two literals.
        "src/domain/statistics/mod.rs",
        // Literals and a moment.
        "src/domain/throttle/attempt.rs",
        // The names of our own tables and columns.
        "src/service/transfer.rs",
    ];
    assert_eq!(made, known);
}

#[test]
fn every_field_of_a_form_stands_in_the_documentation() {
    let documented = fs::read_to_string("docs/validation.md").unwrap();
    let mut count = 0;
    for file in rust_files(Path::new("src/web")) {
        let source = product(&fs::read_to_string(&file).unwrap());
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
    let floors = ["attacks", "domain", "web", "server", "browser"]
        .map(|floor| Path::new("tests").join(floor));
    let mut files: Vec<PathBuf> = floors.iter().flat_map(|floor| rust_files(floor)).collect();
    files.push("tests/architecture.rs".into());
    let mut sources: String = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    sources
        .extend(rust_files(Path::new("src")).iter().map(|file| fs::read_to_string(file).unwrap()));
    let settings = fs::read_to_string("Rocket.toml").unwrap();
    let mut count = 0;
    for document in fs::read_dir("docs").unwrap().map(|entry| entry.unwrap().path()) {
        let Ok(text) = fs::read_to_string(&document) else { continue };
        for code in text.split('`').skip(1).step_by(2) {
            let name = code.rsplit("::").next().unwrap();
            let sentence = name.matches('_').count() >= 3
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit());
            // Not a setting, nor a figure for Prometheus.
            if sentence && !settings.contains(name) && !name.starts_with("doorward_") {
                count += 1;
                assert!(sources.contains(&format!("fn {name}(")), "{}: {code}", document.display());
            }
        }
    }
    assert!(count > 150, "{count}");
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
    for (_, quote, tests) in claims() {
        for test in tests {
            let mut path: Vec<&str> = test.split("::").filter(|part| *part != "tests").collect();
            let name = path.pop().unwrap();
            let places = ["tests", "src"].map(|top| format!("{top}/{}", path.join("/")));
            let files = places.iter().flat_map(|place| {
                let beside = ["tests.rs", "mod.rs"].map(|file| format!("{place}/{file}"));
                [format!("{place}.rs")].into_iter().chain(beside)
            });
            let stands = |file: String| {
                let source = fs::read_to_string(file).unwrap_or_default();
                source.contains(&format!("fn {name}("))
            };
            assert!(files.into_iter().any(stands), "{quote}: there is no {test}");
        }
    }
}

#[test]
fn every_attack_stands_beside_its_claim() {
    let named = fs::read_to_string("docs/claims.md").unwrap();
    for file in rust_files(Path::new("tests/attacks")) {
        let module = file.file_stem().unwrap().to_str().unwrap().to_owned();
        if module != "main" {
            assert!(named.contains(&format!("`attacks::{module}::")), "tests/attacks/{module}.rs");
        }
    }
}

/// A source text without its tests.
fn product(source: &str) -> String {
    source.split("#[cfg(test)]").next().unwrap_or_default().to_owned()
}

/// Every name that follows `path` in a source text, also inside `path{...}`.
fn imports(source: &str, path: &str) -> Vec<String> {
    let mut names = vec![];
    for after in source.split(path).skip(1) {
        match after.strip_prefix('{') {
            Some(group) => names.extend(top_level_names(group)),
            None => names.push(first_word(after)),
        }
    }
    names.retain(|name| name != "self");
    names
}

fn top_level_names(group: &str) -> Vec<String> {
    let mut depth = 1;
    let mut flat = String::new();
    for c in group.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ if depth == 1 => flat.push(c),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    flat.split(',').map(|name| first_word(name.trim())).filter(|name| !name.is_empty()).collect()
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

fn files_of(module: &str) -> Vec<PathBuf> {
    let file = Path::new("src").join(module).with_extension("rs");
    let files = if file.exists() { vec![file] } else { rust_files(&Path::new("src").join(module)) };
    assert!(!files.is_empty(), "src/{module} is gone: take it off the list");
    files
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let is_rust = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "rs");
    files_below(folder).into_iter().filter(is_rust).collect()
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

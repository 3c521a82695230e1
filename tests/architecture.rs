//! The import rules, checked on the source text.

use std::fs;
use std::path::{Path, PathBuf};

use shared::routes::{Route, routes};
use shared::source::{declared, files_below, product, rust_files};

/// The rooms, lowest first. A file imports only from its own room and from
/// those below it.
const ROOMS: [&str; 5] = ["base", "domain", "service", "web", "cli"];

/// The modules of two rooms, lowest first: within them the same rule holds.
const BASE: [&str; 13] = [
    "timestamp",
    "zone",
    "error",
    "secrets",
    "logging",
    "metrics",
    "host",
    "network",
    "percent",
    "store",
    "files",
    "keys",
    "clock",
];
const DOMAIN: [&str; 13] = [
    "statistics",
    "audit",
    "throttle",
    "passwords",
    "accounts",
    "login",
    "sessions",
    "one_time",
    "applications",
    "entries",
    "personal_tokens",
    "credentials",
    "administration",
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
fn the_command_line_takes_nothing_from_the_web_but_the_server() {
    for file in rust_files(Path::new("src/cli")) {
        let source = product(&fs::read_to_string(&file).unwrap());
        let taken = source.split("web::").skip(1).map(first_word);
        let other: Vec<_> = taken.filter(|name| name != "server").collect();
        assert!(other.is_empty(), "{}: web::{other:?}", file.display());
    }
}

/// Addresses that are served from a file of another name.
const ELSEWHERE: [(&str, &str); 20] = [
    // Below `rules` it would be the rule of that number.
    ("/admin/applications/<slug>/new-rule", "admin/applications/rules.rs"),
    // No name of a module begins with a dot.
    ("/.doorward/callback", "dot_doorward/callback.rs"),
    ("/.doorward/enter", "dot_doorward/enter.rs"),
    ("/.doorward/entered", "dot_doorward/entered.rs"),
    ("/.doorward/explain", "dot_doorward/explain.rs"),
    ("/.doorward/leave", "dot_doorward/leave.rs"),
    ("/.doorward/static/<name>", "dot_doorward/static_files.rs"),
    ("/.well-known/jwks.json", "well_known.rs"),
    // These have no name of their own.
    ("/", "home.rs"),
    ("/admin", "admin/overview.rs"),
    // Both say how the server is.
    ("/healthz", "health.rs"),
    ("/readyz", "health.rs"),
    // A keyword of Rust.
    ("/static/<name>", "static_files.rs"),
    // One file for whatever is done to several accounts.
    ("/admin/accounts/disable", "admin/accounts/bulk.rs"),
    ("/admin/accounts/enable", "admin/accounts/bulk.rs"),
    ("/admin/accounts/end-sessions", "admin/accounts/bulk.rs"),
    ("/admin/accounts/delete", "admin/accounts/bulk.rs"),
    ("/admin/accounts/add-role", "admin/accounts/bulk_roles.rs"),
    ("/admin/accounts/remove-role", "admin/accounts/bulk_roles.rs"),
    // Below /admin/roles it would be the page of a role that is called so.
    ("/admin/new-role", "admin/roles.rs"),
];

/// The file that serves an address, found by its parts from `src/web` on:
///
/// - a part leads to the folder or file of its name (with `_` for `-`);
/// - a variable leads to `one.rs`, or, if there is none, nowhere;
/// - a folder itself is served by its `mod.rs`, and what ends like a file
///   (`.csv`) by the folder's `export.rs`;
/// - parts that lead nowhere are acts of the page that is reached.
fn file_of(address: &str) -> PathBuf {
    let mut folder = PathBuf::from("src/web");
    let mut found = folder.join("mod.rs");
    for part in address.split('/').filter(|part| !part.is_empty()) {
        let is_variable = part.starts_with('<');
        let (name, ending) = part.split_once('.').unwrap_or((part, ""));
        let name = if is_variable { "one".to_owned() } else { name.replace('-', "_") };
        let file = folder.join(format!("{name}.rs"));
        if folder.join(&name).is_dir() {
            folder.push(name);
            found = folder.join(if ending.is_empty() { "mod.rs" } else { "export.rs" });
        } else if file.exists() {
            found = file;
            if !is_variable {
                break;
            }
        }
    }
    found
}

#[test]
fn the_file_of_an_address_is_found_by_its_name() {
    let (mut count, mut known) = (0, 0);
    for Route { address, file, .. } in routes() {
        let exception = ELSEWHERE.iter().find(|(known, _)| *known == address);
        let expected = match exception {
            Some((_, other)) => Path::new("src/web").join(other),
            None => file_of(&address),
        };
        assert_eq!(file, expected, "{address}");
        count += 1;
        known += usize::from(exception.is_some());
    }
    assert!(count > 70 && known >= ELSEWHERE.len(), "{count} routes, {known} exceptions");
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
        let source = product(&fs::read_to_string(&file).unwrap());
        for item in public_items(&source) {
            let names_a_row = words(&item).any(|word| word == "Model" || word == "ActiveModel");
            let opens_a_table = ["mod table", "mod tables", "mod seals"].contains(&&*item);
            assert!(!names_a_row && !opens_a_table, "{}: {item}", file.display());
        }
    }
}

/// What other modules than the nearest see: the heads of functions, aliases,
/// re-exports and modules, each without its body.
fn public_items(source: &str) -> Vec<String> {
    let mut items = vec![];
    for line in source.match_indices("pub").map(|(at, _)| &source[at..]) {
        let Some(item) = ["pub ", "pub(crate) "].iter().find_map(|word| line.strip_prefix(word))
        else {
            continue;
        };
        let item = item.trim_start_matches("const ").trim_start_matches("async ");
        if ["fn ", "type ", "use ", "mod "].iter().any(|kind| item.starts_with(kind)) {
            items.push(item.split(['{', ';']).next().unwrap().trim_end().to_owned());
        }
    }
    items
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
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
fn only_the_command_line_acts_as_the_operator() {
    for file in rust_files(Path::new("src")) {
        let acts = product(&fs::read_to_string(&file).unwrap()).contains("Actor::operator(");
        assert!(!acts || file.starts_with("src/cli"), "{}", file.display());
    }
}

#[test]
fn only_signing_in_says_that_somebody_proved_who_they_are() {
    for (call, maker) in [
        ("Verified::by_password(", "src/domain/login/mod.rs"),
        ("login::at_setup(", "src/domain/credentials/mod.rs"),
    ] {
        let makers = rust_files(Path::new("src"))
            .into_iter()
            .filter(|file| fs::read_to_string(file).unwrap().contains(call));
        assert_eq!(makers.collect::<Vec<_>>(), [Path::new(maker)], "{call}");
    }
}

#[test]
fn every_event_that_is_declared_is_in_the_list() {
    let mut listed: Vec<String> =
        doorward::service::events::all().map(|event| event.name().to_owned()).collect();
    listed.sort();
    assert_eq!(declared("Event::new("), listed, "the `ALL` of its module, and `service::events`");
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
        // Drawn by a library that escapes its labels, as one of our tests shows.
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
        "src/base/store/db.rs",
        // A text that is never freed.
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

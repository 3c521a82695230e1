//! Files import each other in one direction only, and pages no pages. Words that several files of
//! a module use stand in a file of their own: what a `mod.rs` re-exports from
//! a file, that file and its neighbours must not take from the `mod.rs`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use shared::source::{product, rust_files};

/// The rooms for which this holds.
const ROOMS: [&str; 5] = ["base", "domain", "service", "web", "cli"];

#[test]
fn no_files_import_each_other_in_a_circle() {
    let files = files_in(&ROOMS);
    assert!(files.len() > 150, "{}", files.len());
    let imports: BTreeMap<&str, BTreeSet<&str>> =
        files.keys().map(|module| (module.as_str(), imports_of(module, &files))).collect();
    let circle = circle_in(&imports);
    assert!(circle.is_empty(), "each of these imports the next, the last the first: {circle:#?}");
}

#[test]
fn no_page_imports_a_page() {
    let files = files_in(&["web"]);
    let is_page = |module: &str| {
        let source = product(&fs::read_to_string(&files[module]).unwrap());
        source.contains("#[get(\"") || source.contains("#[post(\"")
    };
    let pages: Vec<&str> =
        files.keys().map(String::as_str).filter(|module| is_page(module)).collect();
    assert!(pages.len() > 30, "{pages:?}");
    for page in &pages {
        let imports = imports_of(page, &files);
        let other: Vec<_> = imports.iter().filter(|module| pages.contains(module)).collect();
        assert!(other.is_empty(), "{page} imports {other:?}: what both need is no page's");
    }
}

/// The files of those rooms but the tests in them, by their modules.
fn files_in(rooms: &[&str]) -> BTreeMap<String, PathBuf> {
    rooms
        .iter()
        .flat_map(|room| rust_files(&Path::new("src").join(room)))
        .filter(|file| !file.ends_with("tests.rs"))
        .map(|file| (module_of(&file), file))
        .collect()
}

#[test]
fn a_circle_is_found_and_a_fork_is_none() {
    let graph = |arrows: &[(&'static str, &[&'static str])]| {
        arrows.iter().map(|(from, to)| (*from, to.iter().copied().collect())).collect()
    };
    let fork = graph(&[("a", &["b", "c"]), ("b", &["d"]), ("c", &["d"]), ("d", &[])]);
    assert!(circle_in(&fork).is_empty());
    let circle = graph(&[("a", &["b"]), ("b", &["c", "d"]), ("c", &["b"]), ("d", &[])]);
    assert_eq!(circle_in(&circle), ["b", "c"]);
}

#[test]
fn every_way_to_write_an_import_is_read() {
    let read = |source| paths_in(source, "domain::a::b").into_iter().collect::<Vec<_>>();
    assert_eq!(
        read("use crate::base::{error::{Error, Result}, keys::Keys as K};\nuse super::c::D;"),
        ["base::error::Error", "base::error::Result", "base::keys::Keys", "domain::a::c::D"]
    );
    assert_eq!(
        read("let x = self::d::E::new(super::super::f::G);"),
        ["domain::a::b::d::E::new", "domain::f::G"]
    );
    assert_eq!(read("use super::{self, c};"), ["domain::a", "domain::a::c"]);
    assert_eq!(read("// crate::base::error"), [""; 0]);
}

/// `domain::accounts` for `src/domain/accounts/mod.rs` and `src/domain/accounts.rs`.
fn module_of(file: &Path) -> String {
    let path = file.strip_prefix("src").unwrap().with_extension("");
    let parts: Vec<_> = path.iter().map(|part| part.to_str().unwrap()).collect();
    parts.join("::").trim_end_matches("::mod").to_owned()
}

/// The files that the file of `module` names in its source text.
fn imports_of<'f>(module: &str, files: &'f BTreeMap<String, PathBuf>) -> BTreeSet<&'f str> {
    let source = product(&fs::read_to_string(&files[module]).unwrap());
    let children = files.keys().filter_map(|file| file.strip_prefix(module)?.strip_prefix("::"));
    let children: Vec<&str> = children.filter(|child| !child.contains("::")).collect();
    // A `mod.rs` may name its own children without `self::`.
    let mut paths = paths_in(&source, module);
    for child in children {
        if source.contains(&format!("{child}::")) && source.contains(&format!("mod {child};")) {
            let apart =
                |before: &str| !before.ends_with(|c: char| c.is_alphanumeric() || "_:".contains(c));
            let named = without_comments(&source);
            if named.match_indices(&format!("{child}::")).any(|(at, _)| apart(&named[..at])) {
                paths.insert(format!("{module}::{child}"));
            }
        }
    }
    let files = paths.iter().filter_map(|path| file_of(path, files));
    files.filter(|file| *file != module).collect()
}

/// The file in which a path is found: that of its longest part that is a module.
fn file_of<'f>(path: &str, files: &'f BTreeMap<String, PathBuf>) -> Option<&'f str> {
    let mut path = path;
    loop {
        if let Some((module, _)) = files.get_key_value(path) {
            return Some(module);
        }
        path = path.rsplit_once("::")?.0;
    }
}

/// Every path in a source text of the file `module`, from the root of the crate.
fn paths_in(source: &str, module: &str) -> BTreeSet<String> {
    let source = without_comments(source);
    let mut paths = BTreeSet::new();
    for start in ["crate::", "super::", "self::"] {
        for (at, _) in source.match_indices(start) {
            let before = &source[..at];
            let inside = before.ends_with(|c: char| c.is_alphanumeric() || "_:".contains(c));
            // Who may see something is no import.
            if !inside && !before.ends_with("pub(in ") {
                read_path(&source[at..], module, &mut paths);
            }
        }
    }
    paths
}

/// Reads the path, or the tree of paths, that `text` begins with, below `within`.
fn read_path<'t>(text: &'t str, within: &str, paths: &mut BTreeSet<String>) -> &'t str {
    let mut within = within.to_owned();
    let mut rest = text.trim_start();
    loop {
        if let Some(mut group) = rest.strip_prefix('{') {
            while !group.trim_start().starts_with('}') {
                group = read_path(group, &within, paths).trim_start();
                group = group.strip_prefix(',').unwrap_or(group);
            }
            return &group.trim_start()[1..];
        }
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        match word {
            "crate" => within.clear(),
            "super" => within = within.rsplit_once("::").map_or("", |(above, _)| above).to_owned(),
            "self" => {}
            _ if within.is_empty() => word.clone_into(&mut within),
            word => within = format!("{within}::{word}"),
        }
        match after.strip_prefix("::") {
            Some(more) => rest = more,
            None => {
                paths.insert(within);
                let renamed = after.strip_prefix(" as ");
                return renamed
                    .map_or(after, |name| name.trim_start_matches(char::is_alphanumeric));
            }
        }
    }
}

fn without_comments(source: &str) -> String {
    let code = source.lines().map(|line| line.split("//").next().unwrap_or_default());
    code.collect::<Vec<_>>().join("\n")
}

/// The files of one circle in their order; empty when there is none.
fn circle_in<'m>(imports: &BTreeMap<&'m str, BTreeSet<&'m str>>) -> Vec<&'m str> {
    // Removes whatever imports nothing that is left.
    let mut left: BTreeSet<&str> = imports.keys().copied().collect();
    loop {
        let on: BTreeSet<&str> = left
            .iter()
            .copied()
            .filter(|file| imports[file].iter().any(|to| left.contains(to)))
            .collect();
        if on == left {
            break;
        }
        left = on;
    }
    // Everything left imports something left: going on, one comes back.
    let mut way = vec![];
    let mut next = left.first().copied();
    while let Some(file) = next {
        if let Some(start) = way.iter().position(|passed| *passed == file) {
            return way.split_off(start);
        }
        way.push(file);
        next = imports[file].iter().copied().find(|to| left.contains(to));
    }
    way
}

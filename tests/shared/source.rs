//! The source text, for tests that hold it against a rule.

use std::fs;
use std::path::{Path, PathBuf};

/// A source text without its tests.
pub fn product(source: &str) -> String {
    source.split("#[cfg(test)]").next().unwrap_or_default().to_owned()
}

/// The files of Rust in a folder and those below it.
pub fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let is_rust = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "rs");
    files_below(folder).into_iter().filter(is_rust).collect()
}

/// Every file in a folder and those below it.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files_below(&path) } else { vec![path] }).collect()
}

/// The text in quotes with which each `call` begins, all over the source, in order.
pub fn declared(call: &str) -> Vec<String> {
    let mut names = vec![];
    for file in rust_files(Path::new("src")) {
        let source = product(&fs::read_to_string(file).unwrap());
        let quoted = source.split(call).skip(1).filter_map(|after| {
            let text = after.trim_start().strip_prefix('"')?;
            text.split('"').next()
        });
        names.extend(quoted.map(str::to_owned));
    }
    names.sort();
    names
}

/// Holds the table below `head` in a document against its rows. With
/// `UPDATE_DOCS` set, writes them there.
pub fn table_in(document: &str, head: &str, rows: &str) {
    let text = fs::read_to_string(document).unwrap();
    let (before, rest) = text.split_once(head).unwrap_or_else(|| panic!("{document}: {head}"));
    let rows_there = rest.split_inclusive('\n').take_while(|line| line.starts_with('|'));
    let (old, after) = rest.split_at(rows_there.map(str::len).sum());
    if old != rows && std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(document, format!("{before}{head}{rows}{after}")).unwrap();
        return;
    }
    let hint = "UPDATE_DOCS=1 cargo test --test documents --test web the_table";
    assert!(old == rows, "{document} has another table; to write this one: {hint}\n\n{head}{rows}");
}

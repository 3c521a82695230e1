//! What the commands list: columns with a head for people, a JSON object a line
//! for scripts.

use serde_json::Value;

use crate::cli::terminal::say;

/// Rows below a head. As JSON they are printed one by one, without a head.
pub(super) struct Listing<const N: usize> {
    json: bool,
    rows: Vec<[String; N]>,
}

impl<const N: usize> Listing<N> {
    /// An empty one with these words above its columns.
    pub(super) fn new(json: bool, head: [&str; N]) -> Self {
        Self { json, rows: vec![head.map(str::to_owned)] }
    }

    /// Adds a row, in both its forms.
    pub(super) fn add(&mut self, object: &Value, cells: [String; N]) {
        if self.json {
            say(&object.to_string());
        } else {
            self.rows.push(cells);
        }
    }

    /// Prints the columns, each as wide as its widest cell.
    pub(super) fn end(self) {
        if !self.json {
            columns(&self.rows).iter().for_each(|line| say(line));
        }
    }
}

fn columns<const N: usize>(rows: &[[String; N]]) -> Vec<String> {
    let width = |cell: &String| cell.chars().count();
    let widths: [usize; N] = std::array::from_fn(|column| {
        rows.iter().map(|row| width(&row[column])).max().unwrap_or_default()
    });
    let line = |row: &[String; N]| {
        let padded = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
        padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell_and_lines_end_with_text() {
        let rows = [["NAME", "ROLES", "ID"], ["ada", "", "7"], ["bernadette", "admin", ""]];
        let rows = rows.map(|row| row.map(str::to_owned));
        let lines = ["NAME        ROLES  ID", "ada                7", "bernadette  admin"];
        assert_eq!(columns(&rows), lines);
    }
}

//! How a row is written into an export, as CSV and as a JSON line.

use serde::Serialize;

/// How the rows are written.
#[derive(Clone, Copy)]
pub enum Format {
    /// RFC 4180, with a line of headings.
    Csv,
    /// An object a line.
    JsonLines,
}

/// What a spreadsheet would take for a formula gets an apostrophe before it
/// (OWASP, CSV injection; ASVS V1.2.10): at the beginning of the cell and behind
/// whatever separates cells where commas do not.
fn cell(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut begins = true;
    for (place, c) in text.char_indices() {
        if begins && is_formula(&text[place..]) {
            safe.push('\'');
        }
        safe.push(c);
        begins = matches!(c, ';' | ',' | '\t'..='\r' | '\u{85}' | '\u{2028}'..='\u{2029}');
    }
    safe
}

/// Spreadsheets look past blanks, quotes and what cannot be seen, and some take
/// the wide signs of Japanese and Chinese for the plain ones.
fn is_formula(cell: &str) -> bool {
    const SIGNS: [char; 11] =
        ['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}', '\t', '\r', '\0'];
    let unseen = |c: char| {
        let blank = c.is_whitespace() && !matches!(c, '\t' | '\r');
        blank || matches!(c, '"' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    cell.trim_start_matches(unseen).starts_with(SIGNS)
}

pub(super) fn csv_line(cells: impl IntoIterator<Item = String>) -> String {
    let mut writer = csv::Writer::from_writer(vec![]);
    let written = writer.write_record(cells.into_iter().map(|text| cell(&text)));
    written
        .ok()
        .and_then(|()| writer.into_inner().ok())
        .map_or_else(String::new, |line| String::from_utf8_lossy(&line).into_owned())
}

pub(super) fn json_line(row: &impl Serialize) -> String {
    serde_json::to_string(row).map(|line| line + "\n").unwrap_or_default()
}

pub(super) fn headings(names: &[&str], format: Format) -> String {
    match format {
        Format::Csv => csv_line(names.iter().map(|name| (*name).to_owned())),
        Format::JsonLines => String::new(),
    }
}

/// Status and headers are long gone: the last line says that more should follow.
pub(super) fn broken_off(format: Format) -> String {
    match format {
        Format::Csv => "THE EXPORT BROKE OFF HERE\r\n".to_owned(),
        Format::JsonLines => "{\"error\":\"the export broke off here\"}\n".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_part_of_a_cell_is_a_formula_whatever_separates_cells() {
        for (cell_text, expected) in [
            ("x;=cmd|'/C calc'!A0", "x;'=cmd|'/C calc'!A0"),
            ("a,-1", "a,'-1"),
            ("a\t@x\n+1\r=2", "a\t'@x\n'+1\r'=2"),
            ("a; =1", "a;' =1"),
            (" =1", "' =1"),
            ("a;\"=1\"", "a;'\"=1\""),
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)",
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)",
            ),
            ("2026-11-24T23:00:00Z", "2026-11-24T23:00:00Z"),
            // Spreadsheets for Japanese and Chinese take the wide signs for the plain ones.
            ("x;\u{ff1d}cmd|'/C calc'!A0", "x;'\u{ff1d}cmd|'/C calc'!A0"),
            ("\u{ff0b}1,\u{ff0d}1;\u{ff20}x", "'\u{ff0b}1,'\u{ff0d}1;'\u{ff20}x"),
            ("\u{a0}\u{3000}=1", "'\u{a0}\u{3000}=1"),
            ("\u{feff}=1;\u{200b}@x", "'\u{feff}=1;'\u{200b}@x"),
            ("a\u{2028}=1\u{b}+1", "a\u{2028}'=1\u{b}'+1"),
            ("a=b;c", "a=b;c"),
            ("", ""),
        ] {
            assert_eq!(cell(cell_text), expected);
        }
    }

    #[test]
    fn no_cell_is_a_formula_and_every_cell_is_quoted_as_it_must() {
        let cells = ["=1+1", "@x", "plain", "a,b", "say \"hi\"", "-5"];
        let line = csv_line(cells.map(str::to_owned));
        assert_eq!(line, "'=1+1,'@x,plain,\"a,b\",\"say \"\"hi\"\"\",'-5\n");
    }
}

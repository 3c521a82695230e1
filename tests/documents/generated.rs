//! What the documents have from the program: written by it with `UPDATE_DOCS`,
//! otherwise compared with it.

#![expect(clippy::disallowed_types, reason = "the program is started for its help")]

use std::fs;
use std::process::Command;

use doorward::base::store::{AtDeletion, Exported, Table};
use shared::source::table_in;

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
            AtDeletion::Cleared(why) => format!("`{column}`: emptied, the rest is kept {why}"),
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
    table_in("docs/assurance/inventory.md", head, &rows);
}

#[test]
fn the_table_of_settings_is_the_one_the_program_prints() {
    let table = doorward::service::settings::table();
    let head = "| key | default | meaning |\n|---|---|---|\n";
    table_in("docs/settings.md", head, table.strip_prefix(head).unwrap());
}

#[test]
fn the_table_of_commands_and_their_help_are_what_the_program_prints() {
    let (document, mark) = ("docs/commands.md", "\n<!-- what follows is written by a test -->\n");
    let mut help = String::new();
    describe(&[], &mut help);
    let text = fs::read_to_string(document).unwrap();
    let (before, there) = text.split_once(mark).expect(mark);
    if there != help && std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(document, format!("{before}{mark}{help}")).unwrap();
        return;
    }
    let hint = "UPDATE_DOCS=1 cargo test --test documents the_table";
    assert!(there == help, "{document} is not what the program prints; to write it: {hint}");
}

/// Appends what `doorward COMMAND --help` prints, and then the same of each command below it.
fn describe(command: &[&str], to: &mut String) {
    let output = Command::new(env!("CARGO_BIN_EXE_doorward"))
        .args(command)
        .arg("--help")
        .env("COLUMNS", "100")
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && !printed.is_empty(), "{command:?}");
    let (below, own): (Vec<&str>, Vec<&str>) = split_help(&printed);
    let (level, name) = ("#".repeat(command.len() + 1), format!("doorward {}", command.join(" ")));
    if below.is_empty() {
        let about = own.join("\n");
        let about = about.trim();
        *to += &format!("\n{level} `{name}`\n\n```text\n{about}\n```\n");
    } else if !command.is_empty() {
        *to += &format!("\n{level} `{name}`\n\n{}.\n", own[0]);
    }
    for name in below {
        let inner: Vec<&str> = command.iter().copied().chain([name]).collect();
        describe(&inner, to);
    }
}

/// The commands that a help text lists, and its lines without what every command has.
fn split_help(printed: &str) -> (Vec<&str>, Vec<&str>) {
    let listed = printed.lines().skip_while(|line| *line != "Commands:").skip(1);
    let names = listed.take_while(|line| !line.is_empty());
    let names = names.filter_map(|line| line.split_whitespace().next());
    let below = names.filter(|name| *name != "help").collect();
    let of_all = ["-h, --help", "-v, --verbose"];
    let own = printed.lines().filter(|line| !of_all.iter().any(|it| line.trim().starts_with(it)));
    let own: Vec<&str> = own.collect();
    let last = own.iter().rposition(|line| !line.is_empty() && *line != "Options:").unwrap();
    (below, own[..=last].to_vec())
}

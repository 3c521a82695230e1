//! What the documents have from the program: written by it with `UPDATE_DOCS`,
//! otherwise compared with it.

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
    table_in("README.md", head, table.strip_prefix(head).unwrap());
}

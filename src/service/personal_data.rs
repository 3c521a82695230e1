//! Personal data export (GDPR, article 15): what each table states next to its entity.

use std::sync::Arc;

use super::export::Lines;
use crate::base::store::Exported;
use crate::domain::sessions::Principal;
use crate::service::{Doorward, catalog};

/// Everything kept about an account, as one JSON object. It is read and sent
/// batch by batch, because the log of an account has no end. What breaks off
/// half-way is no JSON: nobody takes it for all there is.
pub fn of(doorward: Arc<Doorward>, owner: Principal) -> Lines {
    Box::pin(rocket::async_stream::stream! {
        let mut before_part = "{\n";
        for table in catalog::tables() {
            let (begin, mut before_row, end, read) = match table.exported {
                Exported::Fields(read) => (String::new(), "", "", read),
                Exported::Rows(field, read) => {
                    (format!("  \"{field}\": ["), "\n    ", "\n  ]", read)
                }
                Exported::Nothing(_) => continue,
            };
            yield format!("{before_part}{begin}");
            let mut next = Some(i64::MAX);
            while let Some(number) = next {
                let batch = async {
                    // A slow reader must not outlast the session.
                    doorward.sessions.still_may(&owner, None, doorward.clock.now()).await?;
                    read(doorward.db.read(), owner.account.0, number).await
                };
                let batch = match batch.await {
                    Ok(batch) => batch,
                    Err(error) => {
                        tracing::error!(%error, "an export ends early");
                        return;
                    }
                };
                let mut text = String::new();
                for row in batch.rows {
                    text.push_str(before_row);
                    text.push_str(&row);
                    before_row = ",\n    ";
                }
                yield text;
                next = batch.next;
            }
            yield end.to_owned();
            before_part = ",\n";
        }
        yield "\n}\n".to_owned();
    })
}

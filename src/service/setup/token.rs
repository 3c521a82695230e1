//! The setup token: a link for anyone who can read the data folder, good for an
//! hour and renewed while there is no administrator.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::base::error::{Error, Result};
use crate::base::timestamp::Timestamp;
use crate::domain::one_time;
use crate::service::Doorward;

/// The name of its file, in the data folder.
pub const FILE: &str = "setup-token";

/// Makes a new token, writes it to its file and returns the link. `None` once
/// there is an administrator; then the file is gone too.
///
/// # Errors
/// The database or the file cannot be written.
pub async fn renew(doorward: &Doorward, now: Timestamp) -> Result<Option<String>> {
    let folder = &doorward.settings.data_dir;
    let Some(token) = one_time::start_setup(&doorward.db, now).await? else {
        remove(folder);
        return Ok(None);
    };
    let file = folder.join(FILE);
    remove(folder);
    let written = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file);
    written.and_then(|mut file| writeln!(file, "{token}")).map_err(|why| {
        Error::broken(format!("The file {} cannot be written: {why}.", file.display()))
    })?;
    Ok(Some(format!("{}/setup?token={token}", doorward.settings.base_url.as_str())))
}

/// Removes the file.
pub fn remove(folder: &Path) {
    if let Err(why) = fs::remove_file(folder.join(FILE))
        && why.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(%why, "the setup token's file cannot be removed");
    }
}

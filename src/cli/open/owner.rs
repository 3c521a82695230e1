//! Root acts as the owner of the data: what root creates in the folder of a
//! service, the service could neither read nor trust.

use std::fs;
use std::os::unix::fs::MetadataExt;

use rustix::process::{Gid, Uid, geteuid};
use rustix::thread::{set_thread_gid, set_thread_groups, set_thread_uid};

use crate::base::error::{Error, Result};
use crate::service::settings::Settings;

/// Makes this process one of the user and group of the data folder, for good,
/// if it is root's. It changes one thread, so call it while there is one, before
/// anything is opened.
///
/// # Errors
/// The kernel refuses, as in a container without these permissions.
pub(in crate::cli) fn act_as(settings: &Settings) -> Result<()> {
    let folder = &settings.data_dir;
    let Ok(about) = fs::metadata(folder) else { return Ok(()) };
    if !geteuid().is_root() || about.uid() == 0 {
        return Ok(());
    }
    let (user, group) = (Uid::from_raw(about.uid()), Gid::from_raw(about.gid()));
    // The user last: afterwards nothing of this may be changed any more.
    let done = set_thread_groups(&[])
        .and_then(|()| set_thread_gid(group))
        .and_then(|()| set_thread_uid(user));
    done.map_err(|why| {
        Error::broken(format!(
            "The folder {} belongs to user number {}, and root cannot act as that user here: {why}. Run this as its owner (sudo -u).",
            folder.display(),
            about.uid()
        ))
    })
}

//! `doorward doctor`

use crate::base::error::{Error, Result};
use crate::cli::terminal::say;
use crate::service::Doorward;
use crate::service::doctor::{self, Finding};

pub(super) async fn run(doorward: &Doorward) -> Result<()> {
    let mut faults = 0;
    for finding in doctor::examine(doorward, doorward.clock.now()).await {
        match finding {
            Finding::Good(words) => say(&format!("ok       {words}")),
            Finding::Look(words) => say(&format!("warning  {words}")),
            Finding::Mend(words) => {
                faults += 1;
                say(&format!("PROBLEM  {words}"));
            }
        }
    }
    match faults {
        0 => Ok(()),
        1 => Err(Error::broken("1 problem was found.")),
        _ => Err(Error::broken(format!("{faults} problems were found."))),
    }
}

//! `doorward doctor`

use crate::base::error::{Error, Result};
use crate::cli::terminal::say;
use crate::service::Doorward;
use crate::service::doctor::{self, Finding};

pub(super) async fn run(doorward: &Doorward) -> Result<()> {
    let mut faults = 0;
    for finding in doctor::examine(doorward, doorward.clock.now()).await {
        match finding {
            Finding::Good(words) => say(&format!("ok    {words}")),
            Finding::Look(words) => say(&format!("look  {words}")),
            Finding::Mend(words) => {
                faults += 1;
                say(&format!("MEND  {words}"));
            }
        }
    }
    match faults {
        0 => Ok(()),
        1 => Err(Error::broken("One thing is to be mended.")),
        _ => Err(Error::broken(format!("{faults} things are to be mended."))),
    }
}

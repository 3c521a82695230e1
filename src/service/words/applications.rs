//! What is wrong with an application, in words.

use super::refusals::refusal;
use crate::domain::applications::{Draft, Fault, Unusable};

/// All that is wrong with an application as it is written, a sentence each.
pub fn faults(draft: &Draft, faults: &[Fault]) -> Vec<String> {
    let sentence = |fault: &Fault| {
        let rule = fault.rule.and_then(|place| draft.rules.get(place));
        let place = rule.map(|rule| format!("rule {:?}: ", rule.path)).unwrap_or_default();
        format!("{place}{}", refusal(fault.refusal))
    };
    faults.iter().map(sentence).collect()
}

/// Why an application on record admits nobody.
pub fn unusable(one: &Unusable) -> String {
    match &one.written {
        Ok((draft, found)) => faults(draft, found).join(" "),
        Err(why) => why.clone(),
    }
}

//! The reason that staff give for what they do to somebody else.

use std::marker::PhantomData;

use crate::web::form::submitted::{Fields, PageForm};

const FEWEST: usize = 3;
const MOST: usize = 300;

/// Why something is done, in the words of who does it.
pub(super) struct Reason(pub(super) String);

impl Reason {
    /// `reason`: 3 to 300 characters in one line
    pub(super) fn read(fields: &mut Fields) -> Option<Self> {
        fields.parsed("reason", "Reason", |text| {
            let text = text.trim();
            let length = text.chars().count();
            if !(FEWEST..=MOST).contains(&length) || text.contains(char::is_control) {
                return Err(
                    "Enter a reason of 3 to 300 characters. It is stored in the audit log.",
                );
            }
            Ok(Self(text.to_owned()))
        })
    }
}

/// The name of a form that asks for a reason only, as [`PageForm::PURPOSE`].
pub(super) trait FormName: Send {
    const PURPOSE: &'static str;
}

/// A form that asks only for the reason.
pub(super) struct ReasonForm<N> {
    pub(super) reason: Reason,
    name: PhantomData<N>,
}

impl<N: FormName> PageForm for ReasonForm<N> {
    const PURPOSE: &'static str = N::PURPOSE;

    fn read(fields: &mut Fields) -> Option<Self> {
        Some(Self { reason: Reason::read(fields)?, name: PhantomData })
    }
}

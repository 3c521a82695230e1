//! What the doctor says.

/// What came of a look at one thing, in a sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It is as it should be.
    Good(String),
    /// It works; somebody should know.
    Look(String),
    /// It does not work, or is not safe.
    Mend(String),
}

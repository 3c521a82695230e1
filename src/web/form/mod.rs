//! Forms: reading a body, its CSRF token and its fields, and the way back
//! after it.

pub mod body;
pub mod csrf;
pub mod fields;
pub mod resent;
pub mod return_to;
pub mod submitted;
pub mod urlencoded;

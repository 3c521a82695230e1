//! Forms: reading a body, its CSRF token and its fields, and the way back
//! after it, also when the password is asked for in between.

pub mod again;
pub mod body;
pub mod csrf;
pub mod fields;
pub mod held;
pub mod resent;
pub mod return_to;
pub mod submitted;
pub mod timely;
pub mod urlencoded;

//! A finished message becomes the day's counts and the contacts' history: once, however often it is asked.

mod count;
mod handler;

pub use count::{Difference, Usage, UsageError};

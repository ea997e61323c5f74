//! A finished message becomes the day's counts and the contacts' history: once, however often it is asked.

mod batch;
mod count;

pub use count::{Difference, Usage, UsageError};

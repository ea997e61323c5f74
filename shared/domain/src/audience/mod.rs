//! Who gets a message: people, groups and everyone, and the adults of chosen pupils
//! (`docs/decisions/0005-for-a-pupil.md`).

mod choice;
mod find;
mod pupils;
mod since;
mod why;

pub use choice::{Audience, MAX_AUDIENCE, SendTo};
pub use find::{Found, find, selected};
pub use pupils::pupils_for;
pub use since::{Going, Since};
pub use why::{Because, Why, why};

#[cfg(test)]
mod tests;

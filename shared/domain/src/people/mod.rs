//! Staff who use the product: what they may do, and who decides that.

mod manage;
mod profile;
mod rights;
mod role;
mod scope;
mod suggest;
#[cfg(test)]
mod tests;

pub use manage::{Manager, Member, NotAllowed, Standing};
pub use profile::{BUILT_IN, Profile};
pub use rights::{Action, Page, Rights, Switches};
pub use role::{Role, Roles};
pub use scope::Scope;
pub use suggest::{establishment, suggest_username};

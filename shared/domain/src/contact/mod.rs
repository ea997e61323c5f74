//! People who can be messaged: their fields, how each is read from outside, and what staff change in them.

mod changes;
mod fields;
mod given;
mod overrides;
mod parts;
mod person;
mod read;

pub use changes::Overridden;
pub use fields::{Field, Kind, Rules};
pub(crate) use given::clean;
pub use given::{FieldProblem, Given, read_id};
pub use overrides::Overrides;
pub use parts::{Away, ContactRole, LabelledNumber, PhoneLabel, Source};
pub use person::Contact;
pub use read::{ReadContact, read};

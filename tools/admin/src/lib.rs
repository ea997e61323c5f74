//! The operator's command line, `messenger-admin`: what nobody may do from a page. It works on the table itself, so it
//! needs AWS credentials that may write to it, or a database on this machine.

pub mod arguments;
pub mod found;
pub mod order;
pub mod verify;

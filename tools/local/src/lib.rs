//! The whole product in one process: the functions, an embedded DynamoDB, queues, the sweep, and simulators of the
//! providers that speak their wire formats. No Docker, no cloud account.

mod access;
pub mod arguments;
mod database;
mod demo;
mod error;
mod files;
mod mis;
mod queue;
mod secrets;
mod system;
mod vault;
mod web;

pub use access::Access;
pub use demo::DemoUser;
pub use error::StartError;
pub use queue::LocalQueue;
pub use system::{Options, ProviderUrls, System};

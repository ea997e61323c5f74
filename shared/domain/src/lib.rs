//! The rules of the product, without IO: no clock, no randomness, no network, no AWS.

pub mod channel;
pub mod contact;
pub mod delivery;
pub mod ids;
pub mod job;
pub mod message;
pub mod money;
pub mod page;
pub mod routing;
pub mod settings;
pub mod usage;

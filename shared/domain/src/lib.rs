//! The rules of the product, without IO: no clock, no randomness, no network, no AWS.

pub mod audit;
pub mod book;
pub mod channel;
pub mod contact;
pub mod delivery;
pub mod email;
pub mod feed;
mod fold;
pub mod ids;
pub mod import;
pub mod job;
pub mod message;
pub mod money;
pub mod notice;
pub mod page;
pub mod people;
pub mod phone;
pub mod plan;
pub mod routing;
pub mod security;
pub mod settings;
pub mod sms;
pub mod tabular;
pub mod texts;
pub mod token;
pub mod usage;
pub mod username;

//! The only place where a key of the table is spelled. ARCHITECTURE §3 lists every one, and a test holds it to that.
//!
//! A school's id has a fixed width and is always closed by `#`, so no school's keys begin another's.

mod access;
mod message;
mod people;
mod school;
mod sync;
#[cfg(test)]
mod tests;

pub(crate) use access::*;
pub(crate) use message::*;
pub(crate) use people::*;
pub(crate) use school::*;
pub(crate) use sync::*;

/// Attribute of the partition key.
pub(crate) const PK: &str = "pk";
/// Attribute of the sort key.
pub(crate) const SK: &str = "sk";
/// Attribute of the time to live, in seconds since 1970. Expiry is checked on read too, because removal lags.
pub(crate) const TTL: &str = "ttl";
/// The sparse index over messages that still need work.
pub(crate) const WORK_INDEX: &str = "work";
/// Its partition key.
pub(crate) const WORK_PK: &str = "gsi1pk";
/// Its sort key: when the message is due.
pub(crate) const WORK_SK: &str = "gsi1sk";
/// Partitions of the work index.
pub(crate) const WORK_SHARDS: u8 = 16;
/// Pages to a partition, so that one send spreads over many.
pub const PAGES_PER_SHARD: u32 = 40;

/// A row's place in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

fn key(pk: String, sk: impl Into<String>) -> Key {
    Key { pk, sk: sk.into() }
}

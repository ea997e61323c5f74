//! A run from its job to the address book: the embedded database behind the real client, an MIS and a queue in memory.

mod bars;
mod brake;
mod changes;
mod deaths;
mod feed;
mod files;
mod half_written;
mod looks;
mod requests;
mod town;

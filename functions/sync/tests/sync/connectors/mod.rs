//! Every connector reads the same made-up school into the same feed, as far as its format carries it, and says so
//! when it could not read it to the end.

mod books;
mod faults;
mod mapped;
mod oneroster;
mod school;
mod server;
mod sif;
mod simulator;
mod trial;
mod wonde;
mod xporter;

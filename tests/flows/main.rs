//! What a school and its partners rely on, seen from outside: the real router, queue and database, providers through
//! their wire formats. The simulators' own log is the witness of what was sent.

mod crash;
mod judge;
mod main_job;
mod pace;
mod product;
mod protocol;
mod recovery;
mod settings;
mod sync;
mod x;

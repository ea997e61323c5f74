//! The router from outside: real requests, the real database client, a queue that only remembers.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod absence;
mod account;
mod audit;
mod auth;
mod bars;
mod compose;
mod contacts;
mod control;
mod factor;
mod fake_x;
mod hooks;
mod hostile;
mod keys;
mod kit;
mod logo;
mod messages;
mod mis;
mod mis_files;
mod overrides;
mod people;
mod pupils;
mod pupils_page;
mod rights;
mod safety;
mod settings;
mod surface;
mod sync;
mod two_schools;
mod uploads;
mod usage;
mod users;
mod visitor;
mod x;

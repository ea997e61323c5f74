//! Uploads of contacts from the file to the address book: the embedded database behind the real client, files and jobs
//! in memory.

mod faults;
mod flow;
mod office;
mod workbooks;
mod wrong;

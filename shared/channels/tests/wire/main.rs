//! The adapters against a real socket: what each kind of answer, or none, makes of a send.
#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

mod server;
mod ses;
mod twilio;
mod x;

//! The adapters against a real socket: what each kind of answer, or none, makes of a send.

mod server;
mod ses;
mod twilio;
mod x;

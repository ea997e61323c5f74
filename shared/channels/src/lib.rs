//! The ways out: one port for each channel and the adapters behind them.
//!
//! A port answers how one send ended and never tries again by itself: who may send again, and when, is the
//! protocol's business. Adapters neither read a clock nor invent ids.

mod address;
pub mod bucket;
mod escape;
mod exchange;
pub mod port;
pub mod reference;
pub mod ses;
#[cfg(test)]
mod specs;
pub mod twilio;
pub mod x;

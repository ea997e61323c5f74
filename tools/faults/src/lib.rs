//! The fault campaign: the product under everything that may befall it, and a judge who knows only what was asked for,
//! what the providers saw and what the product says. `docs/FAULTS.md` says what is injected and what is promised.

pub mod campaign;
pub mod chance;
pub mod database;
pub mod gate;
pub mod judge;
pub mod killed;
pub mod life;
pub mod partner;
pub mod providers;
pub mod queue;
pub mod refusals;
pub mod run;
pub mod scenario;
pub mod tally;
pub mod town;
pub mod trouble;
pub mod victim;

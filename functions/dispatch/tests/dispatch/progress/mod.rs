//! How a message gets on, step by step: a clock that stands still until it is moved, jobs that run when the test says
//! so, and a provider that answers as it is told. Where time or a race decides, these tests do.

mod approvals;
mod attendance;
mod ends;
mod plans;
mod silence;
mod since;
mod stops;

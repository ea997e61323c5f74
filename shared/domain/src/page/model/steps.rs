//! What may happen, one step at a time.

use proptest::collection::vec;
use proptest::prelude::*;

use crate::delivery::DeliveryState;

/// How one call to the provider ends.
#[derive(Debug, Clone, Copy)]
pub(super) enum Call {
    /// Taken, and the answer arrives.
    Taken,
    /// Taken, and the answer is lost.
    TakenInSilence,
    /// Not taken, and nobody is told.
    Lost,
    /// Refused for now.
    Busy,
    /// Refused for good.
    Refused,
}

/// What the provider's records say when they are asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Records {
    /// All that it took.
    Complete,
    /// Nothing yet of what it took since it was last asked: a list that lags.
    Lagging,
    /// It cannot be asked.
    None,
}

#[derive(Debug, Clone)]
pub(super) enum Step {
    /// A worker takes the page; its clock is off by so much.
    Claim { skew_ms: i64 },
    /// A worker makes its next call.
    Send(usize, Call),
    /// A worker writes its outcome, or hands it in late if the page was taken from it.
    Outcome(usize),
    /// A worker that has sent nothing gives the page back.
    GiveBack(usize),
    /// A worker is killed.
    Die(usize),
    /// The lease of the worker that holds the page has passed.
    Recover,
    /// The provider is asked about unknown deliveries.
    Ask(Records),
    /// The provider reports on something that it took, first or once more; finally or not.
    Report { which: usize, last: bool },
    /// Staff stop the message.
    Stop,
    /// Staff send again what failed or is not confirmed.
    Resend,
    /// Days of silence.
    Expire,
}

fn call() -> impl Strategy<Value = Call> {
    use Call::{Busy, Lost, Refused, Taken, TakenInSilence};
    prop_oneof![4 => Just(Taken), 3 => Just(TakenInSilence), 2 => Just(Lost), 1 => Just(Busy), 1 => Just(Refused)]
}

fn records() -> impl Strategy<Value = Records> {
    prop_oneof![3 => Just(Records::Complete), 1 => Just(Records::Lagging), 2 => Just(Records::None)]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (-300_000_i64..300_000).prop_map(|skew_ms| Step::Claim { skew_ms }),
        12 => (0_usize..3, call()).prop_map(|(worker, call)| Step::Send(worker, call)),
        5 => (0_usize..3).prop_map(Step::Outcome),
        1 => (0_usize..3).prop_map(Step::GiveBack),
        2 => (0_usize..3).prop_map(Step::Die),
        3 => Just(Step::Recover),
        6 => records().prop_map(Step::Ask),
        6 => (0_usize..8, any::<bool>()).prop_map(|(which, last)| Step::Report { which, last }),
        2 => Just(Step::Resend),
        1 => Just(Step::Expire),
    ]
}

/// A worker that claims, makes some calls and does not come back; the provider is asked twice.
fn crash() -> impl Strategy<Value = Vec<Step>> {
    (vec(call(), 0..4), records()).prop_map(|(calls, records)| {
        let mut steps = vec![Step::Claim { skew_ms: 0 }];
        steps.extend(calls.into_iter().map(|call| Step::Send(0, call)));
        steps.extend([Step::Die(0), Step::Recover, Step::Ask(records), Step::Ask(records)]);
        steps
    })
}

/// A worker that does its work.
fn work() -> impl Strategy<Value = Vec<Step>> {
    vec(call(), 3).prop_map(|calls| {
        let mut steps = vec![Step::Claim { skew_ms: 0 }];
        steps.extend(calls.into_iter().map(|call| Step::Send(0, call)));
        steps.push(Step::Outcome(0));
        steps
    })
}

pub(super) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let some = prop_oneof![6 => step().prop_map(|step| vec![step]), 2 => crash(), 1 => work()];
    vec(some, 1..40).prop_map(|steps| steps.concat())
}

pub(super) fn ends() -> impl Strategy<Value = Vec<DeliveryState>> {
    use DeliveryState::{Delivered, PermanentFailure, TemporaryFailure};
    vec(prop_oneof![Just(Delivered), Just(TemporaryFailure), Just(PermanentFailure)], 1..5)
}

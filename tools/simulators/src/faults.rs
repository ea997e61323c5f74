//! Faults to order: which requests go wrong, and how.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use axum::response::Response;
use serde::Deserialize;

use crate::server;

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Target {
    Sms,
    Call,
    Email,
    Tweet,
    Any,
}

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum On {
    #[default]
    Send,
    Read,
}

/// How a request goes wrong. Those that start with `AcceptThen` keep the message first, as far as it is well-formed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fault {
    /// Too many requests, in the provider's own words.
    #[serde(rename = "429")]
    TooMany,
    /// The provider failed, in its own words.
    #[serde(rename = "500")]
    Failed,
    /// A web page of some machine in between.
    #[serde(rename = "502")]
    BadGateway,
    /// The provider is not available, in its own words.
    #[serde(rename = "503")]
    Unavailable,
    /// The connection is reset.
    Reset,
    /// No answer, ever.
    Timeout,
    /// A success that makes no sense.
    Garbage,
    /// A good answer, but late.
    Slow,
    /// Refused with the code given.
    RefuseCode,
    AcceptThenTimeout,
    AcceptThenReset,
    #[serde(rename = "accept_then_500")]
    AcceptThenFailed,
    AcceptThenGarbage,
}

impl Fault {
    /// Its name on the wire.
    const fn name(self) -> &'static str {
        match self {
            Self::TooMany => "429",
            Self::Failed => "500",
            Self::BadGateway => "502",
            Self::Unavailable => "503",
            Self::Reset => "reset",
            Self::Timeout => "timeout",
            Self::Garbage => "garbage",
            Self::Slow => "slow",
            Self::RefuseCode => "refuse_code",
            Self::AcceptThenTimeout => "accept_then_timeout",
            Self::AcceptThenReset => "accept_then_reset",
            Self::AcceptThenFailed => "accept_then_500",
            Self::AcceptThenGarbage => "accept_then_garbage",
        }
    }
}

/// An order for faults, as posted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    target: Target,
    #[serde(default)]
    on: On,
    kind: Fault,
    /// The provider's error code, for `refuse_code`.
    code: Option<u16>,
    /// How many requests go wrong before the order is used up; without it, no end.
    count: Option<u64>,
    /// Only each n-th request goes wrong; with `seed`, one in n at random.
    every: Option<u64>,
    /// Makes `every` a matter of chance, the same each time for the same seed.
    seed: Option<u64>,
    /// How late the answer (or its absence) comes.
    delay_ms: Option<u64>,
    /// Requests seen so far.
    #[serde(skip)]
    seen: u64,
}

/// One request's misfortune.
#[derive(Debug, Clone, Copy)]
struct Hit {
    fault: Fault,
    code: u16,
    delay: Duration,
}

/// The faults on order.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    orders: Mutex<Vec<Order>>,
    any: AtomicBool,
    struck: Mutex<BTreeMap<&'static str, u64>>,
}

/// A provider's own words for its failures.
pub(crate) trait Voice {
    /// An error answer of this status; `code` where one is asked for, else 0.
    fn error(status: u16, code: u16) -> Response;
}

/// SplitMix64: one draw of a sequence fixed by its seed.
fn draw(seed: u64, index: u64) -> u64 {
    let mut z = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Order {
    /// Whether this request, the next of those that the order is for, goes wrong.
    fn strikes(&mut self) -> bool {
        self.seen += 1;
        let strikes = match (self.every, self.seed) {
            (Some(every), Some(seed)) => draw(seed, self.seen).is_multiple_of(every.max(1)),
            (Some(every), None) => self.seen.is_multiple_of(every.max(1)),
            (None, _) => true,
        };
        if strikes && let Some(left) = &mut self.count {
            if *left == 0 {
                return false;
            }
            *left -= 1;
        }
        strikes
    }

    fn hit(&self) -> Hit {
        let usual = match self.kind {
            Fault::Slow => 3_000,
            Fault::Timeout | Fault::AcceptThenTimeout => 600_000,
            _ => 0,
        };
        Hit {
            fault: self.kind,
            code: self.code.unwrap_or(20_001),
            delay: Duration::from_millis(self.delay_ms.unwrap_or(usual)),
        }
    }
}

impl Faults {
    /// Adds an order.
    pub(crate) fn add(&self, order: Order) {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        orders.push(order);
        self.any.store(true, Ordering::Release);
    }

    /// How many requests have gone wrong so far, by kind.
    pub(crate) fn struck(&self) -> BTreeMap<&'static str, u64> {
        self.struck.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Drops all orders.
    pub(crate) fn clear(&self) {
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        orders.clear();
        self.any.store(false, Ordering::Release);
    }

    fn next(&self, target: Target, on: On) -> Option<Hit> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        let mut orders = self.orders.lock().unwrap_or_else(PoisonError::into_inner);
        let mine =
            |order: &&mut Order| order.on == on && (order.target == target || order.target == Target::Any);
        // Every order for this request counts it, also when an earlier one has struck.
        let mut struck = None;
        for order in orders.iter_mut().filter(mine) {
            if struck.is_none() {
                struck = order.strikes().then(|| order.hit());
            } else {
                order.seen += 1;
            }
        }
        struck
    }

    /// Does `act`, unless a fault has it otherwise.
    pub(crate) async fn pass<V: Voice>(
        &self,
        target: Target,
        on: On,
        act: impl FnOnce() -> Response,
    ) -> Response {
        let Some(Hit { fault, code, delay }) = self.next(target, on) else {
            return act();
        };
        *self.struck.lock().unwrap_or_else(PoisonError::into_inner).entry(fault.name()).or_insert(0) += 1;
        let accepts = matches!(
            fault,
            Fault::Slow
                | Fault::AcceptThenTimeout
                | Fault::AcceptThenReset
                | Fault::AcceptThenFailed
                | Fault::AcceptThenGarbage
        );
        let answer = accepts.then(act);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        match fault {
            Fault::Slow => answer.unwrap_or_else(server::reset),
            Fault::TooMany => V::error(429, 0),
            Fault::Failed | Fault::AcceptThenFailed => V::error(500, 0),
            Fault::Unavailable => V::error(503, 0),
            Fault::BadGateway => server::page(502, "<html><body><h1>502 Bad Gateway</h1></body></html>"),
            Fault::Garbage | Fault::AcceptThenGarbage => {
                server::page(200, "<html><body>It works!</body></html>")
            }
            Fault::RefuseCode => V::error(400, code),
            Fault::Reset | Fault::Timeout | Fault::AcceptThenTimeout | Fault::AcceptThenReset => {
                server::reset()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(json: &str) -> Order {
        serde_json::from_str(json).unwrap()
    }

    fn strikes(json: &str, requests: usize) -> Vec<bool> {
        let mut order = order(json);
        (0..requests).map(|_| order.strikes()).collect()
    }

    #[test]
    fn orders_strike_as_often_as_they_say() {
        assert_eq!(strikes(r#"{"target":"sms","kind":"429","count":2}"#, 4), [true, true, false, false]);
        assert_eq!(
            strikes(r#"{"target":"sms","kind":"429","every":3}"#, 6),
            [false, false, true, false, false, true]
        );
        assert_eq!(strikes(r#"{"target":"sms","kind":"429"}"#, 2), [true, true]);
    }

    #[test]
    fn a_seed_makes_the_same_chances_again() {
        let json = r#"{"target":"any","kind":"reset","every":4,"seed":7}"#;
        let once = strikes(json, 400);
        assert_eq!(once, strikes(json, 400));
        let hits = once.iter().filter(|hit| **hit).count();
        assert!((60..140).contains(&hits), "{hits}");
    }

    #[test]
    fn orders_strike_only_what_they_are_for() {
        let faults = Faults::default();
        faults.add(order(r#"{"target":"call","kind":"429"}"#));
        assert!(faults.next(Target::Sms, On::Send).is_none());
        assert!(faults.next(Target::Call, On::Read).is_none());
        assert!(faults.next(Target::Call, On::Send).is_some());
        faults.clear();
        assert!(faults.next(Target::Call, On::Send).is_none());
    }
}

//! How the simulators are set up.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use crate::mis::school::MisSchool;

/// The Twilio account that the simulators stand for.
#[derive(Debug, Clone)]
pub struct TwilioAccount {
    /// `AC` and 32 hexadecimal digits.
    pub sid: String,
    /// The password of requests to Twilio, and the key of the signatures on requests from it.
    pub auth_token: String,
}

/// How long things take.
#[derive(Debug, Clone, Copy)]
pub struct Latency {
    /// Before each answer of the providers.
    pub answer: Duration,
    /// Between acceptance and the first receipt, and from each receipt to the next.
    pub step: Duration,
    /// Before an accepted message shows in lists.
    pub listing: Duration,
    /// Receipts of about half the records come in the wrong order.
    pub unordered: bool,
}

impl Default for Latency {
    fn default() -> Self {
        Self {
            answer: Duration::ZERO,
            step: Duration::from_millis(400),
            listing: Duration::ZERO,
            unordered: false,
        }
    }
}

/// Everything [`Simulators::start`](crate::Simulators::start) wants to know.
#[derive(Debug, Clone)]
pub struct Config {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The directory of `simulators.jsonl` and `mis.json`; without one, records are in memory only.
    pub data: Option<PathBuf>,
    /// The account, whose token also signs the callbacks.
    pub public_signing: TwilioAccount,
    /// Where SES events go (plain HTTP), wrapped as SNS would. Without it there are none.
    pub ses_events_url: Option<String>,
    /// Where texts from phones go (plain HTTP), unless a request names another place.
    pub inbound_url: Option<String>,
    /// Whether receipts are sent at all.
    pub callbacks: bool,
    /// How long things take.
    pub latency: Latency,
    /// The school whose MIS is simulated.
    pub mis: MisSchool,
}

impl Config {
    /// In memory, on a free loopback port, with callbacks and the default latency.
    pub fn new(account: TwilioAccount) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            data: None,
            public_signing: account,
            ses_events_url: None,
            inbound_url: None,
            callbacks: true,
            latency: Latency::default(),
            mis: MisSchool::made_up(),
        }
    }
}

//! A provider of every channel that does as a test tells it, and remembers.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use channels::port::{BoxFuture, ChannelError, Record};
use domain::channel::Channel;
use domain::delivery::{Answer, DeliveryState, Evidence};
use runtime::Clock;

/// What becomes of what is handed over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Fate {
    /// It is taken, and the answer says so.
    #[default]
    Taken,
    /// It is taken, and the answer never comes.
    TakenInSilence,
    /// It never arrives.
    Lost,
}

/// Something that was taken.
#[derive(Debug, Clone)]
pub struct Sent {
    /// How it goes.
    pub channel: Channel,
    /// When, in milliseconds since 1970 by the test's clock.
    pub at_ms: i64,
    /// A number or an address.
    pub to: String,
    /// The whole text.
    pub text: String,
    /// The signed reference of the attempt.
    pub reference: String,
    /// The provider's id.
    pub id: String,
}

/// Takes everything, unless it is told otherwise.
#[derive(Default)]
pub struct Provider {
    clock: Option<Clock>,
    state: Mutex<State>,
    meanwhile: Mutex<Option<BoxFuture<'static, ()>>>,
}

#[derive(Default)]
struct State {
    sent: Vec<Sent>,
    records: Vec<(String, Record)>,
    /// Of the next ones; then `otherwise`.
    fates: VecDeque<Fate>,
    otherwise: Fate,
    skew_ms: i64,
    mute: bool,
    searches: usize,
    fetched: Vec<String>,
    fetch_takes: Duration,
    reports: BTreeMap<String, DeliveryState>,
}

impl fmt::Debug for Provider {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Provider")
    }
}

/// A provider's word on what it knows under `id`.
pub fn report(state: DeliveryState, id: &str, at_ms: i64) -> Evidence {
    Evidence { state, reason: None, code: None, seconds: None, at_ms, id: Some(id.to_owned()) }
}

impl Provider {
    /// One that takes everything.
    pub fn new(clock: Clock) -> Self {
        Self { clock: Some(clock), ..Self::default() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn now_ms(&self) -> i64 {
        self.clock.as_ref().map_or(0, Clock::now_ms)
    }

    /// The next one that nothing was said about meets this fate.
    pub fn next(&self, fate: Fate) {
        self.state().fates.push_back(fate);
    }

    /// All meet this fate from now on.
    pub fn from_now_on(&self, fate: Fate) {
        self.state().otherwise = fate;
    }

    /// Its clock differs from ours by so many milliseconds.
    pub fn clock_differs_by(&self, skew_ms: i64) {
        self.state().skew_ms = skew_ms;
    }

    /// It answers no search.
    pub fn refuse_searches(&self) {
        self.state().mute = true;
    }

    /// What happens while it is asked the next time, before it looks.
    pub fn meanwhile(&self, what: impl Future<Output = ()> + Send + 'static) {
        *self.meanwhile.lock().unwrap() = Some(Box::pin(what));
    }

    /// Each answer to a question about an id takes so long.
    pub fn fetch_takes(&self, time: Duration) {
        self.state().fetch_takes = time;
    }

    /// What it says when asked for this id.
    pub fn report(&self, id: &str, state: DeliveryState) {
        self.state().reports.insert(id.to_owned(), state);
    }

    /// What it took on this channel.
    pub fn sent(&self, channel: Channel) -> Vec<Sent> {
        self.state().sent.iter().filter(|sent| sent.channel == channel).cloned().collect()
    }

    /// What it took on this channel since the last time.
    pub fn take(&self, channel: Channel) -> Vec<Sent> {
        self.state().sent.extract_if(.., |sent| sent.channel == channel).collect()
    }

    /// How many of what it took are so.
    pub fn count(&self, is_so: impl Fn(&Sent) -> bool) -> usize {
        self.state().sent.iter().filter(|sent| is_so(sent)).count()
    }

    /// The numbers of the texts that it took.
    pub fn numbers(&self) -> Vec<String> {
        self.sent(Channel::Sms).into_iter().map(|sent| sent.to).collect()
    }

    /// What it can be asked for, the oldest first.
    pub fn records(&self) -> Vec<Record> {
        self.state().records.iter().map(|(_, record)| record.clone()).collect()
    }

    /// How often it was asked what it has.
    pub fn searches(&self) -> usize {
        self.state().searches
    }

    /// The ids that it was asked for since the last time.
    pub fn take_fetched(&self) -> Vec<String> {
        std::mem::take(&mut self.state().fetched)
    }

    /// Takes something, or does not.
    pub(crate) fn hand_over(&self, channel: Channel, to: &str, text: &str, reference: &str) -> Answer {
        let at_ms = self.now_ms();
        let mut state = self.state();
        let otherwise = state.otherwise;
        let fate = state.fates.pop_front().unwrap_or(otherwise);
        if fate == Fate::Lost {
            return Answer::Unknown;
        }
        let id = format!("SM{:03}", state.records.len());
        let created_ms = at_ms + state.skew_ms;
        let stands = Some(report(DeliveryState::Accepted, &id, created_ms));
        let record = Record { id: id.clone(), body: Some(text.to_owned()), created_ms, state: stands };
        let (to, text, reference) = (to.to_owned(), text.to_owned(), reference.to_owned());
        state.records.push((to.clone(), record));
        state.sent.push(Sent { channel, at_ms, to, text, reference, id: id.clone() });
        if fate == Fate::Taken { Answer::Accepted { id } } else { Answer::Unknown }
    }

    /// The records of what went there between these times.
    pub(crate) async fn search(
        &self,
        to: &str,
        since_ms: i64,
        until_ms: i64,
    ) -> Result<Vec<Record>, ChannelError> {
        let meanwhile = self.meanwhile.lock().unwrap().take();
        if let Some(meanwhile) = meanwhile {
            meanwhile.await;
        }
        let mut state = self.state();
        state.searches += 1;
        if state.mute {
            return Err(ChannelError::Refused { status: 429 });
        }
        let is_meant = |(number, record): &&(String, Record)| {
            number == to && (since_ms..=until_ms).contains(&record.created_ms)
        };
        Ok(state.records.iter().filter(is_meant).map(|(_, record)| record.clone()).collect())
    }

    /// What it says of an id: nothing, unless a test had it report.
    pub(crate) fn look_up(&self, id: &str) -> Option<Evidence> {
        let mut state = self.state();
        state.fetched.push(id.to_owned());
        if let Some(clock) = &self.clock {
            clock.advance(state.fetch_takes);
        }
        state.reports.get(id).map(|reported| report(*reported, id, self.now_ms()))
    }
}

//! A school whose senders have a limit, queues that keep SQS's longest delay, and time that jumps to whatever is due next.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::atomic::{AtomicI64, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use channels::port::{
    BoxFuture as Answering, ChannelError, Mailer, OutgoingCall, OutgoingEmail, OutgoingSms, Record,
    SmsSender, VoiceCaller,
};
use channels::reference::ReferenceKey;
use dispatch::{Bodies, Dispatch, Providers};
use domain::audience::Audience;
use domain::contact::{Contact, ContactRole, LabelledNumber, PhoneLabel, Source};
use domain::content::{Contents, SmsContent};
use domain::delivery::{Answer, DeliveryState, Evidence};
use domain::email::EmailAddress;
use domain::ids::{ContactId, MessageId, SchoolId};
use domain::job::Job;
use domain::message::{Message, Purpose};
use domain::money::Pence;
use domain::page::PageState;
use domain::phone::{CountryCode, NumberMode};
use domain::routing::{Routing, VoiceCalling};
use domain::settings::{Prices, Settings};
use dynoxide::Database;
use runtime::{BoxFuture, Clock, FileError, Files, Ids, Queue, QueueError, QueueName, Timing, database_at};
use store::{Access, Author, Body, BookCache, NewMessage, School, Store};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use ulid::Ulid;

const NOW_MS: i64 = 1_788_260_400_000;
pub(crate) const SECOND: i64 = 1_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
/// Longest delay that SQS takes.
const LONGEST_DELAY: i64 = 15 * MINUTE;

/// Jobs by when they may be seen, then in the order of arrival.
#[derive(Debug)]
struct Jobs {
    waiting: Mutex<BinaryHeap<Reverse<(i64, u64, String)>>>,
    arrived: AtomicU64,
    clock: Clock,
}

impl Jobs {
    fn put(&self, job: &Job, delay_ms: i64) {
        let visible_ms = self.clock.now_ms() + delay_ms.clamp(0, LONGEST_DELAY);
        let body = serde_json::to_string(job).unwrap();
        let number = self.arrived.fetch_add(1, Ordering::Relaxed);
        self.waiting.lock().unwrap().push(Reverse((visible_ms, number, body)));
    }

    /// The jobs that come next, up to a batch, and when they do.
    fn take(&self, until_ms: i64) -> Option<(i64, Vec<String>)> {
        let mut waiting = self.waiting.lock().unwrap();
        let first_ms = waiting.peek().map(|Reverse(job)| job.0).filter(|at| *at <= until_ms)?;
        let at_ms = first_ms.max(self.clock.now_ms());
        let mut bodies = Vec::new();
        while bodies.len() < 10 && waiting.peek().is_some_and(|Reverse(job)| job.0 <= at_ms) {
            bodies.extend(waiting.pop().map(|Reverse((_, _, body))| body));
        }
        Some((at_ms, bodies))
    }
}

impl Queue for Jobs {
    fn send(&self, queue: QueueName, jobs: Vec<(Job, i64)>) -> BoxFuture<'_, Result<(), QueueError>> {
        // Counting is none of this test's business.
        if queue != QueueName::Finished {
            for (job, delay_ms) in &jobs {
                self.put(job, *delay_ms);
            }
        }
        Box::pin(async { Ok(()) })
    }
}

#[derive(Debug)]
struct NoFiles;

impl Files for NoFiles {
    fn upload_url(&self, _: &str, _: u64, _: Duration) -> BoxFuture<'_, Result<String, FileError>> {
        Box::pin(async { Err(FileError::NotFound) })
    }

    fn read(&self, _: &str) -> BoxFuture<'_, Result<Vec<u8>, FileError>> {
        Box::pin(async { Err(FileError::NotFound) })
    }

    fn remove(&self, _: &str) -> BoxFuture<'_, Result<(), FileError>> {
        Box::pin(async { Ok(()) })
    }
}

/// A provider that takes every text and notes when, which message's, and its units.
#[derive(Debug)]
struct Provider {
    clock: Clock,
    taken: Mutex<Vec<(i64, MessageId, i64)>>,
    /// Each message with the words that only it says, and its units.
    messages: Mutex<Vec<(MessageId, String, i64)>>,
}

impl SmsSender for Provider {
    fn send<'a>(&'a self, sms: OutgoingSms<'a>) -> Answering<'a, Answer> {
        let messages = self.messages.lock().unwrap();
        let (id, _, units) = messages.iter().find(|(_, words, _)| sms.body.contains(words)).unwrap();
        self.taken.lock().unwrap().push((self.clock.now_ms(), *id, *units));
        Box::pin(async move { Answer::Accepted { id: format!("SM{}", sms.to) } })
    }

    fn find<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
        _: i64,
        _: i64,
    ) -> Answering<'a, Result<Vec<Record>, ChannelError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn fetch<'a>(&'a self, _: &'a str) -> Answering<'a, Result<Option<Evidence>, ChannelError>> {
        Box::pin(async { Ok(None) })
    }
}

impl VoiceCaller for Provider {
    fn send<'a>(&'a self, _: OutgoingCall<'a>) -> Answering<'a, Answer> {
        Box::pin(async { Answer::Unknown })
    }

    fn find<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
        _: i64,
        _: i64,
    ) -> Answering<'a, Result<Vec<Record>, ChannelError>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    fn fetch<'a>(&'a self, _: &'a str) -> Answering<'a, Result<Option<Evidence>, ChannelError>> {
        Box::pin(async { Ok(None) })
    }
}

impl Mailer for Provider {
    fn send<'a>(&'a self, _: OutgoingEmail<'a>) -> Answering<'a, Answer> {
        Box::pin(async { Answer::Unknown })
    }
}

pub(crate) struct Town {
    school: School,
    clock: Clock,
    provider: Arc<Provider>,
    dispatch: Arc<Dispatch>,
    jobs: Arc<Jobs>,
    ids: Ids,
    page_jobs: AtomicUsize,
    slow_ms: Arc<AtomicI64>,
    /// When the first message was accepted.
    pub(crate) began: i64,
    _stop: oneshot::Sender<()>,
}

impl Town {
    /// A town with so many parents, whose sender may send so many units a second; 0 for no limit.
    pub(crate) async fn open(people: usize, per_second: u32) -> Self {
        Self::open_with(people, per_second, Timing::default()).await
    }

    pub(crate) async fn open_with(people: usize, per_second: u32, timing: Timing) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let database_at_port = listener.local_addr().unwrap().port();
        let (stop, stopped) = oneshot::channel::<()>();
        tokio::spawn(dynoxide::server::serve_with_shutdown(listener, Database::memory().unwrap(), async {
            let _ = stopped.await;
        }));
        let (clock, ids, slow_ms) = (Clock::set_to(NOW_MS), Ids::counted_from(1), Arc::default());
        let url = slow_road(database_at_port, clock.clone(), Arc::clone(&slow_ms)).await;
        let store = Store::new(database_at(&url), "messenger");
        store.create_table().await.unwrap();
        let school = store.school(Access::of_operator(SchoolId::new(Ulid::from_parts(1_700_000_000_000, 1))));
        let everyone: Vec<Contact> = (0..people).map(person).collect();
        for some in everyone.chunks(1_000) {
            school.contacts().upsert(some.to_vec(), NOW_MS).await.unwrap();
        }
        let jobs =
            Arc::new(Jobs { waiting: Mutex::default(), arrived: AtomicU64::new(0), clock: clock.clone() });
        let provider =
            Arc::new(Provider { clock: clock.clone(), taken: Mutex::default(), messages: Mutex::default() });
        let dispatch = Arc::new(Dispatch {
            store,
            books: BookCache::new(NumberMode::Simulated),
            providers: Providers {
                sms: provider.clone(),
                voice: provider.clone(),
                mail: provider.clone(),
                mail_from: EmailAddress::parse("messages@messenger.example").unwrap(),
                twilio_per_second: std::num::NonZeroU32::new(per_second),
                x: None,
                mail_per_second: None,
            },
            queue: jobs.clone(),
            files: Arc::new(NoFiles),
            clock: clock.clone(),
            ids: ids.clone(),
            timing,
            references: ReferenceKey::new(&[7; 32]).unwrap(),
            bodies: Bodies::default(),
            public_url: "https://messenger.example.com".to_owned(),
        });
        let page_jobs = AtomicUsize::new(0);
        let began = NOW_MS;
        Self { school, clock, provider, dispatch, jobs, ids, page_jobs, slow_ms, began, _stop: stop }
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Accepts a text of so many units to everyone and queues its plan.
    pub(crate) async fn send(&self, purpose: Purpose, units: i64) -> MessageId {
        let id = MessageId::new(self.ids.ulid(self.now()));
        let words = format!("Notice {}.", self.provider.messages.lock().unwrap().len());
        let long = if units == 1 { 0 } else { 153 * units - 60 };
        let text = format!("{words}{}", "x".repeat(usize::try_from(long).unwrap()));
        self.provider.messages.lock().unwrap().push((id, words, units));
        let sms = SmsContent { header: "Hillview".to_owned(), text };
        let to = Audience { everyone: true, ..Audience::default() };
        let message = Message {
            purpose,
            to,
            contents: Contents { sms: Some(sms), ..Contents::default() },
            routing: None,
        };
        let body = Body { message, settings: settings() };
        let author = Author { id: "u1".to_owned(), name: "Office".to_owned() };
        let new = NewMessage { id, body, author, cap: None };
        self.school.messages().accept(&new, None, self.now(), self.now() + MINUTE).await.unwrap();
        self.plan_again(id);
        id
    }

    pub(crate) fn plan_again(&self, id: MessageId) {
        self.jobs.put(&Job::Plan { school: self.school.id(), message: id, revision: 1 }, 0);
    }

    pub(crate) async fn stop(&self, id: MessageId) {
        assert!(self.school.progress().stop(id, self.now()).await.unwrap());
    }

    /// Does what the queue brings, as it becomes due, until `done`.
    pub(crate) async fn run_until(&self, done: impl Fn(&Self) -> bool, within: i64) {
        let until_ms = self.now() + within;
        while !done(self) {
            assert!(self.batch(until_ms).await, "not done in time");
        }
    }

    /// Does the plan, but none of its pages.
    pub(crate) async fn plan_only(&self) {
        self.next_batch().await;
    }

    pub(crate) async fn next_batch(&self) {
        assert!(self.batch(i64::MAX).await);
    }

    async fn batch(&self, until_ms: i64) -> bool {
        let Some((at_ms, bodies)) = self.jobs.take(until_ms) else { return false };
        self.stand_still(at_ms - self.now());
        let pages = bodies.iter().filter(|body| body.contains("\"job\":\"page\"")).count();
        self.page_jobs.fetch_add(pages, Ordering::Relaxed);
        let mut event = SqsEvent::default();
        event.records = (0..).zip(bodies).map(record).collect();
        let answer = self.dispatch.handle(event).await;
        assert!(answer.batch_item_failures.is_empty(), "{answer:?}");
        true
    }

    /// Lets time pass in which no job is done.
    pub(crate) fn stand_still(&self, ms: i64) {
        self.clock.advance(Duration::from_millis(u64::try_from(ms).unwrap()));
    }

    pub(crate) fn each_answer_of_the_table_takes(&self, ms: i64) {
        self.slow_ms.store(ms, Ordering::Relaxed);
    }

    /// How many of a message's texts the provider has taken.
    pub(crate) fn taken(&self, id: MessageId) -> usize {
        self.provider.taken.lock().unwrap().iter().filter(|(_, of, _)| *of == id).count()
    }

    /// How many jobs for pages were done.
    pub(crate) fn page_jobs(&self) -> usize {
        self.page_jobs.load(Ordering::Relaxed)
    }

    /// In no span of time has the provider been given more than the sender's one unit a second, and `at_once` besides.
    pub(crate) fn assert_pace_kept(&self, at_once: i64) {
        let mut taken = self.provider.taken.lock().unwrap().clone();
        taken.sort_unstable_by_key(|(at_ms, _, _)| *at_ms);
        for first in 0..taken.len() {
            let mut units = 0;
            for (at_ms, _, of) in &taken[first..] {
                units += of;
                let span = (at_ms - taken[first].0) / SECOND;
                assert!(units <= span + 1 + at_once, "{units} units within {span} seconds");
            }
        }
    }

    pub(crate) async fn pages(&self, id: MessageId) -> Vec<PageState> {
        let meta = self.school.messages().meta(id).await.unwrap().unwrap();
        self.school.pages().all_states(id, &meta.epoch.unwrap(), meta.pages).await.unwrap()
    }

    pub(crate) async fn states(&self, id: MessageId) -> Vec<DeliveryState> {
        let pages = self.pages(id).await;
        pages.iter().flat_map(|page| (0..page.slots.len()).map(|i| page.standing(i).state)).collect()
    }
}

fn record((number, body): (u32, String)) -> SqsMessage {
    let mut record = SqsMessage::default();
    record.message_id = Some(number.to_string());
    record.body = Some(body);
    record
}

/// A way to the database on which, when told so, every request takes its time on the test's clock.
async fn slow_road(database: u16, clock: Clock, slow_ms: Arc<AtomicI64>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (mut requests, mut answers) = client.into_split();
            let (mut back, mut forth) =
                TcpStream::connect(("127.0.0.1", database)).await.unwrap().into_split();
            let (clock, slow_ms) = (clock.clone(), Arc::clone(&slow_ms));
            tokio::spawn(async move { tokio::io::copy(&mut back, &mut answers).await });
            tokio::spawn(async move {
                let mut bytes = vec![0; 65_536];
                while let Ok(1..) = requests.peek(&mut [0]).await {
                    let length = requests.read(&mut bytes).await.unwrap();
                    clock.advance(Duration::from_millis(slow_ms.load(Ordering::Relaxed).unsigned_abs()));
                    if forth.write_all(&bytes[..length]).await.is_err() {
                        return;
                    }
                }
            });
        }
    });
    url
}

/// A parent with the `n`-th mobile.
fn person(n: usize) -> Contact {
    Contact {
        id: ContactId::parse(&format!("p{n}")).unwrap(),
        source: Source::Api,
        title: None,
        forename: "Pat".to_owned(),
        surname: format!("Number{n:05}"),
        role: ContactRole::Parent,
        numbers: vec![LabelledNumber {
            label: PhoneLabel::Mobile,
            number: format!("+4477009{:02}{:03}", n / 900, n % 900),
        }],
        email: None,
        groups: Vec::new(),
        overrides: domain::contact::Overrides::default(),
        away: None,
    }
}

fn settings() -> Settings {
    Settings {
        timezone: "Europe/London".to_owned(),
        country: CountryCode::UK,
        sms_sender: "Hillview".to_owned(),
        sms_header: "Hillview".to_owned(),
        voice_caller: "+441632960100".to_owned(),
        email_from_name: "Hillview School".to_owned(),
        email_reply_to: "office@hillview.example".to_owned(),
        routing: Routing::default(),
        voice_calling: VoiceCalling::default(),
        prices: Prices {
            sms_unit: Pence::from_hundredths(400),
            voice_minute: Pence::from_hundredths(600),
            email: Pence::from_hundredths(0),
        },
        head_teacher: "A. Head".to_owned(),
        address: "1 Hill Road".to_owned(),
        phone: "01632 960100".to_owned(),
        ..Settings::new("Hillview School")
    }
}

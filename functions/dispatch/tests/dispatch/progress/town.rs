//! A school with a dispatcher of its own.

use std::collections::BTreeMap;
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
use domain::job::{Job, PageRef};
use domain::message::{Message, Purpose};
use domain::money::Pence;
use domain::page::PageState;
use domain::phone::{CountryCode, NumberMode};
use domain::routing::{Routing, VoiceCalling};
use domain::settings::{Prices, Settings};
use domain::usage::{Days, Totals, count_page, total_page};
use dynoxide::Database;
use runtime::{BoxFuture, Clock, FileError, Files, Ids, Queue, QueueError, QueueName, Timing, database_at};
use store::{Access, Author, Body, BookCache, Meta, NewMessage, School, Store, Summary};
use tokio::sync::oneshot;
use ulid::Ulid;

pub(crate) const NOW_MS: i64 = 1_788_260_400_000;
pub(crate) const SECOND: i64 = 1_000;
pub(crate) const HOUR: i64 = 3_600 * SECOND;

/// A job as it was queued.
pub(crate) type Queued = (QueueName, Job, i64);

#[derive(Debug, Default)]
struct Jobs(Mutex<Vec<Queued>>);

impl Queue for Jobs {
    fn send(&self, queue: QueueName, jobs: Vec<(Job, i64)>) -> BoxFuture<'_, Result<(), QueueError>> {
        self.0.lock().unwrap().extend(jobs.into_iter().map(|(job, delay_ms)| (queue, job, delay_ms)));
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

/// A provider that takes every text, or, when told so, leaves the sender in the dark.
#[derive(Debug)]
pub(crate) struct Provider {
    clock: Clock,
    state: Mutex<ProviderState>,
}

#[derive(Debug, Default)]
struct ProviderState {
    taken: Vec<String>,
    texts: Vec<String>,
    silent: bool,
    fetched: Vec<String>,
    fetch_takes: Duration,
    reports: BTreeMap<String, DeliveryState>,
    asked: usize,
}

impl Provider {
    pub(crate) fn leave_in_the_dark(&self) {
        self.state.lock().unwrap().silent = true;
    }

    pub(crate) fn answer(&self) {
        self.state.lock().unwrap().silent = false;
    }

    /// Numbers of the texts that it took.
    pub(crate) fn taken(&self) -> Vec<String> {
        self.state.lock().unwrap().taken.clone()
    }

    /// The texts that it took.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.state.lock().unwrap().texts.clone()
    }

    /// Ids that it was asked for since the last time.
    pub(crate) fn fetched(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().fetched)
    }

    /// Each answer to a question about an id takes so long.
    pub(crate) fn fetch_takes(&self, time: Duration) {
        self.state.lock().unwrap().fetch_takes = time;
    }

    /// What it says when asked for this id.
    pub(crate) fn report(&self, id: &str, state: DeliveryState) {
        self.state.lock().unwrap().reports.insert(id.to_owned(), state);
    }

    /// How often it was asked what it has.
    pub(crate) fn asked(&self) -> usize {
        self.state.lock().unwrap().asked
    }
}

impl SmsSender for Provider {
    fn send<'a>(&'a self, sms: OutgoingSms<'a>) -> Answering<'a, Answer> {
        let mut state = self.state.lock().unwrap();
        let answer = if state.silent {
            Answer::Unknown
        } else {
            state.taken.push(sms.to.to_string());
            state.texts.push(sms.body.to_owned());
            Answer::Accepted { id: format!("SM{}", sms.to) }
        };
        Box::pin(async move { answer })
    }

    fn find<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
        _: i64,
        _: i64,
    ) -> Answering<'a, Result<Vec<Record>, ChannelError>> {
        self.state.lock().unwrap().asked += 1;
        Box::pin(async { Ok(Vec::new()) })
    }

    fn fetch<'a>(&'a self, id: &'a str) -> Answering<'a, Result<Option<Evidence>, ChannelError>> {
        let mut state = self.state.lock().unwrap();
        state.fetched.push(id.to_owned());
        self.clock.advance(state.fetch_takes);
        let said = state.reports.get(id).map(|state| evidence(*state, id, self.clock.now_ms()));
        Box::pin(async move { Ok(said) })
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

pub(crate) fn evidence(state: DeliveryState, id: &str, at_ms: i64) -> Evidence {
    Evidence { state, reason: None, code: None, seconds: None, at_ms, id: Some(id.to_owned()) }
}

pub(crate) struct Town {
    pub(crate) school: School,
    pub(crate) clock: Clock,
    pub(crate) provider: Arc<Provider>,
    pub(crate) timing: Timing,
    dispatch: Arc<Dispatch>,
    jobs: Arc<Jobs>,
    ids: Ids,
    _stop: oneshot::Sender<()>,
}

impl Town {
    /// A town with so many parents, each with a mobile of their own. Times are those of AWS.
    pub(crate) async fn open(people: usize) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let database = Database::memory().unwrap();
        tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, async {
            let _ = stopped.await;
        }));
        let store = Store::new(database_at(&url), "messenger");
        store.create_table().await.unwrap();
        let school = store.school(Access::of_operator(SchoolId::new(Ulid::from_parts(1_700_000_000_000, 1))));
        let (clock, ids, jobs) = (Clock::set_to(NOW_MS), Ids::counted_from(1), Arc::new(Jobs::default()));
        let provider = Arc::new(Provider { clock: clock.clone(), state: Mutex::default() });
        let dispatch = Arc::new(Dispatch {
            store,
            books: BookCache::new(NumberMode::Simulated),
            providers: Providers {
                sms: provider.clone(),
                voice: provider.clone(),
                mail: provider.clone(),
                mail_from: EmailAddress::parse("messages@messenger.example").unwrap(),
                twilio_per_second: None,
                x: None,
                mail_per_second: None,
            },
            queue: jobs.clone(),
            files: Arc::new(NoFiles),
            clock: clock.clone(),
            ids: ids.clone(),
            timing: Timing::default(),
            references: ReferenceKey::new(&[7; 32]).unwrap(),
            bodies: Bodies::default(),
            public_url: "https://messenger.example.com".to_owned(),
        });
        let town =
            Self { school, clock, provider, timing: Timing::default(), dispatch, jobs, ids, _stop: stop };
        town.add((0..people).map(|n| person(&format!("p{n}"), n)).collect()).await;
        town
    }

    pub(crate) async fn add(&self, people: Vec<Contact>) {
        for some in people.chunks(1_000) {
            self.school.contacts().upsert(some.to_vec(), self.now()).await.unwrap();
        }
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.now_ms()
    }

    pub(crate) fn wait(&self, ms: i64) {
        self.clock.advance(Duration::from_millis(u64::try_from(ms).unwrap()));
    }

    /// A message to everyone, accepted and not planned yet.
    pub(crate) async fn accept(&self, purpose: Purpose) -> MessageId {
        let new = self.new_message(purpose);
        self.school
            .messages()
            .accept(&new, None, self.now(), self.now() + self.timing.lease_ms)
            .await
            .unwrap();
        new.id
    }

    /// A message to everyone.
    pub(crate) fn new_message(&self, purpose: Purpose) -> NewMessage {
        let id = MessageId::new(self.ids.ulid(self.now()));
        let text = SmsContent { header: "Hillview".to_owned(), text: "We close at noon".to_owned() };
        let to = Audience { everyone: true, ..Audience::default() };
        let message = Message {
            purpose,
            to,
            contents: Contents { sms: Some(text), ..Contents::default() },
            routing: None,
        };
        let body = Body { message, settings: settings() };
        let author = Author { id: "u1".to_owned(), name: "Office".to_owned() };
        NewMessage { id, body, author, cap: None }
    }

    /// A message to everyone whose pages have been sent.
    pub(crate) async fn sent(&self) -> MessageId {
        let id = self.accept(Purpose::Service).await;
        self.plan(id).await;
        for (_, job, _) in self.take() {
            if matches!(job, Job::Page { .. }) {
                self.run(job).await;
            }
        }
        id
    }

    pub(crate) async fn plan(&self, id: MessageId) -> bool {
        self.run(Job::Plan { school: self.school.id(), message: id, revision: 1 }).await
    }

    pub(crate) async fn watch(&self, id: MessageId) -> bool {
        self.run(Job::Watch { school: self.school.id(), message: id }).await
    }

    /// Has a job done as the queue brings it. Says whether it ended well.
    pub(crate) async fn run(&self, job: Job) -> bool {
        let mut record = SqsMessage::default();
        record.message_id = Some("1".to_owned());
        record.body = Some(serde_json::to_string(&job).unwrap());
        let mut event = SqsEvent::default();
        event.records = vec![record];
        self.dispatch.handle(event).await.batch_item_failures.is_empty()
    }

    /// The messages that the sweep has looked at.
    pub(crate) async fn sweep(&self) -> usize {
        self.dispatch.sweep().await.unwrap()
    }

    /// Jobs queued since the last time.
    pub(crate) fn take(&self) -> Vec<Queued> {
        std::mem::take(&mut self.jobs.0.lock().unwrap())
    }

    /// Looks until there is nothing more to do for now, counting when that is asked for.
    pub(crate) async fn look_until_quiet(&self, id: MessageId) {
        for _ in 0..10 {
            assert!(self.watch(id).await);
            let jobs = self.take();
            if jobs.is_empty() {
                return;
            }
            for (_, job, _) in &jobs {
                if matches!(job, Job::Finish { .. }) {
                    self.count(id).await;
                }
            }
            self.wait(self.timing.watch_ms + SECOND);
        }
        panic!("no end of looks");
    }

    /// As [`Town::look_until_quiet`], for a message about which the provider is still to be asked.
    pub(crate) async fn look_until_quiet_but_for_questions(&self, id: MessageId) {
        for _ in 0..3 {
            self.wait(self.timing.watch_ms + SECOND);
            assert!(self.watch(id).await);
            self.count(id).await;
        }
        self.take();
    }

    /// As the function for usage does.
    pub(crate) async fn count(&self, id: MessageId) {
        let meta = self.meta(id).await;
        let (mut days, mut totals) = (Days::new(), Totals::new());
        for page in self.pages(id).await {
            count_page(&mut days, &page, &settings().time_zone());
            total_page(&mut totals, &page);
        }
        self.school.usage().record(&meta, &days, &totals).await.unwrap();
        self.school.messages().update_summary(id, meta.state, &totals).await.unwrap();
    }

    /// The address book as it stands.
    pub(crate) async fn book(&self) -> Arc<domain::book::AddressBook> {
        let cache = BookCache::new(NumberMode::Simulated);
        self.school.book().current(&cache, CountryCode::UK, self.now()).await.unwrap()
    }

    pub(crate) async fn meta(&self, id: MessageId) -> Meta {
        self.school.messages().meta(id).await.unwrap().unwrap()
    }

    pub(crate) async fn summary(&self, id: MessageId) -> Summary {
        self.school.messages().summaries_of(&[id]).await.unwrap().remove(0)
    }

    pub(crate) async fn pages(&self, id: MessageId) -> Vec<PageState> {
        let meta = self.meta(id).await;
        let Some(epoch) = meta.epoch else { return Vec::new() };
        self.school.pages().all_states(id, &epoch, meta.pages).await.unwrap()
    }

    pub(crate) async fn page(&self, id: MessageId, number: u32) -> PageRef {
        self.school.pages().reference(id, &self.meta(id).await.epoch.unwrap(), number)
    }
}

/// A parent with the `n`-th mobile.
pub(crate) fn person(id: &str, n: usize) -> Contact {
    Contact {
        id: ContactId::parse(id).unwrap(),
        source: Source::Hand,
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

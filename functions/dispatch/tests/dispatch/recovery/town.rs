//! A school with one parent, a dispatcher, and a provider whose records a test can write.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock};
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
use dynoxide::Database;
use runtime::{BoxFuture, Clock, FileError, Files, Ids, Queue, QueueError, QueueName, Timing, database_at};
use store::{Access, Author, Body, BookCache, NewMessage, School, Store};
use tokio::sync::oneshot;
use ulid::Ulid;

pub(crate) const NOW_MS: i64 = 1_788_260_400_000;
pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const DAY: i64 = 24 * 60 * MINUTE;

#[derive(Debug, Default)]
struct Jobs(Mutex<Vec<(Job, i64)>>);

impl Queue for Jobs {
    fn send(&self, _: QueueName, jobs: Vec<(Job, i64)>) -> BoxFuture<'_, Result<(), QueueError>> {
        self.0.lock().unwrap().extend(jobs);
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

/// What becomes of a text.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fate {
    Taken,
    TakenInSilence,
    Lost,
}

/// A provider that takes texts, unless the next ones have another fate.
#[derive(Debug, Default)]
pub(crate) struct Provider {
    pub(crate) fates: Mutex<VecDeque<Fate>>,
    /// What it can be asked for.
    pub(crate) records: Mutex<Vec<Record>>,
    /// It answers no question.
    pub(crate) mute: Mutex<bool>,
    /// What happens while it is asked, before it looks: each after so many milliseconds.
    pub(crate) meanwhile: Mutex<Vec<(i64, Job)>>,
    /// By how much its clock differs from ours, in milliseconds.
    pub(crate) skew_ms: Mutex<i64>,
    town: OnceLock<(Arc<Dispatch>, Clock)>,
}

impl SmsSender for Provider {
    fn send<'a>(&'a self, sms: OutgoingSms<'a>) -> Answering<'a, Answer> {
        let fate = self.fates.lock().unwrap().pop_front().unwrap_or(Fate::Taken);
        let mut records = self.records.lock().unwrap();
        let id = format!("SM{}", records.len());
        if !matches!(fate, Fate::Lost) {
            let created_ms = self.town.get().unwrap().1.now_ms() + *self.skew_ms.lock().unwrap();
            let taken = Evidence {
                state: DeliveryState::Accepted,
                reason: None,
                code: None,
                seconds: None,
                at_ms: created_ms,
                id: Some(id.clone()),
            };
            let (body, state) = (Some(sms.body.to_owned()), Some(taken));
            records.push(Record { id: id.clone(), body, created_ms, state });
        }
        let answer = if matches!(fate, Fate::Taken) { Answer::Accepted { id } } else { Answer::Unknown };
        Box::pin(async move { answer })
    }

    fn find<'a>(
        &'a self,
        _: &'a str,
        _: &'a str,
        since_ms: i64,
        until_ms: i64,
    ) -> Answering<'a, Result<Vec<Record>, ChannelError>> {
        Box::pin(async move {
            let meanwhile = std::mem::take(&mut *self.meanwhile.lock().unwrap());
            let (dispatch, clock) = self.town.get().unwrap();
            for (wait_ms, job) in meanwhile {
                clock.advance(Duration::from_millis(u64::try_from(wait_ms).unwrap()));
                assert!(run(dispatch, &job).await);
            }
            if *self.mute.lock().unwrap() {
                return Err(ChannelError::Refused { status: 429 });
            }
            let records = self.records.lock().unwrap();
            let within = |r: &&Record| (since_ms..=until_ms).contains(&r.created_ms);
            Ok(records.iter().filter(within).cloned().collect())
        })
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
    pub(crate) school: School,
    pub(crate) clock: Clock,
    pub(crate) provider: Arc<Provider>,
    dispatch: Arc<Dispatch>,
    jobs: Arc<Jobs>,
    ids: Ids,
    _stop: oneshot::Sender<()>,
}

impl Town {
    pub(crate) async fn open() -> Self {
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
        let provider = Arc::new(Provider::default());
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
        provider.town.set((dispatch.clone(), clock.clone())).unwrap();
        school.contacts().upsert(vec![parent()], NOW_MS).await.unwrap();
        Self { school, clock, provider, dispatch, jobs, ids, _stop: stop }
    }

    pub(crate) fn wait(&self, ms: i64) {
        self.clock.advance(Duration::from_millis(u64::try_from(ms).unwrap()));
    }

    /// A message to the parent whose page waits for a worker; and the job that would bring one.
    pub(crate) async fn planned(&self, purpose: Purpose, text: &str) -> (MessageId, Job) {
        let now_ms = self.clock.now_ms();
        let id = MessageId::new(self.ids.ulid(now_ms));
        let text = SmsContent { header: "Hillview".to_owned(), text: text.to_owned() };
        let to = Audience { everyone: true, ..Audience::default() };
        let message = Message {
            purpose,
            to,
            contents: Contents { sms: Some(text), ..Contents::default() },
            routing: None,
        };
        let body = Body { message, settings: settings() };
        let author = Author { id: "u1".to_owned(), name: "Office".to_owned() };
        let new = NewMessage { id, body, author, cap: None };
        self.school.messages().accept(&new, None, now_ms, now_ms + MINUTE).await.unwrap();
        assert!(self.run(&Job::Plan { school: self.school.id(), message: id, revision: 1 }).await);
        let page = self.take().into_iter().find(|(job, _)| matches!(job, Job::Page { .. }));
        (id, page.unwrap().0)
    }

    /// A message whose text met this fate.
    pub(crate) async fn sent(&self, purpose: Purpose, text: &str, fate: Fate) -> MessageId {
        let (id, page) = self.planned(purpose, text).await;
        self.provider.fates.lock().unwrap().push_back(fate);
        assert!(self.run(&page).await);
        self.take();
        id
    }

    /// Does what the queue would bring next for the message: asks. Says what was queued after that.
    pub(crate) async fn ask(&self, id: MessageId) -> Vec<(Job, i64)> {
        let page = self.page_ref(id).await;
        let fence = self.page(id).await.fence;
        self.take();
        assert!(self.run(&Job::Recover { page, fence }).await, "a question never ends in the dead letters");
        self.take()
    }

    pub(crate) async fn run(&self, job: &Job) -> bool {
        run(&self.dispatch, job).await
    }

    /// Jobs queued since the last time.
    pub(crate) fn take(&self) -> Vec<(Job, i64)> {
        std::mem::take(&mut self.jobs.0.lock().unwrap())
    }

    pub(crate) async fn page_ref(&self, id: MessageId) -> PageRef {
        let meta = self.school.messages().meta(id).await.unwrap().unwrap();
        self.school.pages().reference(id, &meta.epoch.unwrap(), 0)
    }

    pub(crate) async fn page(&self, id: MessageId) -> PageState {
        self.school.pages().state(&self.page_ref(id).await).await.unwrap()
    }
}

async fn run(dispatch: &Arc<Dispatch>, job: &Job) -> bool {
    let mut record = SqsMessage::default();
    record.message_id = Some("1".to_owned());
    record.body = Some(serde_json::to_string(job).unwrap());
    let mut event = SqsEvent::default();
    event.records = vec![record];
    dispatch.handle(event).await.batch_item_failures.is_empty()
}

fn parent() -> Contact {
    Contact {
        id: ContactId::parse("p1").unwrap(),
        source: Source::Hand,
        title: None,
        forename: "Pat".to_owned(),
        surname: "Field".to_owned(),
        role: ContactRole::Parent,
        numbers: vec![LabelledNumber { label: PhoneLabel::Mobile, number: "+447700900123".to_owned() }],
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

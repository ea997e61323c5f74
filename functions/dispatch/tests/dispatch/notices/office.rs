//! A school with a dispatcher that writes to its staff.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_lambda_events::sqs::{SqsEvent, SqsMessage};
use channels::port::{
    BoxFuture as Answering, ChannelError, Mailer, OutgoingCall, OutgoingEmail, OutgoingSms, Record,
    SmsSender, VoiceCaller,
};
use channels::reference::{NOTICE, ReferenceKey};
use dispatch::{Bodies, Dispatch, Providers};
use domain::audit::{Act, Deed, Who};
use domain::delivery::{Answer, Evidence};
use domain::email::EmailAddress;
use domain::ids::{SchoolId, UserId};
use domain::job::Job;
use domain::notice::Notice;
use domain::people::Roles;
use domain::phone::{NumberMode, PhoneNumber};
use domain::settings::Settings;
use dynoxide::Database;
use runtime::{BoxFuture, Clock, FileError, Files, Ids, Queue, QueueError, QueueName, Timing, database_at};
use store::{Access, Account, BookCache, Membership, School, Store, User};
use tokio::sync::oneshot;
use ulid::Ulid;

const NOW_MS: i64 = 1_788_260_400_000;
pub(crate) const HOUR: i64 = 3_600_000;

#[derive(Debug)]
struct Nothing;

impl Queue for Nothing {
    fn send(&self, _: QueueName, _: Vec<(Job, i64)>) -> BoxFuture<'_, Result<(), QueueError>> {
        Box::pin(async { Ok(()) })
    }
}

impl Files for Nothing {
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

/// An e-mail that was taken.
#[derive(Debug)]
pub(crate) struct Mail {
    pub(crate) to: String,
    pub(crate) text: String,
}

impl Mail {
    /// What follows this path in the letter's link.
    pub(crate) fn secret(&self, path: &str) -> String {
        let link = format!("<https://messenger.example.com{path}");
        let rest = self.text.split_once(&link).unwrap_or_else(|| panic!("no {path} in {}", self.text)).1;
        rest.split('>').next().unwrap().to_owned()
    }
}

#[derive(Debug, Default)]
struct Provider {
    mail: Mutex<Vec<Mail>>,
    texts: Mutex<Vec<(String, String)>>,
    fails: AtomicBool,
}

impl Provider {
    fn answer(&self) -> Answering<'_, Answer> {
        let fails = self.fails.load(Ordering::SeqCst);
        let answer = if fails { Answer::Unknown } else { Answer::Accepted { id: "1".to_owned() } };
        Box::pin(async move { answer })
    }
}

impl SmsSender for Provider {
    fn send<'a>(&'a self, sms: OutgoingSms<'a>) -> Answering<'a, Answer> {
        assert!(sms.reference.starts_with(NOTICE));
        self.texts.lock().unwrap().push((sms.to.to_string(), sms.body.to_owned()));
        self.answer()
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
    fn send<'a>(&'a self, email: OutgoingEmail<'a>) -> Answering<'a, Answer> {
        assert!(email.reference.starts_with(NOTICE));
        if !self.fails.load(Ordering::SeqCst) {
            let mail = Mail { to: email.to.as_str().to_owned(), text: email.text.to_owned() };
            self.mail.lock().unwrap().push(mail);
        }
        self.answer()
    }
}

pub(crate) struct Office {
    pub(crate) store: Store,
    pub(crate) school: School,
    clock: Clock,
    provider: Arc<Provider>,
    dispatch: Arc<Dispatch>,
    users: AtomicU64,
    _stop: oneshot::Sender<()>,
}

pub(crate) fn user_id(number: u64) -> UserId {
    UserId::new(Ulid::from_parts(1, u128::from(number)))
}

/// Something that somebody did.
pub(crate) fn deed() -> Deed {
    Deed {
        who: Who::System,
        from: String::new(),
        act: Act::UserDisabled,
        on: String::new(),
        changes: Vec::new(),
    }
}

impl Office {
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
        school.settings().create(&Settings::new("Hillview School")).await.unwrap();
        let (clock, provider) = (Clock::set_to(NOW_MS), Arc::new(Provider::default()));
        let dispatch = Arc::new(Dispatch {
            store: store.clone(),
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
            queue: Arc::new(Nothing),
            files: Arc::new(Nothing),
            clock: clock.clone(),
            ids: Ids::system(),
            timing: Timing::default(),
            references: ReferenceKey::new(&[7; 32]).unwrap(),
            bodies: Bodies::default(),
            public_url: "https://messenger.example.com".to_owned(),
        });
        Self { store, school, clock, provider, dispatch, users: AtomicU64::new(1), _stop: stop }
    }

    pub(crate) fn now(&self) -> i64 {
        self.clock.now_ms()
    }

    /// Adds a user who can sign in.
    pub(crate) async fn add(&self, username: &str, email: &str) -> UserId {
        let id = user_id(self.users.fetch_add(1, Ordering::SeqCst));
        let user = User {
            id,
            username: username.to_owned(),
            email: EmailAddress::parse(email).unwrap(),
            forename: "Olive".to_owned(),
            surname: "Field".to_owned(),
            password_hash: String::new(),
            created_ms: NOW_MS,
            account: Account::default(),
            schools: Vec::new(),
        };
        self.store.create_user(&user).await.unwrap();
        self.school.members().add(id, Roles::of_codes(["user"])).await.unwrap();
        id
    }

    pub(crate) async fn admin(&self) -> UserId {
        let id = self.add("admin", "admin@hillview.example").await;
        self.school.members().add(id, Roles::all()).await.unwrap();
        id
    }

    pub(crate) async fn member(&self, user: UserId) -> Membership {
        self.school.members().get(user).await.unwrap().unwrap()
    }

    pub(crate) async fn set_mobile(&self, user: UserId, mobile: Option<PhoneNumber>) {
        let before = self.store.user(user).await.unwrap().unwrap();
        let mut after = before.clone();
        after.account.mobile = mobile;
        self.store.change_user(&before, &after).await.unwrap();
    }

    /// Has a notice carried out on behalf of the school.
    pub(crate) async fn tell(&self, notice: Notice) {
        self.tell_as(self.school.id(), notice).await;
    }

    pub(crate) async fn tell_as(&self, school: SchoolId, notice: Notice) {
        assert!(self.done(school, notice).await);
    }

    /// Whether the job was done, rather than given back to the queue.
    pub(crate) async fn took(&self, notice: Notice) -> bool {
        self.done(self.school.id(), notice).await
    }

    async fn done(&self, school: SchoolId, notice: Notice) -> bool {
        let mut record = SqsMessage::default();
        record.message_id = Some("1".to_owned());
        record.body = Some(serde_json::to_string(&Job::Notify { school, notice }).unwrap());
        let mut event = SqsEvent::default();
        event.records = vec![record];
        self.dispatch.handle(event).await.batch_item_failures.is_empty()
    }

    /// The e-mails since the last time.
    pub(crate) fn mail(&self) -> Vec<Mail> {
        std::mem::take(&mut self.provider.mail.lock().unwrap())
    }

    /// The texts since the last time: to whom, and what.
    pub(crate) fn texts(&self) -> Vec<(String, String)> {
        std::mem::take(&mut self.provider.texts.lock().unwrap())
    }

    pub(crate) fn provider_fails(&self, fails: bool) {
        self.provider.fails.store(fails, Ordering::SeqCst);
    }

    /// The acts in the school's log.
    pub(crate) async fn acts(&self) -> Vec<Act> {
        let Some((_, first, _)) = self.school.audit().span().await.unwrap() else { return Vec::new() };
        let entries = self.school.audit().month(first).await.unwrap();
        entries.iter().filter_map(|entry| Act::from_code(&entry.act)).collect()
    }
}

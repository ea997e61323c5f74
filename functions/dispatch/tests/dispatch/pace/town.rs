//! A school whose senders have a limit, queues that keep SQS's longest delay, and time that jumps to whatever is due
//! next.

use std::ops::Deref;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use domain::delivery::DeliveryState;
use domain::ids::MessageId;
use domain::job::Job;
use domain::message::Purpose;
use runtime::{Clock, QueueName, Timing};
use testkit::{Database, NOON, SECOND, World, batch_of, parent};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::kit;

pub(crate) struct Town {
    world: kit::Town,
    /// Each message with the words that only it says, and its units.
    messages: Mutex<Vec<(MessageId, String, i64)>>,
    page_jobs: AtomicUsize,
    slow_ms: Arc<AtomicI64>,
}

impl Deref for Town {
    type Target = kit::Town;

    fn deref(&self) -> &kit::Town {
        &self.world
    }
}

impl Town {
    /// A town with so many parents, whose sender may send so many units a second; 0 for no limit.
    pub(crate) async fn open(people: usize, per_second: u32) -> Self {
        Self::open_with(people, per_second, Timing::default()).await
    }

    pub(crate) async fn open_with(people: usize, per_second: u32, timing: Timing) -> Self {
        let (database, clock, slow_ms) = (Database::start().await, Clock::set_to(NOON), Arc::default());
        let url = slow_road(&database, clock.clone(), Arc::clone(&slow_ms)).await;
        let world = World::reached_by(&url, database, clock).await;
        // What goes on after a test has seen enough.
        world.queue.expect_left(|_| true);
        let town = kit::Town::over(world, per_second, timing);
        town.add((0..people).map(|n| parent(&format!("p{n}"), n)).collect()).await;
        Self { world: town, messages: Mutex::default(), page_jobs: AtomicUsize::new(0), slow_ms }
    }

    /// How long ago the first message was accepted.
    pub(crate) fn elapsed(&self) -> i64 {
        self.now() - NOON
    }

    /// Accepts a text of so many units to everyone and queues its plan.
    pub(crate) async fn send(&self, purpose: Purpose, units: i64) -> MessageId {
        let words = format!("Notice {}.", self.messages.lock().unwrap().len());
        let long = if units == 1 { 0 } else { 153 * units - 60 };
        let text = format!("{words}{}", "x".repeat(usize::try_from(long).unwrap()));
        let id = self.accept_text(purpose, &text).await;
        self.messages.lock().unwrap().push((id, words, units));
        self.plan_again(id);
        id
    }

    pub(crate) fn plan_again(&self, id: MessageId) {
        let plan = Job::Plan { school: self.school.id(), message: id, revision: 1 };
        self.queue.put(QueueName::Routine, plan, 0);
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
        let Some((at_ms, mut jobs)) = self.queue.take_due(until_ms) else { return false };
        self.wait(at_ms - self.now());
        // Counting is none of this test's business.
        jobs.retain(|job| !matches!(job, Job::Finish { .. }));
        let pages = jobs.iter().filter(|job| matches!(job, Job::Page { .. })).count();
        self.page_jobs.fetch_add(pages, Ordering::Relaxed);
        let answer = self.dispatch.handle(batch_of(&jobs)).await;
        assert!(answer.batch_item_failures.is_empty(), "{answer:?}");
        true
    }

    pub(crate) fn each_answer_of_the_table_takes(&self, ms: i64) {
        self.slow_ms.store(ms, Ordering::Relaxed);
    }

    /// How many of a message's texts the provider has taken.
    pub(crate) fn taken(&self, id: MessageId) -> usize {
        let messages = self.messages.lock().unwrap();
        let (_, words, _) = messages.iter().find(|(of, _, _)| *of == id).unwrap();
        self.provider.count(|text| text.text.contains(words))
    }

    /// How many jobs for pages were done.
    pub(crate) fn page_jobs(&self) -> usize {
        self.page_jobs.load(Ordering::Relaxed)
    }

    /// In no span of time has the provider been given more than the sender's one unit a second, and `at_once` besides.
    pub(crate) fn assert_pace_kept(&self, at_once: i64) {
        let messages = self.messages.lock().unwrap();
        let units_of = |text: &str| messages.iter().find(|(_, words, _)| text.contains(words)).unwrap().2;
        let sent = self.provider.sent(domain::channel::Channel::Sms);
        let mut taken: Vec<_> = sent.iter().map(|sent| (sent.at_ms, units_of(&sent.text))).collect();
        taken.sort_unstable();
        for first in 0..taken.len() {
            let mut units = 0;
            for (at_ms, of) in &taken[first..] {
                units += of;
                let span = (at_ms - taken[first].0) / SECOND;
                assert!(units <= span + 1 + at_once, "{units} units within {span} seconds");
            }
        }
    }

    pub(crate) async fn states(&self, id: MessageId) -> Vec<DeliveryState> {
        self.stands(id).await.into_iter().map(|(state, _)| state).collect()
    }
}

/// A way to the database on which, when told so, every request takes its time on the test's clock.
async fn slow_road(database: &Database, clock: Clock, slow_ms: Arc<AtomicI64>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let address = database.url().trim_start_matches("http://").to_owned();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (mut requests, mut answers) = client.into_split();
            let (mut back, mut forth) = TcpStream::connect(&address).await.unwrap().into_split();
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

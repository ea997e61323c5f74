//! A school with a dispatcher of its own.

use std::borrow::Borrow;
use std::num::NonZeroU32;
use std::ops::Deref;
use std::sync::Arc;

use channels::reference::ReferenceKey;
use dispatch::{Bodies, Dispatch, EmailProvider, Providers, SmsProvider, VoiceProvider};
use domain::book::AddressBook;
use domain::channel::Channel;
use domain::contact::Contact;
use domain::delivery::{DeliveryState, Reason};
use domain::email::EmailAddress;
use domain::ids::MessageId;
use domain::job::{Job, PageRef};
use domain::message::Purpose;
use domain::page::PageState;
use domain::phone::{CountryCode, NumberMode};
use domain::usage::{Days, Totals, count_page, total_page};
use runtime::Timing;
use store::{BookCache, Meta, NewMessage, Summary};
use testkit::{Provider, Queued, SECOND, World, batch_of, parent, settings, text_to_everyone};

pub(crate) struct Town {
    world: World,
    pub(crate) provider: Arc<Provider>,
    pub(crate) timing: Timing,
    pub(crate) dispatch: Arc<Dispatch>,
}

impl Deref for Town {
    type Target = World;

    fn deref(&self) -> &World {
        &self.world
    }
}

impl Town {
    /// A town with so many parents, each with a mobile of their own. Times are those of AWS.
    pub(crate) async fn open(people: usize) -> Self {
        let town = Self::over(World::start().await, 0, Timing::default());
        town.add((0..people).map(|n| parent(&format!("p{n}"), n)).collect()).await;
        town
    }

    /// A dispatcher whose sender may send so many units a second; 0 for no limit.
    pub(crate) fn over(world: World, per_second: u32, timing: Timing) -> Self {
        let provider = Arc::new(Provider::new(world.clock.clone()));
        let per_second = NonZeroU32::new(per_second);
        let dispatch = Arc::new(Dispatch {
            store: world.store.clone(),
            books: BookCache::new(NumberMode::Simulated),
            providers: Providers::default()
                .with(Channel::Sms, SmsProvider { port: provider.clone(), per_second })
                .with(Channel::Voice, VoiceProvider { port: provider.clone(), per_second })
                .with(
                    Channel::Email,
                    EmailProvider {
                        port: provider.clone(),
                        from: EmailAddress::parse("messages@messenger.example").unwrap(),
                        per_second: None,
                    },
                ),
            queue: world.queue.clone(),
            files: world.files.clone(),
            clock: world.clock.clone(),
            ids: world.ids.clone(),
            timing,
            references: ReferenceKey::new(&[7; 32]).unwrap(),
            bodies: Bodies::default(),
            public_url: "https://messenger.example.com".to_owned(),
        });
        // A watch and a count are found again by the sweep.
        world.queue.expect_left(|_| true);
        Self { world, provider, timing, dispatch }
    }

    pub(crate) async fn add(&self, people: Vec<Contact>) {
        for some in people.chunks(1_000) {
            self.school.contacts().upsert(some.to_vec(), self.now()).await.unwrap();
        }
    }

    /// A message to everyone, accepted and not planned yet.
    pub(crate) async fn accept(&self, purpose: Purpose) -> MessageId {
        self.accept_text(purpose, "We close at noon").await
    }

    pub(crate) async fn accept_text(&self, purpose: Purpose, text: &str) -> MessageId {
        let new = text_to_everyone(MessageId::new(self.ulid()), purpose, text);
        self.school
            .messages()
            .accept(&new, None, self.now(), self.now() + self.timing.lease_ms)
            .await
            .unwrap();
        new.id
    }

    /// A message to everyone.
    pub(crate) fn new_message(&self, purpose: Purpose) -> NewMessage {
        text_to_everyone(MessageId::new(self.ulid()), purpose, "We close at noon")
    }

    /// A message to everyone whose pages have been sent.
    pub(crate) async fn sent(&self) -> MessageId {
        let id = self.accept(Purpose::Service).await;
        self.plan(id).await;
        self.send_pages().await;
        id
    }

    pub(crate) async fn plan(&self, id: MessageId) -> bool {
        self.run(Job::Plan { school: self.school.id(), message: id, revision: 1 }).await
    }

    pub(crate) async fn watch(&self, id: MessageId) -> bool {
        self.run(Job::Watch { school: self.school.id(), message: id }).await
    }

    /// Has a job done as the queue brings it. Says whether it ended well.
    pub(crate) async fn run(&self, job: impl Borrow<Job>) -> bool {
        run(&self.dispatch, job.borrow()).await
    }

    /// Does the jobs that are queued now.
    pub(crate) async fn run_queued(&self) {
        for job in self.queue.take_jobs() {
            assert!(self.run(job).await);
        }
    }

    /// Sends the pages that are queued now.
    pub(crate) async fn send_pages(&self) {
        for job in self.queue.take_jobs() {
            if matches!(job, Job::Page { .. }) {
                assert!(self.run(job).await);
            }
        }
    }

    /// The messages that the sweep has looked at.
    pub(crate) async fn sweep(&self) -> usize {
        self.dispatch.sweep().await.unwrap()
    }

    /// Jobs queued since the last time.
    pub(crate) fn take(&self) -> Vec<Queued> {
        self.queue.take()
    }

    /// Looks until there is nothing more to do for now, counting when that is asked for.
    pub(crate) async fn look_until_quiet(&self, id: MessageId) {
        for _ in 0..10 {
            assert!(self.watch(id).await);
            let jobs = self.queue.take_jobs();
            if jobs.is_empty() {
                return;
            }
            if jobs.iter().any(|job| matches!(job, Job::Finish { .. })) {
                self.count(id).await;
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
    pub(crate) async fn book(&self) -> Arc<AddressBook> {
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

    /// The first page.
    pub(crate) async fn page(&self, id: MessageId) -> PageState {
        self.school.pages().state(&self.page_ref(id, 0).await).await.unwrap()
    }

    pub(crate) async fn page_ref(&self, id: MessageId, number: u32) -> PageRef {
        self.school.pages().reference(id, &self.meta(id).await.epoch.unwrap(), number)
    }

    /// Where each delivery of a message stands, and why.
    pub(crate) async fn stands(&self, id: MessageId) -> Vec<(DeliveryState, Option<Reason>)> {
        let pages = self.pages(id).await;
        let all = pages.iter().flat_map(|page| (0..page.slots.len()).map(|index| page.standing(index)));
        all.map(|standing| (standing.state, standing.reason)).collect()
    }
}

/// Has a job done as the queue brings it. Says whether it ended well.
pub(crate) async fn run(dispatch: &Arc<Dispatch>, job: &Job) -> bool {
    dispatch.handle(batch_of([job])).await.batch_item_failures.is_empty()
}

//! A school whose dispatcher writes to its staff.

use std::ops::Deref;
use std::sync::atomic::{AtomicU32, Ordering};

use channels::reference::NOTICE;
use domain::audit::{Act, AuditEvent};
use domain::channel::Channel;
use domain::ids::{SchoolId, UserId};
use domain::job::Job;
use domain::notice::Notice;
use domain::people::Roles;
use domain::phone::PhoneNumber;
use domain::settings::Settings;
use runtime::Timing;
use store::Membership;
use testkit::{Fate, Sent, World, user};

use crate::kit::Town;

/// What follows this path in a letter's link.
pub(crate) fn secret_in(mail: &Sent, path: &str) -> String {
    let link = format!("<https://messenger.example.com{path}");
    let rest = mail.text.split_once(&link).unwrap_or_else(|| panic!("no {path} in {}", mail.text)).1;
    rest.split('>').next().unwrap().to_owned()
}

/// Something that somebody did.
pub(crate) fn audit_event() -> AuditEvent {
    AuditEvent::of_system(Act::UserDisabled, "")
}

pub(crate) struct Office {
    town: Town,
    users: AtomicU32,
}

impl Deref for Office {
    type Target = Town;

    fn deref(&self) -> &Town {
        &self.town
    }
}

impl Office {
    pub(crate) async fn open() -> Self {
        let town = Town::over(World::start().await, 0, Timing::default());
        town.school.settings().create(&Settings::new("Hillview School")).await.unwrap();
        Self { town, users: AtomicU32::new(1) }
    }

    /// Adds a user who can sign in.
    pub(crate) async fn add(&self, username: &str, email: &str) -> UserId {
        let user = user(self.users.fetch_add(1, Ordering::SeqCst).into(), username, email);
        self.store.create_user(&user).await.unwrap();
        self.school.members().add(user.id, Roles::of_codes(["user"])).await.unwrap();
        user.id
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
        assert!(self.run(Job::Notify { school, notice }).await);
    }

    /// Whether the job was done, rather than given back to the queue.
    pub(crate) async fn took(&self, notice: Notice) -> bool {
        self.run(Job::Notify { school: self.school.id(), notice }).await
    }

    fn sent(&self, channel: Channel) -> Vec<Sent> {
        let sent = self.provider.take(channel);
        assert!(sent.iter().all(|sent| sent.reference.starts_with(NOTICE)), "{sent:?}");
        sent
    }

    /// The e-mails since the last time.
    pub(crate) fn mail(&self) -> Vec<Sent> {
        self.sent(Channel::Email)
    }

    /// The texts since the last time: to whom, and what.
    pub(crate) fn texts(&self) -> Vec<(String, String)> {
        self.sent(Channel::Sms).into_iter().map(|sent| (sent.to, sent.text)).collect()
    }

    pub(crate) fn provider_fails(&self, fails: bool) {
        self.provider.from_now_on(if fails { Fate::Lost } else { Fate::Taken });
    }

    /// The acts in the school's log.
    pub(crate) async fn acts(&self) -> Vec<Act> {
        let Some((_, first, _)) = self.school.audit().span().await.unwrap() else { return Vec::new() };
        let entries = self.school.audit().month(first).await.unwrap();
        entries.iter().filter_map(|entry| Act::from_code(&entry.act)).collect()
    }
}

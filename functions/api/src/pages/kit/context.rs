//! What every page of a signed-in user starts from.

use domain::approval::Sender;
use domain::book::AddressBook;
use domain::ids::MessageId;
use domain::limit::Limit;
use domain::people::Action;
use domain::settings::Settings;
use store::{School, SyncStanding};

use crate::auth::SignedIn;
use crate::error::{ApiError, Result};
use crate::pages::kit::book::PageBook;
use crate::pages::kit::frame::Frame;
use crate::pages::kit::frame::SyncLine;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::words::{self, LocalTime};
use crate::services::deliveries::DeliveryLine;
use crate::services::submit::sender;
use crate::state::ApiState;

/// The school as it stands, and the frame of the page.
pub(crate) struct PageContext {
    pub(crate) settings: Settings,
    pub(crate) frame: Frame,
    pub(crate) local: LocalTime,
    /// Whom the user may see and message.
    pub(crate) limit: Limit,
    /// The user, as far as sending goes.
    pub(crate) sender: Sender,
    /// Where the sync stands.
    pub(crate) standing: SyncStanding,
}

impl PageContext {
    /// For a page in this place. 403 if it is not open to them.
    pub(crate) async fn load(state: &ApiState, by: &SignedIn, here: NavItem) -> Result<Self> {
        by.opens(here.page)?;
        Self::build(state, by, here).await
    }

    /// For a page about one message. 404 if there is none, 403 if they may not see its author's.
    pub(crate) async fn of_message(state: &ApiState, by: &SignedIn, id: MessageId) -> Result<Self> {
        let meta = by.school.messages().meta(id).await?.ok_or(ApiError::NotFound)?;
        by.sees_message_of(&meta.author)?;
        Self::build(state, by, NavItem::HISTORY).await
    }

    async fn build(state: &ApiState, by: &SignedIn, here: NavItem) -> Result<Self> {
        let (settings, waiting, standing) = tokio::try_join!(
            by.school.settings().get(),
            Box::pin(waiting(by)),
            Box::pin(by.school.sync().status())
        )?;
        let settings = settings.current(state.now_ms());
        let local = LocalTime::new(state.now_ms(), settings.time_zone());
        let frame = Frame {
            school: settings.name.clone(),
            logo: settings.logo.as_ref().map(|logo| format!("/logo/{}.png", logo.hash)),
            payments: settings.payments,
            user: by.name.clone(),
            zone: settings.timezone.clone(),
            csrf: by.csrf.clone(),
            here,
            rights: by.rights(),
            several_schools: by.person.schools.len() > 1,
            linked: linked_words(by.membership.groups()),
            waiting,
            sync: settings.mis.is_on().then(|| SyncLine::of(&standing, &local, state.now_ms())),
        };
        Ok(Self { settings, frame, local, limit: by.limit(), sender: sender(by), standing })
    }

    /// The same for another page's place.
    pub(crate) const fn at(mut self, here: NavItem) -> Self {
        self.frame.here = here;
        self
    }

    /// The school's address book, as far as the user may see it. While a bulk change is under way it is shown as it
    /// stands: messages are planned from the whole book afterwards.
    pub(crate) async fn book(&self, state: &ApiState, school: &School) -> Result<PageBook> {
        let book = school.book().at_once(state.books(), self.settings.country, state.now_ms()).await?;
        Ok(PageBook::new(self.limit.narrow(book), self.settings.show_registration))
    }

    /// Leaves the deliveries, and the people of each, that the user may see: those who are in their groups now.
    pub(crate) fn keep_seen(&self, lines: &mut Vec<DeliveryLine>, book: &AddressBook) {
        if self.limit.is_none() {
            return;
        }
        for line in &mut *lines {
            line.contacts.retain(|id| book.get(id).is_some());
        }
        // A post is for everybody.
        lines.retain(|line| !line.contacts.is_empty() || !line.channel.goes_to_people());
    }
}

/// The groups that somebody is linked to, in words; `None` without one.
fn linked_words(groups: &[String]) -> Option<String> {
    (!groups.is_empty()).then(|| words::list(groups))
}

/// How many messages wait for somebody like this user.
async fn waiting(by: &SignedIn) -> store::Result<u32> {
    if by.rights().may(Action::AuthoriseOthers) { by.school.approvals().count().await } else { Ok(0) }
}

//! A message about marks is planned by the marks as they are now: where a pupil's mark no longer says what the message
//! says, that pupil's family is not written to (FEATURES §7, false alarm).

use std::collections::{BTreeSet, HashSet};

use domain::attendance::without_changed;
use domain::book::AddressBook;
use domain::channel::Channel;
use domain::delivery::Reason;
use domain::ids::{ContactId, MessageId};
use domain::message::Message;
use domain::plan::{Plan, plan};
use domain::settings::Settings;

use store::School;

use crate::Dispatch;
use crate::error::Result;

impl Dispatch {
    /// What a message comes to now. Whom a changed mark spares is in the plan, withheld: the history says why. Pupils
    /// whose families are not told after all may be told by another message.
    pub(crate) async fn planned_now(
        &self,
        school: &School,
        id: MessageId,
        book: &AddressBook,
        message: &Message,
        settings: &Settings,
    ) -> Result<Plan> {
        let full = plan(book, message, settings);
        let Some(about) = message.to.about else { return Ok(full) };
        let marks = school.marks(about.date).await?;
        let holds = without_changed(&settings.attendance, about, &message.to.pupils, &marks);
        let planned = if message.to.pupils.iter().all(|pupil| holds.contains(pupil)) {
            full
        } else {
            let mut left = message.clone();
            left.to.pupils.retain(|pupil| holds.contains(pupil));
            let kept = if left.to.is_empty() { Plan::default() } else { plan(book, &left, settings) };
            with_withheld(kept, full)
        };
        let told = told_by(book, message, &planned, &holds);
        let let_go: BTreeSet<ContactId> =
            message.to.pupils.iter().filter(|pupil| !told.contains(*pupil)).cloned().collect();
        school.untell(about, id, &let_go, self.clock.now_ms()).await?;
        Ok(planned)
    }
}

/// The plan that holds, and with it the deliveries to whom it no longer names.
fn with_withheld(mut kept: Plan, full: Plan) -> Plan {
    let served: HashSet<(Channel, ContactId)> =
        kept.deliveries.iter().flat_map(|d| d.contacts.iter().map(|id| (d.channel, id.clone()))).collect();
    for mut delivery in full.deliveries {
        delivery.contacts.retain(|id| !served.contains(&(delivery.channel, id.clone())));
        if !delivery.contacts.is_empty() {
            delivery.withheld = Some(Reason::RegisterChanged);
            kept.deliveries.push(delivery);
        }
    }
    // Pages hold one channel each.
    kept.deliveries.sort_by_key(|delivery| delivery.channel);
    kept
}

/// The pupils of whom at least one adult is written to.
fn told_by(
    book: &AddressBook,
    message: &Message,
    planned: &Plan,
    holds: &BTreeSet<ContactId>,
) -> BTreeSet<ContactId> {
    let goes = planned.deliveries.iter().filter(|d| d.withheld.is_none() && d.missing.is_empty());
    let written_to: HashSet<&ContactId> = goes.flat_map(|d| &d.contacts).collect();
    let reached = |pupil: &&ContactId| {
        let adults = book.place(pupil).map(|place| book.adults_of(place)).unwrap_or_default();
        let mut allowed = adults.iter().filter(|pair| !pair.court_order);
        allowed.any(|pair| book.at(pair.contact()).is_some_and(|(adult, _)| written_to.contains(&adult.id)))
    };
    message.to.pupils.iter().filter(|pupil| holds.contains(*pupil)).filter(reached).cloned().collect()
}

//! A message about marks is planned by the marks as they are now: where a pupil's mark no longer says what the message
//! says, that pupil's family is not written to (ARCHITECTURE §6). The same is asked once more when a page goes:
//! deliveries wait for the sender's pace and for retries, and a pupil may come meanwhile.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use domain::attendance::without_changed;
use domain::book::AddressBook;
use domain::channel::Channel;
use domain::delivery::Reason;
use domain::feed::Mark;
use domain::ids::{ContactId, MessageId};
use domain::message::{Message, Purpose};
use domain::page::PageState;
use domain::plan::{Plan, plan};
use futures_util::future::try_join_all;

use store::{Body, PageContent, School};

use super::registers::as_looked_at;
use crate::error::Result;

/// What a message comes to now, by these marks. Whom a changed mark spares is in the plan, withheld: the history says
/// why. Pupils whose families are not told after all may be told by another message.
pub(super) async fn planned_now(
    school: &School,
    id: MessageId,
    book: &AddressBook,
    Body { message, settings }: &Body,
    marks: &[Mark],
    now_ms: i64,
) -> Result<Plan> {
    let full = plan(book, message, settings);
    let Some(about) = message.to.about else { return Ok(full) };
    let holds = without_changed(&settings.attendance, about, &message.to.pupils, marks);
    let planned = if message.to.pupils.iter().all(|pupil| holds.contains(pupil)) {
        full
    } else {
        let mut left = message.clone();
        left.to.pupils.retain(|pupil| holds.contains(pupil));
        let kept = if left.to.is_empty() { Plan::default() } else { plan(book, &left, settings) };
        with_withheld(kept, full)
    };
    let told = told_by(book, message, &planned, &holds);
    school.family_notices().record_plan(about, id, &told, now_ms).await?;
    Ok(planned)
}

/// The page without the deliveries all of whose pupils have another mark by now than the message says: they are not
/// sent. `None` where there are none of those. A delivery about siblings goes while it holds for one of them.
pub(crate) async fn without_false_alarms(
    school: &School,
    id: MessageId,
    Body { message, settings }: &Body,
    page: &PageState,
    content: &PageContent,
) -> Result<Option<PageState>> {
    let Some(about) = message.to.about.filter(|_| message.purpose != Purpose::Emergency) else {
        return Ok(None);
    };
    let tells = school.family_notices().planned(about, id).await?;
    let pending = page.pending();
    let pupils_of = |index: usize| -> Vec<&ContactId> {
        let Some(delivery) = content.deliveries.get(index) else { return Vec::new() };
        let about = tells.iter().filter(|(_, adults)| adults.iter().any(|a| delivery.contacts.contains(a)));
        about.map(|(pupil, _)| pupil).collect()
    };
    let pupils: BTreeSet<&ContactId> = pending.iter().flat_map(|index| pupils_of(*index)).collect();
    let marks = pupils.iter().map(|pupil| school.sync().registers().mark(pupil, about.date, about.session));
    let marks: Vec<Mark> = try_join_all(marks).await?.into_iter().flatten().collect();
    let pupils: Vec<ContactId> = pupils.into_iter().cloned().collect();
    let mut holds = without_changed(&settings.attendance, about, &pupils, &marks);
    if holds.len() < pupils.len() {
        // The marks at hand may be older than those by which it was planned.
        let marks = as_looked_at(school, id, marks).await?;
        holds = without_changed(&settings.attendance, about, &pupils, &marks);
    }
    let false_alarm = |index: &usize| {
        let pupils = pupils_of(*index);
        !pupils.is_empty() && !pupils.iter().any(|pupil| holds.contains(*pupil))
    };
    let alarms: Vec<usize> = pending.into_iter().filter(false_alarm).collect();
    Ok((!alarms.is_empty()).then(|| page.clone().withheld(&alarms, Reason::RegisterChanged)))
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

/// The pupils of whom at least one adult is written to, with those adults.
fn told_by(
    book: &AddressBook,
    message: &Message,
    planned: &Plan,
    holds: &BTreeSet<ContactId>,
) -> BTreeMap<ContactId, Vec<ContactId>> {
    let goes = planned.deliveries.iter().filter(|d| d.withheld.is_none() && d.missing.is_empty());
    let written_to: HashSet<&ContactId> = goes.flat_map(|d| &d.contacts).collect();
    let told = |pupil: &ContactId| -> Vec<ContactId> {
        let adults = book.place(pupil).map(|place| book.adults_of(place)).unwrap_or_default();
        let allowed = adults.iter().filter(|pair| !pair.court_order);
        let ids = allowed.filter_map(|pair| book.at(pair.contact())).map(|(adult, _)| &adult.id);
        ids.filter(|id| written_to.contains(id)).cloned().collect()
    };
    let pupils = message.to.pupils.iter().filter(|pupil| holds.contains(*pupil));
    pupils.map(|pupil| (pupil.clone(), told(pupil))).filter(|(_, adults)| !adults.is_empty()).collect()
}

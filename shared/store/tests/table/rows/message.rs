//! Messages: where they stand, what they say, their pages, the history, and those that wait.

use std::collections::{BTreeMap, BTreeSet};

use domain::approval::{Figures, Held, Recipients};
use domain::attendance::Matter;
use domain::channel::Channel;
use domain::content::Part;
use domain::delivery::{DeliveryState, Reason};
use domain::feed::Session;
use domain::ids::Epoch;
use domain::message::{MessageState, Purpose};
use domain::money::Pence;
use domain::page::{Claim, Slot};
use domain::sms::Units;
use domain::usage::DayCounts;
use store::{
    Accepted, Edited, Finishing, IdempotencyKey, Meta, PinAsked, PlannedDelivery, Store, Summary, ToldBy,
    Unsynced, Waiting, Written,
};
use testkit::school_id;

use super::{ABSENT, NOW, SENT, WAITS, about, ann, body, day, joe, message, person, stored, ulid, user};

const LATE: &str = "Dear (Name), the bus is late.";

fn recipients() -> Recipients {
    Recipients::from_texts(["0123456789abP1\nba9876543210P2\n"]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_on_its_way_stands_where_it_stood() {
    let table = stored().await;
    let (store, school) = (&table.store, table.school(1));
    let id = message(SENT);
    let totals = BTreeMap::from([(DeliveryState::Delivered, 1), (DeliveryState::Retrying, 1)]);
    let counts = DayCounts { email_count: 1, sms_count: 2, sms_units: 3, voice_minutes: 4 };
    let meta = Meta {
        id,
        state: MessageState::Sending,
        revision: 1,
        purpose: Purpose::Service,
        author: joe(),
        created_ms: NOW,
        due_ms: Some(NOW + 100),
        nudged_ms: NOW,
        waiting: 1,
        epoch: Some(Epoch::new(ulid(31))),
        pages: 2,
        unreachable: 1,
        book: 4,
        counted_version: 1,
        counted: BTreeMap::from([(day(), counts)]),
        totals,
        reason: None,
        news: 2,
        tries: 1,
        fetched: (NOW + 4, 2),
        finishing: Finishing { version: 0, times: 1, at_ms: NOW + 5 },
        held: None,
        approved: None,
        edits: Vec::new(),
        unsynced: Unsynced::default(),
        cap: Some(500),
    };
    assert_eq!(school.messages().meta(id).await.unwrap(), Some(meta));
    assert_eq!(school.messages().body(id).await.unwrap(), body(LATE, None));
    assert!(school.planning().orphans(id).await.unwrap().is_empty());
    let mut due = BTreeSet::new();
    for shard in 0..Store::work_shards() {
        due.extend(store.due_messages(shard, NOW + 100, 10).await.unwrap());
    }
    assert_eq!(due, BTreeSet::from([(school_id(1), id), (school_id(1), message(ABSENT))]));
    let again = school.messages().ids_at_work(NOW + 50, NOW + 200, 10).await.unwrap();
    assert_eq!(again, Some(BTreeSet::from([id])));
    let same = IdempotencyKey { key_hash: "ab12".to_owned(), body_hash: "cd34".to_owned() };
    assert_eq!(school.messages().accepted_as(&same, NOW).await.unwrap(), Some(Accepted::Before(id)));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_hold_what_was_planned_sent_and_heard() {
    let table = stored().await;
    let school = table.school(1);
    let (pages, epoch) = (school.pages(), Epoch::new(ulid(31)));
    let texts = pages.reference(message(SENT), &epoch, 0);
    let content = pages.content(&texts).await.unwrap();
    let delivery = |to: &str, contact, name: &str| PlannedDelivery {
        to: to.to_owned(),
        contacts: vec![person(contact)],
        values: vec![name.to_owned()],
    };
    assert_eq!(content.text_hash, "beef");
    assert_eq!(
        content.deliveries,
        [delivery("+447700900123", "P1", "Ada"), delivery("+447700900124", "P2", "Cy")]
    );
    let state = pages.state(&texts).await.unwrap();
    assert_eq!((state.channel, &*state.units), (Channel::Sms, [Units(2), Units(1)].as_slice()));
    assert_eq!((state.fence, state.claim.as_ref(), state.lost, state.version), (1, None, 0, 1));
    assert_eq!((state.due_ms, state.slots[0].id.as_deref()), (NOW + 60_001, Some("SM1")));
    assert_eq!((state.slots[1].reason, state.slots[1].code), (Some(Reason::TryLater), Some(30_001)));
    // The first is known by its receipt, the second by the provider's answer.
    assert_eq!(state.standing(0).state, DeliveryState::Delivered);
    assert_eq!(state.standing(1).state, DeliveryState::Retrying);

    let states = pages.all_states(message(SENT), &epoch, 2).await.unwrap();
    let claim = Claim { by: "other".to_owned(), at_ms: NOW + 3 };
    assert_eq!((states.len(), states[1].channel, &states[1].claim), (2, Channel::Email, &Some(claim)));
    assert_eq!(states[1].slots, [Slot::queued(), Slot::queued()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_has_a_line_for_each_message_and_whom_it_went_to() {
    let table = stored().await;
    let school = table.school(1);
    let messages = school.messages();
    let line = |number, purpose, state, totals: &[(&str, u64)]| Summary {
        id: message(number),
        headline: "The bus is late".to_owned(),
        author: joe(),
        created_ms: NOW,
        purpose,
        channels: vec![Channel::Sms, Channel::Voice, Channel::Email, Channel::Tweet],
        state,
        totals: totals.iter().map(|(state, count)| ((*state).to_owned(), *count)).collect(),
    };
    let lines = [
        line(ABSENT, Purpose::Attendance, MessageState::Queued, &[]),
        line(WAITS, Purpose::Service, MessageState::AwaitingAuthorisation, &[]),
        line(SENT, Purpose::Service, MessageState::Sending, &[("delivered", 1), ("retrying", 1)]),
    ];
    assert_eq!(messages.summaries(None, 10).await.unwrap(), lines);
    assert_eq!(messages.ids_to_contact(&person("P2"), 10).await.unwrap(), [message(SENT)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_waits_can_still_be_judged() {
    let table = stored().await;
    let school = table.school(1);
    let (approvals, id) = (school.approvals(), message(WAITS));
    let line = Waiting {
        message: id,
        author: joe(),
        why: Held::Role,
        since_ms: NOW,
        edited_by: Some("Ann Example".to_owned()),
    };
    assert_eq!(approvals.list(10).await.unwrap(), [line]);
    let figures = Figures {
        recipients: 2,
        unreachable: 1,
        texts: 2,
        units: 3,
        calls: 0,
        minutes: 0,
        emails: 1,
        price: Pence::from_hundredths(1_135),
    };
    let written = Written { at_ms: NOW, figures, recipients: recipients() };
    assert_eq!(approvals.original(id).await.unwrap(), Some(written));
    let meta = school.messages().meta(id).await.unwrap().unwrap();
    let edit = Edited { by: ann(), at_ms: NOW + 9, revision: 2, parts: vec![Part::Text] };
    assert_eq!((meta.state, meta.held), (MessageState::AwaitingAuthorisation, Some(Held::Role)));
    assert_eq!((meta.revision, &*meta.edits, meta.due_ms), (2, [edit].as_slice(), None));
    assert_eq!(approvals.first_body(&meta.edits, id).await.unwrap(), Some(body(LATE, None)));
    assert_eq!(school.messages().body(id).await.unwrap(), body("Dear (Name), the bus is on time.", None));
    let pin = PinAsked {
        user: user(1),
        about: "hash".to_owned(),
        nonce: "nonce".to_owned(),
        until_ms: NOW + 600_000,
    };
    assert_eq!(school.pins().get(id, NOW).await.unwrap(), Some(pin));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_about_an_absence_still_tells_the_families_that_it_took_on() {
    let table = stored().await;
    let school = table.school(1);
    let id = message(ABSENT);
    let meta = school.messages().meta(id).await.unwrap().unwrap();
    assert_eq!((meta.purpose, meta.approved), (Purpose::Attendance, Some(1)));
    assert_eq!(school.approvals().approved_people(&meta).await.unwrap(), Some(recipients()));
    assert_eq!(school.messages().body(id).await.unwrap(), body(LATE, Some(about())));
    let notices = school.family_notices();
    let families = notices.read(day(), Session::Am, Matter::Absence).await.unwrap();
    let by = ToldBy { message: id, at_ms: NOW, adults: vec![person("P1")], went: false };
    assert_eq!(families.told, BTreeMap::from([(person("K1"), by)]));
    let planned = notices.planned(about(), id).await.unwrap();
    assert_eq!(planned, BTreeMap::from([(person("K1"), vec![person("P1")])]));
}

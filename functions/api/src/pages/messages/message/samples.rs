//! Messages that are being sent, went well, went badly.

use domain::channel::Channel;
use domain::delivery::{DeliveryState, Reason};
use domain::limit::Limit;
use domain::message::Purpose;
use domain::page::Standing;
use store::Author;

use super::handlers::{Asked, notice};
use super::*;
use crate::pages::kit::lines::samples::{local, now_ms};
use crate::pages::kit::places::NavItem;
use crate::pages::messages::compose::samples::{book, draft, settings};

fn status(state: MessageState, totals: &[(DeliveryState, u64)]) -> Status {
    let created_ms = now_ms() - 15 * 60_000;
    Status {
        id: MessageId::new(ulid::Ulid::from_parts(created_ms as u64, 1)),
        state,
        purpose: Purpose::Service,
        author: Author { id: "u1".into(), name: "Morgan Ellis".into() },
        created_ms,
        totals: totals.iter().copied().collect(),
        sms_units: 156,
        unreachable: 8,
        reason: None,
        edits: Vec::new(),
        waits: None,
    }
}

/// Some of everything that can go wrong.
pub(crate) fn failing() -> Vec<DeliveryLine> {
    let kinds = [
        (DeliveryState::Unknown, Reason::NotConfirmed, Channel::Sms),
        (DeliveryState::PermanentFailure, Reason::NoSuchAddress, Channel::Sms),
        (DeliveryState::TemporaryFailure, Reason::Unreachable, Channel::Sms),
        (DeliveryState::TemporaryFailure, Reason::NoAnswer, Channel::Voice),
    ];
    let book = book();
    let line = |n: usize| {
        let (state, reason, channel) = kinds[n % 4];
        DeliveryLine {
            contacts: vec![book.contacts()[n * 11].id.clone()],
            channel,
            to: format!("+4477009000{n:02}"),
            standing: Standing { state, reason: Some(reason), code: None, at_ms: Some(now_ms() - 60_000) },
            units: 1,
        }
    };
    (0..14).map(line).collect()
}

fn page(status: &Status, failing: &[DeliveryLine]) -> MessagePage {
    let message = draft().message(&Limit::default());
    let live = Live::new(status, &message, failing, &book(), &local());
    MessagePage::new(Frame::sample(NavItem::HISTORY), status, &message, &settings(), &local(), live)
}

impl MessagePage {
    pub(crate) fn sample() -> Self {
        use DeliveryState::{Accepted, Delivered, PermanentFailure, TemporaryFailure, Unknown};
        let totals =
            [(Delivered, 156), (Accepted, 12), (Unknown, 4), (PermanentFailure, 4), (TemporaryFailure, 6)];
        page(&status(MessageState::Finished, &totals), &failing())
    }

    pub(crate) fn sample_sending() -> Self {
        use DeliveryState::{Accepted, Delivered, Queued, Retrying};
        let totals = [(Delivered, 61), (Accepted, 74), (Queued, 41), (Retrying, 6)];
        let mut page = page(&status(MessageState::Sending, &totals), &[]);
        page.notice = notice(&Asked { done: Some("sent".into()), n: None });
        page
    }

    pub(crate) fn sample_rejected() -> Self {
        let mut status = status(MessageState::Rejected, &[]);
        status.reason =
            Some("None of the selected people could be reached when it was due to be sent.".into());
        page(&status, &[])
    }
}

impl LivePart {
    pub(crate) fn sample() -> Self {
        let MessagePage { frame, id, headline, live, .. } = MessagePage::sample();
        Self { frame, id, headline, live }
    }
}

#[test]
fn the_headline_says_how_far_it_is() {
    for (page, title) in [
        (MessagePage::sample(), "Delivered to 156 of 182"),
        (MessagePage::sample_sending(), "Sending: 135 of 182"),
        (MessagePage::sample_rejected(), "Not sent"),
    ] {
        assert_eq!(page.live.title, title);
    }
}

#[test]
fn people_are_gathered_by_what_to_do() {
    let page = MessagePage::sample();
    let groups: Vec<(&str, &str)> =
        page.live.groups.iter().map(|g| (g.tag.words.as_str(), g.count.as_str())).collect();
    assert_eq!(
        groups,
        [
            ("Not confirmed", "4"),
            ("No answer", "3"),
            ("Number does not exist", "4"),
            ("Phone off or out of reach", "3")
        ]
    );
    assert!(page.live.resend.is_some_and(|ask| ask.yes == "Send again to 14") && page.live.stop.is_none());
}

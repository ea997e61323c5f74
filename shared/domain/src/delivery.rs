//! One delivery: one send to one address on one channel. Its states, and how evidence about it adds up.

use serde::{Deserialize, Serialize};

use crate::channel::{Address, Channel, Reports};

/// Where a delivery stands (ARCHITECTURE §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// Waits for its page to be claimed.
    Queued,
    /// Its page is claimed by a worker.
    Sending,
    /// Refused or not found, and due again.
    Retrying,
    /// The provider has it.
    Accepted,
    /// The provider says that it arrived; for a call, that it was answered.
    Delivered,
    /// Did not arrive this time: phone off, line busy, not answered.
    TemporaryFailure,
    /// Cannot arrive: number does not exist, mailbox unknown.
    PermanentFailure,
    /// Nobody can say whether the provider took it. Shown as *not confirmed*, never sent again blindly.
    Unknown,
    /// Final without a send: suppressed, opted out, no longer eligible.
    NotSent,
    /// Stopped by staff before it was claimed.
    Cancelled,
    /// Our fault: a page that would render differently, a refused configuration.
    TechnicalFailure,
    /// Accepted, and nothing heard for 72 hours.
    Expired,
}

impl DeliveryState {
    /// Every state, in the order in which a message's bar shows them.
    pub const ALL: [Self; 12] = [
        Self::Delivered,
        Self::Accepted,
        Self::Queued,
        Self::Sending,
        Self::Retrying,
        Self::Unknown,
        Self::TemporaryFailure,
        Self::PermanentFailure,
        Self::TechnicalFailure,
        Self::Expired,
        Self::NotSent,
        Self::Cancelled,
    ];

    /// The word of the JSON API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sending => "sending",
            Self::Retrying => "retrying",
            Self::Accepted => "accepted",
            Self::Delivered => "delivered",
            Self::TemporaryFailure => "temporary_failure",
            Self::PermanentFailure => "permanent_failure",
            Self::Unknown => "unknown",
            Self::NotSent => "not_sent",
            Self::Cancelled => "cancelled",
            Self::TechnicalFailure => "technical_failure",
            Self::Expired => "expired",
        }
    }

    /// Waits for a send. While any delivery is pending or sending, its message is not finished.
    pub const fn is_pending(self) -> bool {
        matches!(self, Self::Queued | Self::Retrying)
    }

    /// What *resend* takes: the not confirmed and the failed. A delivery that staff stopped is not among them.
    pub const fn can_resend(self) -> bool {
        matches!(
            self,
            Self::Unknown
                | Self::TemporaryFailure
                | Self::PermanentFailure
                | Self::TechnicalFailure
                | Self::Expired
        )
    }
}

/// Why a delivery ended as it did, apart from any provider's own code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The number or mailbox does not exist.
    NoSuchAddress,
    /// The number cannot take this kind of message (a landline for an SMS).
    WrongKind,
    /// The person asked the provider not to be messaged.
    OptedOut,
    /// The phone is off or out of reach.
    Unreachable,
    /// The line was busy.
    Busy,
    /// Nobody answered the call.
    NoAnswer,
    /// The mailbox is full or its server is slow.
    MailboxBusy,
    /// The network or mail server refused the content.
    Blocked,
    /// Delivered, then marked as spam by the person.
    Complaint,
    /// The provider asked to slow down or was out of order.
    TryLater,
    /// Our account, sender or configuration was refused.
    OurFault,
    /// The rendered text differs from the one that was approved.
    TextChanged,
    /// The provider cannot say whether it took the message.
    NotConfirmed,
    /// Nothing was heard for 72 hours.
    NoReport,
    /// X has a post of the same words.
    AlreadyThere,
    /// The school's account on X no longer takes our posts.
    LinkGone,
    /// A detail that the text needs is not known for the person.
    DetailMissing,
    /// The pupil's mark is another than the message says.
    RegisterChanged,
    /// A court order bars all its recipients from a pupil that it is about.
    Barred,
    /// A tie, a group or the person is gone since it was planned.
    NoLongerMeant,
    /// The person has another number or address since it was planned.
    AddressChanged,
    /// The provider gave no reason that we know.
    Other,
}

impl Reason {
    /// What happened, in plain words.
    pub const fn words(self, channel: Channel) -> &'static str {
        match (self, channel.facts().address) {
            (Self::NoSuchAddress, Address::Email) => "Address does not exist",
            (Self::NoSuchAddress, _) => "Number does not exist",
            (Self::WrongKind, _) => "Number cannot take this kind of message",
            (Self::OptedOut, _) => "Asked not to be messaged",
            (Self::Unreachable, _) => "Phone off or out of reach",
            (Self::Busy, _) => "Line busy",
            (Self::NoAnswer, _) => "No answer",
            (Self::MailboxBusy, _) => "Mailbox full or not answering",
            (Self::Blocked, _) => "Blocked by the network",
            (Self::Complaint, _) => "Marked as spam",
            (Self::TryLater, _) => "Provider busy",
            (Self::OurFault, _) => "Refused because of how Messenger is set up",
            (Self::TextChanged, _) => "Text changed after it was approved",
            (Self::NotConfirmed, _) => "Not confirmed",
            (Self::NoReport, _) => "No report after three days",
            (Self::AlreadyThere, _) => "X already has a post with these words",
            (Self::LinkGone, _) => "The account on X no longer takes posts from Messenger",
            (Self::DetailMissing, _) => "A detail in the text is not known",
            (Self::RegisterChanged, _) => "The register has changed",
            (Self::Barred, _) => "Barred by a court order",
            (Self::NoLongerMeant, _) => "No longer one of its recipients",
            (Self::AddressChanged, Address::Email) => "The address changed before it went",
            (Self::AddressChanged, _) => "The number changed before it went",
            (Self::Other, _) => "Failed",
        }
    }

    /// What staff can do next, in plain words.
    pub const fn next_step(self, channel: Channel) -> &'static str {
        match (self, channel.facts().address) {
            (Self::NoSuchAddress, Address::Email) => "Check the address with the family and correct it.",
            (Self::NoSuchAddress, _) => "Check the number with the family and correct it.",
            (Self::WrongKind, _) => "Add a mobile number, or call instead.",
            (Self::OptedOut, _) => {
                "They can text START to hear from the school again. Use another way until then."
            }
            (Self::Unreachable | Self::Busy | Self::NoAnswer, _) => "Try again later, or use another number.",
            (Self::MailboxBusy, _) => "Try again later, or send a text.",
            (Self::Blocked, _) => "Try other words, or use another way.",
            (Self::Complaint, _) => "Ask the family before sending more e-mail.",
            (Self::TryLater, _) => "Send again in a few minutes.",
            (Self::OurFault, _) => "Tell your Messenger administrator; nothing is wrong with the contact.",
            (Self::TextChanged, _) => "Write the message again and send it.",
            (Self::NotConfirmed, _) => {
                "It may or may not have arrived. Send again if a second copy does no harm."
            }
            (Self::AlreadyThere, _) => {
                "Look at the school's page on X: an earlier try arrived. To post again, change a word."
            }
            (Self::LinkGone, _) => "Link the account again in Account Settings, then post again.",
            (Self::DetailMissing, _) => "Fill in the contact's details, or write the text without them.",
            (Self::RegisterChanged, _) => "Nothing: the pupil's mark changed before it went.",
            (Self::Barred, _) => "Nothing: they may not be written to about this pupil.",
            (Self::NoLongerMeant, _) => {
                "Nothing, if the change is right: they left, or the tie or group that chose them is gone."
            }
            (Self::AddressChanged, _) => "Write to them again: it goes to what the school has now.",
            (Self::NoReport | Self::Other, _) => "Send again, or use another way.",
        }
    }
}

/// What a provider answered to one send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// It has the message under this id.
    Accepted {
        /// The provider's id.
        id: String,
    },
    /// It certainly did not take the message.
    Refused {
        /// Why.
        reason: Reason,
        /// The provider's own code.
        code: Option<u32>,
        /// Whether the same send may work later.
        again: bool,
    },
    /// It may have taken the message.
    Unknown,
}

/// What is known about one attempt from outside the worker that made it: a receipt, an event, a late worker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Where the provider says that it stands.
    #[serde(rename = "s")]
    pub state: DeliveryState,
    /// Why, when it failed.
    #[serde(rename = "r", default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// The provider's own code.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub code: Option<u32>,
    /// Length of an answered call, in seconds.
    #[serde(rename = "d", default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<u32>,
    /// When it was first heard of, in milliseconds since 1970.
    #[serde(rename = "t")]
    pub at_ms: i64,
    /// The provider's id.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// How strong a state is as evidence about one attempt. Where events alone report, a bounce may follow *delivered*
/// (SES: the first server took it, a later one did not); where there are records (Twilio), *delivered* is the last
/// word.
const fn rank(channel: Channel, state: DeliveryState) -> u8 {
    match (state, channel.facts().reports) {
        (DeliveryState::Accepted, _) => 1,
        (DeliveryState::TemporaryFailure, _) => 2,
        (DeliveryState::Delivered, Reports::Events) => 3,
        (DeliveryState::PermanentFailure, _) => 4,
        (DeliveryState::Delivered, _) => 5,
        _ => 0,
    }
}

impl Evidence {
    /// Joins two pieces of evidence about the same attempt. The order and number of the pieces make no difference.
    #[must_use]
    pub fn join(self, other: Self, channel: Channel) -> Self {
        // A total order over what is taken as a whole; the rest is joined field by field.
        let strength = |e: &Self| (rank(channel, e.state), e.state, e.reason, e.code);
        let (strong, weak) = if strength(&self) >= strength(&other) { (self, other) } else { (other, self) };
        Self {
            state: strong.state,
            reason: strong.reason,
            code: strong.code,
            seconds: strong.seconds.max(weak.seconds),
            at_ms: strong.at_ms.min(weak.at_ms),
            id: strong.id.max(weak.id),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(super) fn evidence() -> impl Strategy<Value = Evidence> {
        let state = prop_oneof![
            Just(DeliveryState::Accepted),
            Just(DeliveryState::Delivered),
            Just(DeliveryState::TemporaryFailure),
            Just(DeliveryState::PermanentFailure),
        ];
        let reason = proptest::option::of(prop_oneof![Just(Reason::NoAnswer), Just(Reason::NoSuchAddress)]);
        (state, reason, proptest::option::of(0_u32..90), 0_i64..1_000, proptest::option::of("[a-c]"))
            .prop_map(|(state, reason, seconds, at_ms, id)| Evidence {
                state,
                reason,
                code: None,
                seconds,
                at_ms,
                id,
            })
    }

    fn channel() -> impl Strategy<Value = Channel> {
        prop_oneof![Just(Channel::Sms), Just(Channel::Voice), Just(Channel::Email)]
    }

    proptest! {
        #[test]
        fn evidence_joins_alike_in_any_order_and_number(
            a in evidence(), b in evidence(), c in evidence(), ch in channel()
        ) {
            let ab = a.clone().join(b.clone(), ch);
            prop_assert_eq!(&ab, &b.clone().join(a.clone(), ch));
            prop_assert_eq!(ab.clone().join(c.clone(), ch), a.clone().join(b.join(c, ch), ch));
            prop_assert_eq!(a.clone().join(a.clone(), ch), a);
        }
    }

    #[test]
    fn a_bounce_beats_delivered_for_email_and_the_reverse_at_twilio() {
        let at = |state| Evidence { state, reason: None, code: None, seconds: None, at_ms: 0, id: None };
        let both = |ch| at(DeliveryState::Delivered).join(at(DeliveryState::PermanentFailure), ch).state;
        assert_eq!(both(Channel::Email), DeliveryState::PermanentFailure);
        assert_eq!(both(Channel::Sms), DeliveryState::Delivered);
        assert_eq!(both(Channel::Voice), DeliveryState::Delivered);
    }
}

//! SES's events, as they come out of the queue: by themselves or in an SNS envelope.

use domain::delivery::{DeliveryState, Evidence, Reason};
use domain::job::DeliveryRef;
use serde::Deserialize;

use crate::reference::ReferenceKey;

/// A queue item is not an event about an e-mail of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadEvent {
    /// Neither an SES event nor an SNS envelope with one.
    #[error("not an SES event")]
    NotAnEvent,
    /// The e-mail carries no reference: somebody else sent it through the same account.
    #[error("an event about an e-mail without a reference")]
    NoReference,
    /// The reference was not signed by us.
    #[error("an event with a forged reference")]
    Forged,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "Type")]
    kind: String,
    #[serde(rename = "Message")]
    message: String,
}

#[derive(Deserialize)]
struct Event {
    /// In what a configuration set publishes `eventType`; in the older notifications of an identity the other name.
    #[serde(rename = "eventType", alias = "notificationType")]
    kind: String,
    mail: Option<Mail>,
    bounce: Option<Bounce>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Mail {
    timestamp: Option<jiff::Timestamp>,
    message_id: String,
    #[serde(default)]
    tags: Tags,
}

#[derive(Default, Deserialize)]
struct Tags {
    #[serde(default)]
    reference: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bounce {
    #[serde(rename = "bounceType")]
    kind: String,
    #[serde(rename = "bounceSubType", default)]
    sub_kind: String,
    #[serde(default)]
    bounced_recipients: Vec<Recipient>,
}

#[derive(Deserialize)]
struct Recipient {
    /// Enhanced status code, such as `5.1.1`.
    status: Option<String>,
}

/// Reads a queue item. `None` for an event that says nothing about delivery, such as an opened e-mail, and for the
/// greeting that SES sends to a new topic. The time of the evidence is when SES took the e-mail; `now_ms` where the
/// event does not say.
pub fn read(
    body: &str,
    key: &ReferenceKey,
    now_ms: i64,
) -> Result<Option<(DeliveryRef, Evidence)>, BadEvent> {
    let unwrapped = unwrap(body)?;
    let text = unwrapped.as_deref().unwrap_or(body);
    if text.starts_with("Successfully validated SNS topic") {
        return Ok(None);
    }
    let event: Event = serde_json::from_str(text).map_err(|_| BadEvent::NotAnEvent)?;
    let Some((state, reason)) = meaning(&event)? else {
        return Ok(None);
    };
    let mail = event.mail.ok_or(BadEvent::NotAnEvent)?;
    let reference = mail.tags.reference.first().ok_or(BadEvent::NoReference)?;
    let delivery = key.verify(reference).map_err(|_| BadEvent::Forged)?;
    let at_ms = mail.timestamp.map_or(now_ms, jiff::Timestamp::as_millisecond);
    Ok(Some((
        delivery,
        Evidence { state, reason, code: None, seconds: None, at_ms, id: Some(mail.message_id) },
    )))
}

/// The message within an SNS envelope; `None` if there is no envelope.
fn unwrap(body: &str) -> Result<Option<String>, BadEvent> {
    match serde_json::from_str::<Envelope>(body) {
        Ok(envelope) if envelope.kind == "Notification" => Ok(Some(envelope.message)),
        Ok(_) => Err(BadEvent::NotAnEvent),
        Err(_) => Ok(None),
    }
}

type Meaning = (DeliveryState, Option<Reason>);

/// What an event says; `None` if nothing about delivery.
fn meaning(event: &Event) -> Result<Option<Meaning>, BadEvent> {
    use DeliveryState::{Accepted, Delivered, PermanentFailure, TemporaryFailure};
    Ok(Some(match event.kind.as_str() {
        "Send" => (Accepted, None),
        "Delivery" => (Delivered, None),
        "DeliveryDelay" => (TemporaryFailure, Some(Reason::MailboxBusy)),
        "Complaint" => (Delivered, Some(Reason::Complaint)),
        // A virus in it, or a template that cannot be filled in: nothing that the family could correct.
        "Reject" | "Rendering Failure" => (PermanentFailure, Some(Reason::OurFault)),
        "Bounce" => bounced(event.bounce.as_ref().ok_or(BadEvent::NotAnEvent)?),
        _ => return Ok(None),
    }))
}

fn bounced(bounce: &Bounce) -> Meaning {
    let status = bounce.bounced_recipients.first().and_then(|r| r.status.as_deref()).unwrap_or_default();
    let temporary = |reason| (DeliveryState::TemporaryFailure, Some(reason));
    let permanent = |reason| (DeliveryState::PermanentFailure, Some(reason));
    match (bounce.kind.as_str(), bounce.sub_kind.as_str()) {
        (_, "MailboxFull") => temporary(Reason::MailboxBusy),
        ("Permanent", "UnsubscribedRecipient") => permanent(Reason::OptedOut),
        ("Permanent", _) if status.starts_with("5.2.2") => temporary(Reason::MailboxBusy),
        ("Permanent", _) if status.starts_with("5.7.") => permanent(Reason::Blocked),
        // Suppressed: the address bounced or complained before.
        ("Permanent", _) => permanent(Reason::NoSuchAddress),
        ("Transient", "ContentRejected" | "AttachmentRejected" | "MessageTooLarge") => {
            temporary(Reason::Blocked)
        }
        ("Transient", _) => temporary(Reason::MailboxBusy),
        _ => temporary(Reason::Other),
    }
}

#[cfg(test)]
mod tests {
    use domain::ids::{Epoch, MessageId, SchoolId};
    use domain::job::PageRef;
    use serde_json::{Value, json};
    use ulid::Ulid;

    use super::*;

    const NOW: i64 = 1_750_000_000_000;

    fn key() -> ReferenceKey {
        ReferenceKey::new(&[3; 32]).unwrap()
    }

    fn delivery() -> DeliveryRef {
        let page = PageRef {
            school: SchoolId::new(Ulid(1)),
            message: MessageId::new(Ulid(2)),
            epoch: Epoch::new(Ulid(3)),
            page: 4,
        };
        DeliveryRef { page, index: 5, attempt: 6 }
    }

    fn event(kind: &str, mut more: Value) -> Value {
        more["eventType"] = json!(kind);
        more["mail"] = json!({
            "timestamp": "2025-06-15T15:06:39.500Z",
            "messageId": "0100-abc",
            "tags": {"ses:configuration-set": ["messenger"], "reference": [key().sign(&delivery())]},
        });
        more
    }

    fn bounce(kind: &str, sub: &str, status: &str) -> Value {
        let recipients = json!([{"emailAddress": "parent@mail.example", "status": status}]);
        event(
            "Bounce",
            json!({"bounce": {"bounceType": kind, "bounceSubType": sub, "bouncedRecipients": recipients}}),
        )
    }

    fn meant(event: &Value) -> Option<Meaning> {
        let read = read(&event.to_string(), &key(), NOW).unwrap();
        read.map(|(found, evidence)| {
            assert_eq!(found, delivery());
            assert_eq!((evidence.at_ms, evidence.id.as_deref()), (1_749_999_999_500, Some("0100-abc")));
            (evidence.state, evidence.reason)
        })
    }

    #[test]
    fn every_event_has_its_state() {
        use DeliveryState::{Accepted, Delivered, PermanentFailure, TemporaryFailure};
        let cases = [
            (event("Send", json!({"send": {}})), Some((Accepted, None))),
            (event("Delivery", json!({})), Some((Delivered, None))),
            (event("DeliveryDelay", json!({})), Some((TemporaryFailure, Some(Reason::MailboxBusy)))),
            (event("Complaint", json!({})), Some((Delivered, Some(Reason::Complaint)))),
            (event("Reject", json!({})), Some((PermanentFailure, Some(Reason::OurFault)))),
            (event("Rendering Failure", json!({})), Some((PermanentFailure, Some(Reason::OurFault)))),
            (bounce("Permanent", "General", "5.1.1"), Some((PermanentFailure, Some(Reason::NoSuchAddress)))),
            (bounce("Permanent", "NoEmail", ""), Some((PermanentFailure, Some(Reason::NoSuchAddress)))),
            (bounce("Permanent", "Suppressed", ""), Some((PermanentFailure, Some(Reason::NoSuchAddress)))),
            (bounce("Permanent", "General", "5.7.1"), Some((PermanentFailure, Some(Reason::Blocked)))),
            (bounce("Permanent", "General", "5.2.2"), Some((TemporaryFailure, Some(Reason::MailboxBusy)))),
            (
                bounce("Permanent", "UnsubscribedRecipient", ""),
                Some((PermanentFailure, Some(Reason::OptedOut))),
            ),
            (
                bounce("Transient", "MailboxFull", "4.2.2"),
                Some((TemporaryFailure, Some(Reason::MailboxBusy))),
            ),
            (bounce("Transient", "General", ""), Some((TemporaryFailure, Some(Reason::MailboxBusy)))),
            (bounce("Transient", "ContentRejected", ""), Some((TemporaryFailure, Some(Reason::Blocked)))),
            (bounce("Undetermined", "Undetermined", ""), Some((TemporaryFailure, Some(Reason::Other)))),
            (event("Open", json!({})), None),
            (event("Click", json!({})), None),
            (event("Subscription", json!({})), None),
            (event("SomethingNew", json!({})), None),
        ];
        for (event, expected) in cases {
            assert_eq!(meant(&event), expected, "{event}");
        }
    }

    #[test]
    fn an_envelope_makes_no_difference_and_neither_does_the_older_form() {
        let plain = event("Delivery", json!({}));
        let envelope = json!({"Type": "Notification", "MessageId": "1", "Message": plain.to_string()});
        assert_eq!(meant(&envelope), meant(&plain));
        let mut older = plain.clone();
        older["notificationType"] = older["eventType"].take();
        older.as_object_mut().unwrap().remove("eventType");
        assert_eq!(meant(&older), meant(&plain));
        let greeting = json!({
            "Type": "Notification",
            "Message": "Successfully validated SNS topic for Amazon SES event publishing.",
        });
        assert_eq!(read(&greeting.to_string(), &key(), NOW), Ok(None));
    }

    #[test]
    fn what_is_not_about_our_mail_is_refused() {
        let mut no_tag = event("Send", json!({}));
        no_tag["mail"]["tags"] = json!({});
        let mut forged = event("Send", json!({}));
        forged["mail"]["tags"]["reference"] = json!(["01-02-x-1-1-1-00000000000000000000000000000000"]);
        let confirm = json!({"Type": "SubscriptionConfirmation", "Message": "You have chosen to subscribe"});
        let cases = [
            (no_tag.to_string(), BadEvent::NoReference),
            (forged.to_string(), BadEvent::Forged),
            (confirm.to_string(), BadEvent::NotAnEvent),
            (json!({"eventType": "Send"}).to_string(), BadEvent::NotAnEvent),
            (json!({"eventType": "Bounce", "mail": {"messageId": "1"}}).to_string(), BadEvent::NotAnEvent),
            ("{}".to_owned(), BadEvent::NotAnEvent),
            ("not json".to_owned(), BadEvent::NotAnEvent),
            (String::new(), BadEvent::NotAnEvent),
        ];
        for (body, error) in cases {
            assert_eq!(read(&body, &key(), NOW), Err(error), "{body}");
        }
    }

    /// Events that others recorded carry no reference of ours: each is understood up to there.
    #[test]
    fn recorded_events_are_understood() {
        let Some(recorded) = crate::specs::json("ses/ses_sns_notifications.json") else {
            return;
        };
        let mut understood = 0;
        for case in recorded.as_array().unwrap() {
            let name = case["name"].as_str().unwrap();
            let mut body = case["json"].clone();
            let says_nothing = ["open", "click", "received"].iter().any(|word| name.contains(word));
            let expected = if says_nothing { Ok(None) } else { Err(BadEvent::NoReference) };
            assert_eq!(read(&body.to_string(), &key(), NOW), expected, "{name}");
            if !says_nothing {
                body["mail"]["tags"]["reference"] = json!([key().sign(&delivery())]);
                let (found, evidence) = read(&body.to_string(), &key(), NOW).unwrap().unwrap();
                assert_eq!(
                    (found, evidence.id.as_deref()),
                    (delivery(), body["mail"]["messageId"].as_str()),
                    "{name}"
                );
                understood += 1;
            }
        }
        assert!(understood >= 7);
    }
}

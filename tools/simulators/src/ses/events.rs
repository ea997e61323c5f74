//! SES's event publishing: one event in an SNS notification in a POST.

use http::{HeaderValue, Request, header};
use http_body_util::Full;
use serde_json::{Map, Value, json};

use crate::app::App;
use crate::clock::{self, iso};
use crate::courier::Parcel;
use crate::mail::{self, Mail};
use crate::outcome::{self, MailFate, Step};
use crate::record::Record;

/// Amazon's own examples' account.
const ACCOUNT: &str = "123456789012";
const TOPIC: &str = "arn:aws:sns:eu-west-2:123456789012:ses-events";

/// The event due at this step, or `None` while nobody listens.
pub(crate) fn parcel(app: &App, record: &Record<'_>, step: &Step) -> Option<Parcel> {
    let url = app.targets().ses_events?;
    let event = event(record, step.event, step.recipient);
    notification(&url, &app.sids.next().hex(), &event)
}

/// Any event for any record, as often as told: with a reference that is not the sender's if `forge`.
pub(crate) fn again(app: &App, record: &Record<'_>, name: &str, forge: bool) -> Option<Parcel> {
    let url = app.targets().ses_events?;
    let mut event = event(record, event_type(name)?, 0);
    if forge {
        let tags = event.pointer_mut("/mail/tags").and_then(Value::as_object_mut)?;
        for (_, values) in tags.iter_mut().filter(|(name, _)| !name.starts_with("ses:")) {
            *values = json!(["forged"]);
        }
    }
    notification(&url, &app.sids.next().hex(), &event)
}

/// The event's name in any spelling, as SES spells it.
fn event_type(name: &str) -> Option<&'static str> {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let known = ["Send", "Delivery", "Bounce", "Complaint", "DeliveryDelay"];
    known.into_iter().find(|known| known.eq_ignore_ascii_case(&plain))
}

fn event(record: &Record<'_>, name: &'static str, recipient: usize) -> Value {
    let address = record.recipients().nth(recipient).unwrap_or(&record.to);
    let now = iso(clock::now());
    let (field, detail) = match name {
        "Delivery" => ("delivery", delivery(record, address, &now)),
        "Bounce" => ("bounce", bounce(record, address, &now)),
        "Complaint" => ("complaint", complaint(record, address, &now)),
        "DeliveryDelay" => ("deliveryDelay", delay(record, address, &now)),
        _ => ("send", json!({})),
    };
    json!({ "eventType": name, "mail": mail(record), field: detail })
}

fn mail(record: &Record<'_>) -> Value {
    let raw = mail::raw(record);
    let mail = Mail::parse(&raw);
    let id = record.public_sid();
    let headers: Vec<Value> =
        mail.headers.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    json!({
        "timestamp": iso(record.at),
        "source": record.from,
        "sourceArn": format!("arn:aws:ses:eu-west-2:{ACCOUNT}:identity/{}", domain(&record.from)),
        "sendingAccountId": ACCOUNT,
        "messageId": id,
        "destination": record.recipients().collect::<Vec<_>>(),
        "headersTruncated": false,
        "headers": headers,
        "commonHeaders": {
            "from": [mail.from],
            "date": mail.header("Date"),
            "to": [mail.to],
            "messageId": id,
            "subject": mail.subject,
        },
        "tags": tags(record),
    })
}

/// Every tag is a list of values; SES adds its own.
fn tags(record: &Record<'_>) -> Value {
    let mut tags = Map::new();
    let own = [
        ("ses:operation", "SendEmail"),
        ("ses:configuration-set", &record.set),
        ("ses:source-ip", "192.0.2.0"),
        ("ses:from-domain", domain(&record.from)),
        ("ses:caller-identity", "simulator"),
    ];
    let given = record.tags.iter().map(|tag| (&*tag.name, &*tag.value));
    for (name, value) in own.into_iter().filter(|(_, value)| !value.is_empty()).chain(given) {
        if let Some(values) = tags.entry(name).or_insert_with(|| Value::Array(Vec::new())).as_array_mut() {
            values.push(value.into());
        }
    }
    Value::Object(tags)
}

fn domain(address: &str) -> &str {
    address.rsplit_once('@').map_or("", |(_, domain)| domain.trim_end_matches('>'))
}

fn delivery(record: &Record<'_>, address: &str, now: &str) -> Value {
    json!({
        "timestamp": now,
        "processingTimeMillis": (clock::now() - record.at).max(1),
        "recipients": [address],
        "smtpResponse": "250 2.6.0 Message received",
        "remoteMtaIp": "192.0.2.25",
        "reportingMTA": "a1-1.smtp-out.eu-west-2.amazonses.com",
    })
}

fn bounce(record: &Record<'_>, address: &str, now: &str) -> Value {
    let full = outcome::of_mail(address) == MailFate::Full;
    let (kind, subtype, status, words) = if full {
        ("Transient", "MailboxFull", "4.2.2", "smtp; 452 4.2.2 The mailbox is full")
    } else {
        ("Permanent", "General", "5.1.1", "smtp; 550 5.1.1 User unknown")
    };
    json!({
        "feedbackId": format!("{}-feedback", record.public_sid()),
        "bounceType": kind,
        "bounceSubType": subtype,
        "bouncedRecipients": [{
            "emailAddress": address,
            "action": "failed",
            "status": status,
            "diagnosticCode": words,
        }],
        "timestamp": now,
        "reportingMTA": "dns; a1-1.smtp-out.eu-west-2.amazonses.com",
    })
}

fn complaint(record: &Record<'_>, address: &str, now: &str) -> Value {
    json!({
        "feedbackId": format!("{}-feedback", record.public_sid()),
        "complaintSubType": null,
        "complainedRecipients": [{ "emailAddress": address }],
        "timestamp": now,
        "userAgent": "Amazon SES Mailbox Simulator",
        "complaintFeedbackType": "abuse",
        "arrivalDate": now,
    })
}

fn delay(record: &Record<'_>, address: &str, now: &str) -> Value {
    json!({
        "timestamp": now,
        "delayType": "TransientCommunicationFailure",
        "expirationTime": iso(record.at + 14 * 60 * 60 * 1000),
        "reportingMTA": "a1-1.smtp-out.eu-west-2.amazonses.com",
        "delayedRecipients": [{
            "emailAddress": address,
            "status": "4.4.1",
            "diagnosticCode": "smtp; 421 4.4.1 Unable to connect to remote host",
        }],
    })
}

fn notification(url: &str, id: &str, event: &Value) -> Option<Parcel> {
    let id = format!("{}-{}-{}-{}-{}", &id[..8], &id[8..12], &id[12..16], &id[16..20], &id[20..]);
    let unsubscribe =
        format!("https://sns.eu-west-2.amazonaws.com/?Action=Unsubscribe&SubscriptionArn={TOPIC}");
    let envelope = json!({
        "Type": "Notification",
        "MessageId": id,
        "TopicArn": TOPIC,
        "Subject": "Amazon SES Email Event Notification",
        "Message": event.to_string(),
        "Timestamp": iso(clock::now()),
        "SignatureVersion": "1",
        "Signature": "c2ltdWxhdGVk",
        "SigningCertURL": "https://sns.eu-west-2.amazonaws.com/SimpleNotificationService-simulated.pem",
        "UnsubscribeURL": unsubscribe,
    });
    Request::post(url)
        .header(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=UTF-8"))
        .header(header::USER_AGENT, HeaderValue::from_static("Amazon Simple Notification Service Agent"))
        .header("x-amz-sns-message-type", HeaderValue::from_static("Notification"))
        .header("x-amz-sns-message-id", id)
        .header("x-amz-sns-topic-arn", HeaderValue::from_static(TOPIC))
        .body(Full::from(envelope.to_string()))
        .ok()
}

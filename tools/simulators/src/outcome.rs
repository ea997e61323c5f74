//! How what is sent ends: read from the last three digits of the number, or the local part of the address.

use crate::clock::Millis;
use crate::kind::Kind;
use crate::record::Record;

/// How a text that was accepted ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextFate {
    Delivered,
    /// Not delivered, with Twilio's error code.
    Undelivered(u16),
}

/// How a call ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CallFate {
    Answered { seconds: u32 },
    Busy,
    NoAnswer,
    Failed,
}

/// How an e-mail to one address ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MailFate {
    Delivered,
    /// There is no such mailbox.
    NoMailbox,
    /// The mailbox is full.
    Full,
    /// Delivered, then called spam.
    Complaint,
    /// Late, then delivered.
    Delayed,
}

fn ending(number: &str) -> &str {
    number.get(number.len().saturating_sub(3)..).unwrap_or_default()
}

/// The error code with which a text to this number is refused, if it is.
pub(crate) fn refusal_of_text(to: &str) -> Option<u16> {
    match ending(to) {
        "901" => Some(21211),
        "902" => Some(21610),
        _ => None,
    }
}

/// How a text to this number ends.
pub(crate) fn of_text(to: &str) -> TextFate {
    match ending(to) {
        "903" => TextFate::Undelivered(30003),
        "904" => TextFate::Undelivered(30005),
        "905" => TextFate::Undelivered(30007),
        _ => TextFate::Delivered,
    }
}

/// How a call to this number ends.
pub(crate) fn of_call(to: &str) -> CallFate {
    match ending(to) {
        "901" => CallFate::Failed,
        "906" => CallFate::Busy,
        "907" => CallFate::NoAnswer,
        _ => CallFate::Answered { seconds: 10 + fnv(to) % 100 },
    }
}

/// FNV-1a: the same for a number on every machine and in every version.
fn fnv(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// How an e-mail to this address ends.
pub(crate) fn of_mail(address: &str) -> MailFate {
    let local = address.split('@').next().unwrap_or_default().to_ascii_lowercase();
    let name = local.split('+').next().unwrap_or_default();
    match name {
        "bounce" => MailFate::NoMailbox,
        "full" => MailFate::Full,
        "complaint" => MailFate::Complaint,
        "delay" => MailFate::Delayed,
        _ if name.starts_with("nobody.") || name == "nobody" => MailFate::NoMailbox,
        _ => MailFate::Delivered,
    }
}

/// How it stands with a text or call `steps` steps after it was accepted, in the provider's word.
pub(crate) fn status(record: &Record<'_>, steps: Millis) -> &'static str {
    match (record.kind, steps) {
        (Kind::Inbound, _) => "received",
        (Kind::Tweet, _) => "posted",
        (_, ..=0) => "queued",
        (Kind::Call, 1) if of_call(&record.to) == CallFate::Failed => "failed",
        (Kind::Call, 1) => "ringing",
        (Kind::Call, 2) if matches!(of_call(&record.to), CallFate::Answered { .. }) => "in-progress",
        (Kind::Call, _) => match of_call(&record.to) {
            CallFate::Answered { .. } => "completed",
            CallFate::Busy => "busy",
            CallFate::NoAnswer => "no-answer",
            CallFate::Failed => "failed",
        },
        (_, 1) => "sent",
        _ => match of_text(&record.to) {
            TextFate::Delivered => "delivered",
            TextFate::Undelivered(_) => "undelivered",
        },
    }
}

/// One receipt that is owed for a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Step {
    /// When it is due, in steps of the configured length after acceptance.
    pub(crate) after: u32,
    /// The event in the provider's word: `sent`, `in-progress`, `Bounce` …
    pub(crate) event: &'static str,
    /// Which recipient of an e-mail it speaks of.
    pub(crate) recipient: usize,
}

/// The receipts owed for a record, in order.
pub(crate) fn steps(record: &Record<'_>) -> Vec<Step> {
    let step = |after, event| Step { after, event, recipient: 0 };
    match record.kind {
        Kind::Sms | Kind::Call if record.callback.is_empty() => Vec::new(),
        Kind::Sms => vec![step(1, "sent"), step(2, status(record, 2))],
        Kind::Call => calls_steps(record),
        Kind::Email => {
            let mut all = vec![step(1, "Send")];
            for (recipient, address) in record.recipients().enumerate() {
                let events: &[&'static str] = match of_mail(address) {
                    MailFate::Delivered => &["Delivery"],
                    MailFate::NoMailbox | MailFate::Full => &["Bounce"],
                    MailFate::Complaint => &["Delivery", "Complaint"],
                    MailFate::Delayed => &["DeliveryDelay", "Delivery"],
                };
                all.extend((2..).zip(events).map(|(after, event)| Step { after, event, recipient }));
            }
            all
        }
        Kind::Tweet | Kind::Inbound | Kind::Done => Vec::new(),
    }
}

fn calls_steps(record: &Record<'_>) -> Vec<Step> {
    let wanted = |(after, name): (u32, &str)| {
        let event = if after == 0 { "initiated" } else { status(record, Millis::from(after)) };
        record.events.wants(name).then_some(Step { after, event, recipient: 0 })
    };
    let course: &[(u32, &str)] = match of_call(&record.to) {
        CallFate::Answered { .. } => &[(0, "initiated"), (1, "ringing"), (2, "answered"), (3, "completed")],
        CallFate::Busy | CallFate::NoAnswer => &[(0, "initiated"), (1, "ringing"), (3, "completed")],
        CallFate::Failed => &[(0, "initiated"), (1, "completed")],
    };
    course.iter().copied().filter_map(wanted).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sid::Sid;

    fn call(to: &'static str, events: &str) -> Vec<&'static str> {
        let mut record = Record::new(Kind::Call, Sid::default(), 0);
        record.to = to.into();
        record.callback = "http://school.example/x".into();
        record.events.add(events);
        steps(&record).iter().map(|step| step.event).collect()
    }

    #[test]
    fn calls_tell_what_was_asked_for() {
        let all = "initiated ringing answered completed";
        assert_eq!(call("+447700900123", all), ["initiated", "ringing", "in-progress", "completed"]);
        assert_eq!(call("+447700900906", all), ["initiated", "ringing", "busy"]);
        assert_eq!(call("+447700900907", "completed"), ["no-answer"]);
        assert_eq!(call("+447700900901", all), ["initiated", "failed"]);
        assert_eq!(call("+447700900123", ""), ["completed"]);
    }

    #[test]
    fn addresses_decide_the_fate_of_mail() {
        let cases = [
            ("bounce@example.com", MailFate::NoMailbox),
            ("Bounce+7@example.com", MailFate::NoMailbox),
            ("nobody.smith@example.com", MailFate::NoMailbox),
            ("full@example.com", MailFate::Full),
            ("complaint@example.com", MailFate::Complaint),
            ("delay@example.com", MailFate::Delayed),
            ("bouncer@example.com", MailFate::Delivered),
        ];
        for (address, fate) in cases {
            assert_eq!(of_mail(address), fate, "{address}");
        }
    }

    #[test]
    fn the_length_of_a_call_is_fixed_by_its_number() {
        assert_eq!(of_call("+441632960001"), of_call("+441632960001"));
        let CallFate::Answered { seconds } = of_call("+441632960001") else { panic!("not answered") };
        assert!((10..110).contains(&seconds));
    }
}

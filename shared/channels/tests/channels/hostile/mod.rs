//! Anything at all where providers call us, and in what staff write.

mod promises;

use proptest::prelude::*;

/// The fields of a form: names that mean something and others.
fn form() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = "MessageSid|CallSid|MessageStatus|CallStatus|ErrorCode|CallDuration|SipResponseCode|From|To|Body|OptOutType|\\PC{0,6}";
    let value = "(SM|MM|CA)[0-9a-f]{32}|delivered|undelivered|failed|sent|completed|busy|no-answer|in-progress|-?[0-9]{0,11}|\\+447700900[0-9]{3}|\\PC{0,12}";
    prop::collection::vec((name, value), 0..7)
}

/// An event of SES, nearly right.
fn event() -> impl Strategy<Value = String> {
    let kind = "Send|Delivery|DeliveryDelay|Complaint|Reject|Bounce|Open|\\PC{0,6}";
    let bounce = "Permanent|Transient|Undetermined|\\PC{0,4}";
    let reference = "REFERENCE|REFERENC|\\PC{0,12}|[0-9A-Z-]{0,60}";
    (kind, bounce, reference, "[24]\\.[0-9]\\.[0-9]|\\PC{0,5}", "2026-0[1-9]-11T1[0-9]:00:00Z|\\PC{0,5}", any::<Option<u8>>())
        .prop_map(|(kind, bounce, reference, status, at, cut)| {
            let text = serde_json::json!({
                "eventType": kind,
                "mail": {"messageId": "0100", "timestamp": at, "tags": {"reference": [reference]}},
                "bounce": {"bounceType": bounce, "bounceSubType": "General", "bouncedRecipients": [{"status": status}]},
            })
            .to_string();
            match cut {
                Some(at) => text.chars().take(usize::from(at)).collect(),
                None => text,
            }
        })
}

proptest! {
    #[test]
    fn a_callback_says_one_of_four_things_or_nothing(form in form()) {
        promises::status(&form);
        promises::inbound(&form);
    }

    #[test]
    fn only_what_was_signed_passes(path in "\\PC{0,20}", form in form(), forged in "[A-Za-z0-9+/]{27}=|\\PC{0,30}") {
        promises::signature(&path, &form, &forged);
    }

    #[test]
    fn an_event_counts_only_with_our_reference(event in event()) {
        promises::event(&event);
    }

    #[test]
    fn a_reference_is_never_made_up(text in "[0-9A-Z-]{0,120}|\\PC{0,60}") {
        promises::reference(&text);
    }

    #[test]
    fn no_text_becomes_mark_up_that_runs(
        text in "([#*>`\\[\\]()<!&;:\"'=\\-0-9. \n]|[a-z]|javascript:|data:|onerror=|<script>|https://|\\PC){0,60}"
    ) {
        promises::markdown(&text);
    }
}

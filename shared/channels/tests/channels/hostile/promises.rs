//! What holds for whatever claims to come from a provider, and for what is sent to people's mail readers. Property
//! tests beside this file and the fuzz targets in `fuzz/` ask the same functions; each panics where a promise is
//! broken.

use channels::reference::ReferenceKey;
use channels::ses::{email_html, events};
use channels::twilio::callback;
use channels::twilio::signature::{Payload, Signatures, sign};
use domain::delivery::DeliveryState;
use domain::ids::{Epoch, MessageId, SchoolId};
use domain::job::{DeliveryRef, PageRef};

/// Stands in a fuzzed event where the reference of [`delivery`] is to be.
const PLACE: &str = "REFERENCE";
const TOKEN: &str = "0123456789abcdef0123456789abcdef";
const SITE: &str = "https://messenger.example.com";

fn key() -> ReferenceKey {
    ReferenceKey::new(&[7; 32]).unwrap()
}

fn delivery() -> DeliveryRef {
    let id = "01JD3V4K8M0000000000000000";
    let page = PageRef {
        school: id.parse::<SchoolId>().unwrap(),
        message: id.parse::<MessageId>().unwrap(),
        epoch: Epoch::try_from(id[..8].to_owned()).unwrap(),
        page: 3,
    };
    DeliveryRef { page, index: 24, attempt: 2 }
}

fn is_report(state: DeliveryState) -> bool {
    use DeliveryState::{Accepted, Delivered, PermanentFailure, TemporaryFailure};
    matches!(state, Accepted | Delivered | PermanentFailure | TemporaryFailure)
}

/// A status callback says one of four things about a well-formed id, or nothing.
pub(crate) fn status(form: &[(String, String)]) {
    let Ok(Some(evidence)) = callback::status(form, 5) else { return };
    assert!(is_report(evidence.state), "{evidence:?}");
    assert_eq!(evidence.at_ms, 5);
    let id = evidence.id.as_deref().unwrap_or_default();
    assert!(id.len() == 34 && ["SM", "MM", "CA"].iter().any(|kind| id.starts_with(kind)), "{id}");
    assert!(evidence.seconds.is_none() || id.starts_with("CA"), "only calls have a length");
    assert!(evidence.state != DeliveryState::Delivered || evidence.reason.is_none());
}

/// An inbound text has a well-formed id and two addresses of one line.
pub(crate) fn inbound(form: &[(String, String)]) {
    let Ok(text) = callback::inbound(form) else { return };
    for address in [&text.from, &text.to] {
        assert!(!address.is_empty() && !address.chars().any(char::is_control));
    }
    assert_eq!(text.id.len(), 34);
    assert!(!text.from.starts_with('+') || !format!("{text:?}").contains(&text.from), "a number in a log");
}

/// What we sign passes; with one character more, another address or another token it does not.
pub(crate) fn signature(path: &str, form: &[(String, String)], forged: &str) {
    // What reaches the check was a request's path: one line that begins with a stroke.
    let path: String = path.chars().filter(|c| c.is_ascii_graphic() && *c != '\'').collect();
    let path = format!("/hooks/{path}");
    let ours = Signatures::new(TOKEN, SITE);
    let signed = sign(TOKEN, &format!("{SITE}{path}"), form);
    assert_eq!(ours.verify(&path, Payload::Form(form), &signed), Ok(()));
    let mut longer = form.to_vec();
    longer.push(("zz".to_owned(), String::from_utf8_lossy(&[b'z'; 9]).into_owned()));
    if !form.contains(&longer[longer.len() - 1]) {
        assert!(ours.verify(&path, Payload::Form(&longer), &signed).is_err(), "a field was added");
    }
    assert!(ours.verify(&format!("{path}x"), Payload::Form(form), &signed).is_err() || !form.is_empty());
    assert!(Signatures::new("another", SITE).verify(&path, Payload::Form(form), &signed).is_err());
    let other = sign("another", &format!("{SITE}{path}"), form);
    assert!(ours.verify(&path, Payload::Form(form), &other).is_err());
    if forged.trim() != signed {
        assert!(ours.verify(&path, Payload::Form(form), forged).is_err(), "forged");
    }
}

/// An event counts only with a reference that we signed, and says what was signed; an SNS envelope changes nothing.
pub(crate) fn event(body: &str) {
    if let Ok(found) = events::read(body, &key(), 5) {
        assert_eq!(found, None, "nobody else can sign");
    }
    let body = body.replace(PLACE, &key().sign(&delivery()));
    let read = events::read(&body, &key(), 5);
    let Ok(Some((found, evidence))) = &read else { return };
    assert_eq!(*found, delivery());
    assert!(is_report(evidence.state) && evidence.id.is_some());
    if !body.contains("Message\"") {
        let envelope = serde_json::json!({"Type": "Notification", "MessageId": "1", "Message": body});
        assert_eq!(events::read(&envelope.to_string(), &key(), 5), read);
    }
}

/// A reference that somebody else made up is none.
pub(crate) fn reference(text: &str) {
    let key = key();
    let signed = key.sign(&delivery());
    assert_eq!(key.verify(&signed).as_ref(), Ok(&delivery()));
    if !text.eq_ignore_ascii_case(&signed) {
        assert!(key.verify(text).is_err());
    }
    let sealed = key.seal("unsubscribe", text);
    assert_eq!(key.open("unsubscribe", &sealed).as_deref(), Ok(text));
    assert!(key.open("another", &sealed).is_err());
    assert!(sealed.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b)));
}

/// Mark-up that text may become.
const TAGS: [&str; 22] = [
    "p",
    "br",
    "hr",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "em",
    "strong",
    "code",
    "pre",
    "blockquote",
    "ul",
    "ol",
    "li",
    "a",
    "img",
    "del",
    "span",
    "table",
];

/// The HTML of an e-mail runs nothing, whatever was typed.
pub(crate) fn markdown(text: &str) {
    let html = email_html(text);
    for tag in tags(&html) {
        let tag = tag.strip_prefix('/').unwrap_or(tag);
        let name: String = tag.chars().take_while(char::is_ascii_alphanumeric).collect();
        assert!(TAGS.contains(&name.as_str()), "<{tag}> in {html}");
        for (attribute, value) in attributes(&tag[name.len()..]) {
            let known = ["href", "src", "alt", "title", "rel", "start"];
            assert!(known.contains(&attribute), "{attribute} in {html}");
            if matches!(attribute, "href" | "src") {
                let value = value.trim().to_ascii_lowercase();
                let scheme =
                    value.split_once(':').map(|(scheme, _)| scheme).filter(|s| !s.contains(['/', '?', '#']));
                let runs = ["javascript", "vbscript", "data", "file", "blob"];
                assert!(scheme.is_none_or(|s| !runs.contains(&s)), "{value} in {html}");
            }
        }
    }
}

/// What stands between `<` and `>`; a `>` within quotation marks does not end a tag.
fn tags(html: &str) -> Vec<&str> {
    let mut tags = Vec::new();
    let mut rest = html;
    while let Some(begin) = rest.find('<') {
        let inner = &rest[begin + 1..];
        let mut quoted = false;
        let end = inner.find(|c: char| {
            quoted ^= c == '"';
            c == '>' && !quoted
        });
        let end = end.unwrap_or_else(|| panic!("a tag stays open: {html}"));
        tags.push(&inner[..end]);
        rest = &inner[end + 1..];
    }
    tags
}

/// `name="value"` pairs.
fn attributes(text: &str) -> Vec<(&str, &str)> {
    let mut pairs = Vec::new();
    let mut rest = text.trim_matches([' ', '/']);
    while let Some((name, after)) = rest.split_once("=\"") {
        let (value, after) = after.split_once('"').unwrap_or((after, ""));
        pairs.push((name.trim(), value));
        rest = after;
    }
    assert!(rest.trim().is_empty(), "an attribute without a value: {text}");
    pairs
}

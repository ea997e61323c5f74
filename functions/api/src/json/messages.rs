//! `POST /api/v1/messages` and its preview.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse;
use domain::audience::{Audience, SendTo};
use domain::channel::{Billed, Channel};
use domain::content::{Contents, EmailContent, SmsContent, VoiceContent};
use domain::ids::ContactId;
use domain::message::{Message, Purpose};
use domain::people::Scope;
use domain::plan::Plan;
use domain::routing::Routing;
use domain::settings::Settings;
use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Deserializer, Serialize};
use store::IdempotencyKey;
use utoipa::ToSchema;

use super::body::JsonBody;
use super::schema;
use crate::auth::Partner;
use crate::error::{ApiError, FieldError, Result};
use crate::services::submit::{
    Checked, Origin, Submission, Submitted, check, idempotency, problems_of, refuse, submit,
};
use crate::state::ApiState;

/// Deliveries that a preview shows.
const SHOWN: usize = 100;
/// Bytes of text after which a preview shows no more: a long e-mail a hundred times would not fit into an answer.
const SHOWN_BYTES: usize = 2_000_000;
/// Header that makes repeating a request harmless.
const IDEMPOTENCY_KEY: &str = "Idempotency-Key";

/// What to send, how and to whom.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({
    "purpose": "service",
    "channels": ["sms", "email"],
    "to": {"groups": ["Year 9"]},
    "sms": {"text": "Dear $forename|parent$, school closes at 1 pm today because of snow."},
    "email": {"subject": "School closes at 1 pm today", "text": "Dear $name|parent$,\n\nschool closes at **1 pm**."},
}))]
pub(crate) struct MessageRequest {
    #[schema(schema_with = schema::purpose)]
    purpose: Purpose,
    /// Each channel needs its content below, and each content below needs its channel here.
    #[schema(schema_with = schema::channels)]
    channels: Vec<Channel>,
    to: To,
    sms: Option<Sms>,
    email: Option<Email>,
    voice: Option<Voice>,
    /// Routing for this message alone, instead of the school's: only for an emergency, which may go by text and
    /// call at once.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::routing)]
    routing: Option<Routing>,
    /// Not available yet: leave it out, and the message is sent at once.
    #[schema(value_type = Option<String>)]
    send_at: Option<serde_json::Value>,
}

/// Reads a field that may be left out, but not be `null`.
fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> std::result::Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// Who gets it; each person only once, however often they are named.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the API's own word")]
pub(crate) struct To {
    /// Ids of contacts.
    #[serde(default)]
    #[schema(value_type = Vec<String>, example = json!(["P1042"]))]
    contacts: Vec<ContactId>,
    /// Names of groups.
    #[serde(default)]
    #[schema(example = json!(["Year 9"]))]
    groups: Vec<String>,
    /// The whole address book.
    #[serde(default)]
    everyone: bool,
    /// Ids of pupils, whose adults are written to as `send_to` says. An adult barred from a pupil by a court order
    /// never gets a message because of that pupil.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>, example = json!(["S2041"]))]
    pupils: Vec<ContactId>,
    /// Which adults of the pupils in `pupils`, and of those in `groups` or `everyone`. Left out, it is
    /// `responsibility` for `pupils`, while `groups` and `everyone` mean the people themselves.
    #[serde(default, deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = schema::send_to)]
    send_to: Option<SendTo>,
}

/// The text message.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Sms {
    /// May hold tokens such as `$forename$`, or `$forename|parent$` with a fallback. At most ten units with the header.
    #[schema(example = "Dear $forename|parent$, school closes at 1 pm today because of snow.")]
    text: String,
    /// Put before the text. Left out: the school's usual header; empty: none.
    #[schema(example = "Hillview")]
    header: Option<String>,
}

/// The e-mail.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Email {
    /// May hold tokens.
    #[schema(example = "School closes at 1 pm today")]
    subject: String,
    /// Markdown; may hold tokens.
    #[schema(example = "Dear $name|parent$,\n\nschool closes at **1 pm** today because of snow.")]
    text: String,
}

/// The call.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Voice {
    /// Spoken; may hold tokens.
    #[schema(example = "Hello. School closes at one o'clock today because of snow.")]
    text: String,
}

/// What a message would send.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewAnswer {
    /// People who get at least one delivery.
    #[schema(example = 2961)]
    recipients: usize,
    /// People who were selected but cannot be reached by the selected channels.
    #[schema(example = 39)]
    unreachable: usize,
    /// Pupils with nobody to write to: no adult fits `send_to`, or a court order bars those who do. The first 100.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(value_type = Vec<String>, example = json!(["S2042"]))]
    pupils_without: Vec<ContactId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sms: Option<SmsSummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<Count>,
    #[serde(skip_serializing_if = "Option::is_none")]
    voice: Option<Count>,
    /// The first 100.
    deliveries: Vec<PreviewDelivery>,
}

/// Totals of the texts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SmsSummary {
    /// Texts.
    #[schema(example = 2700)]
    messages: u64,
    /// Units of all of them, as billed.
    #[schema(example = 5400)]
    units: u64,
    /// `UCS-2` if any text needs it, else `GSM-7`.
    #[schema(value_type = String, example = "GSM-7")]
    encoding: domain::sms::Encoding,
    /// Fewest and most units of one text.
    #[schema(value_type = Vec<u32>, min_items = 2, max_items = 2, example = json!([1, 2]))]
    units_each: (u32, u32),
}

/// How many.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Count {
    #[schema(example = 261)]
    messages: u64,
}

/// One delivery that would be made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewDelivery {
    /// The contacts it serves: those who share the address and get the same text.
    #[schema(value_type = Vec<String>, example = json!(["P1042", "P1043"]))]
    contacts: Vec<ContactId>,
    #[schema(schema_with = schema::channel)]
    channel: Channel,
    /// E.164 number or e-mail address.
    #[schema(example = "+447700900123")]
    to: String,
    /// The text as the recipient gets it, header included.
    text: String,
    /// Units of a text message.
    #[serde(skip_serializing_if = "Option::is_none")]
    units: Option<u32>,
}

/// A message that was accepted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MessageAnswer {
    #[schema(example = "01JD3V4K8M0000000000000000")]
    pub(super) id: String,
    #[schema(schema_with = schema::message_state)]
    pub(super) state: &'static str,
}

/// Preview a message
///
/// Shows what the message would send, by the same rules that send it. Nothing is sent or kept.
#[utoipa::path(
    post, path = "/api/v1/messages/preview", tag = "Messages", request_body = MessageRequest,
    responses(
        (status = 200, description = "What it would send", body = PreviewAnswer),
        (status = 403, description = "The key lacks `messages:write`"),
        (status = 413, description = "Over 6 MB"),
        (status = 422, description = "It could not be sent as it is"),
        (status = 503, description = "An import is under way; try again in a minute"),
    ),
)]
pub(crate) async fn preview_message(
    State(state): State<ApiState>,
    partner: Partner,
    JsonBody(request): JsonBody<MessageRequest>,
) -> Result<Json<PreviewAnswer>> {
    let school = partner.may(Scope::MessagesWrite)?;
    let settings = school.settings().get().await?.current(state.now_ms());
    let message = request.into_message(&settings)?;
    let Checked { plan, costing, .. } = check(&state, school, &message, &settings).await?;
    let count = |channel| costing.of(channel).map(|c| Count { messages: c.messages });
    Ok(Json(PreviewAnswer {
        recipients: costing.recipients,
        unreachable: costing.unreachable,
        pupils_without: plan.pupils_without.iter().take(SHOWN).cloned().collect(),
        email: count(Channel::Email),
        voice: count(Channel::Voice),
        sms: costing.of(Channel::Sms).zip(costing.sms.as_ref()).map(|(c, sms)| SmsSummary {
            messages: c.messages,
            units: c.billed,
            encoding: sms.encoding,
            units_each: sms.units_each,
        }),
        deliveries: shown(plan),
    }))
}

fn shown(plan: Plan) -> Vec<PreviewDelivery> {
    let mut bytes = 0;
    let fits = |text: &str| {
        bytes += text.len();
        bytes <= SHOWN_BYTES
    };
    plan.deliveries
        .into_iter()
        .take(SHOWN)
        .map(|d| PreviewDelivery {
            contacts: d.contacts,
            channel: d.channel,
            text: d.text.to_string(),
            to: d.to,
            units: (d.channel.facts().billed == Billed::Units).then_some(d.units.0),
        })
        .scan(fits, |fits, delivery| fits(&delivery.text).then_some(delivery))
        .collect()
}

/// Send a message
///
/// Once this is answered, the message is kept and will be sent. With an `Idempotency-Key` a request can be repeated
/// safely when its answer was lost: the same key and request give the first message again, for seven days.
#[utoipa::path(
    post, path = "/api/v1/messages", tag = "Messages", request_body = MessageRequest,
    params(("Idempotency-Key" = Option<String>, Header, nullable = false, pattern = "^[!-~]([ -~]{0,198}[!-~])?$",
        description = "1 to 200 printable ASCII characters, new for each message. Recommended",
        example = "order-4711")),
    responses(
        (status = 202, description = "Accepted; see `Location`", body = MessageAnswer),
        (status = 403, description = "The key lacks `messages:write`"),
        (status = 413, description = "Over 6 MB"),
        (status = 422, description = "It cannot be sent as it is, or the key was used for another request"),
    ),
)]
pub(crate) async fn send_message(
    State(state): State<ApiState>,
    partner: Partner,
    headers: HeaderMap,
    JsonBody(request): JsonBody<MessageRequest>,
) -> Result<impl IntoResponse> {
    let school = partner.may(Scope::MessagesWrite)?;
    let idempotency = idempotency_key(&headers, &request)?;
    let settings = school.settings().get().await?.current(state.now_ms());
    let message = request.into_message(&settings)?;
    let origin = Origin::Partner { school, author: partner.author(), cap: partner.cap() };
    let submission = Submission { message, settings, origin, idempotency };
    let (id, state) = match submit(&state, submission).await? {
        Submitted::Accepted { id, state } => (id.to_string(), state),
        Submitted::PinAsked(_) | Submitted::PinRejected(..) => {
            let words = "This message needs a PIN. Send it from the pages.";
            return Err(ApiError::Conflict(words.to_owned()));
        }
    };
    let location = [(LOCATION, format!("/api/v1/messages/{id}"))];
    Ok((StatusCode::ACCEPTED, location, Json(MessageAnswer { id, state: state.code() })))
}

/// The same request is one that means the same, however it is laid out.
fn idempotency_key(headers: &HeaderMap, request: &MessageRequest) -> Result<Option<IdempotencyKey>> {
    let mut given = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(key) = given.next() else { return Ok(None) };
    let key = key.to_str().unwrap_or_default();
    let printable = (1..=200).contains(&key.len()) && key.bytes().all(|b| (0x20..0x7f).contains(&b));
    if !printable || given.next().is_some() {
        return Err(ApiError::field(IDEMPOTENCY_KEY, "Give one key of 1 to 200 printable ASCII characters."));
    }
    let request = serde_json::to_vec(request).map_err(ApiError::internal)?;
    Ok(Some(idempotency("api", key, &request)))
}

impl MessageRequest {
    /// The message, with the school's own header where none is given.
    fn into_message(self, settings: &Settings) -> Result<Message> {
        let mut problems = Vec::new();
        if self.channels.contains(&Channel::Tweet) {
            let message =
                "Posts on X are written by staff who hold the role for it, on the pages. Leave `tweet` out.";
            problems.push(FieldError::new("channels", message));
        }
        if self.send_at.as_ref().is_some_and(|at| !at.is_null()) {
            let message = "Sending later is not available yet. Leave `send_at` out to send at once.";
            problems.push(FieldError::new("send_at", message));
        }
        let To { contacts, groups, everyone, pupils, send_to } = self.to;
        let message = Message {
            purpose: self.purpose,
            to: Audience { contacts, groups, everyone, pupils, send_to, ..Audience::default() },
            contents: Contents {
                sms: self.sms.map(|sms| SmsContent {
                    header: sms.header.unwrap_or_else(|| settings.sms_header.clone()),
                    text: sms.text,
                }),
                voice: self.voice.map(|voice| VoiceContent { text: voice.text }),
                email: self.email.map(|email| EmailContent { subject: email.subject, text: email.text }),
                ..Contents::default()
            },
            routing: self.routing,
        };
        let mut problems: Vec<_> = mismatches(&self.channels, &message.contents).chain(problems).collect();
        if problems.is_empty() {
            return Ok(message);
        }
        // A channel without content was complained of already, in other words.
        let said = |p: &FieldError| p.field == "channels" && !self.channels.is_empty();
        problems.extend(problems_of(&message).into_iter().filter(|p| !said(p)));
        Err(refuse(problems))
    }
}

/// Where `channels` and what is said on each do not agree.
fn mismatches(channels: &[Channel], contents: &Contents) -> impl Iterator<Item = FieldError> {
    Channel::to_people().filter_map(|channel| {
        let code = channel.code();
        let words = match (channels.contains(&channel), contents.get(channel).is_some()) {
            (true, false) => format!(
                "`channels` has \"{code}\" but `{code}` is missing. Say what it says, or leave the channel out."
            ),
            (false, true) => {
                format!("`{code}` is given but `channels` lacks \"{code}\". Add it, or leave `{code}` out.")
            }
            _ => return None,
        };
        Some(FieldError::new(code, words))
    })
}

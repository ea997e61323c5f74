//! One message: where it stands, its deliveries, stop and resend.

use axum::Json;
use axum::extract::{Path, State};
use domain::audit::Act;
use domain::channel::Channel;
use domain::ids::{ContactId, MessageId};
use domain::people::Scope;
use http::StatusCode;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

use super::body::Parameters;
use super::messages::MessageAnswer;
use super::schema;
use crate::auth::Partner;
use crate::error::{ApiError, Result};
use crate::services::control::{self, MayResend};
use crate::services::deliveries::{DeliveryLine, deliveries};
use crate::services::status::status;
use crate::state::ApiState;

/// The status of a message.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatusAnswer {
    #[schema(example = "01JD3V4K8M0000000000000000")]
    id: String,
    #[schema(schema_with = schema::message_state)]
    state: &'static str,
    #[schema(schema_with = schema::totals)]
    totals: BTreeMap<&'static str, u64>,
    /// Units of the texts that the provider accepted, as billed.
    #[schema(example = 5922)]
    sms_units: u64,
    /// Why it was rejected, in plain words.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// Some deliveries.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveriesAnswer {
    deliveries: Vec<DeliveryAnswer>,
    /// Pass it as `cursor` to get the next ones; left out at the end.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// One delivery.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryAnswer {
    /// The contacts it serves.
    #[schema(value_type = Vec<String>, example = json!(["P1042"]))]
    contacts: Vec<ContactId>,
    #[schema(schema_with = schema::channel)]
    channel: Channel,
    /// E.164 number or e-mail address.
    #[schema(example = "+447700900123")]
    to: String,
    #[schema(schema_with = schema::delivery_state)]
    state: &'static str,
    /// SMS units; 1 for a call or an e-mail.
    #[schema(example = 2)]
    units: u32,
    /// Why, in plain words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Number does not exist")]
    reason: Option<&'static str>,
}

/// The result of a resend.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ResendAnswer {
    #[schema(example = "01JD3V4K8M0000000000000000")]
    id: String,
    #[schema(schema_with = schema::message_state)]
    state: &'static str,
    /// Deliveries that will be sent again.
    #[schema(example = 15)]
    count: usize,
}

/// Get a message's status
///
/// `finished` means that no delivery is queued or being sent; reports from the providers go on refining the totals. The
/// answer may be half a second old.
#[utoipa::path(
    get, path = "/api/v1/messages/{id}", tag = "Messages",
    params(("id" = String, Path, description = "The message")),
    responses(
        (status = 200, description = "Its status", body = StatusAnswer),
        (status = 403, description = "The key lacks `messages:read`"),
        (status = 404, description = "Not a message of this school"),
    ),
)]
pub(crate) async fn get_message(
    State(state): State<ApiState>,
    partner: Partner,
    Path(id): Path<String>,
) -> Result<Json<StatusAnswer>> {
    let school = partner.may(Scope::MessagesRead)?;
    let status = status(&state, school, message_id(&id)?).await?;
    Ok(Json(StatusAnswer {
        id,
        state: status.state.code(),
        totals: status.totals.iter().map(|(state, count)| (state.code(), *count)).collect(),
        sms_units: status.sms_units,
        reason: status.reason.clone(),
    }))
}

/// List a message's deliveries
///
/// In the order of the plan, 500 at a time. There are none until the message is planned.
#[utoipa::path(
    get, path = "/api/v1/messages/{id}/deliveries", tag = "Messages",
    params(
        ("id" = String, Path, description = "The message"),
        ("cursor" = Option<String>, Query, min_length = 1, description = "`next` of the previous answer; opaque"),
    ),
    responses(
        (status = 200, description = "Some deliveries", body = DeliveriesAnswer),
        (status = 403, description = "The key lacks `messages:read`"),
        (status = 404, description = "Not a message of this school"),
        (status = 422, description = "Not a cursor of this message"),
    ),
)]
pub(crate) async fn get_deliveries(
    partner: Partner,
    Path(id): Path<String>,
    parameters: Parameters,
) -> Result<Json<DeliveriesAnswer>> {
    let school = partner.may(Scope::MessagesRead)?;
    let id = message_id(&id)?;
    let [cursor] = parameters.take(["cursor"])?;
    let found = deliveries(school, id, cursor).await?;
    Ok(Json(DeliveriesAnswer {
        deliveries: found.lines.into_iter().map(DeliveryAnswer::of).collect(),
        next: found.next,
    }))
}

/// Stop a message
///
/// Deliveries that have not started will not be sent; a few that are being sent may still go. A message that has
/// ended stays as it is.
#[utoipa::path(
    post, path = "/api/v1/messages/{id}/stop", tag = "Messages",
    params(("id" = String, Path, description = "The message")),
    responses(
        (status = 202, description = "Its status now", body = MessageAnswer),
        (status = 403, description = "The key lacks `messages:write`"),
        (status = 404, description = "Not a message of this school"),
    ),
)]
pub(crate) async fn stop_message(
    State(state): State<ApiState>,
    partner: Partner,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<MessageAnswer>)> {
    let school = partner.may(Scope::MessagesWrite)?;
    let event = partner.audit_event(Act::MessageStopped, &id);
    let now = control::stop(&state, school, message_id(&id)?, &event).await?;
    Ok((StatusCode::ACCEPTED, Json(MessageAnswer { id, state: now.code() })))
}

/// Resend what failed or is not confirmed
///
/// A delivery that is not confirmed (`unknown`) may have arrived: it is sent a second time only because you ask.
#[utoipa::path(
    post, path = "/api/v1/messages/{id}/resend", tag = "Messages",
    params(("id" = String, Path, description = "The message")),
    responses(
        (status = 202, description = "How many will be sent again", body = ResendAnswer),
        (status = 403, description = "The key lacks `messages:write`"),
        (status = 404, description = "Not a message of this school"),
        (status = 409, description = "It was stopped or rejected"),
        (status = 422, description = "That would be more than the key may send at once"),
    ),
)]
pub(crate) async fn resend_message(
    State(state): State<ApiState>,
    partner: Partner,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<ResendAnswer>)> {
    let school = partner.may(Scope::MessagesWrite)?;
    let event = partner.audit_event(Act::MessageResent, &id);
    // Posts on X are for staff who hold the role.
    let may = MayResend { posts: false, cap: partner.cap() };
    let resent = control::resend(&state, school, message_id(&id)?, may, &event).await?;
    Ok((StatusCode::ACCEPTED, Json(ResendAnswer { id, state: resent.state.code(), count: resent.count })))
}

/// An id that does not parse is a 404, like another school's.
fn message_id(text: &str) -> Result<MessageId> {
    text.parse().map_err(|_| ApiError::NotFound)
}

impl DeliveryAnswer {
    fn of(line: DeliveryLine) -> Self {
        Self {
            contacts: line.contacts,
            channel: line.channel,
            to: line.to,
            state: line.standing.state.code(),
            units: line.units,
            reason: line.standing.reason.map(|r| r.words(line.channel)),
        }
    }
}

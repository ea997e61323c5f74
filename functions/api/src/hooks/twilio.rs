//! Twilio's webhooks: each is checked, kept where it cannot be lost, and only then answered.

use axum::extract::{FromRequest, Path, Request, State};
use axum::response::IntoResponse;
use channels::reference::NOTICE;
use channels::twilio::callback;
use channels::twilio::signature::Payload;
use http::StatusCode;
use http::header::CONTENT_TYPE;
use store::Inbound;

use crate::error::{ApiError, Result};
use crate::forms::FormFields;
use crate::services::jobs;
use crate::state::ApiState;

/// An answer that sends nothing back to whoever texted.
const EMPTY_TWIML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>";

/// A form that Twilio signed with our account's token, for this very address.
pub(crate) struct SignedForm(FormFields);

impl FromRequest<ApiState> for SignedForm {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self> {
        let forged = || ApiError::Forbidden("The signature does not match.".to_owned());
        let target = request.uri().path_and_query().map(ToString::to_string).unwrap_or_default();
        let signature = request.headers().get("x-twilio-signature").and_then(|v| v.to_str().ok());
        let signature = signature.ok_or_else(forged)?.to_owned();
        let form = FormFields::from_request(request, state).await?;
        state.twilio().verify(&target, Payload::Form(form.pairs()), &signature).map_err(|_| forged())?;
        // Signed with a token that several accounts may share is not enough.
        if form.get("AccountSid").is_some_and(|sid| sid != state.twilio_account_sid()) {
            return Err(forged());
        }
        Ok(Self(form))
    }
}

/// How a text or a call fares. Queued before it is answered: a report that was answered is never lost. If the queue
/// does not take it, Twilio is told to come again.
pub(crate) async fn status(
    State(state): State<ApiState>,
    Path(reference): Path<String>,
    SignedForm(form): SignedForm,
) -> Result<StatusCode> {
    if reference.starts_with(NOTICE) {
        return Ok(StatusCode::NO_CONTENT);
    }
    let forged = |_| ApiError::Forbidden("This is not a reference of ours.".to_owned());
    let delivery = state.references().verify(&reference).map_err(forged)?;
    let garbled = |e: callback::BadCallback| ApiError::Malformed(e.to_string());
    if let Some(evidence) = callback::status(form.pairs(), state.now_ms()).map_err(garbled)? {
        jobs::receipt(&state, delivery, evidence).await?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// A text that somebody sent to one of our numbers: kept once, however often it is posted.
pub(crate) async fn inbound(
    State(state): State<ApiState>,
    SignedForm(form): SignedForm,
) -> Result<impl IntoResponse> {
    let text = callback::inbound(form.pairs()).map_err(|e| ApiError::Malformed(e.to_string()))?;
    let callback::Inbound { id: sid, from, to, body, .. } = text;
    state.store().keep_inbound(&Inbound { sid, from, to, body, at_ms: state.now_ms() }).await?;
    Ok(([(CONTENT_TYPE, "text/xml; charset=utf-8")], EMPTY_TWIML))
}

//! `GET /api/v1/usage`.

use axum::Json;
use axum::extract::State;
use domain::people::Scope;
use serde::Serialize;
use utoipa::ToSchema;

use super::body::Parameters;
use crate::auth::Partner;
use crate::error::Result;
use crate::services::usage::{Range, usage};
use crate::state::ApiState;

/// Usage by day.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsageAnswer {
    /// The days that have any, in order.
    days: Vec<Day>,
}

/// One day: what the providers accepted on it, in the school's time zone.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Day {
    #[schema(example = "2026-09-01", format = Date)]
    date: String,
    /// E-mails.
    #[schema(example = 812)]
    email_count: i64,
    /// Texts.
    #[schema(example = 2961)]
    sms_count: i64,
    /// Units of the texts, as billed.
    #[schema(example = 5922)]
    sms_units: i64,
    /// Minutes of answered calls, each call rounded up.
    #[schema(example = 44)]
    voice_minutes: i64,
}

/// Get usage by day
#[utoipa::path(
    get, path = "/api/v1/usage", tag = "Usage",
    params(
        ("from" = Option<String>, Query, format = Date, description = "First day as YYYY-MM-DD; left out: the first of the month", example = "2026-09-01"),
        ("to" = Option<String>, Query, format = Date, description = "Last day as YYYY-MM-DD; left out: today. At most 400 days", example = "2026-09-30"),
    ),
    responses(
        (status = 200, description = "The days that have any", body = UsageAnswer),
        (status = 403, description = "The key lacks `usage:read`"),
        (status = 422, description = "Not a range of up to 400 days"),
    ),
)]
pub(crate) async fn get_usage(
    State(state): State<ApiState>,
    partner: Partner,
    parameters: Parameters,
) -> Result<Json<UsageAnswer>> {
    let school = partner.may(Scope::UsageRead)?;
    let [from, to] = parameters.take(["from", "to"])?;
    let range = Range::parse(from, to, &state, &school.settings().get().await?)?;
    let days = usage(school, range).await?.into_iter().map(|(date, counts)| Day {
        date: date.to_string(),
        email_count: counts.email_count,
        sms_count: counts.sms_count,
        sms_units: counts.sms_units,
        voice_minutes: counts.voice_minutes,
    });
    Ok(Json(UsageAnswer { days: days.collect() }))
}

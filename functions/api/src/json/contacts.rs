//! `POST /api/v1/contacts/batch`.

use std::collections::HashMap;

use axum::Json;
use axum::extract::State;
use domain::contact::{Contact, Source};
use domain::ids::ContactId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::body::{JsonBody, read_value};
use super::schema;
use crate::auth::{Partner, Scope};
use crate::error::{ApiError, FieldError, Problem, Result};
use crate::services::contacts::{ContactFields, read_contact};
use crate::state::ApiState;

/// Most contacts in one request.
const MOST: usize = 1_000;

/// Contacts to add or replace by id.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BatchRequest {
    /// Up to 1,000. Each is read by itself: the good ones are kept.
    #[schema(value_type = Vec<ContactRow>, max_items = 1000)]
    contacts: Vec<Value>,
}

/// One contact. Fields that are left out, null or blank are empty: a contact is replaced whole.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ContactRow {
    /// The school's own id, 1 to 64 characters.
    #[schema(example = "P1042", min_length = 1, max_length = 64)]
    id: String,
    /// Mr, Ms, Dr…
    #[schema(example = "Ms")]
    title: Option<String>,
    /// Given name.
    #[schema(example = "Ada")]
    forename: String,
    /// Family name.
    #[schema(example = "Marlow")]
    surname: String,
    /// Parent, staff, pupil or other.
    #[schema(schema_with = schema::role)]
    role: String,
    /// Mobile number, in any usual spelling.
    #[schema(example = "07700 900123")]
    mobile: Option<String>,
    /// Number at home.
    #[schema(example = "01632 960042")]
    home: Option<String>,
    /// Number at work.
    work: Option<String>,
    /// E-mail address.
    #[schema(example = "ada.marlow@example.org")]
    email: Option<String>,
    /// Names of the groups the person belongs to.
    #[schema(example = json!(["Year 9"]), max_items = 100)]
    groups: Option<Vec<String>>,
}

/// What became of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BatchAnswer {
    /// Contacts that are new.
    created: u32,
    /// Contacts whose id was there before.
    updated: u32,
    /// What is wrong with the others; each of them was left as it was.
    errors: Vec<RowError>,
}

/// One mistake in one contact.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RowError {
    /// Place in `contacts`, from 0.
    #[schema(example = 17)]
    index: usize,
    /// The field.
    #[schema(example = "mobile")]
    field: String,
    /// What is wrong with it and what to do.
    message: String,
}

/// Add or replace contacts
///
/// Contacts are found again by `id`. Good rows are kept and bad ones reported, all at once; sending the same request
/// again does no harm.
#[utoipa::path(
    post, path = "/api/v1/contacts/batch", tag = "Contacts", request_body = BatchRequest,
    responses(
        (status = 200, description = "Done, apart from the rows in `errors`", body = BatchAnswer),
        (status = 400, description = "Not JSON", body = Problem, content_type = "application/problem+json"),
        (status = 401, description = "No valid key", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "The key lacks `contacts:write`", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "Over 6 MB", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "Not a list of up to 1,000 contacts", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "An import is under way; try again in a minute", body = Problem, content_type = "application/problem+json"),
        (status = "default", description = "Any other problem", body = Problem, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn batch(
    State(state): State<ApiState>,
    partner: Partner,
    JsonBody(request): JsonBody<BatchRequest>,
) -> Result<Json<BatchAnswer>> {
    let school = partner.may(Scope::ContactsWrite)?;
    if request.contacts.len() > MOST {
        return Err(ApiError::field(
            "contacts",
            format!(
                "Send at most {MOST} contacts at once; there are {}. Split them.",
                request.contacts.len()
            ),
        ));
    }
    let country = school.settings().await?.country;
    let (contacts, errors) =
        sort_out(request.contacts, |row| read_contact(&row.fields(), Source::Api, country, state.numbers()));
    let done = school.upsert_batch(contacts, state.now_ms()).await?;
    Ok(Json(BatchAnswer { created: done.created, updated: done.updated, errors }))
}

fn sort_out(
    rows: Vec<Value>,
    read: impl Fn(&ContactRow) -> std::result::Result<Contact, Vec<FieldError>>,
) -> (Vec<Contact>, Vec<RowError>) {
    let mut contacts = Vec::with_capacity(rows.len());
    let mut errors = Vec::new();
    let mut seen: HashMap<ContactId, usize> = HashMap::with_capacity(rows.len());
    for (index, row) in rows.into_iter().enumerate() {
        let contact = read_value::<ContactRow>(row).map_err(|e| vec![e]).and_then(|row| read(&row)).and_then(
            |contact| {
                let first = *seen.entry(contact.id.clone()).or_insert(index);
                if first == index {
                    Ok(contact)
                } else {
                    let message = format!("The same id stands at index {first}. Give each contact once.");
                    Err(vec![FieldError::new("id", message)])
                }
            },
        );
        match contact {
            Ok(contact) => contacts.push(contact),
            Err(wrong) => errors.extend(wrong.into_iter().map(|e| RowError {
                index,
                field: e.field,
                message: e.message,
            })),
        }
    }
    (contacts, errors)
}

impl ContactRow {
    fn fields(&self) -> ContactFields<'_> {
        ContactFields {
            id: &self.id,
            title: self.title.as_deref().unwrap_or_default(),
            forename: &self.forename,
            surname: &self.surname,
            role: &self.role,
            mobile: self.mobile.as_deref().unwrap_or_default(),
            home: self.home.as_deref().unwrap_or_default(),
            work: self.work.as_deref().unwrap_or_default(),
            email: self.email.as_deref().unwrap_or_default(),
            groups: self.groups.as_deref().unwrap_or_default(),
        }
    }
}

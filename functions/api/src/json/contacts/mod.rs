//! `POST /api/v1/contacts/batch`.

mod rows;
mod sorted;

use std::collections::HashSet;

use axum::Json;
use axum::extract::State;
use domain::audit::Act;
use domain::contact::{Rules, Source};
use domain::feed::Tie;
use domain::ids::ContactId;
use domain::people::Scope;
use domain::settings::Settings;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::School;
use utoipa::ToSchema;

use self::rows::{ContactRow, DeletionRow, PupilRow, RelationshipRow};
use self::sorted::{DELETIONS, Numbered, Pair, RELATIONSHIPS, RowError, Sorted};
use super::body::JsonBody;
use crate::auth::Partner;
use crate::error::{ApiError, Result};
use crate::services::contacts::read_contact;
use crate::state::ApiState;

/// Most contacts in one request.
const MOST: usize = 1_000;

/// People and relationships to add or replace by id, and others to delete: up to 1,000 rows in all. Each row is read
/// by itself, and the good ones are kept. Deletions are done last.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BatchRequest {
    /// People of any role. While sync is on, people who come from the MIS are skipped and listed in `errors`.
    #[serde(default)]
    #[schema(value_type = Vec<ContactRow>, max_items = 1000)]
    contacts: Option<Vec<Value>>,
    /// Pupils: as `contacts`, without `role`.
    #[serde(default)]
    #[schema(value_type = Option<Vec<PupilRow>>, max_items = 1000, nullable = false)]
    pupils: Vec<Value>,
    /// Relationships between adults and pupils. Both must exist already or be in the same request.
    /// Relationships that come from the MIS are skipped and listed in `errors`.
    #[serde(default)]
    #[schema(value_type = Option<Vec<RelationshipRow>>, max_items = 1000, nullable = false)]
    relationships: Vec<Value>,
    /// People by `id`, or relationships by `pupil` and `contact`. Whatever does not exist is ignored.
    #[serde(default)]
    #[schema(value_type = Option<Vec<DeletionRow>>, max_items = 1000, nullable = false)]
    deletions: Vec<Value>,
}

/// The result of a batch.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BatchAnswer {
    /// Contacts and pupils that are new.
    created: u32,
    /// Contacts and pupils whose id existed already.
    updated: u32,
    /// Relationships that were saved; left out if none were sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    relationships: Option<usize>,
    /// Deletions that were made; left out if none were sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    deleted: Option<usize>,
    /// What is wrong with the other rows; each of those was left unchanged.
    errors: Vec<RowError>,
}

/// Add or replace contacts, pupils and relationships, or delete them
///
/// People are matched by `id`. Good rows are kept and bad ones reported, all at once; sending the same request
/// again does no harm.
#[utoipa::path(
    post, path = "/api/v1/contacts/batch", tag = "Contacts", request_body = BatchRequest,
    responses(
        (status = 200, description = "Done, apart from the rows in `errors`", body = BatchAnswer),
        (status = 403, description = "The key lacks `contacts:write`"),
        (status = 413, description = "Over 6 MB"),
        (status = 422, description = "Not a list of up to 1,000 contacts"),
        (status = 503, description = "An import is under way; try again in a minute"),
    ),
)]
pub(crate) async fn batch(
    State(state): State<ApiState>,
    partner: Partner,
    JsonBody(request): JsonBody<BatchRequest>,
) -> Result<Json<BatchAnswer>> {
    let school = partner.may(Scope::ContactsWrite)?;
    let BatchRequest { contacts, pupils, relationships, deletions } = request.of_a_size()?;
    let (sent_ties, sent_deletions) = (!relationships.is_empty(), !deletions.is_empty());
    let settings = school.settings().get().await?;
    let rules = Rules { country: settings.country, mode: state.numbers() };
    let mut sorted = Sorted::default();
    sorted.people(None, contacts.unwrap_or_default(), |row: &ContactRow| {
        read_contact(Source::Api, rules, |field| Some(row.given(field)))
    });
    sorted.people(Some("pupils"), pupils, |row: &PupilRow| {
        read_contact(Source::Api, rules, |field| row.given(field))
    });
    let ties = sorted.ties(relationships);
    let (people, pairs) = sorted.deletions(deletions);
    let people = leave_to_mis(&mut sorted, school, &settings, people).await?;
    let done = school.contacts().upsert(std::mem::take(&mut sorted.contacts), state.now_ms()).await?;

    let (ties, pairs) = changeable(&mut sorted, school, ties, pairs).await?;
    if !(ties.is_empty() && pairs.is_empty()) {
        school.ties().write(&ties, &pairs, state.now_ms()).await?;
    }
    if !people.is_empty() {
        let event = partner.audit_event(Act::ContactsDeleted, "");
        school.contacts().delete(&people, &event, state.now_ms()).await?;
    }
    Ok(Json(BatchAnswer {
        created: done.created,
        updated: done.updated,
        relationships: sent_ties.then_some(ties.len()),
        deleted: sent_deletions.then_some(people.len() + pairs.len()),
        errors: sorted.errors_in_order(),
    }))
}

impl BatchRequest {
    /// Refuses a request without any list, and one of too many rows.
    fn of_a_size(self) -> Result<Self> {
        let others = self.pupils.len() + self.relationships.len() + self.deletions.len();
        let rows = match &self.contacts {
            None if others == 0 => return Err(ApiError::field("contacts", "Missing field `contacts`.")),
            contacts => contacts.as_ref().map_or(0, Vec::len) + others,
        };
        if rows > MOST {
            return Err(ApiError::field(
                "contacts",
                format!("Send at most {MOST} contacts at once; there are {rows}. Split them."),
            ));
        }
        Ok(self)
    }
}

/// Leaves out everybody whom the MIS gives, while the school reads one; returns those who may be deleted.
async fn leave_to_mis(
    sorted: &mut Sorted,
    school: &School,
    settings: &Settings,
    people: Numbered<ContactId>,
) -> Result<Vec<ContactId>> {
    let named = sorted.contacts.iter().map(|contact| &contact.id).chain(people.iter().map(|(_, id)| id));
    let named: Vec<&ContactId> = named.collect();
    let mis_gives = settings.mis.is_on() && !named.is_empty();
    let given = if mis_gives { school.contacts().ids_of_mis(&named).await? } else { HashSet::new() };
    sorted.leave_to_mis(&given);
    Ok(sorted.own(DELETIONS, "id", people, |id| given.contains(id)))
}

/// The ties that can be written and the pairs that can be parted: between people who are known, and not tied by the
/// MIS.
async fn changeable(
    sorted: &mut Sorted,
    school: &School,
    ties: Numbered<Tie>,
    pairs: Numbered<Pair>,
) -> Result<(Vec<Tie>, Vec<Pair>)> {
    let ends: Vec<&ContactId> = ties.iter().flat_map(|(_, t)| [&t.pupil, &t.contact]).collect();
    let known = if ends.is_empty() { HashSet::new() } else { school.contacts().known_ids(&ends).await? };
    let ties = sorted.known_ties(ties, &known);
    let named = ties.iter().map(|(_, tie)| (&tie.pupil, &tie.contact));
    let named: Vec<_> = named.chain(pairs.iter().map(|(_, (pupil, contact))| (pupil, contact))).collect();
    let of_mis = if named.is_empty() { HashSet::new() } else { school.ties().pairs_of_mis(&named).await? };
    let is_of_mis = |tie: &Tie| of_mis.contains(&(tie.pupil.clone(), tie.contact.clone()));
    let ties = sorted.own(RELATIONSHIPS, "contact", ties, is_of_mis);
    let pairs = sorted.own(DELETIONS, "contact", pairs, |pair| of_mis.contains(pair));
    Ok((ties, pairs))
}

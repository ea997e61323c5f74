//! `POST /api/v1/contacts/batch`.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use axum::Json;
use axum::extract::State;
use domain::audit::Act;
use domain::contact::{Contact, ContactRole, Source};
use domain::feed::Tie;
use domain::ids::ContactId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::body::{JsonBody, read_value};
use super::schema;
use crate::auth::{Partner, Scope};
use crate::error::{ApiError, FieldError, Problem, Result};
use crate::services::contacts::{ContactFields, read_contact};
use crate::state::ApiState;

/// A pupil and an adult.
type Pair = (ContactId, ContactId);

/// Rows with their places in their list.
type Numbered<T> = Vec<(usize, T)>;

/// Most contacts in one request.
const MOST: usize = 1_000;
/// Longest kind of a relationship, in characters.
const MAX_KIND: usize = 60;
const RELATIONSHIPS: &str = "relationships";
const DELETIONS: &str = "deletions";
const OF_MIS: &str = "This person comes from the school's MIS. Change them there.";
const TIE_OF_MIS: &str = "This relationship comes from the school's MIS. Change it there.";

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
    /// Mobile number, in any usual format.
    #[schema(example = "07700 900123")]
    mobile: Option<String>,
    /// Home number.
    #[schema(example = "01632 960042")]
    home: Option<String>,
    /// Work number.
    work: Option<String>,
    /// E-mail address.
    #[schema(example = "ada.marlow@example.org")]
    email: Option<String>,
    /// Names of the groups the person belongs to.
    #[schema(example = json!(["Year 9"]), max_items = 100)]
    groups: Option<Vec<String>>,
}

/// One pupil. Fields that are left out, null or blank are empty: a pupil is replaced whole.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PupilRow {
    /// The school's own id, 1 to 64 characters; not used by any contact.
    #[schema(example = "S2041", min_length = 1, max_length = 64)]
    id: String,
    /// Given name.
    #[schema(example = "Ben")]
    forename: String,
    /// Family name.
    #[schema(example = "Marlow")]
    surname: String,
    /// The pupil's own mobile number.
    mobile: Option<String>,
    /// The pupil's own e-mail address.
    email: Option<String>,
    /// Names of the groups the pupil belongs to.
    #[schema(example = json!(["Year 9", "9A"]), max_items = 100)]
    groups: Option<Vec<String>>,
}

/// A relationship between an adult and a pupil. Rights belong to the pair.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RelationshipRow {
    /// The pupil's id.
    #[schema(value_type = String, example = "S2041")]
    pupil: ContactId,
    /// The adult's id.
    #[schema(value_type = String, example = "P1042")]
    contact: ContactId,
    /// *Mother*, *Foster carer*…
    #[schema(example = "Mother")]
    kind: Option<String>,
    /// 1 comes first; left out, it comes after every number.
    #[schema(minimum = 1, maximum = 99, example = 1)]
    priority: Option<u8>,
    /// Parental responsibility.
    #[serde(default)]
    responsibility: bool,
    /// Contact about this pupil is barred.
    #[serde(default)]
    court_order: bool,
}

/// A person or a relationship to delete.
#[derive(Deserialize, ToSchema)]
#[serde(untagged, deny_unknown_fields)]
pub(crate) enum DeletionRow {
    /// A person.
    Person {
        /// The person's id.
        #[schema(value_type = String, example = "P1042")]
        id: ContactId,
    },
    /// A relationship.
    Relationship {
        /// The pupil's id.
        #[schema(value_type = String, example = "S2041")]
        pupil: ContactId,
        /// The adult's id.
        #[schema(value_type = String, example = "P1042")]
        contact: ContactId,
    },
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

/// One mistake in one row.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RowError {
    /// The list, where it is not `contacts`: `pupils`, `relationships` or `deletions`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, nullable = false, example = "relationships")]
    list: Option<&'static str>,
    /// Place in the list, from 0.
    #[schema(example = 17)]
    index: usize,
    /// The field.
    #[schema(example = "mobile")]
    field: String,
    /// What is wrong with it and what to do.
    message: String,
}

/// Add or replace contacts, pupils and relationships, or delete them
///
/// People are matched by `id`. Good rows are kept and bad ones reported, all at once; sending the same request
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
    let BatchRequest { contacts, pupils, relationships, deletions } = request;
    let nothing_else = pupils.is_empty() && relationships.is_empty() && deletions.is_empty();
    let Some(contacts) = contacts.or_else(|| (!nothing_else).then(Vec::new)) else {
        return Err(ApiError::field("contacts", "Missing field `contacts`."));
    };
    let rows = contacts.len() + pupils.len() + relationships.len() + deletions.len();
    if rows > MOST {
        return Err(ApiError::field(
            "contacts",
            format!("Send at most {MOST} contacts at once; there are {rows}. Split them."),
        ));
    }
    let settings = school.settings().get().await?;
    let read =
        |fields: &ContactFields<'_>| read_contact(fields, Source::Api, settings.country, state.numbers());
    let mut sorted = Sorted::default();
    let (sent_ties, sent_deletions) = (!relationships.is_empty(), !deletions.is_empty());
    sorted.people(None, contacts, |row: &ContactRow| read(&row.fields()));
    sorted.people(Some("pupils"), pupils, |row: &PupilRow| read(&row.fields()));
    let ties = sorted.ties(relationships);
    let (people, pairs) = sorted.deletions(deletions);
    let named = sorted.contacts.iter().map(|contact| &contact.id).chain(people.iter().map(|(_, id)| id));
    let named: Vec<&ContactId> = named.collect();
    let mis_gives = settings.mis.is_on() && !named.is_empty();
    let given = if mis_gives { school.contacts().ids_of_mis(&named).await? } else { HashSet::new() };
    sorted.leave_to_mis(&given);
    let people = sorted.own(DELETIONS, "id", people, |id| given.contains(id));
    let done = school.contacts().upsert(std::mem::take(&mut sorted.contacts), state.now_ms()).await?;

    let ends: Vec<&ContactId> = ties.iter().flat_map(|(_, t)| [&t.pupil, &t.contact]).collect();
    let known = if ends.is_empty() { HashSet::new() } else { school.contacts().known_ids(&ends).await? };
    let ties = sorted.known_ties(ties, &known);
    let named = ties.iter().map(|(_, tie)| (&tie.pupil, &tie.contact));
    let named: Vec<_> = named.chain(pairs.iter().map(|(_, (pupil, contact))| (pupil, contact))).collect();
    let of_mis = if named.is_empty() { HashSet::new() } else { school.ties().pairs_of_mis(&named).await? };
    let is_of_mis = |tie: &Tie| of_mis.contains(&(tie.pupil.clone(), tie.contact.clone()));
    let ties = sorted.own(RELATIONSHIPS, "contact", ties, is_of_mis);
    let pairs = sorted.own(DELETIONS, "contact", pairs, |pair| of_mis.contains(pair));
    if !(ties.is_empty() && pairs.is_empty()) {
        school.ties().write(&ties, &pairs, state.now_ms()).await?;
    }
    if !people.is_empty() {
        let deed = partner.deed(Act::ContactsDeleted, "");
        school.contacts().delete(&people, &deed, state.now_ms()).await?;
    }
    Ok(Json(BatchAnswer {
        created: done.created,
        updated: done.updated,
        relationships: sent_ties.then_some(ties.len()),
        deleted: sent_deletions.then_some(people.len() + pairs.len()),
        errors: sorted.errors_in_order(),
    }))
}

/// Rows that were read one by one.
#[derive(Default)]
struct Sorted {
    contacts: Vec<Contact>,
    errors: Vec<RowError>,
    /// Every id so far, with its list and place.
    seen: HashMap<ContactId, (Option<&'static str>, usize)>,
}

impl Sorted {
    fn people<R: DeserializeOwned>(
        &mut self,
        list: Option<&'static str>,
        rows: Vec<Value>,
        read: impl Fn(&R) -> std::result::Result<Contact, Vec<FieldError>>,
    ) {
        for (index, row) in rows.into_iter().enumerate() {
            match read_value::<R>(row).map_err(|e| vec![e]).and_then(|row| read(&row)) {
                Ok(contact) => match self.seen.entry(contact.id.clone()) {
                    Entry::Vacant(free) => {
                        free.insert((list, index));
                        self.contacts.push(contact);
                    }
                    Entry::Occupied(taken) => {
                        let (where_else, first) = *taken.get();
                        let place = match where_else {
                            other if other == list => format!("index {first}"),
                            other => format!("index {first} of `{}`", other.unwrap_or("contacts")),
                        };
                        let message = format!("The same id is also at {place}. Give each contact once.");
                        self.say(list, index, vec![FieldError::new("id", message)]);
                    }
                },
                Err(wrong) => self.say(list, index, wrong),
            }
        }
    }

    fn ties(&mut self, rows: Vec<Value>) -> Vec<(usize, Tie)> {
        let list = Some(RELATIONSHIPS);
        let mut ties: Vec<(usize, Tie)> = Vec::with_capacity(rows.len());
        let mut seen: HashMap<(ContactId, ContactId), usize> = HashMap::new();
        for (index, row) in rows.into_iter().enumerate() {
            let tie = match read_value::<RelationshipRow>(row)
                .map_err(|e| vec![e])
                .and_then(RelationshipRow::tie)
            {
                Ok(tie) => tie,
                Err(wrong) => {
                    self.say(list, index, wrong);
                    continue;
                }
            };
            let first = *seen.entry((tie.pupil.clone(), tie.contact.clone())).or_insert(index);
            if first == index {
                ties.push((index, tie));
            } else {
                let message = format!("The same pair is also at index {first}. Give each relationship once.");
                self.say(list, index, vec![FieldError::new("contact", message)]);
            }
        }
        ties
    }

    /// Those whose two ends are in the address book.
    fn known_ties(&mut self, ties: Vec<(usize, Tie)>, known: &HashSet<ContactId>) -> Vec<(usize, Tie)> {
        let mut kept = Vec::with_capacity(ties.len());
        for (index, tie) in ties {
            let ends = [("pupil", &tie.pupil), ("contact", &tie.contact)];
            let unknown = ends.into_iter().filter(|(_, id)| !known.contains(*id));
            let wrong: Vec<FieldError> = unknown
                .map(|(field, id)| {
                    FieldError::new(field, format!("There is no “{id}”. Add the person first."))
                })
                .collect();
            if wrong.is_empty() {
                kept.push((index, tie));
            } else {
                self.say(Some(RELATIONSHIPS), index, wrong);
            }
        }
        kept
    }

    /// Takes out whom the MIS gives: the next sync would put back what it says of them, and until then a message would go
    /// to another number.
    fn leave_to_mis(&mut self, given: &HashSet<ContactId>) {
        let (theirs, own): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.contacts).into_iter().partition(|contact| given.contains(&contact.id));
        self.contacts = own;
        for contact in theirs {
            if let Some((list, index)) = self.seen.get(&contact.id).copied() {
                self.say(list, index, vec![FieldError::new("id", OF_MIS)]);
            }
        }
    }

    /// Those that are not the MIS's: what it says holds until it says otherwise.
    fn own<T>(
        &mut self,
        list: &'static str,
        field: &'static str,
        rows: Vec<(usize, T)>,
        is_of_mis: impl Fn(&T) -> bool,
    ) -> Vec<T> {
        let mut kept = Vec::with_capacity(rows.len());
        for (index, row) in rows {
            if is_of_mis(&row) {
                let message = if field == "id" { OF_MIS } else { TIE_OF_MIS };
                self.say(Some(list), index, vec![FieldError::new(field, message)]);
            } else {
                kept.push(row);
            }
        }
        kept
    }

    fn deletions(&mut self, rows: Vec<Value>) -> (Numbered<ContactId>, Numbered<Pair>) {
        let (mut people, mut pairs) = (Vec::new(), Vec::new());
        for (index, row) in rows.into_iter().enumerate() {
            match read_value::<DeletionRow>(row) {
                Ok(DeletionRow::Person { id }) => people.push((index, id)),
                Ok(DeletionRow::Relationship { pupil, contact }) => pairs.push((index, (pupil, contact))),
                Err(_) => {
                    let message = "Give `id` of a person, or `pupil` and `contact` of a relationship.";
                    self.say(Some(DELETIONS), index, vec![FieldError::new("id", message)]);
                }
            }
        }
        (people, pairs)
    }

    /// List by list, and in each by place.
    fn errors_in_order(mut self) -> Vec<RowError> {
        let order = [None, Some("pupils"), Some(RELATIONSHIPS), Some(DELETIONS)];
        self.errors.sort_by_key(|e| (order.iter().position(|list| *list == e.list), e.index));
        self.errors
    }

    fn say(&mut self, list: Option<&'static str>, index: usize, wrong: Vec<FieldError>) {
        self.errors.extend(wrong.into_iter().map(|e| RowError {
            list,
            index,
            field: e.field,
            message: e.message,
        }));
    }
}

impl RelationshipRow {
    fn tie(self) -> std::result::Result<Tie, Vec<FieldError>> {
        let kind = self.kind.unwrap_or_default().trim().to_owned();
        let mut wrong = Vec::new();
        if kind.chars().count() > MAX_KIND || kind.chars().any(char::is_control) {
            wrong.push(FieldError::new("kind", format!("Use at most {MAX_KIND} characters on one line.")));
        }
        if self.priority.is_some_and(|p| !(1..=99).contains(&p)) {
            wrong.push(FieldError::new(
                "priority",
                "Give 1 for the person to ask first, up to 99 for the last.",
            ));
        }
        if self.pupil == self.contact {
            wrong.push(FieldError::new(
                "contact",
                "A pupil cannot be their own contact. Give the adult's id.",
            ));
        }
        let Self { pupil, contact, priority, responsibility, court_order, .. } = self;
        if wrong.is_empty() {
            Ok(Tie { pupil, contact, kind, priority, responsibility, court_order })
        } else {
            Err(wrong)
        }
    }
}

impl PupilRow {
    fn fields(&self) -> ContactFields<'_> {
        ContactFields {
            id: &self.id,
            forename: &self.forename,
            surname: &self.surname,
            role: ContactRole::Pupil.code(),
            mobile: self.mobile.as_deref().unwrap_or_default(),
            email: self.email.as_deref().unwrap_or_default(),
            groups: self.groups.as_deref().unwrap_or_default(),
            ..ContactFields::default()
        }
    }
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

//! The rows of a batch.

use domain::contact::{ContactRole, Field, Given};
use domain::feed::Tie;
use domain::ids::ContactId;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::error::FieldError;
use crate::json::schema;

/// Longest kind of a relationship, in characters.
const MAX_KIND: usize = 60;

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

impl ContactRow {
    /// What the row gives for a field.
    pub(super) fn given(&self, field: Field) -> Given<'_> {
        match field {
            Field::Id => Given::Text(&self.id),
            Field::Title => text(self.title.as_ref()),
            Field::Forename => Given::Text(&self.forename),
            Field::Surname => Given::Text(&self.surname),
            Field::Role => Given::Text(&self.role),
            Field::Mobile => text(self.mobile.as_ref()),
            Field::Home => text(self.home.as_ref()),
            Field::Work => text(self.work.as_ref()),
            Field::Email => text(self.email.as_ref()),
            Field::Groups => list(self.groups.as_ref()),
        }
    }
}

impl PupilRow {
    /// What the row gives for a field.
    pub(super) fn given(&self, field: Field) -> Option<Given<'_>> {
        match field {
            Field::Id => Some(Given::Text(&self.id)),
            Field::Forename => Some(Given::Text(&self.forename)),
            Field::Surname => Some(Given::Text(&self.surname)),
            Field::Role => Some(Given::Text(ContactRole::Pupil.code())),
            Field::Mobile => Some(text(self.mobile.as_ref())),
            Field::Email => Some(text(self.email.as_ref())),
            Field::Groups => Some(list(self.groups.as_ref())),
            _ => None,
        }
    }
}

fn text(text: Option<&String>) -> Given<'_> {
    Given::Text(text.map_or("", String::as_str))
}

fn list(list: Option<&Vec<String>>) -> Given<'_> {
    Given::List(list.map_or(&[], Vec::as_slice))
}

impl RelationshipRow {
    /// The tie that the row describes, or everything that is wrong with it.
    pub(super) fn tie(self) -> Result<Tie, Vec<FieldError>> {
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

//! The rows of a batch, read one by one: those that are good, and what is wrong with the others.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use domain::contact::Contact;
use domain::feed::Tie;
use domain::ids::ContactId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;

use super::rows::{DeletionRow, RelationshipRow};
use crate::error::FieldError;
use crate::json::body::read_value;

/// A pupil and an adult.
pub(super) type Pair = (ContactId, ContactId);

/// Rows with their places in their list.
pub(super) type Numbered<T> = Vec<(usize, T)>;

pub(super) const RELATIONSHIPS: &str = "relationships";
pub(super) const DELETIONS: &str = "deletions";
const OF_MIS: &str = "This person comes from the school's MIS. Change them there.";
const TIE_OF_MIS: &str = "This relationship comes from the school's MIS. Change it there.";

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

/// Rows that were read one by one.
#[derive(Default)]
pub(super) struct Sorted {
    pub(super) contacts: Vec<Contact>,
    errors: Vec<RowError>,
    /// Every id so far, with its list and place.
    seen: HashMap<ContactId, (Option<&'static str>, usize)>,
}

impl Sorted {
    /// Reads people of a list.
    pub(super) fn people<R: DeserializeOwned>(
        &mut self,
        list: Option<&'static str>,
        rows: Vec<Value>,
        read: impl Fn(&R) -> Result<Contact, Vec<FieldError>>,
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

    /// Reads relationships.
    pub(super) fn ties(&mut self, rows: Vec<Value>) -> Numbered<Tie> {
        let list = Some(RELATIONSHIPS);
        let mut ties: Numbered<Tie> = Vec::with_capacity(rows.len());
        let mut seen: HashMap<Pair, usize> = HashMap::new();
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
    pub(super) fn known_ties(&mut self, ties: Numbered<Tie>, known: &HashSet<ContactId>) -> Numbered<Tie> {
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

    /// Takes out whom the MIS gives: the next sync would put back what it says of them, and until then a message would
    /// go to another number.
    pub(super) fn leave_to_mis(&mut self, given: &HashSet<ContactId>) {
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
    pub(super) fn own<T>(
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

    /// Reads what is to be deleted.
    pub(super) fn deletions(&mut self, rows: Vec<Value>) -> (Numbered<ContactId>, Numbered<Pair>) {
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
    pub(super) fn errors_in_order(mut self) -> Vec<RowError> {
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

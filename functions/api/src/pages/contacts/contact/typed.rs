//! The fields of a contact as they stand in its form.

use std::collections::BTreeMap;

use domain::channel::Channel;
use domain::contact::{Contact, Field, Given, Kind, Rules, Source};

use crate::forms::FormFields;
use crate::pages::kit::form::{Problem, problems};
use crate::pages::kit::preview;
use crate::services::contacts::read_contact;

/// What stands in the form, by field.
#[derive(Default, Clone)]
pub(super) struct Typed(BTreeMap<Field, String>);

impl Typed {
    /// What was typed.
    pub(super) fn read(form: &FormFields) -> Self {
        Self(Field::ALL.map(|field| (field, form.text(field.code()).to_owned())).into())
    }

    /// What the form of a contact shows.
    pub(super) fn of(contact: &Contact) -> Self {
        Self(Field::ALL.map(|field| (field, shown_text(field, &field.text(contact)))).into())
    }

    /// What stands in one field.
    pub(super) fn get(&self, field: Field) -> &str {
        self.0.get(&field).map_or("", String::as_str)
    }

    /// With another text in one field.
    pub(super) fn with(mut self, field: Field, text: impl Into<String>) -> Self {
        self.0.insert(field, text.into());
        self
    }

    /// Reads the contact that the form describes, from the fields that are `wanted`.
    pub(super) fn contact(
        &self,
        source: Source,
        rules: Rules,
        wanted: impl Fn(Field) -> bool,
    ) -> Result<Contact, Vec<Problem>> {
        read_contact(source, rules, |field| wanted(field).then(|| Given::Text(self.get(field))))
            .map_err(problems)
    }
}

/// A field's text as a page shows it: numbers as people write them.
pub(super) fn shown_text(field: Field, text: &str) -> String {
    match field.kind() {
        Kind::Phone => preview::address(Channel::Voice, text),
        _ => text.to_owned(),
    }
}

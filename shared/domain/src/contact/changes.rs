//! What counts of an imported contact: the source's values, and what staff changed in them.

use super::fields::Field;
use super::overrides::Overrides;
use super::person::Contact;

/// One field of a contact that was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overridden {
    /// The field.
    pub field: Field,
    /// What the source says; empty for nothing.
    pub source: String,
    /// What counts; empty for nothing.
    pub ours: String,
}

impl Overrides {
    /// The changes that make `wanted` out of what the source says. Groups and the role stay the source's.
    pub fn between(source: &Contact, wanted: &Contact) -> Self {
        Field::overridable().map(|field| (field, field.text(wanted))).fold(
            Self::default(),
            |changes, (field, text)| {
                if field.text(source) == text { changes } else { changes.with(field.code(), text) }
            },
        )
    }
}

impl Contact {
    /// The contact as it counts: what staff changed instead of what the source says. Applied twice it is the same.
    #[must_use]
    pub fn as_changed(mut self) -> Self {
        if self.overrides.is_empty() {
            return self;
        }
        let changes = std::mem::take(&mut self.overrides);
        for field in Field::overridable() {
            if let Some(value) = changes.get(field.code()) {
                field.put(&mut self, value);
            }
        }
        self.overrides = changes;
        self
    }

    /// What was changed, field by field, in the order of the form; `self` holds the source's values.
    pub fn overridden(&self) -> Vec<Overridden> {
        let changed = |field: Field| {
            let ours = self.overrides.get(field.code())?.to_owned();
            Some(Overridden { field, source: field.text(self), ours })
        };
        Field::overridable().filter_map(changed).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::{ContactRole, LabelledNumber, PhoneLabel, Source};
    use crate::ids::ContactId;

    fn ann() -> Contact {
        let number = |label, number: &str| LabelledNumber { label, number: number.to_owned() };
        Contact {
            title: Some("Ms".into()),
            forename: "Ann".into(),
            surname: "Ashworth".into(),
            numbers: vec![
                number(PhoneLabel::Mobile, "+447700900001"),
                number(PhoneLabel::Home, "+441632960001"),
                number(PhoneLabel::Mobile, "+447700900002"),
            ],
            email: Some("ann@example.org".into()),
            groups: vec!["Year 9".into()],
            ..Contact::new(ContactId::parse("P1").unwrap(), Source::Mis, ContactRole::Parent)
        }
    }

    #[test]
    fn a_change_counts_until_it_is_dropped_and_the_source_value_stays_known() {
        let mut wanted = ann();
        wanted.forename = "Anna".into();
        wanted.email = None;
        wanted.numbers = vec![
            LabelledNumber { label: PhoneLabel::Mobile, number: "+447700900009".into() },
            LabelledNumber { label: PhoneLabel::Work, number: "+441632960009".into() },
        ];
        let mut kept = ann();
        kept.overrides = Overrides::between(&kept, &wanted);
        let counts = kept.clone().as_changed();
        assert_eq!((counts.forename.as_str(), counts.email.as_deref()), ("Anna", None));
        let numbers: Vec<_> = counts.numbers.iter().map(|n| (n.label, n.number.as_str())).collect();
        assert_eq!(numbers, [(PhoneLabel::Mobile, "+447700900009"), (PhoneLabel::Work, "+441632960009")]);
        assert_eq!(counts.clone().as_changed(), counts);

        let shown: Vec<_> = kept
            .overridden()
            .into_iter()
            .map(|o| format!("{}: {}→{}", o.field.code(), o.source, o.ours))
            .collect();
        assert_eq!(
            shown,
            [
                "forename: Ann→Anna",
                "mobile: +447700900001→+447700900009",
                "home: +441632960001→",
                "work: →+441632960009",
                "email: ann@example.org→",
            ]
        );
        for field in ["forename", "mobile", "home", "work", "email"] {
            assert!(kept.overrides.drop_field(field) && !kept.overrides.drop_field(field), "{field}");
        }
        assert!(!kept.overrides.drop_field("groups"));
        assert_eq!(kept, ann());
    }
}

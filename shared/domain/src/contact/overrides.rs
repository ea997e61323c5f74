//! What staff changed in an imported contact: kept apart from what its source says, so that it survives the source's
//! next word and can be dropped (FEATURES §4.2).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Contact, LabelledNumber, PhoneLabel};

/// The fields that staff changed, each with the value that counts instead of the source's; an empty one takes the
/// source's value away. Fields that are not here are the source's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overrides {
    /// Title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Given name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forename: Option<String>,
    /// Family name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub surname: Option<String>,
    /// The one number under a label, in E.164, instead of all that the source has under it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub numbers: BTreeMap<PhoneLabel, String>,
    /// The e-mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// One field of a contact that was changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overridden {
    /// The field, as forms name it: `forename`, `mobile`.
    pub field: &'static str,
    /// What the source says; empty for nothing.
    pub source: String,
    /// What counts; empty for nothing.
    pub ours: String,
}

impl Overrides {
    /// Whether nothing was changed.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The changes that make `wanted` out of what the source says. Groups and the role stay the source's.
    pub fn between(source: &Contact, wanted: &Contact) -> Self {
        let text = |source: &str, wanted: &str| (source != wanted).then(|| wanted.to_owned());
        let numbers = PhoneLabel::ALL.into_iter().filter_map(|label| {
            let wanted = wanted.number(label).unwrap_or_default();
            text(source.number(label).unwrap_or_default(), wanted).map(|number| (label, number))
        });
        Self {
            title: text(
                source.title.as_deref().unwrap_or_default(),
                wanted.title.as_deref().unwrap_or_default(),
            ),
            forename: text(&source.forename, &wanted.forename),
            surname: text(&source.surname, &wanted.surname),
            numbers: numbers.collect(),
            email: text(
                source.email.as_deref().unwrap_or_default(),
                wanted.email.as_deref().unwrap_or_default(),
            ),
        }
    }

    /// Takes one change back; `false` for a field that was not changed.
    pub fn drop_field(&mut self, field: &str) -> bool {
        match field {
            "title" => self.title.take().is_some(),
            "forename" => self.forename.take().is_some(),
            "surname" => self.surname.take().is_some(),
            "email" => self.email.take().is_some(),
            _ => PhoneLabel::ALL
                .into_iter()
                .find(|label| label.code() == field)
                .is_some_and(|label| self.numbers.remove(&label).is_some()),
        }
    }
}

impl Contact {
    /// The contact as it counts: what staff changed instead of what the source says. Applied twice it is the same.
    #[must_use]
    pub fn as_changed(mut self) -> Self {
        let changes = std::mem::take(&mut self.overrides);
        let some = |text: &String| Some(text.clone()).filter(|t| !t.is_empty());
        if let Some(title) = &changes.title {
            self.title = some(title);
        }
        if let Some(forename) = &changes.forename {
            self.forename.clone_from(forename);
        }
        if let Some(surname) = &changes.surname {
            self.surname.clone_from(surname);
        }
        if let Some(email) = &changes.email {
            self.email = some(email);
        }
        for (label, number) in &changes.numbers {
            let place = self.numbers.iter().position(|n| n.label == *label).unwrap_or(self.numbers.len());
            self.numbers.retain(|n| n.label != *label);
            if !number.is_empty() {
                let place = place.min(self.numbers.len());
                self.numbers.insert(place, LabelledNumber { label: *label, number: number.clone() });
            }
        }
        self.overrides = changes;
        self
    }

    /// What was changed, field by field, in the order of the form; `self` holds the source's values.
    pub fn overridden(&self) -> Vec<Overridden> {
        let changes = &self.overrides;
        let texts = [
            ("title", self.title.as_deref().unwrap_or_default(), &changes.title),
            ("forename", &*self.forename, &changes.forename),
            ("surname", &*self.surname, &changes.surname),
        ];
        let change = |field, source: &str, ours: &String| Overridden {
            field,
            source: source.to_owned(),
            ours: ours.clone(),
        };
        let numbers = changes.numbers.iter();
        let numbers = numbers.map(|(l, ours)| change(l.code(), self.number(*l).unwrap_or_default(), ours));
        let email = changes.email.as_ref();
        let email = email.map(|ours| change("email", self.email.as_deref().unwrap_or_default(), ours));
        let texts = texts.into_iter().filter_map(|(f, source, ours)| Some(change(f, source, ours.as_ref()?)));
        texts.chain(numbers).chain(email).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::{ContactRole, Source};
    use crate::ids::ContactId;

    fn ann() -> Contact {
        let number = |label, number: &str| LabelledNumber { label, number: number.to_owned() };
        Contact {
            id: ContactId::parse("P1").unwrap(),
            source: Source::Mis,
            title: Some("Ms".into()),
            forename: "Ann".into(),
            surname: "Ashworth".into(),
            role: ContactRole::Parent,
            numbers: vec![
                number(PhoneLabel::Mobile, "+447700900001"),
                number(PhoneLabel::Home, "+441632960001"),
                number(PhoneLabel::Mobile, "+447700900002"),
            ],
            email: Some("ann@example.org".into()),
            groups: vec!["Year 9".into()],
            overrides: Overrides::default(),
            away: None,
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

        let shown: Vec<_> =
            kept.overridden().into_iter().map(|o| format!("{}: {}→{}", o.field, o.source, o.ours)).collect();
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

//! The one reader of contacts: whoever gives one, each field is read alike.

use super::fields::{Field, Rules};
use super::given::{FieldProblem, Given};
use super::parts::{ContactRole, Source};
use super::person::Contact;
use crate::ids::ContactId;
use crate::phone::Repair;

/// A contact, and what spreadsheets had done to its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadContact {
    /// The contact.
    pub contact: Contact,
    /// What was undone.
    pub repairs: Vec<(Field, Repair)>,
}

/// Reads a contact out of what each field was given, or says everything that is wrong with it. `role` is for one whose
/// role nobody gives.
pub fn read<'g>(
    source: Source,
    role: ContactRole,
    rules: Rules,
    given: impl Fn(Field) -> Option<Given<'g>>,
) -> Result<ReadContact, Vec<(Field, FieldProblem)>> {
    let mut contact = Contact::new(ContactId::blank(), source, role);
    let (mut repairs, mut wrong) = (Vec::new(), Vec::new());
    for field in Field::ALL {
        let Some(given) = given(field).or((field == Field::Id).then_some(Given::Text(""))) else { continue };
        match field.read(&mut contact, given, rules) {
            Ok(repair) => repairs.extend(repair.map(|repair| (field, repair))),
            Err(problem) => wrong.push((field, problem)),
        }
    }
    // A name that was refused is an error already.
    let is_name = |field: Field| matches!(field, Field::Forename | Field::Surname);
    if contact.forename.is_empty() && contact.surname.is_empty() && !wrong.iter().any(|(f, _)| is_name(*f)) {
        wrong.push((Field::Surname, FieldProblem::NoName));
    }
    // The id and the role come first: they say whom the rest is about.
    wrong.sort_by_key(|(field, _)| !matches!(field, Field::Id | Field::Role));
    if wrong.is_empty() { Ok(ReadContact { contact, repairs }) } else { Err(wrong) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::{Contact, PhoneLabel};
    use crate::phone::{CountryCode, NumberMode};

    const RULES: Rules = Rules { country: CountryCode::UK, mode: NumberMode::Simulated };

    fn ann(field: Field) -> Given<'static> {
        let text = match field {
            Field::Id => " P1 ",
            Field::Forename => "Ann",
            Field::Surname => "Ashworth",
            Field::Role => "Parent",
            Field::Mobile => "07700 900123",
            Field::Home => "(020) 7946 0000",
            Field::Email => "ann@example.org",
            Field::Groups => return Given::List(&[]),
            Field::Title | Field::Work => "",
        };
        Given::Text(text)
    }

    fn read_with<'g>(given: impl Fn(Field) -> Option<Given<'g>>) -> Result<Contact, Vec<&'static str>> {
        read(Source::Api, ContactRole::Other, RULES, |field| Some(given(field).unwrap_or_else(|| ann(field))))
            .map(|read| read.contact)
            .map_err(|wrong| wrong.into_iter().map(|(field, _)| field.code()).collect())
    }

    #[test]
    fn a_contact_is_kept_in_one_spelling() {
        let ann = read_with(|_| None).unwrap();
        assert_eq!((ann.id.as_str(), ann.role, ann.title.as_deref()), ("P1", ContactRole::Parent, None));
        let numbers: Vec<_> = ann.numbers.iter().map(|n| (n.label, n.number.as_str())).collect();
        assert_eq!(numbers, [(PhoneLabel::Mobile, "+447700900123"), (PhoneLabel::Home, "+442079460000")]);
        assert_eq!(ann.email.as_deref(), Some("ann@example.org"));
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let long = "x".repeat(101);
        let blank = ["Year 9".to_owned(), " ".to_owned()];
        let wrong = |field: Field| {
            Some(match field {
                Field::Id => Given::Text(""),
                Field::Title => Given::Text("a\nb"),
                Field::Forename => Given::Text(&long),
                Field::Role => Given::Text("mum"),
                Field::Mobile => Given::Text("12"),
                Field::Home => Given::Text("no"),
                Field::Email => Given::Text("ann@"),
                Field::Groups => Given::List(&blank),
                _ => return None,
            })
        };
        assert_eq!(
            read_with(wrong).unwrap_err(),
            ["id", "role", "title", "forename", "mobile", "home", "email", "groups"]
        );
        let nameless = |field| matches!(field, Field::Forename | Field::Surname).then_some(Given::Text(" "));
        assert_eq!(read_with(nameless).unwrap_err(), ["surname"]);
    }
}

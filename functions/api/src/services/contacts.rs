//! Contacts as a partner or a form gives them: every field is text until it is read here.

use domain::audit::Change;
use domain::contact::{Contact, ContactRole, LabelledNumber, PhoneLabel, Source};
use domain::email::EmailAddress;
use domain::ids::ContactId;
use domain::phone::{CountryCode, NumberMode, PhoneNumber};
use store::School;

use crate::error::FieldError;
use crate::services::audit::hidden;
use crate::state::ApiState;

/// Longest title, in characters.
const MAX_TITLE: usize = 30;
/// Longest forename or surname, in characters.
const MAX_NAME: usize = 100;
/// Most groups of one person.
const MAX_GROUPS: usize = 100;

/// The fields of a contact as they came; blank ones are empty.
#[derive(Clone, Copy, Default)]
pub struct ContactFields<'a> {
    /// The school's own id.
    pub id: &'a str,
    /// Mr, Ms, Dr…
    pub title: &'a str,
    /// Given name.
    pub forename: &'a str,
    /// Family name.
    pub surname: &'a str,
    /// `parent`, `staff`, `pupil` or `other`.
    pub role: &'a str,
    /// Mobile number.
    pub mobile: &'a str,
    /// Home number.
    pub home: &'a str,
    /// Work number.
    pub work: &'a str,
    /// E-mail address.
    pub email: &'a str,
    /// Names of groups.
    pub groups: &'a [String],
}

/// Reads the fields, or says everything that is wrong with them; errors are named by field.
pub fn read_contact(
    fields: &ContactFields<'_>,
    source: Source,
    country: CountryCode,
    mode: NumberMode,
) -> Result<Contact, Vec<FieldError>> {
    let mut errors = Vec::new();
    let mut say = |field: &str, message: String| errors.push(FieldError::new(field, message));

    let id = ContactId::parse(fields.id);
    if id.is_err() {
        say("id", "Give an id of 1 to 64 printable characters.".to_owned());
    }
    let role = ContactRole::from_code(fields.role);
    if role.is_none() {
        say("role", "Use one of: parent, staff, pupil, other.".to_owned());
    }
    for (field, text, longest) in [
        ("title", fields.title, MAX_TITLE),
        ("forename", fields.forename, MAX_NAME),
        ("surname", fields.surname, MAX_NAME),
    ] {
        if !is_line(text, longest) {
            say(field, format!("Use at most {longest} characters on one line."));
        }
    }
    if fields.forename.trim().is_empty() && fields.surname.trim().is_empty() {
        say("surname", "Give a forename or a surname.".to_owned());
    }
    let mut numbers = Vec::new();
    for (label, text) in [
        (PhoneLabel::Mobile, fields.mobile),
        (PhoneLabel::Home, fields.home),
        (PhoneLabel::Work, fields.work),
    ] {
        if text.trim().is_empty() {
            continue;
        }
        match PhoneNumber::parse(text, country, mode) {
            Ok(number) => numbers.push(LabelledNumber { label, number: number.as_str().to_owned() }),
            Err(error) => say(label.code(), error.to_string()),
        }
    }
    let mut email = None;
    if !fields.email.trim().is_empty() {
        match EmailAddress::parse(fields.email) {
            Ok(address) => email = Some(address.as_str().to_owned()),
            Err(error) => say("email", error.to_string()),
        }
    }
    if fields.groups.len() > MAX_GROUPS {
        say("groups", format!("A person may be in at most {MAX_GROUPS} groups."));
    } else if fields.groups.iter().any(|g| g.trim().is_empty() || !is_line(g, MAX_NAME)) {
        say("groups", format!("Name each group in 1 to {MAX_NAME} characters on one line."));
    }
    match (id, role) {
        (Ok(id), Some(role)) if errors.is_empty() => Ok(Contact {
            id,
            source,
            title: Some(fields.title.trim()).filter(|t| !t.is_empty()).map(str::to_owned),
            forename: fields.forename.trim().to_owned(),
            surname: fields.surname.trim().to_owned(),
            role,
            numbers,
            email,
            groups: fields.groups.iter().map(|g| g.trim().to_owned()).collect(),
            overrides: domain::contact::Overrides::default(),
            away: None,
        }),
        _ => Err(errors),
    }
}

/// What the log says of a contact that is added (`before` is `None`) or changed: which fields, and never their values.
pub(crate) fn logged(
    state: &ApiState,
    school: &School,
    before: Option<&Contact>,
    after: &Contact,
) -> Vec<Change> {
    let (was, is) = (before.map(fields), fields(after));
    let changes = is.into_iter().enumerate().filter_map(|(at, (field, is))| {
        let was = was.as_ref().map_or("", |was| &was[at].1);
        // Whose it is goes into the hash: that two people share a number is theirs to know.
        let hash = |text: &str| hidden(state, school, &format!("{field} {}", after.id), text);
        Change::of(field, &hash(was), &hash(&is))
    });
    changes.collect()
}

fn fields(contact: &Contact) -> [(&'static str, String); 9] {
    let numbers = |label: PhoneLabel| {
        let of = contact.numbers.iter().filter(|n| n.label == label);
        of.map(|n| n.number.as_str()).collect::<Vec<_>>().join(" ")
    };
    [
        ("title", contact.title.clone().unwrap_or_default()),
        ("forename", contact.forename.clone()),
        ("surname", contact.surname.clone()),
        ("role", contact.role.code().to_owned()),
        ("mobile", numbers(PhoneLabel::Mobile)),
        ("home", numbers(PhoneLabel::Home)),
        ("work", numbers(PhoneLabel::Work)),
        ("email", contact.email.clone().unwrap_or_default()),
        ("groups", contact.groups.join(", ")),
    ]
}

fn is_line(text: &str, longest: usize) -> bool {
    text.trim().chars().count() <= longest && !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: ContactFields<'_>) -> Result<Contact, Vec<String>> {
        read_contact(&fields, Source::Api, CountryCode::UK, NumberMode::Simulated)
            .map_err(|errors| errors.into_iter().map(|e| e.field).collect())
    }

    const ANN: ContactFields<'_> = ContactFields {
        id: " P1 ",
        title: "",
        forename: "Ann",
        surname: "Ashworth",
        role: "Parent",
        mobile: "07700 900123",
        home: "(020) 7946 0000",
        work: "",
        email: "ann@example.org",
        groups: &[],
    };

    #[test]
    fn a_contact_is_kept_in_one_spelling() {
        let ann = read(ANN).unwrap();
        assert_eq!((ann.id.as_str(), ann.role, ann.title.as_deref()), ("P1", ContactRole::Parent, None));
        let numbers: Vec<_> = ann.numbers.iter().map(|n| (n.label, n.number.as_str())).collect();
        assert_eq!(numbers, [(PhoneLabel::Mobile, "+447700900123"), (PhoneLabel::Home, "+442079460000")]);
        assert_eq!(ann.email.as_deref(), Some("ann@example.org"));
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once() {
        let long = "x".repeat(101);
        let blank = ["Year 9".to_owned(), " ".to_owned()];
        let wrong = ContactFields {
            id: "",
            title: "a\nb",
            forename: &long,
            role: "mum",
            mobile: "12",
            home: "no",
            email: "ann@",
            groups: &blank,
            ..ANN
        };
        assert_eq!(
            read(wrong).unwrap_err(),
            ["id", "role", "title", "forename", "mobile", "home", "email", "groups"]
        );
        assert_eq!(read(ContactFields { forename: " ", surname: "", ..ANN }).unwrap_err(), ["surname"]);
    }
}

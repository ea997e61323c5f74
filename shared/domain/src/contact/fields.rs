//! The fields of a contact. All that is known of one stands in its entry here.

use serde::{Deserialize, Serialize};

use super::given::{self, FieldProblem, Given};
use super::parts::{LabelledNumber, PhoneLabel};
use super::person::Contact;
use crate::phone::{CountryCode, NumberMode, Parsed, PhoneNumber, Repair};

/// Longest title, in characters.
const LONGEST_TITLE: usize = 30;

/// A field of a contact, in the order in which pages list them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Field {
    /// The school's own id of the person.
    Id,
    /// Mr, Ms, Dr…
    Title,
    /// Given name.
    Forename,
    /// Family name.
    Surname,
    /// Parent, staff, pupil or other.
    Role,
    /// Mobile number.
    Mobile,
    /// Home number.
    Home,
    /// Work number.
    Work,
    /// E-mail address.
    Email,
    /// Names of groups.
    Groups,
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// What the person is found by again.
    Id,
    /// A part of the name.
    Name,
    /// What the person is to the school.
    Role,
    /// A telephone number.
    Phone,
    /// An e-mail address.
    Email,
    /// Names of groups.
    Groups,
}

/// What telephone numbers are read by.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// Country of numbers without a country code.
    pub country: CountryCode,
    /// Whether drama numbers will do.
    pub mode: NumberMode,
}

/// What is known of a field.
struct Entry {
    field: Field,
    code: &'static str,
    words: &'static str,
    kind: Kind,
    /// As a list of changes names it; several fields may share these words.
    subject: &'static str,
    /// Folded headings of lists that name it whatever else is in the list.
    headings: &'static [&'static str],
    /// Folded headings that name it only where no clearer one does.
    vague: &'static [&'static str],
    /// Reads what was given into a contact.
    read: fn(&mut Contact, Given<'_>, Rules) -> Result<Option<Repair>, FieldProblem>,
    /// What a contact has in it.
    texts: for<'c> fn(&'c Contact) -> Vec<&'c str>,
    /// Puts a value that was read before; only for what staff may change in an imported contact.
    put: Option<fn(&mut Contact, &str)>,
}

#[rustfmt::skip]
const PHONES: &[&str] = &[
    "telephone", "telephonenumber", "telephoneno", "phone", "phonenumber", "phoneno", "tel", "telno", "contactnumber",
    "primaryphone", "primarytelephone", "number",
];

/// In the order of [`Field`].
#[rustfmt::skip]
const FIELDS: &[Entry] = &[
    Entry {
        field: Field::Id, code: "id", words: "ID", kind: Kind::Id, subject: "ID",
        headings: &[
            "id", "personid", "contactid", "personreference", "upn", "adno", "admissionno", "admissionnumber", "misid",
            "staffid", "pupilid", "studentid", "parentid", "externalid", "uniqueid", "schoolid", "idnumber", "idno",
        ],
        vague: &["reference", "ref", "code", "uuid", "guid", "staffcode", "username"],
        read: |contact, given, _| given::id(given).map(|(id, repair)| { contact.id = id; repair }),
        texts: |contact| vec![contact.id.as_str()],
        put: None,
    },
    Entry {
        field: Field::Title, code: "title", words: "Title", kind: Kind::Name, subject: "title",
        headings: &["title", "salutation"],
        vague: &[],
        read: |contact, given, _| given::line(given, LONGEST_TITLE).map(|(title, repair)| {
            contact.title = some(&title);
            repair
        }),
        texts: |contact| contact.title.as_deref().into_iter().collect(),
        put: Some(|contact, title| contact.title = some(title)),
    },
    Entry {
        field: Field::Forename, code: "forename", words: "Forename", kind: Kind::Name, subject: "name",
        headings: &[
            "forename", "forenames", "firstname", "firstnames", "givenname", "givennames", "preferredforename",
            "preferredfirstname", "legalforename", "chosenname", "christianname",
        ],
        vague: &["first", "given", "knownas", "preferredname", "name", "fullname"],
        read: |contact, given, _| given::name(given).map(|(name, repair)| { contact.forename = name; repair }),
        texts: |contact| vec![contact.forename.as_str()],
        put: Some(|contact, name| name.clone_into(&mut contact.forename)),
    },
    Entry {
        field: Field::Surname, code: "surname", words: "Surname", kind: Kind::Name, subject: "name",
        headings: &["surname", "lastname", "familyname", "secondname", "preferredsurname", "legalsurname"],
        vague: &["last", "family"],
        read: |contact, given, _| given::name(given).map(|(name, repair)| { contact.surname = name; repair }),
        texts: |contact| vec![contact.surname.as_str()],
        put: Some(|contact, name| name.clone_into(&mut contact.surname)),
    },
    Entry {
        field: Field::Role, code: "role", words: "Role", kind: Kind::Role, subject: "role",
        headings: &["role", "contacttype", "persontype"],
        vague: &["type", "relationship", "relation"],
        read: |contact, given, _| given::role(given).map(|(role, repair)| {
            contact.role = role.unwrap_or(contact.role);
            repair
        }),
        texts: |contact| vec![contact.role.code()],
        put: None,
    },
    Entry {
        field: Field::Mobile, code: "mobile", words: "Mobile", kind: Kind::Phone, subject: "telephone numbers",
        headings: &[
            "mobile", "mobilenumber", "mobileno", "mobilephone", "mobilephonenumber", "mobiletelephone",
            "mobiletelephonenumber", "mobiletel", "cell", "cellphone", "cellnumber", "smsnumber",
        ],
        vague: PHONES,
        read: |contact, given, rules| read_number(contact, PhoneLabel::Mobile, given, rules),
        texts: |contact| numbers(contact, PhoneLabel::Mobile),
        put: Some(|contact, number| put_number(contact, PhoneLabel::Mobile, number)),
    },
    Entry {
        field: Field::Home, code: "home", words: "Home phone", kind: Kind::Phone, subject: "telephone numbers",
        headings: &[
            "home", "homenumber", "homephone", "homephonenumber", "hometelephone", "hometelephonenumber", "hometel",
            "landline", "landlinenumber",
        ],
        vague: PHONES,
        read: |contact, given, rules| read_number(contact, PhoneLabel::Home, given, rules),
        texts: |contact| numbers(contact, PhoneLabel::Home),
        put: Some(|contact, number| put_number(contact, PhoneLabel::Home, number)),
    },
    Entry {
        field: Field::Work, code: "work", words: "Work phone", kind: Kind::Phone, subject: "telephone numbers",
        headings: &[
            "work", "worknumber", "workphone", "workphonenumber", "worktelephone", "worktelephonenumber", "worktel",
            "daytimetelephone", "daytimephone",
        ],
        vague: &[],
        read: |contact, given, rules| read_number(contact, PhoneLabel::Work, given, rules),
        texts: |contact| numbers(contact, PhoneLabel::Work),
        put: Some(|contact, number| put_number(contact, PhoneLabel::Work, number)),
    },
    Entry {
        field: Field::Email, code: "email", words: "E-mail", kind: Kind::Email, subject: "e-mail address",
        headings: &[
            "email", "emailaddress", "mail", "homeemail", "homeemailaddress", "primaryemail", "primaryemailaddress",
            "personalemail", "contactemail", "mainemail",
        ],
        vague: &["workemail", "workemailaddress", "schoolemail", "schoolemailaddress"],
        read: |contact, given, _| given::email(given).map(|(email, repair)| {
            contact.email = email.map(Into::into);
            repair
        }),
        texts: |contact| contact.email.as_deref().into_iter().collect(),
        put: Some(|contact, email| contact.email = some(email)),
    },
    Entry {
        field: Field::Groups, code: "groups", words: "Groups", kind: Kind::Groups, subject: "groups",
        headings: &["group", "groups", "groupname", "groupnames"],
        vague: &[
            "year", "yeargroup", "class", "classes", "form", "regform", "registration", "registrationgroup", "reg",
            "reggroup", "tutorgroup", "house", "ncyear",
        ],
        read: |contact, given, _| given::groups(given).map(|(groups, repair)| { contact.groups = groups; repair }),
        texts: |contact| contact.groups.iter().map(String::as_str).collect(),
        put: None,
    },
];

fn some(text: &str) -> Option<String> {
    Some(text).filter(|text| !text.is_empty()).map(str::to_owned)
}

fn numbers(contact: &Contact, label: PhoneLabel) -> Vec<&str> {
    contact.numbers.iter().filter(|n| n.label == label).map(|n| n.number.as_str()).collect()
}

fn read_number(
    contact: &mut Contact,
    label: PhoneLabel,
    given: Given<'_>,
    rules: Rules,
) -> Result<Option<Repair>, FieldProblem> {
    let Some(text) = given::phone_text(given)? else { return Ok(None) };
    let Parsed { number, repair } = PhoneNumber::parse_cell(text, rules.country, rules.mode)?;
    contact.numbers.push(LabelledNumber { label, number: number.e164() });
    Ok(repair)
}

/// One number instead of all under the label, where the first of them stood.
fn put_number(contact: &mut Contact, label: PhoneLabel, number: &str) {
    let place = contact.numbers.iter().position(|n| n.label == label).unwrap_or(contact.numbers.len());
    contact.numbers.retain(|n| n.label != label);
    if !number.is_empty() {
        let place = place.min(contact.numbers.len());
        contact.numbers.insert(place, LabelledNumber { label, number: number.to_owned() });
    }
}

impl Field {
    /// Every field, in the order in which pages list them.
    pub const ALL: [Self; FIELDS.len()] = {
        let mut all = [Self::Id; FIELDS.len()];
        let mut at = 0;
        while at < all.len() {
            all[at] = FIELDS[at].field;
            at += 1;
        }
        all
    };

    const fn entry(self) -> &'static Entry {
        &FIELDS[self as usize]
    }

    /// The fields that staff may change in an imported contact.
    pub fn overridable() -> impl Iterator<Item = Self> {
        FIELDS.iter().filter(|entry| entry.put.is_some()).map(|entry| entry.field)
    }

    /// The word in JSON, forms and rows.
    pub const fn code(self) -> &'static str {
        self.entry().code
    }

    /// The field of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.code() == code)
    }

    /// What a page calls it.
    pub const fn words(self) -> &'static str {
        self.entry().words
    }

    /// What it holds.
    pub const fn kind(self) -> Kind {
        self.entry().kind
    }

    /// Folded headings of lists that name it whatever else is in the list.
    pub(crate) const fn headings(self) -> &'static [&'static str] {
        self.entry().headings
    }

    /// Folded headings that name it only where no clearer one does.
    pub(crate) const fn vague_headings(self) -> &'static [&'static str] {
        self.entry().vague
    }

    /// As a list of changes names it; several fields may share these words.
    pub(crate) const fn subject(self) -> &'static str {
        self.entry().subject
    }

    /// All that a contact has in it.
    pub fn texts(self, contact: &Contact) -> Vec<&str> {
        (self.entry().texts)(contact)
    }

    /// What a form shows of it: of several numbers the first.
    pub fn text(self, contact: &Contact) -> String {
        let texts = self.texts(contact);
        if self.kind() == Kind::Groups {
            texts.join(", ")
        } else {
            texts.first().copied().unwrap_or_default().to_owned()
        }
    }

    /// Puts a value that was read before. Fields that staff may not change in an imported contact stay as they are.
    pub fn put(self, contact: &mut Contact, value: &str) {
        if let Some(put) = self.entry().put {
            put(contact, value);
        }
    }

    /// Reads what was given into a contact; says what a spreadsheet had done to it, if that could be undone.
    pub(super) fn read(
        self,
        contact: &mut Contact,
        given: Given<'_>,
        rules: Rules,
    ) -> Result<Option<Repair>, FieldProblem> {
        (self.entry().read)(contact, given, rules)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_stands_in_its_place() {
        for (place, field) in Field::ALL.into_iter().enumerate() {
            assert_eq!((field as usize, Field::from_code(field.code())), (place, Some(field)));
            assert_eq!(serde_json::to_string(&field).unwrap(), format!("\"{}\"", field.code()));
        }
    }
}

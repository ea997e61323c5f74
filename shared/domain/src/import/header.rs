//! What the headings of a list mean, guessed from the words that schools' systems use.

use std::collections::BTreeMap;

use super::mapping::Field;

/// A guess at which column holds which field; nothing is certain until somebody has confirmed it.
pub type Guess = BTreeMap<Field, u16>;

/// Headings that name a field whatever else is in the list.
#[rustfmt::skip]
const CLEAR: [(Field, &[&str]); 10] = [
    (Field::Id, &[
        "id", "personid", "contactid", "personreference", "upn", "adno", "admissionno", "admissionnumber", "misid",
        "staffid", "pupilid", "studentid", "parentid", "externalid", "uniqueid", "schoolid", "idnumber", "idno",
    ]),
    (Field::Title, &["title", "salutation"]),
    (Field::Forename, &[
        "forename", "forenames", "firstname", "firstnames", "givenname", "givennames", "preferredforename",
        "preferredfirstname", "legalforename", "chosenname", "christianname",
    ]),
    (Field::Surname, &[
        "surname", "lastname", "familyname", "secondname", "preferredsurname", "legalsurname",
    ]),
    (Field::Role, &["role", "contacttype", "persontype"]),
    (Field::Mobile, &[
        "mobile", "mobilenumber", "mobileno", "mobilephone", "mobilephonenumber", "mobiletelephone",
        "mobiletelephonenumber", "mobiletel", "cell", "cellphone", "cellnumber", "smsnumber",
    ]),
    (Field::Home, &[
        "home", "homenumber", "homephone", "homephonenumber", "hometelephone", "hometelephonenumber", "hometel",
        "landline", "landlinenumber",
    ]),
    (Field::Work, &[
        "work", "worknumber", "workphone", "workphonenumber", "worktelephone", "worktelephonenumber", "worktel",
        "daytimetelephone", "daytimephone",
    ]),
    (Field::Email, &[
        "email", "emailaddress", "mail", "homeemail", "homeemailaddress", "primaryemail", "primaryemailaddress",
        "personalemail", "contactemail", "mainemail",
    ]),
    (Field::Groups, &["group", "groups", "groupname", "groupnames"]),
];

/// Headings that name a field only where no clearer one does: the first of these fields that is still without.
#[rustfmt::skip]
const VAGUE: [(&[Field], &[&str]); 7] = [
    (&[Field::Mobile, Field::Home], &[
        "telephone", "telephonenumber", "telephoneno", "phone", "phonenumber", "phoneno", "tel", "telno",
        "contactnumber", "primaryphone", "primarytelephone", "number",
    ]),
    (&[Field::Id], &["reference", "ref", "code", "uuid", "guid", "staffcode", "username"]),
    (&[Field::Forename], &["first", "given", "knownas", "preferredname", "name", "fullname"]),
    (&[Field::Surname], &["last", "family"]),
    (&[Field::Role], &["type", "relationship", "relation"]),
    (&[Field::Email], &["workemail", "workemailaddress", "schoolemail", "schoolemailaddress"]),
    (&[Field::Groups], &[
        "year", "yeargroup", "class", "classes", "form", "regform", "registration", "registrationgroup", "reg",
        "reggroup", "tutorgroup", "house", "ncyear",
    ]),
];

/// A heading as it is compared: small letters and digits only, no number 1 at the end ("E-mail 1" is "email").
pub(super) fn folded(heading: &str) -> String {
    let mut folded: String =
        heading.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    if folded.len() > 1 && folded.ends_with('1') {
        folded.pop();
    }
    folded
}

/// Whether a folded heading names a field, clearly or vaguely.
pub(super) fn is_known(folded: &str) -> bool {
    let known = |names: &[&str]| names.contains(&folded);
    CLEAR.iter().any(|(_, names)| known(names)) || VAGUE.iter().any(|(_, names)| known(names))
}

/// Guesses what folded headings mean: clear words first, each field and each column once.
pub(super) fn guess(folded: &[String]) -> Guess {
    let mut guess = Guess::new();
    let mut taken = vec![false; folded.len()];
    for (field, names) in CLEAR {
        take(&mut guess, &mut taken, folded, field, names);
    }
    for (fields, names) in VAGUE {
        for field in fields {
            take(&mut guess, &mut taken, folded, *field, names);
        }
    }
    guess
}

fn take(guess: &mut Guess, taken: &mut [bool], folded: &[String], field: Field, names: &[&str]) {
    if guess.contains_key(&field) {
        return;
    }
    let free = |at: &usize| !taken[*at];
    let found = names.iter().find_map(|name| folded.iter().position(|f| f == name).filter(free));
    if let Some((at, column)) = found.and_then(|at| Some((at, u16::try_from(at).ok()?))) {
        taken[at] = true;
        guess.insert(field, column);
    }
}

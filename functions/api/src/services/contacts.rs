//! Contacts as partners and forms give them, and what the log says of their changes.

use domain::audit::Change;
use domain::contact::{Contact, ContactRole, Field, Given, Rules, Source, read};
use store::School;

use crate::error::FieldError;
use crate::services::audit::hidden;
use crate::state::ApiState;

/// Reads a contact, or says everything that is wrong with it; errors are named by field.
pub fn read_contact<'g>(
    source: Source,
    rules: Rules,
    given: impl Fn(Field) -> Option<Given<'g>>,
) -> Result<Contact, Vec<FieldError>> {
    read(source, ContactRole::Other, rules, given).map(|read| read.contact).map_err(|wrong| {
        wrong.into_iter().map(|(f, problem)| FieldError::new(f.code(), problem.to_string())).collect()
    })
}

/// What the log says of a contact that is added (`before` is `None`) or changed: which fields, and never their values.
pub(crate) fn logged(
    state: &ApiState,
    school: &School,
    before: Option<&Contact>,
    after: &Contact,
) -> Vec<Change> {
    let changed = |field: Field| {
        // Whose it is goes into the hash: that two people share a number is theirs to know.
        let about = format!("{} {}", field.code(), after.id);
        let hash = |contact: Option<&Contact>| {
            let text = contact.map(|contact| field.texts(contact).join(", ")).unwrap_or_default();
            hidden(state, school, &about, &text)
        };
        Change::of(field.code(), &hash(before), &hash(Some(after)))
    };
    Field::ALL.into_iter().filter(|field| *field != Field::Id).filter_map(changed).collect()
}

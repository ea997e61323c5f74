//! Changing a school's settings: read row by row, checked whole, confirmed where a row is protected, audited.

mod groups;
mod logo;
mod row;

use domain::audit::{Act, Change};
use domain::settings::Settings;
use sha2::{Digest, Sha256};
use store::StoreError;

pub use groups::GROUPS;
pub use logo::{LogoError, MAX_LOGO_BYTES, Picture, picture};
pub use row::{Given, Group, Kind, Row};

use crate::auth::SignedIn;
use crate::error::{ApiError, FieldError, Result};
use crate::forms::FormFields;
use crate::services::audit::hidden;
use crate::state::ApiState;

/// Tries at a row that others change at the same time.
const TRIES: usize = 4;

/// One row that would be another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Name of the row's field.
    pub name: &'static str,
    /// For people.
    pub label: &'static str,
    /// As it is shown now.
    pub before: String,
    /// As it would be shown.
    pub after: String,
    /// Whether it asks first.
    pub protected: bool,
    /// What to think of first; empty for nothing.
    pub care: &'static str,
    personal: bool,
}

/// What came of a form.
#[derive(Debug)]
pub enum Outcome {
    /// Nothing was different.
    Same,
    /// It is done.
    Saved,
    /// Protected rows would change: these, once `token` comes back with the same form.
    Confirm {
        /// What would change.
        differences: Vec<Difference>,
        /// Shows that exactly these were seen.
        token: String,
    },
    /// Things to mend; nothing was changed.
    Wrong(Vec<FieldError>),
    /// Somebody else changed one of these rows since the form was shown.
    Stale,
}

/// The group of a code.
pub fn group(code: &str) -> Option<&'static Group> {
    GROUPS.iter().find(|group| group.code == code)
}

/// Names how a group's rows stand, so that a form can say what it was made from.
pub fn seen(group: &Group, settings: &Settings) -> String {
    let mut hash = Sha256::new();
    for row in group.rows {
        let value = (row.get)(settings);
        hash.update((value.len() as u64).to_be_bytes());
        hash.update(value);
    }
    hex::encode(&hash.finalize()[..8])
}

/// Reads a group's rows from a form onto the settings: what would differ, or everything that is wrong.
fn read(
    group: &Group,
    before: &Settings,
    form: &FormFields,
    given: Given,
) -> std::result::Result<(Settings, Vec<Difference>), Vec<FieldError>> {
    let mut after = before.clone();
    let mut errors = Vec::new();
    for row in group.rows {
        // Of a box that can be ticked there are two fields, the last of which counts.
        let Some(typed) = form.all(row.name).last() else { continue };
        if typed.trim() == (row.get)(before) {
            continue;
        }
        if let Err(message) = (row.set)(&mut after, typed, given) {
            errors.push(FieldError::new(row.name, message));
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let differences = group.rows.iter().filter_map(|row| {
        let (was, is) = ((row.get)(before), (row.get)(&after));
        let care = (row.care)(&after);
        (was != is).then(|| Difference {
            name: row.name,
            label: row.label,
            before: row.shown(&was),
            after: row.shown(&is),
            protected: row.protected || !care.is_empty(),
            care,
            personal: row.personal,
        })
    });
    let differences = differences.collect();
    Ok((after, differences))
}

/// Changes a group of rows as a form says. A protected row is changed only when the form comes back with the token that
/// showed what it was and what it would be.
pub async fn change(state: &ApiState, by: &SignedIn, group: &Group, form: &FormFields) -> Result<Outcome> {
    let given = Given { numbers: state.numbers(), now_ms: state.now_ms() };
    for _ in 0..TRIES {
        let stored = by.school.settings().get().await?;
        let before = stored.clone().current(given.now_ms);
        if form.text("seen") != seen(group, &before) {
            return Ok(Outcome::Stale);
        }
        let (after, differences) = match read(group, &before, form, given) {
            Ok(read) => read,
            Err(errors) => return Ok(Outcome::Wrong(errors)),
        };
        if differences.is_empty() {
            return Ok(Outcome::Same);
        }
        if let Some(error) = taken(state, by, group, &after).await? {
            return Ok(Outcome::Wrong(vec![error]));
        }
        let token = token(by, group, &differences);
        if differences.iter().any(|d| d.protected) && form.text("confirmed") != token {
            return Ok(Outcome::Confirm { differences, token });
        }
        let changes = differences.iter().map(|d| logged(state, by, d)).collect();
        let event = by.audit_event(Act::SettingsChanged, "", changes);
        match by.school.settings().change(&stored, after, &event, given.now_ms).await {
            Err(StoreError::Conflict) => {}
            done => return Ok(done.map(|_| Outcome::Saved)?),
        }
    }
    Ok(Outcome::Stale)
}

/// A number that is another school's cannot be this one's.
async fn taken(
    state: &ApiState,
    by: &SignedIn,
    group: &Group,
    after: &Settings,
) -> Result<Option<FieldError>> {
    for number in after.own_numbers() {
        let owner = state.store().owner_of_number(number).await?;
        if owner.is_some_and(|owner| owner != by.school.id()) {
            let row = group.rows.iter().find(|row| (row.get)(after) == number);
            let message = "This number is another school's. Use a number of your own, or a name.";
            return Ok(row.map(|row| FieldError::new(row.name, message)));
        }
    }
    Ok(None)
}

/// Only whoever was shown these differences in this session knows it.
fn token(by: &SignedIn, group: &Group, differences: &[Difference]) -> String {
    let mut hash = Sha256::new();
    let mut add = |text: &str| {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    };
    add(&by.csrf);
    add(group.code);
    for d in differences {
        for text in [d.name, &d.before, &d.after] {
            add(text);
        }
    }
    hex::encode(hash.finalize())
}

/// As the log holds it: a person's data as a hash that differs from school to school.
fn logged(state: &ApiState, by: &SignedIn, d: &Difference) -> Change {
    let shown = |text: &str| {
        if d.personal { hidden(state, &by.school, d.name, text) } else { text.to_owned() }
    };
    Change { field: d.name.to_owned(), before: shown(&d.before), after: shown(&d.after) }
}

/// The field of the log that a logo is.
pub const LOGO: &str = "logo";

/// Takes a picture for the school's logo, or takes the one that it has away.
pub async fn put_logo(state: &ApiState, by: &SignedIn, picture: Option<Picture>) -> Result<()> {
    for _ in 0..TRIES {
        let before = by.school.settings().get().await?;
        if let Some(picture) = &picture {
            // Under a name made of what it is: written twice it is the same.
            let file = picture.logo.file(by.school.id());
            state.files().write(&file, &picture.png, "image/png").await?;
        }
        let after = Settings { logo: picture.as_ref().map(|p| p.logo.clone()), ..before.clone() };
        let hash = |s: &Settings| s.logo.as_ref().map_or_else(String::new, |logo| logo.hash.clone());
        let Some(change) = Change::of(LOGO, &hash(&before), &hash(&after)) else { return Ok(()) };
        let event = by.audit_event(Act::SettingsChanged, "", vec![change]);
        match by.school.settings().change(&before, after, &event, state.now_ms()).await {
            Err(StoreError::Conflict) => {}
            done => return Ok(done.map(|_| ())?),
        }
    }
    Err(ApiError::from(StoreError::Conflict))
}

/// What a form would change, for a page's sample.
#[cfg(test)]
pub(crate) fn sample_differences(
    group: &Group,
    before: &Settings,
    form: &FormFields,
    given: Given,
) -> Vec<Difference> {
    read(group, before, form, given).unwrap().1
}

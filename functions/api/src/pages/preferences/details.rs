//! The e-mail address and the mobile number: whoever changes them can take the account over, so the password is asked
//! for, and a new address must be confirmed anew.

use axum::extract::State;
use axum::response::Response;
use domain::audit::{Act, Change};
use domain::email::EmailAddress;
use domain::notice::Notice;
use domain::people::Action;
use domain::phone::{CountryCode, PhoneNumber};
use store::{StoreError, User};

use super::password::is_theirs;
use super::{Tried, again, done};
use crate::auth::{Posted, SignedIn, allow};
use crate::error::Result;
use crate::forms::FormFields;
use crate::pages::kit::form::Problem;
use crate::services::audit::hidden;
use crate::services::jobs;
use crate::state::ApiState;

/// Links to confirm an address in a quarter of an hour.
const LINKS: u32 = 5;

pub(super) async fn save(State(state): State<ApiState>, Posted { by, form }: Posted) -> Result<Response> {
    by.may(Action::ChangeOwnPreferences)?;
    let country = by.school.settings().get().await?.country;
    let mut problems = Vec::new();
    let after = read(&state, &by.person, country, &form, &mut problems);
    let moved = after.email.dedupe_key() != by.person.email.dedupe_key();
    if problems.is_empty() && after != by.person && !is_theirs(&state, &by, form.get("for_email")).await? {
        problems.push(Problem::new("for_email", "Enter your present password to change these."));
    }
    if problems.is_empty() {
        if after == by.person {
            return Ok(done::DETAILS.at(done::PAGE));
        }
        let event =
            by.audit_event(Act::PreferencesChanged, by.user.to_string(), changes(&state, &by, &after));
        match by.school.members().change_user(&by.person, &after, None, &event, state.now_ms()).await {
            Ok(()) if moved => {
                let before = by.person.email.clone();
                jobs::notify(&state, by.school.id(), Notice::EmailMoved { user: by.user, before }).await?;
                jobs::notify(&state, by.school.id(), Notice::ConfirmEmail { user: by.user }).await?;
                return Ok(done::EMAIL.at(done::PAGE));
            }
            Ok(()) => return Ok(done::DETAILS.at(done::PAGE)),
            Err(StoreError::Conflict) if moved => problems.push(Problem::new(
                "email",
                "This address cannot be used: another user has it, or your details were changed just now.",
            )),
            Err(e) => return Err(e.into()),
        }
    }
    let text = |name: &str| Some(form.text(name).to_owned());
    again(&state, &by, Tried { problems, email: text("email"), mobile: text("mobile"), ..Tried::default() })
        .await
}

/// The user as the form has them.
fn read(
    state: &ApiState,
    before: &User,
    country: CountryCode,
    form: &FormFields,
    problems: &mut Vec<Problem>,
) -> User {
    let mut after = before.clone();
    match EmailAddress::parse(form.text("email")) {
        Ok(email) => after.email = email,
        Err(e) => problems.push(Problem::new("email", e.to_string())),
    }
    match form.text("mobile") {
        "" => after.account.mobile = None,
        typed => match PhoneNumber::parse(typed, country, state.numbers()) {
            Ok(number) if number.can_sms() => after.account.mobile = Some(number),
            Ok(_) => {
                problems.push(Problem::new("mobile", "This is not a mobile number, so no text reaches it."));
            }
            Err(e) => problems.push(Problem::new("mobile", e.to_string())),
        },
    }
    after.account.email_confirmed &= after.email.dedupe_key() == before.email.dedupe_key();
    after
}

/// What changed, without saying what to: an address and a number are the person's own.
fn changes(state: &ApiState, by: &SignedIn, after: &User) -> Vec<Change> {
    let hash = |text: &str| hidden(state, &by.school, &format!("user {}", by.user), text);
    let mobile = |user: &User| user.account.mobile.map(PhoneNumber::e164).unwrap_or_default();
    let before = &by.person;
    let email = Change::of("email", &hash(before.email.as_str()), &hash(after.email.as_str()));
    let mobile = Change::of("mobile", &hash(&mobile(before)), &hash(&mobile(after)));
    email.into_iter().chain(mobile).collect()
}

pub(super) async fn send_link(State(state): State<ApiState>, Posted { by, .. }: Posted) -> Result<Response> {
    by.may(Action::ChangeOwnPreferences)?;
    allow(&state, &format!("confirm e-mail {}", by.user), LINKS).await?;
    jobs::notify(&state, by.school.id(), Notice::ConfirmEmail { user: by.user }).await?;
    Ok(done::LINK.at(done::PAGE))
}

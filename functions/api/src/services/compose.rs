//! What a message would come to, before it is sent.

use std::collections::BTreeSet;

use domain::book::AddressBook;
use domain::ids::ContactId;
use domain::message::Message;
use domain::plan::{Plan, plan};
use domain::settings::Settings;
use store::School;

use crate::error::{ApiError, FieldError, Result};
use crate::services::costing::{Costing, cost};
use crate::state::ApiState;

/// Ids that an error lists before it says how many more there are.
const LISTED: usize = 20;

/// What a message would come to now.
#[derive(Debug, Clone)]
pub struct Preview {
    /// Its deliveries and who cannot be reached.
    pub plan: Plan,
    /// What it would cost, and how it could cost less.
    pub costing: Costing,
    /// What must be mended before it can be sent; empty if it can.
    pub problems: Vec<FieldError>,
}

impl Preview {
    /// The same, if the message can be sent as it is.
    pub fn sendable(self) -> Result<Self> {
        if self.problems.is_empty() { Ok(self) } else { Err(refuse(self.problems)) }
    }
}

/// What must be mended in the message itself, before anybody is looked up.
pub fn problems_of(message: &Message) -> Vec<FieldError> {
    message.problems().into_iter().map(|p| FieldError::new(p.field, p.message)).collect()
}

/// Works out what a message would come to, from the address book as it stands.
///
/// A message with problems of its own is planned too, so that a page can show both; nobody is written to.
pub async fn preview(
    state: &ApiState,
    school: &School,
    message: &Message,
    settings: &Settings,
) -> Result<Preview> {
    let book = school.book().current(state.books(), settings.country, state.now_ms()).await?;
    Ok(preview_of(&book, message, settings))
}

/// As [`preview`], for an address book at hand.
pub fn preview_of(book: &AddressBook, message: &Message, settings: &Settings) -> Preview {
    let plan = plan(book, message, settings);
    let mut problems = problems_of(message);
    problems.extend(not_subscribed(message, settings));
    problems.extend(problems_of_plan(&plan, book, message));
    let costing = cost(&plan, message, settings);
    Preview { plan, costing, problems }
}

/// What the school has no means for.
pub fn not_subscribed(message: &Message, settings: &Settings) -> Vec<FieldError> {
    message.contents.lacks(settings).into_iter().map(|p| FieldError::new(p.field, p.message)).collect()
}

/// 422 with everything to mend.
pub fn refuse(problems: Vec<FieldError>) -> ApiError {
    let detail = match problems.as_slice() {
        [only] => only.message.clone(),
        _ => "Correct what is listed and send the request again. Nothing was sent.".to_owned(),
    };
    ApiError::invalid(detail, problems)
}

fn problems_of_plan(plan: &Plan, book: &AddressBook, message: &Message) -> Vec<FieldError> {
    let mut problems = Vec::new();
    for group in &plan.unknown_groups {
        let at = message.to.groups.iter().position(|g| g == group).unwrap_or_default();
        problems.push(FieldError::new(
            format!("to.groups[{at}]"),
            format!("There is no group “{group}”, or nobody is in it. Check its name."),
        ));
    }
    for contact in plan.unknown_contacts.iter().take(LISTED) {
        let at = message.to.contacts.iter().position(|c| c == contact).unwrap_or_default();
        problems.push(FieldError::new(
            format!("to.contacts[{at}]"),
            format!("There is no contact “{contact}”. Add the contact first, or leave it out."),
        ));
    }
    if let Some(more) = plan.unknown_contacts.len().checked_sub(LISTED + 1) {
        problems.push(FieldError::new("to.contacts", format!("{} more contacts do not exist.", more + 1)));
    }
    for pupil in plan.unknown_pupils.iter().take(LISTED) {
        let at = message.to.pupils.iter().position(|p| p == pupil).unwrap_or_default();
        problems.push(FieldError::new(
            format!("to.pupils[{at}]"),
            format!("There is no pupil “{pupil}”. Add the pupil first, or leave it out."),
        ));
    }
    if let Some(more) = plan.unknown_pupils.len().checked_sub(LISTED + 1) {
        problems.push(FieldError::new("to.pupils", format!("{} more pupils do not exist.", more + 1)));
    }
    problems.extend(missing_values(plan));
    let nobody_unknown =
        plan.unknown_groups.is_empty() && plan.unknown_contacts.is_empty() && plan.unknown_pupils.is_empty();
    if plan.recipients == 0
        && !message.contents.is_public()
        && nobody_unknown
        && !message.to.is_empty()
        && !message.contents.is_empty()
    {
        let why = if book.is_empty() {
            "The address book is empty. Add contacts first."
        } else {
            "None of the selected people can be reached by the selected channels. Choose another \
             channel, or add numbers and addresses."
        };
        problems.push(FieldError::new("to", why));
    }
    problems
}

/// One problem for each channel and set of tokens that have no value, naming the recipients.
fn missing_values(plan: &Plan) -> Vec<FieldError> {
    let kinds: BTreeSet<_> = plan
        .deliveries
        .iter()
        .filter(|d| !d.missing.is_empty())
        .map(|d| (d.channel, d.missing.as_slice()))
        .collect();
    kinds
        .into_iter()
        .map(|(channel, missing)| {
            let whose = plan.deliveries.iter().filter(|d| d.channel == channel && d.missing == missing);
            let ids: Vec<&str> = whose.flat_map(|d| d.contacts.iter().map(ContactId::as_str)).collect();
            let tokens: Vec<String> = missing.iter().map(|name| format!("${name}$")).collect();
            let more = ids.len().saturating_sub(LISTED);
            let more = if more == 0 { String::new() } else { format!(" and {more} more") };
            FieldError::new(
                format!("{}.text", channel.code()),
                format!(
                    "No value for {} for these contacts: {}{more}. Fill it in, or give a fallback as in \
                     ${}|parent$.",
                    tokens.join(", "),
                    ids[..ids.len().min(LISTED)].join(", "),
                    missing.first().map_or("name", String::as_str),
                ),
            )
        })
        .collect()
}

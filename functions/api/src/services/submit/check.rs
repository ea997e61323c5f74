//! What a message would come to, and whether it can be sent: the one look at the address book and the one plan of it.

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

/// Most bytes of a message as it is kept: a row of the table has room for 400 kB.
const LARGEST: usize = 350_000;

/// What a message would come to now.
#[derive(Debug, Clone)]
pub struct Checked {
    /// Its deliveries and who cannot be reached.
    pub plan: Plan,
    /// What it would cost, and how it could cost less.
    pub costing: Costing,
    /// What must be corrected before it can be sent; empty if it can.
    pub problems: Vec<FieldError>,
}

impl Checked {
    /// Of a message against this address book. A message with problems of its own is planned too, so that a page can
    /// show both; nobody is written to.
    pub fn new(book: &AddressBook, message: &Message, settings: &Settings) -> Self {
        Self::planned(book, message, settings, own_problems(message, settings))
    }

    fn planned(
        book: &AddressBook,
        message: &Message,
        settings: &Settings,
        mut problems: Vec<FieldError>,
    ) -> Self {
        let plan = plan(book, message, settings);
        problems.extend(problems_of_plan(&plan, book, message));
        let costing = cost(&plan, message, settings);
        Self { plan, costing, problems }
    }

    /// The same, if the message can be sent as it is.
    pub fn sendable(self) -> Result<Self> {
        if self.problems.is_empty() { Ok(self) } else { Err(refuse(self.problems)) }
    }
}

/// Checks a message as it comes from outside. 422, with all there is to correct, for one that has problems of its own:
/// nobody is looked up for it.
pub async fn check(
    state: &ApiState,
    school: &School,
    message: &Message,
    settings: &Settings,
) -> Result<Checked> {
    let problems = own_problems(message, settings);
    if !problems.is_empty() {
        return Err(refuse(problems));
    }
    fits(message)?;
    let book = school.book().current(state.books(), settings.country, state.now_ms()).await?;
    Checked::planned(&book, message, settings, problems).sendable()
}

/// Checks a partner's message, which may become as many deliveries as the `cap` of its key. 422 if it cannot be sent.
///
/// While contacts are being imported nobody can be looked up: the message is accepted all the same, and its plan waits
/// for the import; an emergency is never turned away. Only a cap is held against the contacts as they stand.
pub(super) async fn check_partner(
    state: &ApiState,
    school: &School,
    message: &Message,
    settings: &Settings,
    cap: Option<u32>,
) -> Result<()> {
    let plan = match (check(state, school, message, settings).await, cap) {
        (Ok(checked), _) => checked.plan,
        (Err(ApiError::Busy), None) => return Ok(()),
        (Err(ApiError::Busy), Some(_)) => {
            let book = school.book().at_once(state.books(), settings.country, state.now_ms()).await?;
            plan(&book, message, settings)
        }
        (Err(e), _) => return Err(e),
    };
    match over_cap(plan.deliveries.len(), cap) {
        Some(words) => {
            let more = "Choose fewer people, or ask the school for a higher cap.";
            Err(ApiError::field("to", format!("{words} {more}")))
        }
        None => Ok(()),
    }
}

/// Why an API key may not send so many messages at once; `None` if it may.
pub(crate) fn over_cap(deliveries: usize, cap: Option<u32>) -> Option<String> {
    let cap = cap.filter(|cap| u32::try_from(deliveries).map_or(true, |deliveries| deliveries > *cap))?;
    Some(format!("This API key may send {cap} messages at once, and this would be {deliveries}."))
}

/// 422 for a message that has no room in the table.
pub fn fits(message: &Message) -> Result<()> {
    if serde_json::to_vec(message).map_err(ApiError::internal)?.len() <= LARGEST {
        return Ok(());
    }
    let message = "This list of people is too long to keep. Choose groups or everyone, or send in parts.";
    Err(ApiError::field("to", message))
}

/// What must be corrected in the message itself, before anybody is looked up.
pub fn problems_of(message: &Message) -> Vec<FieldError> {
    message.problems().into_iter().map(|p| FieldError::new(p.field, p.message)).collect()
}

/// The same, and what the school has no means for.
fn own_problems(message: &Message, settings: &Settings) -> Vec<FieldError> {
    let lacks = message.contents.lacks(settings).into_iter().map(|p| FieldError::new(p.field, p.message));
    problems_of(message).into_iter().chain(lacks).collect()
}

/// 422 with everything to correct.
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

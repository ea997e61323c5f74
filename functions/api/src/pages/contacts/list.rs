//! The address book: a table to search, page through and tidy up.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use domain::audit::Act;
use domain::book::Reach;
use domain::contact::{Contact, PhoneLabel};
use domain::ids::ContactId;
use domain::people::Action;
use domain::phone::{CountryCode, NumberMode, PhoneNumber};
use serde::Deserialize;

use crate::auth::{Posted, SignedIn};
use crate::error::Result;
use crate::pages::kit::ask::Ask;
use crate::pages::kit::ask::AskPage;
use crate::pages::kit::book::PageBook;
use crate::pages::kit::components::Pager;
use crate::pages::kit::context::PageContext;
use crate::pages::kit::form::{Choice, Problem};
use crate::pages::kit::frame::Frame;
use crate::pages::kit::links::{contact_path, encoded};
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::html;
use crate::pages::kit::words;
use crate::state::ApiState;

/// People on one page.
const LISTED: usize = 50;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/contacts", get(show)).route("/contacts/delete", post(delete))
}

#[derive(Template)]
#[template(path = "contacts.html")]
pub(crate) struct ContactsPage {
    frame: Frame,
    notice: Option<String>,
    problems: Vec<Problem>,
    summary: String,
    /// Everybody in the book.
    total: usize,
    query: String,
    groups: Vec<Choice>,
    lacks: [Choice; 5],
    /// Whether not everybody is shown.
    filtered: bool,
    rows: Vec<Row>,
    pager: Pager,
    ask: Ask,
}

struct Row {
    id: String,
    path: String,
    name: String,
    role: &'static str,
    mobile: Option<Value>,
    landlines: Vec<Value>,
    email: Option<Value>,
    groups: String,
    source: &'static str,
    /// How they are reached, in one line for a phone.
    reach: String,
}

/// A number or address, and what is wrong with it.
struct Value {
    words: String,
    good: bool,
    why: String,
}

#[derive(Deserialize, Default)]
pub(crate) struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    group: String,
    #[serde(default)]
    lack: String,
    #[serde(default)]
    page: usize,
    done: Option<String>,
    n: Option<u64>,
}

/// Which people the table shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lack {
    Nothing,
    Mobile,
    Email,
    Everything,
    Wrong,
}

impl Lack {
    const ALL: [Self; 5] = [Self::Nothing, Self::Mobile, Self::Email, Self::Everything, Self::Wrong];

    const fn code(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Mobile => "mobile",
            Self::Email => "email",
            Self::Everything => "everything",
            Self::Wrong => "wrong",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Nothing => "Everybody",
            Self::Mobile => "Without a mobile",
            Self::Email => "Without an e-mail",
            Self::Everything => "Cannot be reached",
            Self::Wrong => "Something wrong",
        }
    }

    fn fits(self, contact: &Contact, reach: &Reach) -> bool {
        match self {
            Self::Nothing => true,
            Self::Mobile => !reach.numbers.iter().any(|(_, n)| n.can_sms()),
            Self::Email => reach.email.is_none(),
            Self::Everything => {
                reach.email.is_none() && !reach.numbers.iter().any(|(_, n)| n.can_sms() || n.can_call())
            }
            Self::Wrong => {
                reach.numbers.len() < contact.numbers.len()
                    || (contact.email.is_some() && reach.email.is_none())
            }
        }
    }
}

async fn show(State(state): State<ApiState>, by: SignedIn, Query(asked): Query<Asked>) -> Result<Response> {
    let context = PageContext::load(&state, &by, NavItem::CONTACTS).await?;
    let book = context.book(&state, &by.school).await?;
    html(&ContactsPage::new(context.frame, &book, &asked, state.numbers()))
}

/// Deletes the ticked people; without the word that they are meant, asks.
async fn delete(State(state): State<ApiState>, Posted { by, form }: Posted) -> Result<Response> {
    by.may(Action::EditContact)?;
    let context = PageContext::load(&state, &by, NavItem::CONTACTS).await?;
    let mut ids: Vec<ContactId> = form.all("id").filter_map(|id| ContactId::parse(id).ok()).collect();
    if !context.limit.is_none() {
        let book = context.book(&state, &by.school).await?;
        ids.retain(|id| book.get(id).is_some());
    }
    if ids.is_empty() {
        return Ok(Redirect::to("/contacts?done=nobody").into_response());
    }
    if form.text("sure") == "yes" {
        let event = by.audit_event(Act::ContactsDeleted, "", Vec::new());
        by.school.contacts().delete(&ids, &event, state.now_ms()).await?;
        return Ok(Redirect::to(&format!("/contacts?done=deleted&n={}", ids.len())).into_response());
    }
    let people = words::count(ids.len() as u64, "contact", "contacts");
    let ask =
        Ask::new("/contacts/delete", format!("Delete {people}?"), format!("Delete {people}"), "Keep them")
            .words(BEFORE_DELETING);
    let hidden = ids.iter().map(|id| ("id".to_owned(), id.to_string())).collect();
    html(&AskPage::of(context.frame, ask, "/contacts").with(hidden))
}

/// What to know before people are deleted.
pub(crate) const BEFORE_DELETING: &str = "They get no more messages. What was sent to them stays in the history. \
    Anyone in the next upload comes back with it.";

/// The same before one person is deleted.
pub(crate) const BEFORE_DELETING_ONE: &str = "This person gets no more messages. What was sent to this person stays \
    in the history. Anyone in the next upload comes back with it.";

impl ContactsPage {
    fn new(frame: Frame, book: &PageBook, asked: &Asked, mode: NumberMode) -> Self {
        let lack = Lack::ALL.into_iter().find(|l| l.code() == asked.lack).unwrap_or(Lack::Nothing);
        let query = asked.q.trim().to_owned();
        let members = book.members(&asked.group);
        let in_group = |place: &usize| asked.group.is_empty() || members.is_some_and(|m| m.contains(place));
        let mut places = book.search(&query, book.len());
        places.retain(|place| in_group(place) && book.at(*place).is_some_and(|(c, r)| lack.fits(c, r)));
        let pages = places.len().div_ceil(LISTED).max(1);
        let page = asked.page.clamp(1, pages);
        let from = (page - 1) * LISTED;
        let here = places.iter().skip(from).take(LISTED);
        let rows: Vec<Row> = here.filter_map(|place| row(book, *place, mode)).collect();
        let link = |page: usize| {
            format!(
                "/contacts?q={}&group={}&lack={}&page={page}",
                encoded(&query),
                encoded(&asked.group),
                lack.code()
            )
        };
        let shown = words::range(from, rows.len(), places.len(), "person", "people");
        let pager = Pager::numbered(shown, page, pages, link);
        let groups = book.groups().iter().map(|g| {
            Choice::new(g.name.clone(), g.name.clone(), g.name.eq_ignore_ascii_case(asked.group.trim()))
        });
        let nobody = asked.done.as_deref() == Some("nobody");
        Self {
            notice: notice(asked),
            problems: if nobody {
                vec![Problem::new("", "Tick the people to delete first.")]
            } else {
                Vec::new()
            },
            summary: summary(&frame, book),
            total: book.len(),
            filtered: !query.is_empty() || !asked.group.is_empty() || lack != Lack::Nothing,
            query,
            groups: std::iter::once(Choice::new("", "All groups", false)).chain(groups).collect(),
            lacks: Lack::ALL.map(|l| Choice::new(l.code(), l.words(), l == lack)),
            rows,
            pager,
            ask: delete_selected(),
            frame,
        }
    }
}

/// The question before those whose boxes are ticked are deleted.
fn delete_selected() -> Ask {
    let ask = Ask::new("/contacts/delete", "Delete the selected contacts?", "Delete selected", "Keep them");
    Ask { form: "people", ..ask.dialog("ask-delete").words(BEFORE_DELETING) }
}

/// How many are in the book, as far as the user sees it.
fn summary(frame: &Frame, book: &PageBook) -> String {
    let people = words::count(book.len() as u64, "person", "people");
    match &frame.linked {
        Some(groups) => format!("{people} in {groups}, to which you are linked"),
        None => format!("{people} in {}", words::count(book.groups().len() as u64, "group", "groups")),
    }
}

fn notice(asked: &Asked) -> Option<String> {
    match asked.done.as_deref()? {
        "deleted" => Some(format!("{} deleted.", words::count(asked.n.unwrap_or(1), "contact", "contacts"))),
        "added" => Some("The contact is added and can be sent to at once.".to_owned()),
        "saved" => Some("The changes are saved.".to_owned()),
        _ => None,
    }
}

fn row(book: &PageBook, place: usize, mode: NumberMode) -> Option<Row> {
    let ((contact, reach), country) = (book.at(place)?, book.country());
    let numbers = |wanted: fn(PhoneLabel) -> bool| {
        let of = contact.numbers.iter().filter(move |n| wanted(n.label));
        of.map(|n| number(&n.number, country, mode))
    };
    let mobile = numbers(|label| label == PhoneLabel::Mobile).next();
    let landlines: Vec<Value> = numbers(|label| label != PhoneLabel::Mobile).collect();
    let email = contact.email.as_ref().map(|text| Value {
        words: text.clone(),
        good: reach.email.is_some(),
        why: "not a valid address".to_owned(),
    });
    let one = mobile.iter().chain(&landlines).chain(&email).find(|v| v.good);
    Some(Row {
        id: contact.id.to_string(),
        path: contact_path(&contact.id),
        name: book.name_at(place)?,
        role: words::role_words(contact.role),
        reach: one.map_or_else(|| "Cannot be reached".to_owned(), |v| v.words.clone()),
        mobile,
        landlines,
        email,
        groups: contact.groups.join(", "),
        source: contact.source.words(),
    })
}

fn number(text: &str, country: CountryCode, mode: NumberMode) -> Value {
    match PhoneNumber::parse(text, country, mode) {
        Ok(number) => Value { words: number.national(), good: true, why: String::new() },
        Err(_) => Value { words: text.to_owned(), good: false, why: "not a valid number".to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use domain::book::AddressBook;

    use super::*;
    use crate::pages::messages::compose::samples::book;

    fn asked(q: &str, group: &str, lack: &str, page: usize) -> Asked {
        Asked { q: q.into(), group: group.into(), lack: lack.into(), page, ..Asked::default() }
    }

    fn page(asked: &Asked) -> ContactsPage {
        ContactsPage::new(Frame::sample(NavItem::CONTACTS), &book(), asked, NumberMode::Simulated)
    }

    impl ContactsPage {
        pub(crate) fn sample() -> Self {
            page(&Asked { done: Some("deleted".into()), n: Some(3), ..asked("", "", "", 1) })
        }

        pub(crate) fn sample_wrong() -> Self {
            page(&asked("", "Year 9", "wrong", 1))
        }

        pub(crate) fn sample_nobody() -> Self {
            page(&asked("zzz", "", "", 1))
        }

        pub(crate) fn sample_empty() -> Self {
            let nobody =
                AddressBook::new(0, Vec::new(), CountryCode::default(), NumberMode::Simulated).into();
            Self::new(Frame::sample(NavItem::CONTACTS), &nobody, &Asked::default(), NumberMode::Simulated)
        }
    }

    #[test]
    fn pages_hold_fifty_and_keep_what_was_asked_for() {
        let first = page(&asked("", "year 9", "", 0));
        assert_eq!((first.rows.len(), first.pager.words.as_str()), (50, "1 to 50 of 182 people"));
        assert_eq!(first.pager.next.as_deref(), Some("/contacts?q=&group=year%209&lack=&page=2"));
        assert_eq!(first.pager.previous, None);
        // A page that is no more there is the last one.
        let last = page(&asked("", "Year 9", "", 99));
        assert_eq!((last.rows.len(), last.pager.next.is_none()), (32, true));
    }

    #[test]
    fn those_who_lack_something_are_found() {
        let wrong = page(&asked("", "", "wrong", 1));
        assert!(wrong.rows.iter().all(|r| r.mobile.as_ref().is_some_and(|m| !m.good && !m.why.is_empty())));
        assert_eq!(wrong.rows.len(), 8);
        assert_eq!(page(&asked("", "No such group", "", 1)).rows.len(), 0);
        assert!(page(&asked("ada abbot", "", "", 1)).rows.iter().all(|r| r.name.ends_with("Ada Abbot")));
    }
}

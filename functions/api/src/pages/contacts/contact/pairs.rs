//! How somebody is tied to pupils, or a pupil to adults; and the school's own bar between two, which no source undoes.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use domain::audit::{Act, Change};
use domain::book::Pair;
use domain::ids::ContactId;
use domain::people::Action;
use serde::Deserialize;

use super::stored::seen;
use crate::auth::{Posted, SignedIn};
use crate::error::{ApiError, Result};
use crate::pages::kit::ask::{Ask, AskPage};
use crate::pages::kit::book::PageBook;
use crate::pages::kit::components::{Tag, Tone};
use crate::pages::kit::links::contact_path;
use crate::pages::kit::reply::html;
use crate::state::ApiState;

/// People who are offered to be barred.
const OFFERED: usize = 8;
/// People who fit what was typed and are looked through for those.
const LOOKED_THROUGH: usize = 200;

/// Somebody who could be barred and is not tied.
pub(super) struct Hit {
    id: String,
    name: String,
    sub: String,
}

/// Finds somebody to whom this person is not tied: for an adult a pupil, for a pupil an adult.
#[derive(Template)]
#[template(path = "contact_bar_found.html")]
pub(super) struct Finder {
    pub(super) label: &'static str,
    /// What was typed.
    pub(super) find: String,
    hits: Vec<Hit>,
}

impl Finder {
    /// What fits `find`; `None` for somebody who is not in the book.
    pub(super) fn new(book: &PageBook, id: &ContactId, find: &str) -> Option<Self> {
        let here = book.place(id)?;
        let of_pupil = book.is_pupil(here);
        let tied = |other: usize| {
            book.adults_of(here).iter().any(|pair| pair.contact() == other)
                || book.pupils_of(here).any(|pair| pair.pupil() == other)
        };
        let fits = |other: &usize| book.is_pupil(*other) != of_pupil && !tied(*other);
        let find = find.trim();
        let places = if find.is_empty() { Vec::new() } else { book.search(find, LOOKED_THROUGH) };
        let hits = places.into_iter().filter(fits).take(OFFERED).filter_map(|place| {
            let (person, _) = book.at(place)?;
            let groups: Vec<&str> = person.groups.iter().take(2).map(String::as_str).collect();
            Some(Hit { id: person.id.to_string(), name: book.name_at(place)?, sub: groups.join(", ") })
        });
        Some(Self {
            label: if of_pupil { "Bar another adult" } else { "Bar from another pupil" },
            hits: hits.collect(),
            find: find.to_owned(),
        })
    }
}

#[derive(Deserialize)]
pub(super) struct Typed {
    #[serde(default)]
    q: String,
}

/// Those who fit what is being typed, for the script.
pub(super) async fn found(
    State(state): State<ApiState>,
    by: SignedIn,
    Path(id): Path<String>,
    Query(typed): Query<Typed>,
) -> Result<Response> {
    let (context, stored) = seen(&state, &by, &id).await?;
    let book = context.book(&state, &by.school).await?;
    html(&Finder::new(&book, &stored.contact.id, &typed.q).ok_or(ApiError::NotFound)?)
}

/// One pair, from the side of whoever the page is about.
pub(super) struct PairView {
    /// The other one.
    pub(super) id: String,
    pub(super) name: String,
    pub(super) path: String,
    /// Kind, priority, responsibility.
    pub(super) tied: String,
    pub(super) tag: Tag,
    /// Whether it was barred here.
    pub(super) by_hand: bool,
}

/// What a page says after a change of these.
pub(super) fn done_words(done: &str) -> Option<&'static str> {
    match done {
        "barred" => Some(
            "The pair is barred. Messages that wait follow it too: people are looked up again when they go.",
        ),
        "lifted" => Some("The bar that was set here is lifted. One that the MIS gives still holds."),
        _ => None,
    }
}

impl PairView {
    /// Everybody in a book to whom this person is tied, or from whom they are barred.
    pub(super) fn all(book: &PageBook, bars: &BTreeSet<(ContactId, ContactId)>, id: &ContactId) -> Vec<Self> {
        let Some(place) = book.place(id) else { return Vec::new() };
        let pupils = book.pupils_of(place).map(|pair| (pair, pair.pupil()));
        let adults = book.adults_of(place).iter().map(|pair| (pair, pair.contact()));
        pupils.chain(adults).filter_map(|(pair, other)| Self::new(book, pair, other, bars)).collect()
    }

    fn new(
        book: &PageBook,
        pair: &Pair,
        other: usize,
        bars: &BTreeSet<(ContactId, ContactId)>,
    ) -> Option<Self> {
        let person = book.contacts().get(other)?;
        let named = |place: usize| book.contacts().get(place).map(|contact| contact.id.clone());
        let by_hand = bars.contains(&(named(pair.pupil())?, named(pair.contact())?));
        let tag = match (pair.court_order, by_hand) {
            (_, true) => Tag::new(Tone::Failed, "Barred here"),
            (true, false) => Tag::new(Tone::Failed, "Barred by the source"),
            (false, false) => Tag::new(Tone::Delivered, "Allowed"),
        };
        Some(Self {
            id: person.id.to_string(),
            name: book.name_at(other)?,
            path: format!("/contacts/{}", contact_path(&person.id)),
            tied: tied(book.kind_of(pair), pair, by_hand),
            tag,
            by_hand,
        })
    }
}

fn tied(kind: &str, pair: &Pair, by_hand: bool) -> String {
    let mut words = Vec::new();
    if !kind.is_empty() {
        words.push(kind.to_owned());
    }
    words.extend(pair.priority().map(|n| format!("priority {n}")));
    if pair.responsibility {
        words.push("parental responsibility".to_owned());
    }
    match (words.is_empty(), by_hand) {
        (false, _) => words.join(" · "),
        (true, true) => "No source ties them".to_owned(),
        (true, false) => "The source does not say".to_owned(),
    }
}

/// Whether the first of two is the pupil of the pair; `None` where they can be none. A source may tie anybody; a bar
/// alone is between a pupil and somebody who is none, and only one that is there is lifted.
fn is_pupil_of_pair(book: &PageBook, here: usize, there: usize, lifts: bool) -> Option<bool> {
    if book.pupils_of(here).any(|pair| pair.pupil() == there) {
        return Some(false);
    }
    if book.adults_of(here).iter().any(|pair| pair.contact() == there) {
        return Some(true);
    }
    let (here, there) = (book.is_pupil(here), book.is_pupil(there));
    (!lifts && here != there).then_some(here)
}

/// Bars a pair, or lifts the bar that was set here once somebody has said that they are sure.
pub(super) async fn bar(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    by.may(Action::EditContact)?;
    let (context, stored) = seen(&state, &by, &id).await?;
    let lifts = form.has("lift");
    let other =
        ContactId::parse(form.text(if lifts { "lift" } else { "bar" })).map_err(|_| ApiError::NotFound)?;
    let book = context.book(&state, &by.school).await?;
    let (here, there) = book.place(&stored.contact.id).zip(book.place(&other)).ok_or(ApiError::NotFound)?;
    let here_is_pupil = is_pupil_of_pair(&book, here, there, lifts).ok_or(ApiError::NotFound)?;
    let (pupil, adult) =
        if here_is_pupil { (&stored.contact.id, &other) } else { (&other, &stored.contact.id) };
    let path = format!("/contacts/{}", contact_path(&stored.contact.id));
    let pair = |act, was: &str, is: &str| {
        let changes =
            Change::of("pupil", "", pupil.as_str()).into_iter().chain(Change::of("no_contact", was, is));
        by.audit_event(act, adult.as_str(), changes.collect())
    };
    if !lifts {
        by.school.ties().bar(pupil, adult, &pair(Act::PairBarred, "off", "on"), state.now_ms()).await?;
        return Ok(Redirect::to(&format!("{path}?done=barred")).into_response());
    }
    if form.text("sure") != "yes" {
        let name = |id: &ContactId| book.name_of(id).unwrap_or_default();
        let words = format!(
            "{} can then be told about {} again, unless the MIS bars it too. Lift it only if you know that no court \
             order is in force.",
            name(adult),
            name(pupil)
        );
        let ask = Ask::new(format!("{path}/bar"), "Lift the bar?", "Lift the bar", "Keep it").words(words);
        let hidden = vec![("lift".to_owned(), other.to_string())];
        return html(&AskPage::of(context.frame, ask, path).with(hidden));
    }
    by.school.ties().lift_bar(pupil, adult, &pair(Act::BarLifted, "on", "off"), state.now_ms()).await?;
    Ok(Redirect::to(&format!("{path}?done=lifted")).into_response())
}

#[cfg(test)]
impl Finder {
    pub(super) fn sample() -> Self {
        let hit = |id: &str, name: &str, sub: &str| Hit { id: id.into(), name: name.into(), sub: sub.into() };
        let hits = vec![hit("PL-7", "Eve Abbot", "Year 7, 7B"), hit("PL-9", "Eve Abbott-Lee", "Year 9, 9A")];
        Self { label: "Bar from another pupil", find: "eve abb".to_owned(), hits }
    }
}

#[cfg(test)]
impl PairView {
    pub(super) fn samples() -> Vec<Self> {
        let view = |id: &str, name: &str, tied: &str, tag, by_hand| Self {
            id: id.to_owned(),
            name: name.to_owned(),
            path: format!("/contacts/{id}"),
            tied: tied.to_owned(),
            tag,
            by_hand,
        };
        let mother = "Mother · priority 1 · parental responsibility";
        vec![
            view("PL-1", "Ben Abbot", mother, Tag::new(Tone::Failed, "Barred here"), true),
            view("PL-2", "Cat Abbot", mother, Tag::new(Tone::Delivered, "Allowed"), false),
            view("PL-3", "Dan Abbot", "Carer", Tag::new(Tone::Failed, "Barred by the source"), false),
        ]
    }
}

//! How somebody is tied to pupils, or a pupil to adults; and the school's own bar between two, which no source undoes.

use std::collections::BTreeSet;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use domain::audit::{Act, Change};
use domain::book::{AddressBook, Pair};
use domain::ids::ContactId;
use domain::people::Action;

use crate::auth::{Posted, SignedIn};
use crate::error::{ApiError, Result};
use crate::pages::contact_path;
use crate::pages::contacts::AskPage;
use crate::pages::desk::{Desk, html};
use crate::pages::frame::Here;
use crate::pages::kit::{Tag, Tone};
use crate::state::ApiState;

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
    /// Everybody in the book of this user to whom this person is tied.
    pub(super) async fn all(
        state: &ApiState,
        by: &SignedIn,
        desk: &Desk,
        id: &ContactId,
    ) -> Result<Vec<Self>> {
        let (book, bars) = (desk.book(state, &by.school).await?, by.school.bars().await?);
        let Some(place) = book.place(id) else { return Ok(Vec::new()) };
        let pupils = book.pupils_of(place).map(|pair| (pair, pair.pupil()));
        let adults = book.adults_of(place).iter().map(|pair| (pair, pair.contact()));
        Ok(pupils.chain(adults).filter_map(|(pair, other)| Self::new(&book, pair, other, &bars)).collect())
    }

    fn new(
        book: &AddressBook,
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
            name: person.full_name(),
            path: format!("/contacts/{}", contact_path(&person.id)),
            tied: tied(book.kind_of(pair), pair),
            tag,
            by_hand,
        })
    }
}

fn tied(kind: &str, pair: &Pair) -> String {
    let mut words = Vec::new();
    if !kind.is_empty() {
        words.push(kind.to_owned());
    }
    words.extend(pair.priority().map(|n| format!("priority {n}")));
    if pair.responsibility {
        words.push("parental responsibility".to_owned());
    }
    if words.is_empty() { "The source does not say".to_owned() } else { words.join(" · ") }
}

/// Bars a pair, or lifts the bar that was set here once somebody has said that they are sure.
pub(super) async fn bar(
    State(state): State<ApiState>,
    Path(id): Path<String>,
    Posted { by, form }: Posted,
) -> Result<Response> {
    by.may(Action::EditContact)?;
    let desk = Desk::open(&state, &by, Here::Contacts).await?;
    let stored = super::seen(&state, &by, &desk, &id).await?;
    let lifts = form.has("lift");
    let other =
        ContactId::parse(form.text(if lifts { "lift" } else { "bar" })).map_err(|_| ApiError::NotFound)?;
    let book = desk.book(&state, &by.school).await?;
    let (here, there) = book.place(&stored.contact.id).zip(book.place(&other)).ok_or(ApiError::NotFound)?;
    // Which of the two is the pupil, the book says.
    let is_adult = book.pupils_of(here).any(|pair| pair.pupil() == there);
    let is_pupil = book.adults_of(here).iter().any(|pair| pair.contact() == there);
    let (pupil, adult) = match (is_adult, is_pupil) {
        (true, _) => (&other, &stored.contact.id),
        (false, true) => (&stored.contact.id, &other),
        (false, false) => return Err(ApiError::NotFound),
    };
    let path = format!("/contacts/{}", contact_path(&stored.contact.id));
    let pair = |act, was: &str, is: &str| {
        let changes =
            Change::of("pupil", "", pupil.as_str()).into_iter().chain(Change::of("no_contact", was, is));
        by.deed(act, adult.as_str(), changes.collect())
    };
    if !lifts {
        by.school.bar(pupil, adult, &pair(Act::PairBarred, "off", "on"), state.now_ms()).await?;
        return Ok(Redirect::to(&format!("{path}?done=barred")).into_response());
    }
    if form.text("sure") != "yes" {
        let name = |id: &ContactId| book.name_of(id).unwrap_or_default();
        return html(&AskPage {
            frame: desk.frame,
            title: "Lift the bar?".to_owned(),
            words: format!(
                "{} can then be told about {} again, unless the MIS bars it too. Lift it only if you know that no court \
                 order stands.",
                name(adult),
                name(pupil)
            ),
            action: format!("{path}/bar"),
            hidden: vec![("lift", other.to_string())],
            yes: "Lift the bar".to_owned(),
            no: "Keep it",
            harmless: false,
            back: path,
        });
    }
    by.school.lift_bar(pupil, adult, &pair(Act::BarLifted, "on", "off"), state.now_ms()).await?;
    Ok(Redirect::to(&format!("{path}?done=lifted")).into_response())
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

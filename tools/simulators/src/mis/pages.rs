//! The MIS's own pages: where a school's office changes a number and a teacher saves a register.

use askama::Template;
use axum::Router;
use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::{HeaderMap, HeaderValue, StatusCode};
use jiff::civil::Date;
use serde::Deserialize;

use super::register::{self, SESSIONS};
use super::school::MisPupil;
use super::state::{Breakage, Changes, Mis, SetMark};
use crate::app::Shared;
use crate::clock;
use crate::outbox::{POLICY, html};

/// Pupils on a page.
const SHOWN: usize = 20;
/// Characters of a number or a search.
const LONGEST: usize = 60;

/// The codes that the page offers, with their words.
const CODES: [(&str, &str); 9] = [
    ("/", "/ present (morning)"),
    ("\\", "\\ present (afternoon)"),
    ("L", "L late"),
    ("N", "N no reason yet"),
    ("I", "I illness"),
    ("M", "M medical appointment"),
    ("O", "O absent without leave"),
    ("U", "U late after registers closed"),
    ("-", "- no mark yet"),
];

pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/mis", get(page))
        .route("/mis/mobile", post(set_mobile))
        .route("/mis/mark", post(set_mark))
        .route("/mis/feed", post(set_feed))
}

#[derive(Template)]
#[template(path = "mis.html")]
struct Page {
    school: String,
    today: Date,
    search: String,
    breakages: Vec<(String, &'static str, bool)>,
    broken: Option<&'static str>,
    saved: bool,
    pupils: Vec<Pupil>,
    total: usize,
}

struct Pupil {
    id: String,
    name: String,
    groups: String,
    sessions: Vec<SessionMark>,
    adults: Vec<Adult>,
}

struct SessionMark {
    session: &'static str,
    codes: Vec<(&'static str, &'static str, bool)>,
}

struct Adult {
    id: String,
    name: String,
    tie: String,
    mobile: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    q: String,
    saved: String,
}

/// The word of a breakage in forms.
fn code_of(breakage: Breakage) -> String {
    serde_json::to_value(breakage).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

fn view(mis: &Mis, asked: &Asked) -> Page {
    let changes = mis.changes();
    let today = register::today();
    let search = asked.q.trim().to_lowercase();
    let fits = |p: &&MisPupil| {
        let text = format!("{} {} {} {}", p.forename, p.surname, p.year, p.registration).to_lowercase();
        search.split_whitespace().all(|word| text.contains(word))
    };
    let found: Vec<&MisPupil> = mis.school.pupils.iter().filter(fits).collect();
    let broken = Breakage::ALL.into_iter().find(|(b, _)| *b == changes.breakage && *b != Breakage::None);
    Page {
        school: mis.school.name.clone(),
        today,
        search: asked.q.clone(),
        breakages: Breakage::ALL
            .into_iter()
            .map(|(b, words)| (code_of(b), words, b == changes.breakage))
            .collect(),
        broken: broken.map(|(_, words)| words),
        saved: !asked.saved.is_empty(),
        total: found.len(),
        pupils: found.into_iter().take(SHOWN).map(|p| pupil(mis, &changes, today, p)).collect(),
    }
}

fn pupil(mis: &Mis, changes: &Changes, today: Date, pupil: &MisPupil) -> Pupil {
    let session = |session: &'static str| {
        let mark = register::mark(changes, today, &pupil.id, session);
        let code = mark.map_or_else(|| "-".to_owned(), |m| m.code);
        SessionMark { session, codes: CODES.iter().map(|(c, words)| (*c, *words, *c == code)).collect() }
    };
    let adult = |tie: &super::school::MisTie| {
        let adult = mis.school.contacts.iter().find(|a| a.id == tie.contact)?;
        let order = if tie.court_order { ", court order: no contact" } else { "" };
        Some(Adult {
            id: adult.id.clone(),
            name: format!("{} {}", adult.forename, adult.surname),
            tie: format!("{}, priority {}{order}", tie.relationship, tie.priority),
            mobile: changes.mobile(&adult.id, adult.mobile.as_deref()).unwrap_or_default().to_owned(),
        })
    };
    Pupil {
        id: pupil.id.clone(),
        name: format!("{} {}", pupil.forename, pupil.surname),
        groups: format!("{}, {}", pupil.year, pupil.registration),
        sessions: SESSIONS.into_iter().map(session).collect(),
        adults: mis.school.ties.iter().filter(|t| t.pupil == pupil.id).filter_map(adult).collect(),
    }
}

async fn page(State(app): State<Shared>, Query(asked): Query<Asked>) -> Response {
    html(&view(&app.mis, &asked), POLICY)
}

/// Whether a form comes from these pages: any site could post to loopback.
fn is_foreign(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    site.is_some_and(|site| site != b"same-origin" && site != b"none")
}

fn changed(app: &Shared, headers: &HeaderMap, back: &str, change: impl FnOnce(&mut Changes)) -> Response {
    if is_foreign(headers) {
        return (StatusCode::FORBIDDEN, "Changes come from the MIS's own pages only.").into_response();
    }
    if app.mis.change(change).is_err() {
        return (StatusCode::INTERNAL_SERVER_ERROR, "The change could not be kept.").into_response();
    }
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("q", back).append_pair("saved", "1");
    Redirect::to(&format!("/mis?{}", query.finish())).into_response()
}

#[derive(Deserialize)]
struct NewNumber {
    contact: String,
    mobile: String,
    #[serde(default)]
    back: String,
}

async fn set_mobile(State(app): State<Shared>, headers: HeaderMap, Form(form): Form<NewNumber>) -> Response {
    let known = app.mis.school.contacts.iter().chain(&app.mis.school.staff).any(|a| a.id == form.contact);
    if !known || form.mobile.chars().count() > LONGEST {
        return (StatusCode::BAD_REQUEST, "There is no such person, or the number is too long.")
            .into_response();
    }
    let now = clock::now();
    changed(&app, &headers, &form.back, |changes| {
        changes.mobiles.insert(form.contact.clone(), form.mobile.trim().to_owned());
        changes.changed_at.insert(form.contact, now);
    })
}

#[derive(Deserialize)]
struct MarkForm {
    pupil: String,
    session: String,
    code: String,
    #[serde(default)]
    back: String,
}

async fn set_mark(State(app): State<Shared>, headers: HeaderMap, Form(form): Form<MarkForm>) -> Response {
    let known = app.mis.school.pupils.iter().any(|p| p.id == form.pupil)
        && SESSIONS.contains(&form.session.as_str())
        && CODES.iter().any(|(code, _)| *code == form.code);
    if !known {
        return (StatusCode::BAD_REQUEST, "There is no such pupil, session or code.").into_response();
    }
    let minutes_late = (form.code == "L").then_some(10);
    changed(&app, &headers, &form.back, |changes| {
        let key = Changes::mark_key(register::today(), &form.pupil, &form.session);
        changes.marks.insert(key, SetMark { code: form.code, minutes_late });
        changes.marks_saved_at = Some(clock::now());
    })
}

#[derive(Deserialize)]
struct Feed {
    breakage: Breakage,
    #[serde(default)]
    back: String,
}

async fn set_feed(State(app): State<Shared>, headers: HeaderMap, Form(form): Form<Feed>) -> Response {
    changed(&app, &headers, &form.back, |changes| changes.breakage = form.breakage)
}

//! The absence page at work: it fills in the compose form, which sends.

use axum::Router;
use axum::extract::{Query, State};
use axum::response::Response;
use axum::routing::get;
use domain::attendance::{About, Matter, SentAllTheSame};
use domain::audience::SendTo;
use domain::channel::Channel;
use domain::content::SmsContent;
use domain::feed::Session;
use domain::ids::ContactId;
use domain::message::Purpose;
use domain::people::Action;
use serde::Deserialize;

use super::AbsencePage;
use super::view::Asked;
use crate::auth::{Posted, SignedIn};
use crate::error::Result;
use crate::pages::kit::context::PageContext;
use crate::pages::kit::form::Problem;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::{html, invalid};
use crate::pages::messages::compose::{self, Chosen, Draft, ForPupils};
use crate::services::attendance::{fresh, registers, too_old};
use crate::state::ApiState;

/// From this hour on the afternoon's register is the one that counts.
const AFTERNOON: i8 = 12;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/absence", get(show).post(tell))
}

#[derive(Deserialize)]
struct ToShow {
    day: Option<String>,
    session: Option<String>,
    send_to: Option<String>,
}

impl Asked {
    /// Missing or unreadable filters fall back to today, the session at hand, and those with parental responsibility. A
    /// day to come has no registers.
    fn read(context: &PageContext, day: Option<&str>, session: Option<&str>, send_to: Option<&str>) -> Self {
        let today = context.local.today();
        let day = day.and_then(|day| day.parse().ok()).filter(|day| *day <= today).unwrap_or(today);
        let now = if context.local.hour() < AFTERNOON { Session::Am } else { Session::Pm };
        Self {
            day,
            session: session.and_then(Session::from_code).unwrap_or(now),
            send_to: send_to.and_then(SendTo::from_code).unwrap_or_default(),
            ticked: None,
        }
    }
}

async fn show(State(state): State<ApiState>, by: SignedIn, Query(asked): Query<ToShow>) -> Result<Response> {
    let context = PageContext::load(&state, &by, NavItem::ABSENCE).await?;
    let asked =
        Asked::read(&context, asked.day.as_deref(), asked.session.as_deref(), asked.send_to.as_deref());
    html(&Box::pin(page(&state, &by, context, asked, Vec::new())).await?)
}

async fn page(
    state: &ApiState,
    by: &SignedIn,
    context: PageContext,
    asked: Asked,
    problems: Vec<Problem>,
) -> Result<AbsencePage> {
    let book = context.book(state, &by.school).await?;
    let when = (asked.day, asked.session);
    let fresh = fresh(&context.standing, &context.settings, state.now_ms());
    let found = Box::pin(registers(&by.school, &book, &context.settings, when, fresh)).await?;
    let PageContext { frame, settings, local, .. } = context;
    Ok(AbsencePage::new(frame, (&book, &settings, &local), asked, &found, problems))
}

/// Families are to be told: nothing goes yet, the compose page has the message.
async fn tell(State(state): State<ApiState>, Posted { by, form }: Posted) -> Result<Response> {
    by.may(Action::Compose)?;
    let context = PageContext::load(&state, &by, NavItem::ABSENCE).await?;
    let asked = Asked::read(&context, form.get("day"), form.get("session"), form.get("send_to"));
    let matter = Matter::from_code(form.text("matter")).unwrap_or(Matter::Absence);
    let about = About {
        date: asked.day,
        session: asked.session,
        matter,
        all_the_same: SentAllTheSame::from_code(form.text("all_the_same")),
    };
    let pupils: Vec<ContactId> = form.all("pupil").filter_map(|id| ContactId::parse(id).ok()).collect();
    let mut problems = Vec::new();
    if pupils.is_empty() {
        problems.push(Problem::new(matter.code(), "Tick at least one pupil.".to_owned()));
    }
    if let Some(why) = too_old(&context.standing, &context.settings, Some(about), state.now_ms()) {
        problems.push(Problem::new("stale", why));
    }
    if !problems.is_empty() {
        let asked = Asked { ticked: Some((matter, pupils.into_iter().collect())), ..asked };
        return invalid(&Box::pin(page(&state, &by, context, asked, problems)).await?);
    }
    let mut draft = Draft::preferred(&context.settings, &by.person.account.compose);
    draft.to = pupils.into_iter().map(Chosen::Pupil).collect();
    draft.for_pupils = ForPupils::Adults(asked.send_to);
    draft.purpose = Purpose::Attendance;
    draft.about = Some(about);
    let sms = draft.texts.sms.take().unwrap_or_default();
    draft.texts.sms = Some(SmsContent { text: prepared(matter, asked.session), ..sms });
    draft.on = vec![Channel::Sms];
    let book = context.book(&state, &by.school).await?;
    compose::begin(&state, context.at(NavItem::SEND), &book, draft)
}

/// The text that the form begins with. Siblings share one.
fn prepared(matter: Matter, session: Session) -> String {
    let when = match session {
        Session::Am => "this morning",
        Session::Pm => "this afternoon",
    };
    match matter {
        Matter::Absence => format!(
            "We have not seen $pupilname|your child$ at registration {when} and do not know why. Please call us on \
             $schoolphone|the school’s number$."
        )
        .replace('’', "'"),
        Matter::Late => format!("Late for registration {when}: $pupilname|your child$."),
        Matter::AllClear => {
            "All is well: $pupilname|your child$ is in school. Please ignore our earlier message.".to_owned()
        }
    }
}

/// How many pupils' families are to be told of today's session at hand, for the first page. Nothing
/// is read for a school whose MIS never was.
pub(crate) async fn ready(state: &ApiState, by: &SignedIn, context: &PageContext) -> Result<(usize, usize)> {
    if by.may(Action::Compose).is_err() || context.standing.fresh_ms.is_none() {
        return Ok((0, 0));
    }
    let asked = Asked::read(context, None, None, None);
    let book = context.book(state, &by.school).await?;
    let fresh = fresh(&context.standing, &context.settings, state.now_ms());
    let when = (asked.day, asked.session);
    let found = Box::pin(registers(&by.school, &book, &context.settings, when, fresh)).await?;
    Ok((found.list.to_tell.len(), found.clear.len()))
}

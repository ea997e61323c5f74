//! The first page: what needs this person now, what went out lately, and the week.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use domain::message::MessageState;
use domain::people::Page;
use domain::usage::{DayCounts, Days};
use jiff::ToSpan;
use store::Summary;

use crate::auth::SignedIn;
use crate::error::Result;
use crate::pages::kit::components::{Named, Tag, Tone};
use crate::pages::kit::context::PageContext;
use crate::pages::kit::delivery_status::Show;
use crate::pages::kit::frame::Frame;
use crate::pages::kit::lines::{self, Line};
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::html;
use crate::pages::kit::words::{self, LocalTime};
use crate::pages::messages::absence;
use crate::state::ApiState;

/// Messages that are looked through for what needs somebody.
const LOOKED_AT: i32 = 30;
/// Messages listed.
const LISTED: usize = 5;
/// What went wrong longer ago than this is history.
const NEEDS_MS: i64 = 3 * 24 * 3_600_000;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/", get(show))
}

#[derive(Template)]
#[template(path = "home.html")]
pub(crate) struct HomePage {
    frame: Frame,
    today: String,
    greeting: String,
    /// How many people; only for those who may see them.
    contacts: Option<String>,
    needs: Vec<Need>,
    recent: Vec<Line>,
    /// The week's figures; only for those who may see usage.
    week: Option<Vec<Named>>,
}

/// Something that waits for a person.
struct Need {
    href: String,
    tag: Tag,
    title: String,
    words: String,
    action: &'static str,
}

async fn show(State(state): State<ApiState>, by: SignedIn) -> Result<Response> {
    let context = PageContext::load(&state, &by, NavItem::HOME).await?;
    let today = context.local.today();
    let monday = today.saturating_sub(i64::from(today.weekday().to_monday_zero_offset()).days());
    let mut summaries = by.school.messages().summaries(None, LOOKED_AT).await?;
    summaries.retain(|summary| by.sees_message_of(&summary.author).is_ok());
    let week = match by.opens(Page::Usage) {
        Ok(()) => Some(by.school.usage().between(monday, today).await?),
        Err(_) => None,
    };
    let people = match by.opens(Page::Contacts) {
        Ok(()) => Some(context.book(&state, &by.school).await?.len()),
        Err(_) => None,
    };
    let absences = Box::pin(absence::ready(&state, &by, &context)).await?;
    let me = by.user.to_string();
    let mut page =
        HomePage::new(context.frame, &context.local, state.now_ms(), &me, &summaries, week.as_ref(), people);
    page.needs.splice(0..0, absences_need(absences));
    html(&page)
}

impl HomePage {
    fn new(
        frame: Frame,
        local: &LocalTime,
        now_ms: i64,
        me: &str,
        summaries: &[Summary],
        week: Option<&Days>,
        people: Option<usize>,
    ) -> Self {
        let greeting = match local.hour() {
            0..12 => "Good morning",
            12..17 => "Good afternoon",
            _ => "Good evening",
        };
        let forename = frame.user.split_whitespace().next().unwrap_or_default().to_owned();
        // What waits, waits however long ago it was written.
        let late = summaries
            .iter()
            .filter(|s| s.created_ms > now_ms - NEEDS_MS || s.state == MessageState::AwaitingAuthorisation);
        let to_authorise = to_authorise(frame.waiting);
        Self {
            frame,
            today: local.day(local.today()),
            greeting: format!("{greeting}, {forename}"),
            contacts: people.map(|people| words::count(people as u64, "person", "people")),
            needs: to_authorise.into_iter().chain(late.filter_map(|s| need(s, local, me))).collect(),
            recent: summaries.iter().take(LISTED).map(|s| Line::new(s, local)).collect(),
            week: week
                .map(|week| figures(week.values().fold(DayCounts::default(), |sum, day| sum.plus(*day)))),
        }
    }
}

/// The four figures of a span of days.
pub(crate) fn figures(sum: DayCounts) -> Vec<Named> {
    let figure = |words: &str, n: i64| Named::new(words, words::number(n.unsigned_abs()));
    vec![
        figure("Texts", sum.sms_count),
        figure("Text units", sum.sms_units),
        figure("Call minutes", sum.voice_minutes),
        figure("E-mails", sum.email_count),
    ]
}

/// Families to be told of an absence, or that all is well.
fn absences_need((absent, clear): (usize, usize)) -> Option<Need> {
    let pupils = |count: usize| words::count(count as u64, "pupil", "pupils");
    let title = match (absent, clear) {
        (0, 0) => return None,
        (0, clear) => format!("{} in school after all", pupils(clear)),
        (absent, _) => format!("{} missing, and nobody knows why", pupils(absent)),
    };
    let (tone, tag) = if absent > 0 {
        (Tone::Unsure, format!("Absence list ready ({})", words::number(absent as u64)))
    } else {
        (Tone::Waiting, "All clear to send".to_owned())
    };
    Some(Need {
        href: "/absence".to_owned(),
        tag: Tag::new(tone, tag),
        title,
        words: "By the registers of today".to_owned(),
        action: "Look and tell",
    })
}

/// Messages of others that wait for this person.
fn to_authorise(waiting: u32) -> Option<Need> {
    (waiting > 0).then(|| Need {
        href: "/authorise".to_owned(),
        tag: Tag::new(Tone::Waiting, format!("{} to authorise", words::number(u64::from(waiting)))),
        title: format!(
            "{} for somebody to authorise",
            words::count(u64::from(waiting), "message waits", "messages wait")
        ),
        words: "Nothing of it has gone yet".to_owned(),
        action: "Look and decide",
    })
}

fn need(summary: &Summary, local: &LocalTime, me: &str) -> Option<Need> {
    let counts = lines::counts(&summary.totals);
    let of = |show| counts.get(&show).copied().unwrap_or(0);
    let (unsure, failed) = (of(Show::Unconfirmed) + of(Show::Expired), of(Show::Failed));
    let (tag, action) = match summary.state {
        MessageState::Rejected => (Tag::new(Tone::Failed, "Not sent"), "See why"),
        MessageState::AwaitingAuthorisation if summary.author.id == me => {
            (Tag::new(Tone::Waiting, "To be authorised"), "See it")
        }
        MessageState::Finished if unsure > 0 => {
            (Tag::new(Tone::Unsure, format!("{} not confirmed", words::number(unsure))), "Look and resend")
        }
        MessageState::Finished if failed > 0 => {
            (Tag::new(Tone::Failed, format!("{} failed", words::number(failed))), "See who")
        }
        _ => return None,
    };
    Some(Need {
        href: format!("/messages/{}", summary.id),
        tag,
        title: words::readable(&summary.headline),
        words: format!("Written {}", local.when(summary.created_ms)),
        action,
    })
}

#[cfg(test)]
impl HomePage {
    fn made(summaries: &[Summary]) -> Self {
        let local = lines::samples::local();
        let day = DayCounts { email_count: 210, sms_count: 1_910, sms_units: 2_324, voice_minutes: 96 };
        let week = Days::from([(local.today(), day)]);
        Self::new(
            Frame::sample(NavItem::HOME),
            &local,
            lines::samples::now_ms(),
            "u1",
            summaries,
            Some(&week),
            Some(1_498),
        )
    }

    pub(crate) fn sample() -> Self {
        Self::made(&lines::samples::summaries())
    }

    pub(crate) fn sample_new() -> Self {
        Self::made(&[])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_lately_is_on_top() {
        let page = HomePage::sample();
        let needs: Vec<&str> = page.needs.iter().map(|n| n.tag.words.as_str()).collect();
        assert_eq!(needs, ["2 to authorise", "2 not confirmed", "17 failed"]);
        assert_eq!(
            (page.today.as_str(), page.greeting.as_str()),
            ("Thursday 14 May", "Good morning, Morgan")
        );
        assert_eq!(HomePage::sample_new().needs.len(), 1);
    }
}

//! What was sent, day by day, and what it came to.

mod chart;
mod sheet;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::settings::Settings;
use domain::usage::{DayCounts, Days};
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use jiff::civil::Date;
use serde::Deserialize;

use self::chart::{Chart, charts};
use crate::auth::SignedIn;
use crate::error::{ApiError, Result};
use crate::pages::home::figures;
use crate::pages::kit::components::Named;
use crate::pages::kit::context::PageContext;
use crate::pages::kit::form::{Problem, problems};
use crate::pages::kit::frame::Frame;
use crate::pages::kit::places::NavItem;
use crate::pages::kit::reply::{html, invalid};
use crate::pages::kit::words::{self, LocalTime};
use crate::services::usage::{Range, usage};
use crate::state::ApiState;

pub(crate) fn routes() -> Router<ApiState> {
    Router::new().route("/usage", get(show)).route("/usage.xlsx", get(export))
}

#[derive(Template)]
#[template(path = "usage.html")]
pub(crate) struct UsagePage {
    frame: Frame,
    range: String,
    from: String,
    to: String,
    problems: Vec<Problem>,
    figures: Vec<Named>,
    saving: Option<Saving>,
    charts: Vec<Chart>,
    axis: Vec<String>,
    days: Vec<Day>,
    sum: Day,
}

/// The sentence that saves money.
struct Saving {
    words: String,
    href: String,
    action: String,
}

/// One day, or all of them, in figures.
struct Day {
    words: String,
    /// For a phone.
    short: String,
    email: String,
    sms: String,
    units: String,
    minutes: String,
}

impl Day {
    fn new(words: String, short: String, counts: DayCounts) -> Self {
        let n = |n: i64| words::number(n.unsigned_abs());
        Self {
            words,
            short,
            email: n(counts.email_count),
            sms: n(counts.sms_count),
            units: n(counts.sms_units),
            minutes: n(counts.voice_minutes),
        }
    }
}

#[derive(Deserialize)]
struct Asked {
    from: Option<String>,
    to: Option<String>,
}

async fn show(State(state): State<ApiState>, by: SignedIn, Query(asked): Query<Asked>) -> Result<Response> {
    let context = PageContext::load(&state, &by, NavItem::USAGE).await?;
    match Range::parse(asked.from.as_deref(), asked.to.as_deref(), &state, &context.settings) {
        Ok(range) => {
            let days = usage(&by.school, range).await?;
            html(&UsagePage::new(context.frame, &context.local, &context.settings, range, &days, Vec::new()))
        }
        Err(ApiError::Invalid { errors, .. }) => {
            let range = Range::parse(None, None, &state, &context.settings)?;
            let (frame, wrong) = (context.frame, problems(errors));
            invalid(&UsagePage::new(frame, &context.local, &context.settings, range, &Days::new(), wrong))
        }
        Err(other) => Err(other),
    }
}

async fn export(State(state): State<ApiState>, by: SignedIn, Query(asked): Query<Asked>) -> Result<Response> {
    let context = PageContext::load(&state, &by, NavItem::USAGE).await?;
    let range = Range::parse(asked.from.as_deref(), asked.to.as_deref(), &state, &context.settings)?;
    let days = usage(&by.school, range).await?;
    let bytes = sheet::workbook(&context.settings.name, range, &days).map_err(ApiError::internal)?;
    let name = format!("attachment; filename=\"usage-{}-to-{}.xlsx\"", range.from, range.to);
    let headers = [
        (
            CONTENT_TYPE,
            HeaderValue::from_static("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        ),
        (CONTENT_DISPOSITION, HeaderValue::try_from(name).map_err(ApiError::internal)?),
    ];
    Ok((headers, bytes).into_response())
}

impl UsagePage {
    fn new(
        frame: Frame,
        local: &LocalTime,
        settings: &Settings,
        range: Range,
        days: &Days,
        problems: Vec<Problem>,
    ) -> Self {
        let sum = days.values().fold(DayCounts::default(), |sum, day| sum.plus(*day));
        let span = |date: Date| local.day(date);
        Self {
            frame,
            range: if range.from == range.to {
                span(range.from)
            } else {
                format!("{} to {}", span(range.from), span(range.to))
            },
            from: range.from.to_string(),
            to: range.to.to_string(),
            problems,
            figures: figures(sum),
            saving: saving(local, settings, days),
            charts: charts(local, range, days),
            axis: chart::axis(range),
            days: days
                .iter()
                .map(|(date, counts)| {
                    Day::new(local.day(*date), date.strftime("%a %-d %b").to_string(), *counts)
                })
                .collect(),
            sum: Day::new(String::new(), String::new(), sum),
        }
    }
}

/// The day whose texts took the most units beyond one each, if that is worth a word.
fn saving(local: &LocalTime, settings: &Settings, days: &Days) -> Option<Saving> {
    let (date, counts) = days.iter().max_by_key(|(_, c)| c.sms_units - c.sms_count)?;
    let extra = u64::try_from(counts.sms_units - counts.sms_count).ok().filter(|extra| *extra > 0)?;
    let cost = settings.prices.sms_unit.times(extra);
    let texts = counts.sms_count.unsigned_abs();
    Some(Saving {
        words: format!(
            "{}: {} used {}. Kept to one unit each they would have cost {} less.",
            local.day(*date),
            words::count(texts, "text", "texts"),
            words::count(counts.sms_units.unsigned_abs(), "unit", "units"),
            words::money(cost)
        ),
        href: format!("/history?day={date}"),
        action: "See them".to_owned(),
    })
}

#[cfg(test)]
pub(crate) mod samples {
    use jiff::civil::date;

    use super::*;
    use crate::pages::kit::lines::samples::local;
    use crate::pages::messages::compose::samples::settings;

    pub(crate) fn range() -> Range {
        Range { from: date(2026, 5, 1), to: date(2026, 5, 14) }
    }

    pub(crate) fn days() -> Days {
        let counts = |(day, email, sms, units, minutes): (i8, i64, i64, i64, i64)| {
            let counts =
                DayCounts { email_count: email, sms_count: sms, sms_units: units, voice_minutes: minutes };
            (date(2026, 5, day), counts)
        };
        [
            (1, 210, 34, 34, 4),
            (4, 0, 41, 82, 6),
            (5, 1_320, 29, 29, 3),
            (6, 0, 312, 624, 9),
            (7, 18, 27, 27, 2),
            (8, 0, 38, 41, 3),
            (11, 640, 1_508, 3_016, 61),
            (12, 0, 45, 45, 5),
            (13, 96, 774, 774, 12),
            (14, 0, 212, 253, 8),
        ]
        .map(counts)
        .into()
    }

    impl UsagePage {
        pub(crate) fn sample() -> Self {
            Self::new(Frame::sample(NavItem::USAGE), &local(), &settings(), range(), &days(), Vec::new())
        }

        pub(crate) fn sample_empty() -> Self {
            let problem = Problem::new("to", "The last day is before the first. Swap them.");
            Self::new(
                Frame::sample(NavItem::USAGE),
                &local(),
                &settings(),
                range(),
                &Days::new(),
                vec![problem],
            )
        }
    }

    #[test]
    fn the_dearest_day_is_named_with_what_it_cost() {
        let saving = saving(&local(), &settings(), &days()).unwrap();
        assert!(saving.words.starts_with("Monday 11 May: 1,508 texts used 3,016 units."), "{}", saving.words);
        assert!(saving.words.contains("£56.55"), "{}", saving.words);
        assert_eq!(saving.href, "/history?day=2026-05-11");
        let thrifty = Days::from([(
            date(2026, 5, 1),
            DayCounts { sms_count: 3, sms_units: 3, ..DayCounts::default() },
        )]);
        assert!(super::saving(&local(), &settings(), &thrifty).is_none());
    }
}

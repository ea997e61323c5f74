//! The account settings: a form for each group of rows, and the question before a protected row changes.

mod confirm;
mod done;
mod handlers;
mod logo;
pub(crate) mod mis;
mod x;

use askama::Template;
use domain::settings::Settings;

#[cfg(test)]
pub(crate) use confirm::ConfirmSettingsPage;
pub(crate) use handlers::routes;
#[cfg(test)]
pub(crate) use x::GoToXPage;

use crate::forms::FormFields;
use crate::pages::kit::form::{Choice, Problem, error_of};
use crate::pages::kit::frame::Frame;
use crate::services::settings::{GROUPS, Group, Kind, Row, seen};
use crate::services::x::NotLinked;

/// Zones that are offered; any other of the database can be typed.
const ZONES: [&str; 12] = [
    "Europe/London",
    "Europe/Dublin",
    "Europe/Jersey",
    "Europe/Guernsey",
    "Europe/Isle_of_Man",
    "Europe/Gibraltar",
    "Europe/Berlin",
    "Europe/Madrid",
    "Asia/Nicosia",
    "Asia/Dubai",
    "Asia/Hong_Kong",
    "Atlantic/Stanley",
];

#[derive(Template)]
#[template(path = "settings.html")]
pub(crate) struct SettingsPage {
    frame: Frame,
    notice: Option<String>,
    problems: Vec<Problem>,
    groups: Vec<GroupView>,
    zones: [&'static str; 12],
    logo: LogoView,
    x: XView,
}

/// The account on X.
struct XView {
    /// Its name, if one is linked.
    account: Option<String>,
    /// Why none can be linked.
    closed: Option<String>,
    error: Option<String>,
}

/// The logo as it is.
struct LogoView {
    path: Option<String>,
    words: String,
    error: Option<String>,
}

/// One form.
struct GroupView {
    code: &'static str,
    title: &'static str,
    words: &'static str,
    seen: String,
    rows: Vec<RowView>,
    /// What to know of how it stands.
    care: Option<String>,
}

/// One row of a form.
struct RowView {
    name: &'static str,
    label: &'static str,
    hint: String,
    error: Option<String>,
    protected: bool,
    /// `text`, `tel`, `email`, `zone`, `switch` or `choice`.
    kind: &'static str,
    value: String,
    on: bool,
    choices: Vec<Choice>,
}

impl RowView {
    fn new(row: &Row, value: String, settings: &Settings, problems: &[Problem]) -> Self {
        let (kind, choices) = match row.kind {
            Kind::Line => ("text", Vec::new()),
            Kind::Phone => ("tel", Vec::new()),
            Kind::Email => ("email", Vec::new()),
            Kind::Zone => ("zone", Vec::new()),
            Kind::Switch => ("switch", Vec::new()),
            Kind::Choice(choices) => {
                let choice =
                    |(code, words): &(&'static str, &'static str)| Choice::new(*code, *words, *code == value);
                ("choice", choices.iter().map(choice).collect())
            }
        };
        Self {
            name: row.name,
            label: row.label,
            hint: format!("{}{}", row.hint, (row.more)(settings)),
            error: error_of(problems, row.name),
            protected: row.protected,
            kind,
            on: value == "on",
            value,
            choices,
        }
    }
}

impl SettingsPage {
    /// The settings as they stand; of the group whose form was posted, what was typed. `has_x`: the product has a key
    /// for X.
    fn new(
        frame: Frame,
        settings: &Settings,
        has_x: bool,
        typed: Option<(&Group, &FormFields)>,
        problems: Vec<Problem>,
    ) -> Self {
        let groups = GROUPS.iter().map(|group| {
            let form = typed.filter(|(of, _)| of.code == group.code).map(|(_, form)| form);
            let value = |row: &Row| {
                let typed = form.and_then(|form| form.all(row.name).last());
                typed.map_or_else(|| (row.get)(settings), str::to_owned)
            };
            GroupView {
                code: group.code,
                title: group.title,
                words: group.words,
                seen: seen(group, settings),
                rows: group.rows.iter().map(|r| RowView::new(r, value(r), settings, &problems)).collect(),
                care: (group.care)(settings),
            }
        });
        let size = |logo: &domain::settings::Logo| format!("{} by {} pixels", logo.width, logo.height);
        let logo = LogoView {
            path: settings.logo_path(),
            words: settings.logo.as_ref().map_or_else(|| "There is no logo yet.".to_owned(), size),
            error: error_of(&problems, "file"),
        };
        let x = XView {
            account: settings.x.as_ref().map(|account| account.name.clone()),
            closed: (!has_x).then(|| NotLinked::NoKey.to_string()),
            error: error_of(&problems, "x"),
        };
        Self { groups: groups.collect(), frame, notice: None, problems, zones: ZONES, logo, x }
    }
}

#[cfg(test)]
impl SettingsPage {
    pub(crate) fn sample() -> Self {
        let settings = Settings {
            x: Some(domain::settings::XAccount { id: "15".into(), name: "GreenAbbeySch".into() }),
            logo: Some(domain::settings::Logo { hash: "0".repeat(64), width: 350, height: 120 }),
            ..crate::pages::messages::compose::samples::settings()
        };
        let frame = Frame::sample(crate::pages::kit::places::NavItem::SETTINGS);
        let notice = Some("The settings are saved.".to_owned());
        Self { notice, ..Self::new(frame, &settings, true, None, Vec::new()) }
    }

    pub(crate) fn sample_with_problems() -> Self {
        let form = FormFields::parse(b"sms_sender=12345&sms_header=GA");
        let wrong = vec![Problem::new("sms_sender", "A sender of digits must be a real phone number.")];
        let frame = Frame::sample(crate::pages::kit::places::NavItem::SETTINGS);
        Self::new(
            frame,
            &crate::pages::messages::compose::samples::settings(),
            false,
            Some((&GROUPS[0], &form)),
            wrong,
        )
    }
}

//! The page as it is rendered in tests.

use domain::channel::Channel;
use domain::security::Strength;

use super::{Fields, PreferencesPage, SessionLine, Tick, pin_words};
use crate::pages::kit::form::{Field, Problem};
use crate::pages::kit::frame::Frame;
use crate::pages::kit::places::NavItem;

impl PreferencesPage {
    pub(crate) fn sample() -> Self {
        let line = |id: &str, browser: &str, here| SessionLine {
            id: id.to_owned(),
            browser: browser.to_owned(),
            times: "Signed in today 08:01, last used today 08:57".to_owned(),
            here,
        };
        let field = |name, label| Field::new(name, label, "").kind("password");
        let channels = [(Channel::Sms, true), (Channel::Voice, false), (Channel::Email, true)];
        let fields = Fields {
            email: Field::new("email", "E-mail address", "morgan.ellis@greenabbey.example"),
            mobile: Field::new("mobile", "Mobile number", "07700 900123").optional(),
            for_email: field("for_email", "Your present password"),
            current: field("current", "Your present password"),
            password: field("password", "New password").hint(Strength::Strong.hint()),
            again: field("again", "The new one again"),
            header: Field::new("header", "Texts start with", "GA Sch"),
            reply_to: Field::new("reply_to", "Replies to your e-mails go to", ""),
            for_factor: field("for_factor", "Your present password"),
        };
        Self {
            frame: Frame::sample(NavItem::PREFERENCES),
            notice: None,
            problems: Vec::new(),
            username: "5976.morgan.ellis".to_owned(),
            fields,
            email_confirmed: false,
            warnings: Vec::new(),
            channels: channels.map(|(channel, on)| Tick::of(channel, on)).into(),
            pin: pin_words(1_000, false),
            factor_on: false,
            codes_left: 0,
            factor_required: false,
            sessions: vec![line("a", "Edge on Windows", true), line("b", "Safari on iPhone", false)],
            several_schools: true,
        }
    }

    pub(crate) fn sample_protected() -> Self {
        let problems = vec![Problem::new("current", "This is not your present password.")];
        let mut page = Self::sample();
        page.fields.current = page.fields.current.checked(&problems);
        Self {
            problems,
            warnings: vec!["This is one of the first passwords that attackers try.".to_owned()],
            email_confirmed: true,
            factor_on: true,
            codes_left: 2,
            factor_required: true,
            ..page
        }
    }
}

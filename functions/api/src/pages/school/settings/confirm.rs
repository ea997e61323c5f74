//! The question before a protected row changes: what it is, what it would be.

use askama::Template;

use crate::forms::FormFields;
use crate::pages::kit::frame::Frame;
use crate::services::settings::{Difference, Group};

#[derive(Template)]
#[template(path = "settings_confirm.html")]
pub(crate) struct ConfirmSettingsPage {
    frame: Frame,
    action: String,
    differences: Vec<Difference>,
    /// The form as it was posted, to be posted again.
    hidden: Vec<(String, String)>,
    token: String,
}

impl ConfirmSettingsPage {
    pub(super) fn new(
        frame: Frame,
        group: &Group,
        form: &FormFields,
        differences: Vec<Difference>,
        token: String,
    ) -> Self {
        let ours = |name: &str| name == "seen" || group.rows.iter().any(|row| row.name == name);
        let hidden = form.pairs().iter().filter(|(name, _)| ours(name)).cloned().collect();
        Self { frame, action: format!("/settings/{}", group.code), differences, hidden, token }
    }

    fn cares(&self) -> impl Iterator<Item = &'static str> {
        self.differences.iter().map(|d| d.care).filter(|care| !care.is_empty())
    }
}

#[cfg(test)]
impl ConfirmSettingsPage {
    pub(crate) fn sample() -> Self {
        use crate::services::settings::{GROUPS, Given, sample_differences};
        let given = Given { numbers: domain::phone::NumberMode::Simulated, now_ms: 1_788_260_400_000 };
        let form = FormFields::parse(b"seen=0&routing=both_today&voice=off");
        let group = GROUPS.iter().find(|group| group.code == "voice").unwrap();
        let settings = crate::pages::messages::compose::samples::settings();
        let differences = sample_differences(group, &settings, &form, given);
        Self::new(
            Frame::sample(crate::pages::kit::places::NavItem::SETTINGS),
            group,
            &form,
            differences,
            "0".repeat(64),
        )
    }
}

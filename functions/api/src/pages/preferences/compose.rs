//! What a new message begins with.

use axum::extract::State;
use axum::response::Response;
use domain::audit::{Act, Change};
use domain::channel::Channel;
use domain::email::EmailAddress;
use domain::people::Action;
use domain::settings::Settings;
use domain::sms::MAX_HEADER;
use store::ComposeDefaults;

use super::{Tick, Tried, again, done};
use crate::auth::Posted;
use crate::error::Result;
use crate::pages::kit::form::Problem;
use crate::state::ApiState;

/// The channels as boxes; without a choice of their own, as every message begins.
pub(super) fn ticks(chosen: &[Channel], settings: &Settings) -> Vec<Tick> {
    let on = |channel: Channel| match chosen {
        [] => channel == Channel::Sms,
        chosen => chosen.contains(&channel),
    };
    let offered = Channel::to_people().filter(|channel| *channel != Channel::Voice || settings.voice);
    offered.map(|channel| Tick::of(channel, on(channel))).collect()
}

pub(super) async fn save(State(state): State<ApiState>, Posted { by, form }: Posted) -> Result<Response> {
    by.may(Action::ChangeOwnPreferences)?;
    let settings = by.school.settings().get().await?;
    let mut problems = Vec::new();
    let header = form.text("header");
    if header.chars().count() > MAX_HEADER {
        problems.push(Problem::new("header", format!("Use up to {MAX_HEADER} characters.")));
    } else if header.contains(char::is_control) {
        problems.push(Problem::new("header", "Write it on one line."));
    }
    let reply_to = match form.text("reply_to") {
        "" => None,
        typed => EmailAddress::parse(typed)
            .map_err(|e| problems.push(Problem::new("reply_to", e.to_string())))
            .ok(),
    };
    if !problems.is_empty() {
        let text = |name: &str| Some(form.text(name).to_owned());
        let tried =
            Tried { problems, header: text("header"), reply_to: text("reply_to"), ..Tried::default() };
        return again(&state, &by, tried).await;
    }
    let mut after = by.person.clone();
    after.account.compose = ComposeDefaults {
        channels: Channel::to_people()
            .filter(|channel| form.all("channel").any(|chosen| chosen == channel.code()))
            .collect(),
        // The school's own is not copied: it goes on following the school's.
        header: (header != settings.sms_header).then(|| header.to_owned()),
        reply_to,
    };
    let codes = |defaults: &ComposeDefaults| {
        defaults.channels.iter().map(|channel| channel.code()).collect::<Vec<_>>().join(" ")
    };
    let change = Change::of("channels", &codes(&by.person.account.compose), &codes(&after.account.compose));
    let changes = change.into_iter().collect();
    let event = by.audit_event(Act::PreferencesChanged, by.user.to_string(), changes);
    by.school.members().change_user(&by.person, &after, None, &event, state.now_ms()).await?;
    Ok(done::COMPOSE.at(done::PAGE))
}

//! Which MIS a school has: read from a form, kept with the settings, its credentials in the vault; and the trial of it.

pub mod files;
mod form;

use domain::audit::{Act, Change};
use domain::ids::RunId;
use domain::report::ReportSystem;
use domain::settings::Settings;
use domain::sync::{Connector, MisSettings, Trial, Windows};
use sha2::{Digest, Sha256};
use store::StoreError;
use tracing::warn;

pub use form::{HOURS, read};

use crate::auth::SignedIn;
use crate::error::{ApiError, FieldError, Result};
use crate::forms::FormFields;
use crate::services::jobs;
use crate::state::ApiState;

/// Tries at a row that others change at the same time.
const TRIES: usize = 4;

/// What came of a form.
#[derive(Debug)]
pub enum Outcome {
    /// Nothing was different.
    Same,
    /// It is done.
    Saved,
    /// Things to mend; nothing was changed.
    Wrong(Vec<FieldError>),
    /// Somebody else changed the MIS since the form was shown.
    Stale,
}

/// Names how the MIS stands, so that a form can say what it was made from.
pub fn seen(mis: &MisSettings) -> String {
    let text = serde_json::to_string(mis).unwrap_or_default();
    hex::encode(&Sha256::digest(text)[..8])
}

/// When credentials were entered, in milliseconds since 1970, if their name says so.
pub fn entered_ms(mis: &MisSettings) -> Option<i64> {
    let (_, id) = mis.secret.rsplit_once('-')?;
    let id: RunId = id.parse().ok()?;
    i64::try_from(id.made_at_ms()).ok()
}

/// Windows, for people and the log.
pub fn windows_words(windows: Windows) -> String {
    let at = |hour: u8| format!("{hour:02}:00");
    let hourly = windows.hourly_from.map(|from| format!("hourly {}–{}", at(from), at(windows.hourly_to)));
    let night = windows.overnight.map(|hour| format!("once at {}", at(hour)));
    match (hourly, night) {
        (Some(hourly), Some(night)) => format!("{hourly}, {night}"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => "only when asked for".to_owned(),
    }
}

/// Changes the MIS as a form says, once whoever fills it in has ticked that this is for the whole school. Credentials
/// go into the vault under a name of their own before the settings name them, so that a run never reads half of them.
pub async fn save(state: &ApiState, by: &SignedIn, form: &FormFields) -> Result<Outcome> {
    for _ in 0..TRIES {
        let before = by.school.settings().get().await?;
        if form.text("seen") != seen(&before.mis) {
            return Ok(Outcome::Stale);
        }
        let (mut mis, text) = match read(&before.mis, form, state.outside()) {
            Ok(read) => read,
            Err(errors) => return Ok(Outcome::Wrong(errors)),
        };
        if mis == before.mis && text.is_none() {
            return Ok(Outcome::Same);
        }
        if form.text("sure") != "yes" {
            let words = "Tick that you mean to change this for the whole school.";
            return Ok(Outcome::Wrong(vec![FieldError::new("sure", words)]));
        }
        let now_ms = state.now_ms();
        if let Some(text) = &text {
            mis.secret = format!("{}-{}", mis.kind, state.ids().ulid(now_ms));
            state.vault().put(by.school.id(), &mis.secret, text).await.map_err(ApiError::internal)?;
        }
        let named = mis.secret.clone();
        match put(by, &before, mis, now_ms).await {
            Ok(()) => {}
            Err(StoreError::Conflict) => {
                // A write whose answer was lost and that was made again finds itself.
                if text.is_none() || by.school.settings().get().await?.mis.secret != named {
                    forget(state, by, text.as_ref().map_or("", |_| &named)).await;
                    continue;
                }
            }
            // Whether it was written is not known: the credentials stay.
            Err(error) => return Err(error.into()),
        }
        if before.mis.secret != named {
            forget(state, by, &before.mis.secret).await;
        }
        return Ok(Outcome::Saved);
    }
    Ok(Outcome::Stale)
}

/// The settings, and whether the schedule looks at the school: it looks too often rather than never.
async fn put(by: &SignedIn, before: &Settings, mis: MisSettings, now_ms: i64) -> store::Result<()> {
    // What is handed in is read when it comes.
    let on = Connector::from_code(&mis.kind).is_some_and(|kind| !kind.reads_files());
    if on {
        by.school.sync().set_scheduled(true).await?;
    }
    let event = by.audit_event(Act::SettingsChanged, "", changes(&before.mis, &mis));
    let after = Settings { mis, ..before.clone() };
    by.school.settings().change(before, after, &event, now_ms).await?;
    if !on {
        by.school.sync().set_scheduled(false).await?;
    }
    by.school.sync().trial().delete().await
}

/// For the log: of the credentials only that they are others.
fn changes(before: &MisSettings, after: &MisSettings) -> Vec<Change> {
    let entered = if after.secret.is_empty() { "removed" } else { "entered" };
    let entered = if before.secret == after.secret { "" } else { entered };
    let rows = [
        ("mis", before.kind.clone(), after.kind.clone()),
        ("mis_address", before.address.clone(), after.address.clone()),
        ("mis_school", before.school.clone(), after.school.clone()),
        ("mis_windows", windows_words(before.windows), windows_words(after.windows)),
        ("mis_system", before.system.clone(), after.system.clone()),
        ("mis_contacts", contacts_words(before).to_owned(), contacts_words(after).to_owned()),
        ("mis_credentials", String::new(), entered.to_owned()),
    ];
    rows.iter().filter_map(|(field, before, after)| Change::of(field, before, after)).collect()
}

const fn contacts_words(mis: &MisSettings) -> &'static str {
    if mis.leaves_contacts { "left as they are" } else { "taken" }
}

/// Which system writes a school's reports, in words.
pub fn system_words(mis: &MisSettings) -> &'static str {
    ReportSystem::from_code(&mis.system).unwrap_or(ReportSystem::Other).words()
}

/// Removes credentials that nothing names any more. That it fails is no reason to undo what was done.
async fn forget(state: &ApiState, by: &SignedIn, name: &str) {
    if !name.is_empty()
        && let Err(e) = state.vault().remove(by.school.id(), name).await
    {
        warn!(school = %by.school.id(), error = %e, "credentials that are not used any more were not removed");
    }
}

/// Has the sync try the MIS as it is saved. One that somebody waits for already is not asked for again.
pub async fn test(state: &ApiState, by: &SignedIn) -> Result<()> {
    let now_ms = state.now_ms();
    let mis = by.school.settings().get().await?.mis;
    if Connector::from_code(&mis.kind).is_some_and(Connector::reads_files) {
        return Err(ApiError::field("kind", "There is nothing to connect to: files are handed in, below."));
    }
    if !mis.is_on() {
        return Err(ApiError::field("kind", "There is no MIS to try. Choose one and save it first."));
    }
    if by.school.sync().trial().get(now_ms).await?.is_some_and(|trial| trial.waits(now_ms)) {
        return Ok(());
    }
    let trial = Trial::new(RunId::new(state.ids().ulid(now_ms)), now_ms);
    by.school.sync().trial().begin(&trial).await?;
    if let Err(error) = jobs::try_mis(state, by.school.id(), trial.id).await {
        by.school.sync().trial().delete().await?;
        return Err(error);
    }
    Ok(())
}

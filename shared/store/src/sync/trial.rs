//! The latest trial of a school's MIS.

use domain::sync::Trial;

use crate::School;
use crate::error::{Result, StoreError};
use crate::keys;
use crate::table::{json, key_row, n, s, text};
use crate::update::Updated;

const DOC: &str = "doc";
/// For how long an outcome is shown, in seconds.
const KEPT_SECONDS: i64 = 7 * 86_400;

/// The trial of the connection to the MIS.
#[derive(Debug, Clone, Copy)]
pub struct MisTrial<'a> {
    pub(crate) school: &'a School,
}

impl MisTrial<'_> {
    /// The latest trial; an old one is forgotten.
    pub async fn get(self, now_ms: i64) -> Result<Option<Trial>> {
        let Some(row) = self.school.table.get(&keys::mis_trial(self.school.id), true).await? else {
            return Ok(None);
        };
        let doc = text(&row, DOC).unwrap_or_default();
        let trial: Trial = serde_json::from_str(doc).map_err(|_| StoreError::corrupt("trial", "not JSON"))?;
        Ok(Some(trial).filter(|t| t.asked_ms.saturating_add(KEPT_SECONDS * 1_000) > now_ms))
    }

    /// Begins a trial in place of the one before.
    pub async fn begin(self, trial: &Trial) -> Result<()> {
        let mut row = key_row(&keys::mis_trial(self.school.id));
        row.insert(DOC.to_owned(), json("trial", trial)?);
        row.insert("trial_id".to_owned(), s(trial.id.to_string()));
        row.insert(keys::TTL.to_owned(), n(trial.asked_ms / 1_000 + KEPT_SECONDS));
        self.school.table.put(row).await
    }

    /// Says how a trial came out; `false` if another was begun since.
    pub async fn end(self, trial: &Trial) -> Result<bool> {
        let values = [(":doc", json("trial", trial)?), (":id", s(trial.id.to_string()))];
        let key = keys::mis_trial(self.school.id);
        let done = self.school.table.update_if(&key, "SET doc = :doc", "trial_id = :id", values).await?;
        Ok(matches!(done, Updated::Done(_)))
    }

    /// Forgets how the last trial came out: it was of other settings.
    pub async fn delete(self) -> Result<()> {
        self.school.table.delete(&keys::mis_trial(self.school.id)).await
    }
}

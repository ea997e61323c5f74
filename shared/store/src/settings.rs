//! A school's settings row.

use domain::settings::Settings;

use crate::error::{Result, StoreError};
use crate::table::{from_row, to_row};
use crate::{School, keys};

impl School {
    /// Makes the school. `Conflict` when it is there.
    pub async fn create(&self, settings: &Settings) -> Result<()> {
        self.table.create(to_row("settings", &keys::settings(self.id), settings)?).await
    }

    /// The settings, in one read. `NotFound` for a school that was never made.
    pub async fn settings(&self) -> Result<Settings> {
        let row = self.table.get(&keys::settings(self.id), true).await?;
        from_row("settings", row.ok_or(StoreError::NotFound("school"))?)
    }

    /// Replaces the settings.
    pub async fn put_settings(&self, settings: &Settings) -> Result<()> {
        self.table.put(to_row("settings", &keys::settings(self.id), settings)?).await
    }
}

//! A school's settings row.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::audit::AuditEvent;
use domain::phone::PhoneNumber;
use domain::settings::Settings;

use crate::error::{Result, StoreError};
use crate::table::{from_row, n, to_row};
use crate::{School, keys};

/// The school's settings.
#[derive(Debug, Clone, Copy)]
pub struct SchoolSettings<'a> {
    pub(crate) school: &'a School,
}

impl SchoolSettings<'_> {
    /// Makes the school. `Conflict` when it is there.
    pub async fn create(self, settings: &Settings) -> Result<()> {
        self.school.table.create(to_row("settings", &keys::settings(self.school.id), settings)?).await
    }

    /// The settings, in one read. `NotFound` for a school that was never made.
    pub async fn get(self) -> Result<Settings> {
        let row = self.school.table.get(&keys::settings(self.school.id), true).await?;
        from_row("settings", row.ok_or(StoreError::NotFound("school"))?)
    }

    /// Replaces the settings that were read as `before`, with the audit event of that; the new ones are returned. The
    /// numbers in them become the school's own, those that are gone are free again. `Conflict` when they were changed
    /// since, or when a number is another school's: see [`crate::Store::owner_of_number`].
    pub async fn change(
        self,
        before: &Settings,
        after: Settings,
        event: &AuditEvent,
        now_ms: i64,
    ) -> Result<Settings> {
        let mut items = vec![self.school.tx_settings(before, &after)?];
        let (had, has) = (before.own_numbers(), after.own_numbers());
        for number in has.iter().filter(|number| !had.contains(number)) {
            let number = PhoneNumber::from_e164(number).map_err(|e| StoreError::corrupt("settings", e))?;
            items.push(self.school.tx_take_number(&number)?);
        }
        for number in had.iter().filter(|number| !has.contains(number)) {
            items.push(self.school.tx_leave_number(number)?);
        }
        self.school.transact_recorded(items, event, now_ms).await?;
        Ok(Settings { version: before.version + 1, ..after })
    }
}

impl School {
    /// For a transaction: the settings that were read as `before` become `after`, unless they were changed since.
    pub(crate) fn tx_settings(&self, before: &Settings, after: &Settings) -> Result<TransactWriteItem> {
        let after = Settings { version: before.version + 1, ..after.clone() };
        let row = to_row("settings", &keys::settings(self.id), &after)?;
        let seen = match before.version {
            // Rows of before settings were counted have none.
            0 => "attribute_exists(pk) AND (attribute_not_exists(version) OR version = :seen)",
            _ => "version = :seen",
        };
        self.table.tx_put_if(row, seen, [(":seen", n(before.version))])
    }
}

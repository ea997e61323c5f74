//! Which schools the schedule looks at: a row for each with an MIS, in a partition of their own.

use domain::ids::SchoolId;

use crate::error::Result;
use crate::keys::{self, SK};
use crate::table::{key_row, text};
use crate::{Store, Sync};

impl Store {
    /// Schools that have an MIS.
    pub async fn scheduled_schools(&self) -> Result<Vec<SchoolId>> {
        let rows = self.table.query(keys::SCHEDULED, "", false).await?;
        Ok(rows.iter().filter_map(|row| text(row, SK)?.parse().ok()).collect())
    }
}

impl Sync<'_> {
    /// Has the schedule look at the school, or leave it.
    pub async fn set_scheduled(self, on: bool) -> Result<()> {
        let key = keys::scheduled(self.school.id);
        if on { self.school.table.put(key_row(&key)).await } else { self.school.table.delete(&key).await }
    }
}

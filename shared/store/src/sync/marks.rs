//! Marks of the registers, a row each under their day.

use domain::feed::{Mark, Session};
use domain::ids::ContactId;
use jiff::civil::Date;

use crate::School;
use crate::error::Result;
use crate::keys;
use crate::table::{delete_request, from_row, put_request, to_row};

impl School {
    /// Every mark of a day.
    pub async fn marks(&self, day: Date) -> Result<Vec<Mark>> {
        let rows = self.table.query(&keys::marks_pk(self.id, day), "", true).await?;
        rows.into_iter().map(|row| from_row("mark", row)).collect()
    }

    /// A pupil's mark of one session, as the last sync read it.
    pub async fn mark(&self, pupil: &ContactId, day: Date, session: Session) -> Result<Option<Mark>> {
        let key = Mark { pupil: pupil.clone(), date: day, session, code: String::new(), minutes_late: None };
        let row = self.table.get(&keys::mark(self.id, &key), true).await?;
        row.map(|row| from_row("mark", row)).transpose()
    }

    /// Adds or replaces marks, and removes others. May be repeated.
    pub async fn write_marks(&self, put: &[&Mark], remove: &[Mark]) -> Result<()> {
        let puts = put.iter().map(|mark| put_request(to_row("mark", &keys::mark(self.id, mark), mark)?));
        let removed = remove.iter().map(|mark| delete_request(&keys::mark(self.id, mark)));
        self.table.batch_write(puts.chain(removed).collect::<Result<_>>()?).await
    }
}

//! Marks of the registers, a row each under their day.

use domain::feed::{Mark, Session};
use domain::ids::ContactId;
use jiff::civil::Date;

use crate::School;
use crate::error::Result;
use crate::keys;
use crate::table::{delete_request, from_row, put_request, to_row};

/// Registers: marks, and looks at them before a message goes.
#[derive(Debug, Clone, Copy)]
pub struct Registers<'a> {
    pub(crate) school: &'a School,
}

impl Registers<'_> {
    /// Every mark of a day.
    pub async fn marks(self, day: Date) -> Result<Vec<Mark>> {
        let rows = self.school.table.query(&keys::marks_pk(self.school.id, day), "", true).await?;
        rows.into_iter().map(|row| from_row("mark", row)).collect()
    }

    /// A pupil's mark of one session, as the last sync read it.
    pub async fn mark(self, pupil: &ContactId, day: Date, session: Session) -> Result<Option<Mark>> {
        let key = Mark { pupil: pupil.clone(), date: day, session, code: String::new(), minutes_late: None };
        let row = self.school.table.get(&keys::mark(self.school.id, &key), true).await?;
        row.map(|row| from_row("mark", row)).transpose()
    }

    /// Adds or replaces marks, and removes others. May be repeated.
    pub async fn write(self, put: &[&Mark], remove: &[Mark]) -> Result<()> {
        let puts =
            put.iter().map(|mark| put_request(to_row("mark", &keys::mark(self.school.id, mark), mark)?));
        let removed = remove.iter().map(|mark| delete_request(&keys::mark(self.school.id, mark)));
        self.school.table.batch_write(puts.chain(removed).collect::<Result<_>>()?).await
    }
}

//! A look at the registers before a message about them goes: are the marks that it is about still those that were read?

use std::time::Duration;

use domain::attendance::{RegisterLook, Seen, changed};
use domain::feed::{Mark, Part, Records};
use domain::ids::MessageId;
use jiff::civil::Date;
use store::School;
use tracing::info;

use crate::Syncer;
use crate::error::Result;
use crate::file::file_kind;
use crate::mis::{Counter, MisError, Query};

/// Longest that a look takes: families wait to be told.
const LOOK: Duration = Duration::from_mins(1);

impl Syncer {
    /// Reads the marks of the day that a message is about, if the message waits for that still. Nothing of the school
    /// is changed: the next run does that. That the list on the absence page is out of date is noted.
    pub(crate) async fn look_at_registers(&self, school: &School, message: MessageId) -> Result<()> {
        let now_ms = self.clock.now_ms();
        let look = school.sync().registers().look(message).await?.filter(|look| look.waits(now_ms));
        let Some(look) = look else { return Ok(()) };
        let late = MisError::Unreachable("no answer in time".to_owned());
        let read = tokio::time::timeout(LOOK, self.marks_there(school, look.date)).await.unwrap_or(Err(late));
        let seen = match read {
            Ok(Some(marks)) => {
                let known = school.sync().registers().marks(look.date).await?;
                if !changed(&known, &marks, look.session).is_empty() {
                    school.sync().registers().record_saved(self.clock.now_ms()).await?;
                }
                look.seeing(&known, &marks)
            }
            Ok(None) => RegisterLook { seen: Seen::NoRegisters, ..look },
            Err(error) => {
                info!(school = %school.id(), code = error.code(), "the registers were not read");
                RegisterLook { seen: Seen::Failed, ..look }
            }
        };
        school.sync().registers().end_look(message, &seen).await?;
        Ok(())
    }

    /// The marks of a day as the MIS has them; `None` where it has no registers.
    async fn marks_there(
        &self,
        school: &School,
        day: Date,
    ) -> std::result::Result<Option<Vec<Mark>>, MisError> {
        let unread = |_| MisError::Unreachable("the settings".to_owned());
        let settings = school.settings().get().await.map_err(unread)?;
        // What is handed in has no registers.
        if file_kind(&settings).is_some() {
            return Ok(None);
        }
        let Some(mis) = self.connectors.open(school.id(), &settings).await? else { return Ok(None) };
        if !mis.carries(Part::Attendance) {
            return Ok(None);
        }
        let query = Query { part: Part::Attendance, since: None, days: (day, day) };
        match mis.read(query, &Counter::default()).await? {
            reading if !reading.whole => Err(MisError::Truncated("the marks of a day")),
            reading => match reading.records {
                Records::Attendance(marks) => Ok(Some(marks)),
                _ => Err(MisError::Malformed("no marks".to_owned())),
            },
        }
    }
}

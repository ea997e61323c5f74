//! A page's place in its sender's pace. It stands in the page's state row, so that a second job for the page finds it
//! instead of reserving another, and `Watch` leaves the page alone until then.

use domain::job::PageRef;
use domain::page::PageState;

use crate::error::{Result, StoreError};
use crate::keys;
use crate::message::pages::Pages;
use crate::message::pages::read_state;
use crate::table::{Row, n, number};
use crate::update::Updated;

/// The slot that was reserved: it holds as long as the page is due at that very time, so that whatever moves the page
/// gives it up.
const SLOT: &str = "slot";

impl Pages<'_> {
    /// A page's state and the slot that it holds, in milliseconds since 1970.
    pub async fn state_and_slot(self, page: &PageRef) -> Result<(PageState, Option<i64>)> {
        let row = self.school.table.get(&keys::page_state(page), true).await?;
        let row = row.ok_or(StoreError::NotFound("page"))?;
        let state = read_state(&row)?;
        let slot = slot_of(&row).filter(|at| *at == state.due_ms);
        Ok((state, slot))
    }

    /// Makes a page that nobody holds wait until `due_ms`, at which it has a slot if `reserved`; `false` if somebody
    /// has moved it since `seen` was read.
    pub async fn postpone(
        self,
        page: &PageRef,
        seen: &PageState,
        due_ms: i64,
        reserved: bool,
    ) -> Result<bool> {
        let update = if reserved { "SET due = :due, slot = :due" } else { "SET due = :due REMOVE slot" };
        let condition = "fence = :fence AND attribute_not_exists(claim) AND due = :seen";
        let values = [(":due", n(due_ms)), (":fence", n(seen.fence)), (":seen", n(seen.due_ms))];
        match self.school.table.update_if(&keys::page_state(page), update, condition, values).await? {
            Updated::Done(_) => Ok(true),
            Updated::Refused(None) => Ok(false),
            // Our own first try, whose answer was lost.
            Updated::Refused(Some(row)) => {
                let now = read_state(&row)?;
                let ours = now.due_ms == due_ms && slot_of(&row) == reserved.then_some(due_ms);
                Ok(ours && now.fence == seen.fence && now.claim.is_none())
            }
        }
    }
}

fn slot_of(row: &Row) -> Option<i64> {
    number(row, SLOT)
}

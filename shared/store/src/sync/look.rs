//! Looks at the registers before a message about them goes: a row for each message, for as long as it is of use.

use domain::attendance::RegisterLook;
use domain::ids::MessageId;

use crate::Registers;
use crate::error::{Result, StoreError};
use crate::keys;
use crate::table::{json, key_row, n, text};
use crate::update::Updated;

const DOC: &str = "doc";
const ASKED: &str = "asked_ms";
/// For how long a look is kept, in seconds.
const KEPT_SECONDS: i64 = 86_400;

impl Registers<'_> {
    /// The latest look that a message had made.
    pub async fn look(self, message: MessageId) -> Result<Option<RegisterLook>> {
        let Some(row) = self.school.table.get(&keys::register_look(self.school.id, message), true).await?
        else {
            return Ok(None);
        };
        let doc = text(&row, DOC).unwrap_or_default();
        serde_json::from_str(doc).map(Some).map_err(|_| StoreError::corrupt("register look", "not JSON"))
    }

    /// Begins a look in place of the one before.
    pub async fn begin_look(self, message: MessageId, look: &RegisterLook) -> Result<()> {
        let mut row = key_row(&keys::register_look(self.school.id, message));
        row.insert(DOC.to_owned(), json("register look", look)?);
        row.insert(ASKED.to_owned(), n(look.asked_ms));
        row.insert(keys::TTL.to_owned(), n(look.asked_ms / 1_000 + KEPT_SECONDS));
        self.school.table.put(row).await
    }

    /// Says what a look came to; `false` if another was begun since.
    pub async fn end_look(self, message: MessageId, look: &RegisterLook) -> Result<bool> {
        let values = [(":doc", json("register look", look)?), (":asked", n(look.asked_ms))];
        let key = keys::register_look(self.school.id, message);
        let done = self.school.table.update_if(&key, "SET doc = :doc", "asked_ms = :asked", values).await?;
        Ok(matches!(done, Updated::Done(_)))
    }

    /// Says that the MIS was seen to have other marks than those at hand: the absence list is out of date until the
    /// next run.
    pub async fn record_saved(self, now_ms: i64) -> Result<()> {
        let values = [(":now", n(now_ms))];
        let update = "SET registers_ms = :now";
        let older = "attribute_not_exists(registers_ms) OR registers_ms < :now";
        self.school.table.update_if(&keys::sync_lock(self.school.id), update, older, values).await.map(|_| ())
    }
}

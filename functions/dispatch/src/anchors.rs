//! Anchors: the head of each school's audit log, kept every night where nobody can rewrite it, so that a tail that was cut
//! off and a log that was written anew show (`docs/AUDIT.md`).

use serde_json::json;
use store::School;
use tracing::error;

use crate::Dispatch;
use crate::error::Result;

/// Schools of one sweep; the next one takes the rest.
const AT_ONCE: i32 = 50;

impl Dispatch {
    /// Anchors the heads whose night has come. One that fails is tried again by the next sweep, and holds up nothing.
    pub(crate) async fn anchor(&self) -> Result<()> {
        for school in self.store.due_anchors(self.clock.now_ms(), AT_ONCE).await? {
            if let Err(failed) = self.anchor_one(&school).await {
                error!(school = %school.id(), error = %failed, "audit log not anchored");
            }
        }
        Ok(())
    }

    async fn anchor_one(&self, school: &School) -> Result<()> {
        let head = school.audit().head().await?;
        let (id, now) = (school.id(), self.clock.now());
        let anchor = json!({
            "school": id.to_string(),
            "seq": head.seq,
            "hash": head.hash,
            "at": now.to_string(),
        });
        // The time is UTC in ISO 8601: its first ten characters are the day.
        let at = now.to_string();
        let day = at.get(..10).unwrap_or_default();
        let key = format!("audit/{id}/{day}-{:012}.json", head.seq);
        self.files.keep(&key, anchor.to_string().into_bytes()).await?;
        Ok(school.audit().record_anchor(&head, self.clock.now_ms()).await?)
    }
}

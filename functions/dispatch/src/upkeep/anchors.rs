//! Anchors: the head of each school's audit log, kept every night where nobody can rewrite it, so that a tail that was
//! cut off and a log that was written anew show (`docs/AUDIT.md`).

use runtime::Causes;
use serde_json::json;
use store::School;
use tracing::error;

use crate::dispatch::Dispatch;
use crate::error::Result;

/// Schools of one sweep; the next one takes the rest.
const AT_ONCE: i32 = 50;

/// Anchors the heads whose night has come. One that fails is tried again by the next sweep, and holds up nothing.
pub(super) async fn anchor(dispatch: &Dispatch) -> Result<()> {
    for school in dispatch.store.due_anchors(dispatch.clock.now_ms(), AT_ONCE).await? {
        if let Err(failed) = anchor_one(dispatch, &school).await {
            error!(school = %school.id(), error = %Causes(&failed), "audit log not anchored");
        }
    }
    Ok(())
}

async fn anchor_one(dispatch: &Dispatch, school: &School) -> Result<()> {
    let head = school.audit().head().await?;
    let (id, now) = (school.id(), dispatch.clock.now());
    // The time is UTC in ISO 8601: its first ten characters are the day.
    let at = now.to_string();
    let day = at.get(..10).unwrap_or_default();
    let anchor = json!({ "school": id.to_string(), "seq": head.seq, "hash": head.hash, "at": at });
    let key = format!("audit/{id}/{day}-{:012}.json", head.seq);
    dispatch.files.keep(&key, anchor.to_string().into_bytes()).await?;
    Ok(school.audit().record_anchor(&head, dispatch.clock.now_ms()).await?)
}

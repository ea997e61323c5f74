//! What the scheduler has done once a minute: lost work is put back, audit logs are anchored.

mod anchors;

use domain::job::{Job, QueueName};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use store::Store;

use crate::dispatch::Dispatch;
use crate::error::Result;
use crate::import;

/// Messages of one index partition in one sweep; the next sweep takes the rest.
const AT_ONCE: i32 = 200;

impl Dispatch {
    /// Queues a look at every due message, the due uploads' next steps, and anchors audit logs. Says how many messages.
    pub async fn sweep(&self) -> Result<usize> {
        let now_ms = self.clock.now_ms();
        let due: Vec<_> = stream::iter(0..Store::work_shards())
            .map(|shard| self.store.due_messages(shard, now_ms, AT_ONCE))
            .buffered(4)
            .try_collect()
            .await?;
        let looks: Vec<(Job, i64)> =
            due.into_iter().flatten().map(|(school, message)| (Job::Watch { school, message }, 0)).collect();
        let count = looks.len();
        if count > 0 {
            // The fast lane: a look must not wait behind the large send that it looks after.
            self.queue.send(QueueName::Emergency, looks).await?;
        }
        import::sweep(&self.store, &*self.queue, now_ms).await?;
        anchors::anchor(self).await?;
        Ok(count)
    }
}

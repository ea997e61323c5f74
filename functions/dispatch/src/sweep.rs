//! The sweep: once a minute, every message and upload whose work is due gets a look, in case the job for it was lost.

use domain::job::Job;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use runtime::QueueName;
use store::Store;

use crate::Dispatch;
use crate::error::Result;

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
        crate::import::sweep(&self.store, &*self.queue, now_ms).await?;
        self.anchor().await?;
        Ok(count)
    }
}

//! Which messages may have sent something within a time: those accepted then, and those taken back into work then.

use std::collections::BTreeSet;

use domain::ids::MessageId;

use crate::School;
use crate::error::{Result, StoreError};
use crate::keys;
use crate::message::Messages;
use crate::table::{Row, key_row, n, s, text};

/// How long it is remembered that a message was taken back into work, in seconds: far longer than anybody asks for it.
const AGAIN_SECONDS: i64 = 7 * 24 * 3_600;

impl Messages<'_> {
    /// The messages that were accepted, or taken back into work, between the two times (milliseconds since 1970, both
    /// included), as of now. `None` if they are more than `most`.
    pub async fn ids_at_work(
        self,
        from_ms: i64,
        until_ms: i64,
        most: usize,
    ) -> Result<Option<BTreeSet<MessageId>>> {
        let mut found = BTreeSet::new();
        let ranges = [
            (keys::summary_from(from_ms), keys::summary_from(until_ms.saturating_add(1))),
            (keys::again_from(from_ms), keys::again_from(until_ms.saturating_add(1))),
        ];
        for (from, before) in ranges {
            let mut start = None;
            loop {
                let (rows, next) = self.part(&from, &before, start).await?;
                for row in &rows {
                    let id = text(row, keys::SK).and_then(|sk| sk.rsplit('#').next()?.parse().ok());
                    found.insert(id.ok_or_else(|| StoreError::corrupt("summary", "key"))?);
                }
                if found.len() > most {
                    return Ok(None);
                }
                match next.filter(|next| !next.is_empty()) {
                    Some(next) => start = Some(next),
                    None => break,
                }
            }
        }
        Ok(Some(found))
    }

    /// Up to 1 MB of keys of the school's own rows from `from`, before `before`; and where the rest begins.
    async fn part(self, from: &str, before: &str, start: Option<Row>) -> Result<(Vec<Row>, Option<Row>)> {
        let got = self
            .school
            .table
            .client
            .query()
            .table_name(&*self.school.table.name)
            .key_condition_expression("pk = :p AND sk BETWEEN :a AND :z")
            .expression_attribute_values(":p", s(keys::school_pk(self.school.id)))
            .expression_attribute_values(":a", s(from))
            .expression_attribute_values(":z", s(before))
            .projection_expression("sk")
            .consistent_read(true)
            .set_exclusive_start_key(start)
            .send()
            .await
            .map_err(|e| StoreError::sdk("query", &e))?;
        Ok((got.items.unwrap_or_default(), got.last_evaluated_key))
    }
}

impl School {
    /// Remembers that a message is taken back into work, before it is.
    pub(crate) async fn note_again(&self, id: MessageId, now_ms: i64) -> Result<()> {
        let mut row = key_row(&keys::again(self.id, now_ms, id));
        row.insert(keys::TTL.to_owned(), n(now_ms / 1_000 + AGAIN_SECONDS));
        self.table.put(row).await
    }
}

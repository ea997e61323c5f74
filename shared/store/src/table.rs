//! Thin helpers over the SDK: rows in, rows out, one error type.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, DeleteRequest, KeysAndAttributes, Put, PutRequest, TransactWriteItem, Update,
    WriteRequest,
};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Result, StoreError};
use crate::keys::{self, Key, PK, SK};

/// A row as the SDK has it.
pub(crate) type Row = HashMap<String, AttributeValue>;

/// Batches of writes that are in flight at once.
const PARALLEL_BATCHES: usize = 8;
/// Rounds of unprocessed items before a batch has failed.
const BATCH_ROUNDS: u32 = 8;
/// Rows of one answer to a question for the newest: a page of them as people look at it.
const NEWEST_AT_ONCE: i32 = 50;

/// The one table.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) client: Client,
    pub(crate) name: Arc<str>,
}

/// Text.
pub(crate) fn s(text: impl Into<String>) -> AttributeValue {
    AttributeValue::S(text.into())
}

/// A number.
#[expect(clippy::needless_pass_by_value, reason = "numbers are small and mostly written in place")]
pub(crate) fn n(number: impl ToString) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

/// The text of an attribute.
pub(crate) fn text<'a>(row: &'a Row, name: &str) -> Option<&'a str> {
    row.get(name).and_then(|v| v.as_s().ok()).map(String::as_str)
}

/// The number of an attribute.
pub(crate) fn number<T: std::str::FromStr>(row: &Row, name: &str) -> Option<T> {
    row.get(name).and_then(|v| v.as_n().ok()).and_then(|t| t.parse().ok())
}

/// A key as attributes.
pub(crate) fn key_row(key: &Key) -> Row {
    HashMap::from([(PK.to_owned(), s(&*key.pk)), (SK.to_owned(), s(&*key.sk))])
}

/// A serialisable entity as the row at `key`.
pub(crate) fn to_row<T: Serialize>(what: &'static str, key: &Key, entity: &T) -> Result<Row> {
    let mut row: Row = serde_dynamo::to_item(entity).map_err(|e| StoreError::corrupt(what, e))?;
    row.extend(key_row(key));
    Ok(row)
}

/// A value as an attribute of JSON.
pub(crate) fn json<T: Serialize>(what: &'static str, value: &T) -> Result<AttributeValue> {
    serde_json::to_string(value).map(AttributeValue::S).map_err(|e| StoreError::corrupt(what, e))
}

/// The value of an attribute of JSON; the empty one where there is no such attribute.
pub(crate) fn read_json<T: DeserializeOwned + Default>(
    what: &'static str,
    row: &Row,
    name: &str,
) -> Result<T> {
    match text(row, name) {
        None => Ok(T::default()),
        Some(json) => serde_json::from_str(json).map_err(|e| StoreError::corrupt(what, e)),
    }
}

/// A put for a batch.
pub(crate) fn put_request(row: Row) -> Result<WriteRequest> {
    let put = PutRequest::builder().set_item(Some(row)).build();
    Ok(WriteRequest::builder().put_request(put.map_err(|e| StoreError::corrupt("batch", e))?).build())
}

/// A delete for a batch.
pub(crate) fn delete_request(key: &Key) -> Result<WriteRequest> {
    let delete = DeleteRequest::builder().set_key(Some(key_row(key))).build();
    Ok(WriteRequest::builder().delete_request(delete.map_err(|e| StoreError::corrupt("batch", e))?).build())
}

/// Deletes of rows of one partition, for a batch.
pub(crate) fn delete_requests(pk: &str, rows: &[Row]) -> Result<Vec<WriteRequest>> {
    let sks = rows.iter().filter_map(|row| text(row, SK));
    sks.map(|sk| delete_request(&Key { pk: pk.to_owned(), sk: sk.to_owned() })).collect()
}

/// A row as an entity.
pub(crate) fn from_row<T: DeserializeOwned>(what: &'static str, row: Row) -> Result<T> {
    serde_dynamo::from_item(row).map_err(|e| StoreError::corrupt(what, e))
}

impl Table {
    pub(crate) async fn get(&self, key: &Key, consistent: bool) -> Result<Option<Row>> {
        let got = self
            .client
            .get_item()
            .table_name(&*self.name)
            .set_key(Some(key_row(key)))
            .consistent_read(consistent)
            .send()
            .await
            .map_err(|e| StoreError::sdk("get", &e))?;
        Ok(got.item)
    }

    pub(crate) async fn put(&self, row: Row) -> Result<()> {
        let put = self.client.put_item().table_name(&*self.name).set_item(Some(row));
        put.send().await.map_err(|e| StoreError::sdk("put", &e))?;
        Ok(())
    }

    /// Puts a row that must not be there yet.
    pub(crate) async fn create(&self, row: Row) -> Result<()> {
        let put = self.client.put_item().table_name(&*self.name).set_item(Some(row));
        let put = put.condition_expression("attribute_not_exists(pk)");
        put.send().await.map_err(|e| StoreError::sdk("create", &e))?;
        Ok(())
    }

    pub(crate) async fn delete(&self, key: &Key) -> Result<()> {
        let delete = self.client.delete_item().table_name(&*self.name).set_key(Some(key_row(key)));
        delete.send().await.map_err(|e| StoreError::sdk("delete", &e))?;
        Ok(())
    }

    /// Every row of a partition whose sort key begins with `prefix`, in order.
    pub(crate) async fn query(&self, pk: &str, prefix: &str, consistent: bool) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        let gather = |part| {
            rows.extend::<Vec<Row>>(part);
            Ok(())
        };
        self.query_parts(pk, prefix, consistent, gather).await?;
        Ok(rows)
    }

    /// As [`Table::query`], up to 1 MB of rows at a time.
    pub(crate) async fn query_parts(
        &self,
        pk: &str,
        prefix: &str,
        consistent: bool,
        mut take: impl FnMut(Vec<Row>) -> Result<()>,
    ) -> Result<()> {
        let mut start = None;
        loop {
            let got = self
                .client
                .query()
                .table_name(&*self.name)
                .key_condition_expression(if prefix.is_empty() {
                    "pk = :p"
                } else {
                    "pk = :p AND begins_with(sk, :s)"
                })
                .expression_attribute_values(":p", s(pk))
                .set_exclusive_start_key(start)
                .consistent_read(consistent);
            let got = if prefix.is_empty() { got } else { got.expression_attribute_values(":s", s(prefix)) };
            let got = got.send().await.map_err(|e| StoreError::sdk("query", &e))?;
            take(got.items.unwrap_or_default())?;
            match got.last_evaluated_key {
                Some(next) if !next.is_empty() => start = Some(next),
                _ => return Ok(()),
            }
        }
    }

    /// Up to `limit` rows, newest first, whose sort key begins with `prefix` and comes before `before`.
    pub(crate) async fn newest(
        &self,
        pk: &str,
        prefix: &str,
        before: Option<&str>,
        limit: i32,
    ) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        let wanted = usize::try_from(limit).unwrap_or(0);
        let gather = |row| {
            rows.push(row);
            Ok(rows.len() < wanted)
        };
        if wanted > 0 {
            self.newest_until(pk, prefix, before, gather).await?;
        }
        Ok(rows)
    }

    /// As [`Table::newest`], row by row for as long as `take` wants more; never more than 1 MB of them in memory.
    pub(crate) async fn newest_until(
        &self,
        pk: &str,
        prefix: &str,
        before: Option<&str>,
        mut take: impl FnMut(Row) -> Result<bool>,
    ) -> Result<()> {
        // '~' sorts after every character of an id, so the open end still stays inside the prefix.
        let end = before.map_or_else(|| format!("{prefix}~"), |b| format!("{prefix}{b}"));
        let mut start = None;
        loop {
            let got = self
                .client
                .query()
                .table_name(&*self.name)
                .key_condition_expression("pk = :p AND sk BETWEEN :a AND :z")
                .expression_attribute_values(":p", s(pk))
                .expression_attribute_values(":a", s(prefix))
                .expression_attribute_values(":z", s(end.clone()))
                .set_exclusive_start_key(start)
                .scan_index_forward(false)
                .limit(NEWEST_AT_ONCE)
                .send()
                .await
                .map_err(|e| StoreError::sdk("query", &e))?;
            for row in got.items.unwrap_or_default() {
                if text(&row, SK) != Some(end.as_str()) && !take(row)? {
                    return Ok(());
                }
            }
            match got.last_evaluated_key {
                Some(next) if !next.is_empty() => start = Some(next),
                _ => return Ok(()),
            }
        }
    }

    /// Up to `limit` rows, newest first, whose sort key begins with `prefix`, by a consistent read.
    pub(crate) async fn latest(&self, pk: &str, prefix: &str, limit: i32) -> Result<Vec<Row>> {
        let got = self
            .client
            .query()
            .table_name(&*self.name)
            .key_condition_expression("pk = :p AND begins_with(sk, :s)")
            .expression_attribute_values(":p", s(pk))
            .expression_attribute_values(":s", s(prefix))
            .scan_index_forward(false)
            .consistent_read(true)
            .limit(limit);
        let got = got.send().await.map_err(|e| StoreError::sdk("query", &e))?;
        Ok(got.items.unwrap_or_default())
    }

    /// Puts and deletes many rows, unordered and not atomic: what the service leaves unprocessed is tried again first.
    pub(crate) async fn batch_write(&self, writes: Vec<WriteRequest>) -> Result<()> {
        let chunks: Vec<Vec<WriteRequest>> = writes.chunks(25).map(<[WriteRequest]>::to_vec).collect();
        stream::iter(chunks.into_iter().map(Ok))
            .try_for_each_concurrent(PARALLEL_BATCHES, |chunk| self.write_chunk(chunk))
            .await
    }

    async fn write_chunk(&self, mut chunk: Vec<WriteRequest>) -> Result<()> {
        for round in 0..BATCH_ROUNDS {
            let sent = self.client.batch_write_item().request_items(&*self.name, chunk).send().await;
            let sent = sent.map_err(|e| StoreError::sdk("batch write", &e))?;
            chunk = sent.unprocessed_items.unwrap_or_default().remove(&*self.name).unwrap_or_default();
            if chunk.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20 << round)).await;
        }
        Err(StoreError::Database { operation: "batch write", code: "unprocessed items".to_owned() })
    }

    /// Reads many rows; the order of the answer is not that of the keys.
    pub(crate) async fn batch_get(&self, keys: &[Key], consistent: bool) -> Result<Vec<Row>> {
        let chunks: Vec<Vec<Row>> = keys.chunks(100).map(|c| c.iter().map(key_row).collect()).collect();
        let parts: Vec<Vec<Row>> =
            stream::iter(chunks.into_iter().map(|chunk| self.read_chunk(chunk, consistent)))
                .buffered(PARALLEL_BATCHES)
                .try_collect()
                .await?;
        Ok(parts.into_iter().flatten().collect())
    }

    async fn read_chunk(&self, mut keys: Vec<Row>, consistent: bool) -> Result<Vec<Row>> {
        let mut rows = Vec::with_capacity(keys.len());
        for round in 0..BATCH_ROUNDS {
            let wanted =
                KeysAndAttributes::builder().set_keys(Some(keys)).consistent_read(consistent).build();
            let wanted = wanted
                .map_err(|_| StoreError::Database { operation: "batch get", code: "no keys".into() })?;
            let got = self.client.batch_get_item().request_items(&*self.name, wanted).send().await;
            let got = got.map_err(|e| StoreError::sdk("batch get", &e))?;
            rows.extend(got.responses.unwrap_or_default().remove(&*self.name).unwrap_or_default());
            keys = match got.unprocessed_keys.unwrap_or_default().remove(&*self.name) {
                Some(rest) if !rest.keys.is_empty() => rest.keys,
                _ => return Ok(rows),
            };
            tokio::time::sleep(Duration::from_millis(20 << round)).await;
        }
        Err(StoreError::Database { operation: "batch get", code: "unprocessed keys".to_owned() })
    }

    /// Writes all or nothing. `Conflict` if any condition failed.
    pub(crate) async fn transact(&self, items: Vec<TransactWriteItem>, token: Option<String>) -> Result<()> {
        let call = self.client.transact_write_items().set_transact_items(Some(items));
        let sent = call.set_client_request_token(token).send().await;
        sent.map(|_| ()).map_err(|e| match &e {
            SdkError::ServiceError(service) => match service.err() {
                TransactWriteItemsError::TransactionCanceledException(cancelled)
                    if cancelled
                        .cancellation_reasons()
                        .iter()
                        .any(|r| r.code() == Some("ConditionalCheckFailed")) =>
                {
                    StoreError::Conflict
                }
                _ => StoreError::sdk("transaction", &e),
            },
            _ => StoreError::sdk("transaction", &e),
        })
    }

    /// A put for a transaction; `condition` without values.
    pub(crate) fn tx_put(&self, row: Row, condition: Option<&str>) -> Result<TransactWriteItem> {
        let put = Put::builder().table_name(&*self.name).set_item(Some(row));
        let put = put.set_condition_expression(condition.map(str::to_owned)).build();
        Ok(TransactWriteItem::builder().put(put.map_err(|e| StoreError::corrupt("transaction", e))?).build())
    }

    /// A put for a transaction of a row that may replace only one whose time to live is over.
    pub(crate) fn tx_put_unless_live(&self, row: Row, now_s: i64) -> Result<TransactWriteItem> {
        let put = Put::builder()
            .table_name(&*self.name)
            .set_item(Some(row))
            .condition_expression("attribute_not_exists(pk) OR #ttl < :now")
            .expression_attribute_names("#ttl", keys::TTL)
            .expression_attribute_values(":now", n(now_s))
            .build();
        Ok(TransactWriteItem::builder().put(put.map_err(|e| StoreError::corrupt("transaction", e))?).build())
    }

    /// A delete for a transaction.
    pub(crate) fn tx_delete(&self, key: &Key, condition: Option<&str>) -> Result<TransactWriteItem> {
        let delete = Delete::builder().table_name(&*self.name).set_key(Some(key_row(key)));
        let delete = delete.set_condition_expression(condition.map(str::to_owned)).build();
        Ok(TransactWriteItem::builder()
            .delete(delete.map_err(|e| StoreError::corrupt("transaction", e))?)
            .build())
    }

    /// An update for a transaction. `#state` stands for a state, whose name is a reserved word.
    pub(crate) fn tx_update(
        &self,
        key: &Key,
        update: &str,
        condition: Option<&str>,
        values: impl IntoIterator<Item = (&'static str, AttributeValue)>,
    ) -> Result<TransactWriteItem> {
        let values: HashMap<String, AttributeValue> =
            values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let named = update.contains("#state") || condition.is_some_and(|c| c.contains("#state"));
        let names = named.then(|| HashMap::from([("#state".to_owned(), "state".to_owned())]));
        let update = Update::builder()
            .table_name(&*self.name)
            .set_key(Some(key_row(key)))
            .update_expression(update)
            .set_condition_expression(condition.map(str::to_owned))
            .set_expression_attribute_names(names)
            .set_expression_attribute_values((!values.is_empty()).then_some(values))
            .build();
        Ok(TransactWriteItem::builder()
            .update(update.map_err(|e| StoreError::corrupt("transaction", e))?)
            .build())
    }
}

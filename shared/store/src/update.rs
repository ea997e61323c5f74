//! Conditional updates and puts whose outcome is read rather than only checked, and waiting between tries at them.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, Delete, Put, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem,
};

use crate::error::{Result, StoreError};
use crate::keys::{Key, TTL};
use crate::table::{Row, Table, key_row};

/// What a conditional update came to.
#[derive(Debug)]
pub(crate) enum Updated {
    /// The row as it is now.
    Done(Row),
    /// The condition failed: the row that stood in the way, `None` where there is none.
    Refused(Option<Row>),
}

/// What a transaction came to.
#[derive(Debug)]
pub(crate) enum Transacted {
    /// All of it was written.
    Done,
    /// Nothing was: the places of the items whose condition failed. None of them failed if only another transaction
    /// was in the way.
    Refused(Vec<usize>),
}

/// How long to wait before each further try, in milliseconds: under a second in all.
pub(crate) const WAITS_MS: [u64; 6] = [0, 25, 50, 100, 200, 400];

/// A value of an expression, with the name that the expression calls it by.
pub(crate) type Value = (&'static str, AttributeValue);

fn value_map(values: impl IntoIterator<Item = Value>) -> Option<HashMap<String, AttributeValue>> {
    let values: HashMap<String, AttributeValue> =
        values.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
    (!values.is_empty()).then_some(values)
}

impl Table {
    /// Updates a row if `condition` holds. `#ttl` stands for the time to live, whose name is a reserved word.
    pub(crate) async fn update_if(
        &self,
        key: &Key,
        update: &str,
        condition: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Updated> {
        self.update_and_give(Some(ReturnValue::AllNew), key, update, condition, values).await
    }

    /// As [`Table::update_if`], for who does not need the row as it is then: `Done` has an empty one.
    pub(crate) async fn update_unread(
        &self,
        key: &Key,
        update: &str,
        condition: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Updated> {
        self.update_and_give(None, key, update, condition, values).await
    }

    async fn update_and_give(
        &self,
        given: Option<ReturnValue>,
        key: &Key,
        update: &str,
        condition: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<Updated> {
        let call = self.client.update_item().table_name(&*self.name).set_key(Some(key_row(key)));
        let call = call
            .update_expression(update)
            .condition_expression(condition)
            .set_expression_attribute_values(value_map(values))
            .set_return_values(given)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let call = if update.contains("#ttl") { call.expression_attribute_names("#ttl", TTL) } else { call };
        match call.send().await {
            Ok(done) => Ok(Updated::Done(done.attributes.unwrap_or_default())),
            Err(SdkError::ServiceError(error)) if error.err().is_conditional_check_failed_exception() => {
                Ok(Updated::Refused(match error.into_err() {
                    UpdateItemError::ConditionalCheckFailedException(refusal) => refusal.item,
                    _ => None,
                }))
            }
            Err(error) => Err(StoreError::sdk("update", &error)),
        }
    }

    /// Updates a row if `condition` holds, `Conflict` otherwise. `#state` stands for a state, whose name is a reserved
    /// word.
    pub(crate) async fn update(
        &self,
        key: &Key,
        update: &str,
        condition: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<()> {
        let mut call = self
            .client
            .update_item()
            .table_name(&*self.name)
            .set_key(Some(key_row(key)))
            .update_expression(update)
            .condition_expression(condition);
        if update.contains("#state") || condition.contains("#state") {
            call = call.expression_attribute_names("#state", "state");
        }
        for (name, value) in values {
            call = call.expression_attribute_values(name, value);
        }
        call.send().await.map_err(|e| StoreError::sdk("update", &e))?;
        Ok(())
    }

    /// Writes all or nothing, and says what stood in the way.
    pub(crate) async fn try_transact(&self, items: Vec<TransactWriteItem>) -> Result<Transacted> {
        let sent = self.client.transact_write_items().set_transact_items(Some(items)).send().await;
        let Err(error) = sent else { return Ok(Transacted::Done) };
        match error.as_service_error() {
            Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                let code = |what: &str| {
                    let reasons = cancelled.cancellation_reasons().iter().enumerate();
                    let places =
                        reasons.filter(|(_, reason)| reason.code() == Some(what)).map(|(place, _)| place);
                    places.collect::<Vec<_>>()
                };
                let failed = code("ConditionalCheckFailed");
                if failed.is_empty() && code("TransactionConflict").is_empty() {
                    return Err(StoreError::sdk("transaction", &error));
                }
                Ok(Transacted::Refused(failed))
            }
            _ => Err(StoreError::sdk("transaction", &error)),
        }
    }

    /// A put for a transaction, whose condition has values.
    pub(crate) fn tx_put_if(
        &self,
        row: Row,
        condition: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<TransactWriteItem> {
        let put = Put::builder()
            .table_name(&*self.name)
            .set_item(Some(row))
            .condition_expression(condition)
            .set_expression_attribute_values(value_map(values))
            .build();
        Ok(TransactWriteItem::builder().put(put.map_err(|e| StoreError::corrupt("transaction", e))?).build())
    }

    /// A delete for a transaction, whose condition has values.
    pub(crate) fn tx_delete_if(
        &self,
        key: &Key,
        condition: &str,
        values: impl IntoIterator<Item = Value>,
    ) -> Result<TransactWriteItem> {
        let delete = Delete::builder()
            .table_name(&*self.name)
            .set_key(Some(key_row(key)))
            .condition_expression(condition)
            .set_expression_attribute_values(value_map(values))
            .build();
        let delete = delete.map_err(|e| StoreError::corrupt("transaction", e))?;
        Ok(TransactWriteItem::builder().delete(delete).build())
    }
}

/// Whether a conditional write was made.
pub(crate) fn unless_conflict(written: Result<()>) -> Result<bool> {
    match written {
        Ok(()) => Ok(true),
        Err(StoreError::Conflict) => Ok(false),
        Err(e) => Err(e),
    }
}

/// Waits without holding a thread; not at all for zero.
pub(crate) async fn pause(ms: u64) {
    if ms > 0 {
        tokio::time::sleep(Duration::from_millis(ms)).await;
    }
}

//! What a call to the database is about, read from its wire form.

use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use serde_json::{Value, json};

use crate::chance::Chance;

/// How a call can go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Refused for now; the SDK tries again.
    Throttled,
    /// Lost on its way; the SDK tries again.
    NeverArrived,
    /// Applied; the SDK tries again and meets its own write.
    AnswerLost,
    /// Applied; the SDK gives up.
    AnswersLost,
    /// A transaction met another.
    Conflict,
    /// A single write met a transaction.
    RowConflict,
    /// Some of a batch is left undone.
    Unprocessed,
    /// Another writer changes the row just before.
    Overtaken,
    /// An answer from a moment ago.
    Stale,
}

/// One call.
#[derive(Debug)]
pub(super) struct Call {
    operation: String,
    body: Value,
    /// Its name at the gates.
    pub(super) effect: &'static str,
}

impl Call {
    pub(super) fn of(request: &HttpRequest) -> Self {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        let bytes = request.body().bytes().unwrap_or_default();
        let body: Value = serde_json::from_slice(bytes).unwrap_or_default();
        let effect = effect(&operation, &body, &String::from_utf8_lossy(bytes));
        Self { operation, body, effect }
    }

    fn is(&self, operation: &str) -> bool {
        self.operation == operation
    }

    pub(super) fn is_write(&self) -> bool {
        self.effect != "read"
    }

    /// A read that may be answered from a moment ago.
    pub(super) fn is_eventual(&self) -> bool {
        !self.is_write()
            && (self.is("Query") || self.is("GetItem"))
            && self.body["ConsistentRead"] != json!(true)
    }

    pub(super) fn is_index(&self) -> bool {
        self.body["IndexName"].is_string()
    }

    /// What makes two reads the same question: for the index of due work, the partition without the time.
    pub(super) fn question(&self) -> String {
        if self.is_index() {
            format!("index {}", self.body["ExpressionAttributeValues"][":p"])
        } else {
            self.body.to_string()
        }
    }

    /// Whether it is a claim of the page with this number.
    pub(super) fn claims_page(&self, number: u64) -> bool {
        self.effect == "claim"
            && self.body["Key"]["sk"]["S"].as_str().is_some_and(|sk| sk.ends_with(&format!("#{number:06}")))
    }

    pub(super) fn faults(&self) -> &'static [Kind] {
        use Kind::{
            AnswerLost, AnswersLost, Conflict, NeverArrived, Overtaken, RowConflict, Stale, Throttled,
            Unprocessed,
        };
        match self.operation.as_str() {
            "TransactWriteItems" => &[Throttled, AnswerLost, AnswersLost, AnswerLost, Conflict, Conflict],
            "BatchWriteItem" => &[Throttled, AnswerLost, AnswersLost, Unprocessed, Unprocessed, Unprocessed],
            "BatchGetItem" => &[Throttled, NeverArrived, Unprocessed, Unprocessed],
            _ if self.is_eventual() => &[Throttled, Stale, Stale, Stale],
            "Query" | "GetItem" => &[Throttled, NeverArrived],
            "UpdateItem" if self.effect == "receipt merge" => {
                &[Throttled, AnswerLost, AnswersLost, RowConflict, Overtaken, Overtaken]
            }
            _ => &[Throttled, NeverArrived, AnswerLost, AnswerLost, AnswersLost, RowConflict],
        }
    }

    /// A harmless write of another that makes this one's condition fail.
    pub(super) fn rival(&self) -> Option<Value> {
        let key = self.body.get("Key")?;
        Some(json!({
            "TableName": self.body["TableName"], "Key": key,
            "UpdateExpression": "SET v = v + :one",
            "ExpressionAttributeValues": {":one": {"N": "1"}},
        }))
    }

    /// A batch in two: what is done now (`None` for nothing), and what is handed back.
    pub(super) fn halves(&self, chance: &Chance) -> Option<(Option<Value>, Value)> {
        let (table, items) = self.body["RequestItems"].as_object()?.iter().next()?;
        let keys = items.get("Keys");
        let all = keys.unwrap_or(items).as_array()?;
        let kept = usize::try_from(chance.between("kept of a batch", 0, all.len() as u64 - 1)).ok()?;
        let part = |some: &[Value]| {
            let mut part = items.clone();
            *(if keys.is_some() { &mut part["Keys"] } else { &mut part }) = json!(some);
            json!({ table: part })
        };
        let (done, rest) = all.split_at(kept);
        let mut body = self.body.clone();
        body["RequestItems"] = part(done);
        Some(((kept > 0).then_some(body), part(rest)))
    }
}

fn effect(operation: &str, body: &Value, text: &str) -> &'static str {
    match operation {
        "TransactWriteItems" if text.contains("counted_version") => "finish",
        "TransactWriteItems" if text.contains("body_hash") => "accept",
        "BatchWriteItem" if text.contains("DeleteRequest") => "drop orphans",
        "BatchWriteItem" if text.contains("\"P#") || text.contains("\"W#") => "plan write",
        "BatchWriteItem" if text.contains("\"H#") => "history",
        "UpdateItem" => update(
            body["UpdateExpression"].as_str().unwrap_or_default(),
            body["ConditionExpression"].as_str().unwrap_or_default(),
            text,
        ),
        "GetItem" | "Query" | "BatchGetItem" => "read",
        _ => "write",
    }
}

fn update(expression: &str, condition: &str, text: &str) -> &'static str {
    let has = |part: &str| expression.contains(part);
    if has("claim = :me") {
        "claim"
    } else if has("o = :o") {
        if condition.contains(":by") { "outcome" } else { "settle page" }
    } else if has("r = :r") {
        "receipt merge"
    } else if has("epoch = :e") {
        "epoch"
    } else if has("list_append") {
        "begin plan"
    } else if has("tries") {
        "try plan"
    } else if has("waiting = :n") || has("nudged") || has("fetched") || has("finishing") {
        "watch"
    } else if has("REMOVE epochs") {
        "drop orphans"
    } else if has("REMOVE gsi1pk") {
        "settle"
    } else if has("totals = :t") {
        "history line"
    } else if has(":rejected") {
        "reject"
    } else if has("#state") && text.contains("\"finished\"") {
        "mark finished"
    } else if has("news") && !has("#state") {
        "look again"
    } else {
        "write"
    }
}

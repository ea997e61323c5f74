//! Answers from a moment ago, as an eventual read or an index gives them.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::call::Call;
use crate::chance::Chance;

/// How far behind an eventual read may be.
const LAG: Duration = Duration::from_secs(2);
/// Answers that are kept to a question.
const KEPT: usize = 6;

/// The latest answers.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<HashMap<String, Vec<(Instant, Value)>>>);

impl Memory {
    pub(super) fn keep(&self, call: &Call, answer: &Value) {
        let mut kept = self.0.lock().unwrap();
        let answers = kept.entry(call.question()).or_default();
        answers.push((Instant::now(), answer.clone()));
        if answers.len() > KEPT {
            answers.remove(0);
        }
    }

    /// An answer that was true not long ago.
    pub(super) fn stale(&self, call: &Call, chance: &Chance) -> Option<Value> {
        let kept = self.0.lock().unwrap();
        let young: Vec<&Value> =
            kept.get(&call.question())?.iter().filter(|(at, _)| at.elapsed() < LAG).map(|(_, v)| v).collect();
        (!young.is_empty()).then(|| (*chance.pick("stale", &young)).clone())
    }
}

/// The answer without rows that came in a moment ago; whether that is another answer.
pub(super) fn without_newest(call: &Call, fresh: &Value) -> (Value, bool) {
    let Some(items) = fresh["Items"].as_array() else { return (fresh.clone(), false) };
    let since = jiff::Timestamp::now().as_millisecond() - i64::try_from(LAG.as_millis()).unwrap_or(0);
    let is_old = |row: &Value| {
        let sk = row["sk"]["S"].as_str().unwrap_or_default();
        let id = if call.is_index() { row["gsi1sk"]["S"].as_str() } else { Some(sk) };
        let id = id.and_then(|id| id.rsplit('#').next()).and_then(|id| ulid::Ulid::from_string(id).ok());
        id.is_none_or(|id| i64::try_from(id.timestamp_ms()).unwrap_or(0) < since)
    };
    let old: Vec<&Value> = items.iter().filter(|row| is_old(row)).collect();
    let changed = old.len() != items.len();
    let mut answer = fresh.clone();
    (answer["Count"], answer["ScannedCount"]) = (json!(old.len()), json!(old.len()));
    answer["Items"] = json!(old);
    (answer, changed)
}

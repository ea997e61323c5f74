//! The judge. It knows what was asked for, what the providers saw, and what the api and the table say at the end; how
//! the product came to it, it neither knows nor asks. It reads the table's rows by itself, over the wire.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::partner::{Partner, Sent};
use crate::town::TABLE;

/// Lost workers after which a page is given up, by the product's own promise.
const MOST_LOST: i64 = 5;
/// Tries at planning after which a message is rejected, with its reason, by the product's own promise.
const MOST_TRIES: i64 = 10;
/// A look that is further away than this waits for nothing but a report that may never come, in milliseconds.
const FAR_MS: i64 = 60_000;

/// What a run permits.
#[derive(Debug, Clone, Copy, Default)]
pub struct Permits {
    /// Most deliveries that may be shown as *not confirmed*.
    pub not_confirmed: usize,
    /// Whether a provider may have refused a delivery to the end.
    pub refusals: bool,
    /// Whether a provider that was asked may have failed to answer, or there was more than one send to tell apart.
    pub unanswered: bool,
}

/// What the judge found. All but `not_confirmed` must be empty.
#[derive(Debug, Clone, Default)]
pub struct Verdict {
    /// Should have got it, did not, and no honest state says so; or shown as sent though no provider saw it.
    pub lost: Vec<String>,
    /// A provider took it more than once, though it is not shown as *not confirmed*.
    pub twice: Vec<String>,
    /// Shown as *not confirmed*.
    pub not_confirmed: usize,
    /// Messages that were rejected, with a reason, after so many tries that ended in a death.
    pub rejected: usize,
    /// Usage less what the providers saw: e-mails, texts, units, minutes.
    pub usage: [i64; 4],
    /// Everything else that is not as promised.
    pub wrong: Vec<String>,
}

impl Verdict {
    /// Whether every promise was kept.
    pub fn is_clean(&self) -> bool {
        self.lost.is_empty() && self.twice.is_empty() && self.wrong.is_empty() && self.usage == [0; 4]
    }
}

/// A delivery: message, channel, address.
type Place = (String, String, String);

/// What the table says of a delivery.
#[derive(Debug, Default)]
struct Row {
    resent: bool,
    lost: i64,
}

/// Reads every row of the table.
pub async fn rows(database: &str) -> Vec<Value> {
    let http = runtime::http_client(20_000).expect("a client");
    let (mut all, mut start) = (Vec::new(), Value::Null);
    loop {
        let mut scan = json!({ "TableName": TABLE, "ConsistentRead": true });
        if !start.is_null() {
            scan["ExclusiveStartKey"] = start;
        }
        let credential = "AWS4-HMAC-SHA256 Credential=judge/20250101/local/dynamodb/aws4_request, \
                          SignedHeaders=host, Signature=none";
        let post = http
            .post(database)
            .header("x-amz-target", "DynamoDB_20120810.Scan")
            .header("content-type", "application/x-amz-json-1.0")
            .header("authorization", credential)
            .header("x-amz-date", "20250101T000000Z")
            .body(scan.to_string());
        let answer = post.send().await.expect("the database answers");
        let answer: Value = answer.json().await.expect("rows");
        assert!(answer["Items"].is_array(), "{answer}");
        all.extend(answer["Items"].as_array().cloned().unwrap_or_default());
        start = answer["LastEvaluatedKey"].clone();
        if start.is_null() {
            return all;
        }
    }
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name]["S"].as_str().unwrap_or_default()
}

fn number(row: &Value, name: &str) -> Option<i64> {
    row[name]["N"].as_str().and_then(|n| n.parse().ok())
}

/// The id of the message that a row belongs to.
fn message_of(row: &Value) -> Option<&str> {
    text(row, "pk").split("#M#").nth(1).map(|rest| rest.split('#').next().unwrap_or_default())
}

/// Which of these messages still need work, going by their own rows, and what these say.
pub fn unfinished(rows: &[Value], sent: &[Sent]) -> Vec<String> {
    let now_ms = jiff::Timestamp::now().as_millisecond();
    let meta: BTreeMap<&str, &Value> = rows
        .iter()
        .filter(|row| text(row, "sk") == "META")
        .filter_map(|row| Some((message_of(row)?, row)))
        .collect();
    let under_way = |sent: &Sent| {
        let Some(row) = meta.get(sent.id.as_str()) else { return Some(format!("{}: no row", sent.id)) };
        let (state, due) = (text(row, "state"), number(row, "due"));
        let over = matches!(state, "finished" | "rejected") && due.is_none_or(|due| due > now_ms + FAR_MS);
        (!over).then(|| format!("{}: {state}, due in {:?} ms", sent.id, due.map(|due| due - now_ms)))
    };
    sent.iter().filter_map(under_way).collect()
}

/// What the providers saw for these messages.
async fn seen(partner: &Partner) -> BTreeMap<Place, u64> {
    let mut seen = BTreeMap::new();
    for record in partner.ask("log").await.as_array().cloned().unwrap_or_default() {
        let channel = match record["kind"].as_str() {
            Some("sms") => "sms",
            Some("call") => "voice",
            Some("email") => "email",
            _ => continue,
        };
        // A reference begins with the school and the message; nobody but its sender could have made it.
        let message = record["reference"].as_str().and_then(|r| r.split('-').nth(1)).unwrap_or_default();
        let to = record["to"].as_str().unwrap_or_default();
        *seen.entry((message.to_owned(), channel.to_owned(), to.to_owned())).or_insert(0) += 1;
    }
    seen
}

/// The plan of each message.
fn plans(rows: &[Value], wrong: &mut Vec<String>) -> BTreeMap<String, String> {
    let mut epochs = BTreeMap::new();
    for row in rows.iter().filter(|row| text(row, "sk") == "META") {
        if let Some(message) = message_of(row) {
            epochs.insert(message.to_owned(), text(row, "epoch").to_owned());
            if row["epochs"]["L"].as_array().is_some_and(|list| {
                list.iter().any(|e| !e["S"].as_str().unwrap_or_default().starts_with(text(row, "epoch")))
            }) {
                wrong.push(format!("{message}: plans that were tried are still on its row"));
            }
        }
    }
    epochs
}

/// What the table says of each delivery, and what stands in it that belongs to no plan.
fn read(rows: &[Value], wrong: &mut Vec<String>) -> BTreeMap<Place, Row> {
    let epochs = plans(rows, wrong);
    let mut contents: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    let mut states: BTreeMap<(String, String), &Value> = BTreeMap::new();
    let mut orphans = BTreeSet::new();
    for row in rows {
        let (Some(message), mut sk) = (message_of(row), text(row, "sk").split('#')) else { continue };
        let (Some(kind @ ("P" | "W")), Some(epoch), Some(page)) = (sk.next(), sk.next(), sk.next()) else {
            continue;
        };
        if epochs.get(message).map(String::as_str) != Some(epoch) {
            orphans.insert(format!("{message}: rows of plan {epoch}, which is not its own"));
        }
        let place = (message.to_owned(), page.to_owned());
        if kind == "W" {
            states.insert(place, row);
        } else {
            let list: Value = serde_json::from_str(text(row, "d")).unwrap_or_default();
            let to = list.as_array().into_iter().flatten();
            contents.insert(place, to.map(|d| d["a"].as_str().unwrap_or_default().to_owned()).collect());
        }
    }
    wrong.extend(orphans);
    let mut places = BTreeMap::new();
    for (place, row) in states {
        let channel = match text(row, "ch") {
            "s" | "sms" => "sms",
            "v" | "voice" => "voice",
            _ => "email",
        };
        if !row["claim"].is_null() {
            wrong.push(format!("{}: page {} is still held", place.0, place.1));
        }
        let slots: Value = serde_json::from_str(text(row, "o")).unwrap_or_default();
        for (index, to) in contents.remove(&place).unwrap_or_default().into_iter().enumerate() {
            let resent = slots[index]["e"].as_bool().unwrap_or(false);
            let lost = number(row, "lost").unwrap_or(0);
            places.insert((place.0.clone(), channel.to_owned(), to), Row { resent, lost });
        }
    }
    places
}

/// Hears the case.
pub async fn judge(partner: &Partner, database: &str, sent: &[Sent], permits: Permits) -> Verdict {
    let mut verdict = Verdict::default();
    let rows = rows(database).await;
    for message in unfinished(&rows, sent) {
        verdict.wrong.push(format!("not at its end: {message}"));
    }
    let kept = read(&rows, &mut verdict.wrong);
    let seen = seen(partner).await;
    for message in sent {
        let meta = rows.iter().find(|row| text(row, "sk") == "META" && message_of(row) == Some(&message.id));
        let given_up = meta.is_some_and(|row| {
            text(row, "state") == "rejected"
                && number(row, "tries").unwrap_or(0) >= MOST_TRIES
                && !text(row, "reason").is_empty()
        });
        if given_up {
            verdict.rejected += 1;
            if seen.keys().any(|(id, _, _)| *id == message.id) {
                verdict.wrong.push(format!("{}: rejected, and yet a provider saw it", message.id));
            }
            continue;
        }
        hear(partner, message, sent, (&kept, &seen), permits, &mut verdict).await;
    }
    for (message, channel, to) in seen.keys() {
        let asked = sent.iter().any(|s| s.id == *message && s.to.contains(&(channel.clone(), to.clone())));
        if !asked {
            verdict.wrong.push(format!("{message}: {channel} to {to} that nobody asked for"));
        }
    }
    if verdict.not_confirmed > permits.not_confirmed {
        verdict.wrong.push(format!(
            "{} not confirmed, at most {} can be explained",
            verdict.not_confirmed, permits.not_confirmed
        ));
    }
    let counts = partner.ask("counts").await;
    let seen = ["email", "sms", "sms_units", "voice_minutes"].map(|n| counts[n].as_i64().unwrap_or(-1));
    let said = partner.usage().await;
    verdict.usage = std::array::from_fn(|i| said[i] - seen[i]);
    verdict
}

async fn hear(
    partner: &Partner,
    message: &Sent,
    all: &[Sent],
    (kept, seen): (&BTreeMap<Place, Row>, &BTreeMap<Place, u64>),
    permits: Permits,
    verdict: &mut Verdict,
) {
    let mut totals: BTreeMap<String, u64> = BTreeMap::new();
    let mut said = BTreeMap::new();
    for delivery in partner.deliveries(&message.id).await {
        let word = |name: &str| delivery[name].as_str().unwrap_or_default().to_owned();
        *totals.entry(word("state")).or_default() += 1;
        if said.insert((word("channel"), word("to")), word("state")).is_some() {
            verdict.wrong.push(format!("{}: {} is listed twice", message.id, word("to")));
        }
    }
    let whole = partner.get(&format!("/api/v1/messages/{}", message.id)).await;
    if whole["totals"] != json!(totals) {
        verdict
            .wrong
            .push(format!("{}: totals {} are not those of the list {totals:?}", message.id, whole["totals"]));
    }
    for (channel, to) in &message.to {
        let place = (message.id.clone(), channel.clone(), to.clone());
        let times = seen.get(&place).copied().unwrap_or(0);
        let row = kept.get(&place);
        let state = said.get(&(channel.clone(), to.clone())).map_or("missing", String::as_str);
        Case { message, channel, to, state, times, row }.weigh(all, permits, verdict);
    }
    if said.len() != message.to.len() {
        verdict.wrong.push(format!("{}: {} deliveries for {}", message.id, said.len(), message.to.len()));
    }
}

/// A delivery that was asked for: what the product says of it, and how often a provider saw it.
struct Case<'a> {
    message: &'a Sent,
    channel: &'a str,
    to: &'a str,
    state: &'a str,
    times: u64,
    row: Option<&'a Row>,
}

impl Case<'_> {
    fn weigh(&self, all: &[Sent], permits: Permits, verdict: &mut Verdict) {
        let Self { message, channel, to, state, times, row } = *self;
        let name = format!("{} {channel} {to}: {state}, seen {times} times", message.id);
        let shown_as_sent = matches!(state, "accepted" | "delivered" | "expired" | "permanent_failure");
        let honest = match state {
            "accepted" | "delivered" | "permanent_failure" | "unknown" => true,
            "temporary_failure" => times > 0 || permits.refusals,
            _ => false,
        };
        if !honest || (shown_as_sent && times == 0) {
            verdict.lost.push(name.clone());
        }
        let allowed = 1 + message.resends + u64::from(message.emergency && row.is_some_and(|r| r.resent));
        if times > allowed && (state != "unknown" || times > allowed + 1) {
            verdict.twice.push(name.clone());
        }
        if state == "unknown" {
            verdict.not_confirmed += 1;
            if self.could_be_asked(all) && !permits.unanswered {
                verdict.wrong.push(format!("{name}: the provider could have been asked"));
            }
            if times > 0 {
                verdict.wrong.push(format!("{name}: the provider has reported on it"));
            }
        }
    }

    /// Whether the provider's records can tell what became of it.
    fn could_be_asked(&self, all: &[Sent]) -> bool {
        let alike = all.iter().filter(|other| {
            other.to.iter().any(|(channel, to)| channel == self.channel && to == self.to)
                && (self.channel == "voice" || other.words == self.message.words)
        });
        self.channel != "email" && alike.count() == 1 && self.row.is_none_or(|r| r.lost < MOST_LOST)
    }
}

//! The school's usage by day.

use aws_sdk_dynamodb::types::TransactWriteItem;
use domain::usage::{DayCounts, Days, Totals, difference};
use jiff::civil::Date;

use crate::School;
use crate::error::{Result, StoreError};
use crate::keys::{self, DAY_PREFIX, SK};
use crate::message::Meta;
use crate::table::{Row, json, n, number, text};
use crate::update::{Transacted, WAITS_MS, pause};

/// Days that one message can be counted into in one transaction, of DynamoDB's 100 items.
const DAYS_PER_COUNT: usize = 90;

/// What the school has used.
#[derive(Debug, Clone, Copy)]
pub struct Usage<'a> {
    pub(crate) school: &'a School,
}

impl Usage<'_> {
    /// Moves a message's counts from what `meta` says to `new`, and adds the difference to the days: all or nothing,
    /// and only if nobody counted it since `meta` was read (`Conflict` otherwise). So counting twice adds nothing.
    pub async fn record(self, meta: &Meta, new: &Days, totals: &Totals) -> Result<()> {
        let days = difference(new, &meta.counted);
        if days.is_empty() && *totals == meta.totals && meta.counted_version > 0 {
            return Ok(());
        }
        if days.len() > DAYS_PER_COUNT {
            return Err(StoreError::corrupt("usage", "more days than a transaction takes"));
        }
        let mut items = vec![self.tx_counts(meta, new, totals)?];
        for (day, more) in days {
            items.push(self.tx_day(day, &more)?);
        }
        for wait_ms in WAITS_MS {
            // Not all at the same time: what differs from message to message stands in for chance.
            pause(wait_ms + wait_ms * (meta.created_ms.unsigned_abs() % 8) / 8).await;
            match self.school.table.try_transact(items.clone()).await? {
                Transacted::Done => return Ok(()),
                Transacted::Refused(places) if !places.is_empty() => return Err(StoreError::Conflict),
                // Another message is being counted into the same day.
                Transacted::Refused(_) => {}
            }
        }
        Err(StoreError::Database { operation: "count", code: "TransactionConflict".to_owned() })
    }

    /// The message's counts, unless somebody counted it since `meta` was read.
    fn tx_counts(self, meta: &Meta, new: &Days, totals: &Totals) -> Result<TransactWriteItem> {
        let uncounted = meta.counted_version == 0;
        let values = [
            (":c", json("usage", new)?),
            (":t", json("usage", totals)?),
            (":next", n(meta.counted_version.wrapping_add(1))),
        ];
        let seen = (!uncounted).then(|| (":seen", n(meta.counted_version)));
        self.school.table.tx_update(
            &keys::message_meta(self.school.id, meta.id),
            "SET counted = :c, totals = :t, counted_version = :next",
            Some(if uncounted { "attribute_not_exists(counted_version)" } else { "counted_version = :seen" }),
            values.into_iter().chain(seen),
        )
    }

    fn tx_day(self, day: Date, more: &DayCounts) -> Result<TransactWriteItem> {
        self.school.table.tx_update(
            &keys::usage_day(self.school.id, day),
            "ADD email_count :e, sms_count :s, sms_units :u, voice_minutes :v",
            None,
            [
                (":e", n(more.email_count)),
                (":s", n(more.sms_count)),
                (":u", n(more.sms_units)),
                (":v", n(more.voice_minutes)),
            ],
        )
    }

    /// The counts of the days from `from` to `to`, both included; days without any are left out.
    pub async fn between(self, from: Date, to: Date) -> Result<Days> {
        let rows = self.school.table.query(&keys::usage_pk(self.school.id), DAY_PREFIX, true).await?;
        let mut days = Days::new();
        for row in rows {
            let Some(day) = text(&row, SK).and_then(|sk| sk.strip_prefix(DAY_PREFIX)?.parse::<Date>().ok())
            else {
                continue;
            };
            let counts = read_day(&row);
            if (from..=to).contains(&day) && !counts.is_zero() {
                days.insert(day, counts);
            }
        }
        Ok(days)
    }
}

fn read_day(row: &Row) -> DayCounts {
    DayCounts {
        email_count: number(row, "email_count").unwrap_or(0),
        sms_count: number(row, "sms_count").unwrap_or(0),
        sms_units: number(row, "sms_units").unwrap_or(0),
        voice_minutes: number(row, "voice_minutes").unwrap_or(0),
    }
}

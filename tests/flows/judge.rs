//! Compares what the providers saw with what the product says.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::product::Partner;

/// How often each provider took each address for the deliveries of one message.
pub struct Verdict {
    /// (channel, address) → times seen by the provider.
    pub seen: BTreeMap<(String, String), u64>,
    /// (channel, address) → state as the product says.
    pub said: BTreeMap<(String, String), String>,
}

impl Verdict {
    pub async fn of(partner: &Partner, message: &str) -> Self {
        // What is said comes first: what goes out in between is then seen, not missed.
        let text = |d: &Value, name: &str| d[name].as_str().unwrap().to_owned();
        let deliveries = partner.deliveries(message).await;
        let said: BTreeMap<_, _> =
            deliveries.iter().map(|d| ((text(d, "channel"), text(d, "to")), text(d, "state"))).collect();
        assert_eq!(said.len(), deliveries.len(), "a delivery is listed twice");
        let mut seen = BTreeMap::new();
        for (kind, channel) in [("sms", "sms"), ("call", "voice"), ("email", "email")] {
            for record in partner.seen(kind).await {
                let ours = record["reference"].as_str().is_some_and(|r| r.contains(message));
                if ours {
                    let to = record["to"].as_str().unwrap().to_owned();
                    *seen.entry((channel.to_owned(), to)).or_insert(0) += 1;
                }
            }
        }
        Self { seen, said }
    }

    /// Deliveries that the product says were sent and no provider has, or that no state explains.
    pub fn lost(&self) -> Vec<&(String, String)> {
        let sent = |state: &str| {
            matches!(state, "accepted" | "delivered" | "temporary_failure" | "permanent_failure")
        };
        self.said
            .iter()
            .filter(|(address, state)| {
                let seen = self.seen.get(*address).copied().unwrap_or(0);
                matches!(state.as_str(), "queued" | "sending" | "retrying") || (sent(state) && seen == 0)
            })
            .map(|(address, _)| address)
            .collect()
    }

    /// Deliveries that a provider has more than once, though the product does not say *not confirmed*.
    pub fn twice(&self) -> Vec<&(String, String)> {
        self.seen
            .iter()
            .filter(|(address, times)| **times > 1 && self.said.get(*address).is_none_or(|s| s != "unknown"))
            .map(|(address, _)| address)
            .collect()
    }

    /// Deliveries that the product calls *not confirmed*.
    pub fn unknown(&self) -> usize {
        self.said.values().filter(|s| *s == "unknown").count()
    }

    /// Nobody lost, nobody twice.
    pub fn assert_clean(&self, people: usize) {
        assert_eq!(self.said.len(), people, "deliveries");
        assert_eq!(self.lost(), Vec::<&(String, String)>::new(), "lost");
        assert_eq!(self.twice(), Vec::<&(String, String)>::new(), "twice");
    }
}

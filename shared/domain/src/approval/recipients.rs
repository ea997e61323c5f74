//! Who was to get a message, kept in small: each contact's id and a hash of the addresses that it was to go to.
//!
//! Names and numbers are not in it. It tells who came, who went and whose number is another, and, by its digest,
//! whether two looks at a message saw the same people.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest, Sha256};

use crate::ids::ContactId;
use crate::plan::Plan;

/// Hexadecimal digits of a hash: 48 bits.
const DIGITS: usize = 12;

/// The people of one message and where each is reached.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Recipients(BTreeMap<ContactId, String>);

/// What is different between two looks; ids in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// They get it now and did not before.
    pub added: Vec<ContactId>,
    /// They got it before and do not now.
    pub removed: Vec<ContactId>,
    /// They get it at another number or address, or in another way.
    pub moved: Vec<ContactId>,
}

impl Changes {
    /// Whether nothing is different.
    pub const fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.moved.is_empty()
    }
}

impl Recipients {
    /// Everybody reached by a plan. `salt` is the message's id: the same number hashes differently elsewhere.
    pub fn of(plan: &Plan, salt: &str) -> Self {
        let mut places: BTreeMap<&ContactId, BTreeSet<String>> = BTreeMap::new();
        for delivery in &plan.deliveries {
            // Capitals make no difference to where an e-mail goes.
            let place = format!("{} {}", delivery.channel.code(), delivery.to.to_lowercase());
            for contact in &delivery.contacts {
                places.entry(contact).or_default().insert(place.clone());
            }
        }
        let mark = |places: BTreeSet<String>| {
            let mut hash = Sha256::new_with_prefix(salt);
            for place in places {
                hash.update(b"\n");
                hash.update(place);
            }
            hex(&hash.finalize()[..DIGITS / 2])
        };
        Self(places.into_iter().map(|(contact, places)| (contact.clone(), mark(places))).collect())
    }

    /// How many people.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this person is among them.
    pub fn has(&self, contact: &ContactId) -> bool {
        self.0.contains_key(contact)
    }

    /// The same for the same people at the same addresses, and else another: SHA-256 in hex.
    pub fn digest(&self) -> String {
        let mut hash = Sha256::new();
        for (contact, mark) in &self.0 {
            hash.update(mark);
            hash.update(contact.as_str());
            hash.update(b"\n");
        }
        hex(&hash.finalize())
    }

    /// What is different from here to `now`.
    pub fn changes_to(&self, now: &Self) -> Changes {
        let gone = self.0.keys().filter(|id| !now.has(id));
        let moved = self.0.iter().filter(|(id, mark)| now.0.get(*id).is_some_and(|m| m != *mark));
        Changes {
            added: now.0.keys().filter(|id| !self.has(id)).cloned().collect(),
            removed: gone.cloned().collect(),
            moved: moved.map(|(id, _)| id.clone()).collect(),
        }
    }

    /// As texts of up to `bytes` bytes each, one person a line, to be kept in rows.
    pub fn to_texts(&self, bytes: usize) -> Vec<String> {
        let mut texts = vec![String::new()];
        for (contact, mark) in &self.0 {
            let line = DIGITS + contact.as_str().len() + 1;
            if texts.last().is_some_and(|last| !last.is_empty() && last.len() + line > bytes) {
                texts.push(String::new());
            }
            if let Some(text) = texts.last_mut() {
                text.push_str(mark);
                text.push_str(contact.as_str());
                text.push('\n');
            }
        }
        texts
    }

    /// From such texts, in any order; `None` if a line is not one of ours.
    pub fn from_texts<'t>(texts: impl IntoIterator<Item = &'t str>) -> Option<Self> {
        let lines = texts.into_iter().flat_map(str::lines);
        let person = |line: &str| {
            let (mark, contact) = line.split_at_checked(DIGITS)?;
            Some((ContactId::parse(contact).ok()?, mark.to_owned()))
        };
        lines.map(person).collect::<Option<_>>().map(Self)
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut hex, byte| {
        use std::fmt::Write;
        // Writing to a string does not fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::channel::Channel;
    use crate::plan::Planned;
    use crate::sms::Units;

    fn plan(deliveries: &[(&[&str], Channel, &str)]) -> Plan {
        let planned = |(contacts, channel, to): &(&[&str], Channel, &str)| Planned {
            channel: *channel,
            to: (*to).to_owned(),
            contacts: contacts.iter().map(|id| ContactId::parse(id).unwrap()).collect(),
            values: Vec::new(),
            units: Units(1),
            subject: None,
            text: Arc::from("x"),
            missing: Vec::new(),
            withheld: None,
        };
        Plan { deliveries: deliveries.iter().map(planned).collect(), ..Plan::default() }
    }

    fn ids(ids: &[&str]) -> Vec<ContactId> {
        ids.iter().map(|id| ContactId::parse(id).unwrap()).collect()
    }

    #[test]
    fn who_came_who_went_and_whose_number_is_another() {
        use Channel::{Email, Sms};
        let before = Recipients::of(
            &plan(&[
                (&["a", "b"], Sms, "+447700900001"),
                (&["c"], Sms, "+447700900003"),
                (&["c"], Email, "C@x.example"),
            ]),
            "m",
        );
        let now = Recipients::of(
            &plan(&[
                (&["c"], Email, "c@X.example"),
                (&["c"], Sms, "+447700900003"),
                (&["d", "a"], Sms, "+447700900009"),
            ]),
            "m",
        );
        let changes = before.changes_to(&now);
        assert_eq!((changes.added, changes.removed, changes.moved), (ids(&["d"]), ids(&["b"]), ids(&["a"])));
        assert!(before.changes_to(&before).is_empty());
        assert_ne!(before.digest(), now.digest());
    }

    #[test]
    fn another_way_to_the_same_person_is_a_change() {
        let text = Recipients::of(&plan(&[(&["a"], Channel::Sms, "+441632960001")]), "m");
        let call = Recipients::of(&plan(&[(&["a"], Channel::Voice, "+441632960001")]), "m");
        assert_eq!(text.changes_to(&call).moved, ids(&["a"]));
    }

    #[test]
    fn what_is_no_list_of_ours_is_not_read() {
        for text in ["short\n", "0123456789ab\n", "0123456789ab  \n"] {
            assert_eq!(Recipients::from_texts([text]), None, "{text:?}");
        }
        assert_eq!(Recipients::from_texts([""]), Some(Recipients::default()));
    }

    proptest! {
        #[test]
        fn it_is_read_as_it_was_kept_whatever_the_ids(
            people in proptest::collection::btree_map("[ -~à-ž]{1,20}", "[0-9]{3}", 0..60),
            bytes in 1_usize..400,
        ) {
            let valid = people.into_iter().filter(|(id, _)| ContactId::parse(id).is_ok());
            let people: Vec<(String, String)> = valid.collect();
            let deliveries: Vec<([&str; 1], &str)> =
                people.iter().map(|(id, to)| ([id.as_str()], to.as_str())).collect();
            let rows: Vec<(&[&str], Channel, &str)> =
                deliveries.iter().map(|(ids, to)| (ids.as_slice(), Channel::Sms, *to)).collect();
            let kept = Recipients::of(&plan(&rows), "m");
            let texts = kept.to_texts(bytes);
            prop_assert_eq!(Recipients::from_texts(texts.iter().map(String::as_str)), Some(kept));
        }
    }
}

//! What a page says, put so that the model can ask.

use std::collections::BTreeMap;

use crate::delivery::{DeliveryState, Evidence};
use crate::page::{PageState, Slot};

pub(super) fn knows(page: &PageState, id: &str) -> bool {
    let slot = |s: &Slot| s.id.as_deref() == Some(id) || s.past.iter().any(|p| p.id == id);
    let said = |e: &Evidence| e.id.as_deref() == Some(id);
    page.slots.iter().any(slot) || page.receipts.0.values().flat_map(BTreeMap::values).any(said)
}

pub(super) fn said(state: DeliveryState, at_ms: i64, id: &str) -> Evidence {
    Evidence { state, reason: None, code: None, seconds: None, at_ms, id: Some(id.to_owned()) }
}

pub(super) fn reached_provider(state: DeliveryState) -> bool {
    matches!(state, DeliveryState::Accepted | DeliveryState::Delivered | DeliveryState::Expired)
}

pub(super) fn is_waiting(state: DeliveryState) -> bool {
    state.is_pending() || state == DeliveryState::Sending
}

/// The page after its slots and receipts went through their stored form.
pub(super) fn reread(page: &PageState) -> PageState {
    let slots = serde_json::from_str(&serde_json::to_string(&page.slots).unwrap()).unwrap();
    let receipts = serde_json::from_str(&serde_json::to_string(&page.receipts).unwrap()).unwrap();
    let units = serde_json::from_str(&serde_json::to_string(&page.units).unwrap()).unwrap();
    PageState { units, slots, receipts, ..page.clone() }
}

//! Deliveries that the provider took and never reported on: it is asked by id, an hour after it took them and every
//! hour from then on, until they expire (ARCHITECTURE §4.7).

use std::collections::BTreeMap;
use std::time::Duration;

use domain::channel::{Channel, Reports};
use domain::delivery::DeliveryState;
use domain::ids::Epoch;
use domain::page::PageState;
use futures_util::stream::{self, StreamExt};
use runtime::Timing;
use store::{Meta, School};
use tracing::warn;

use crate::dispatch::Dispatch;
use crate::error::Result;
use crate::receipts::{Receipt, merge};

/// Deliveries that are asked for in one look.
const MOST: usize = 100;
/// Questions to the provider at once.
const PARALLEL: usize = 8;
/// Places of one page, in the numbering of a whole plan's deliveries.
const PLACES: u32 = 256;

/// When a delivery fell due to be asked for, and its place in the plan: in this order they are asked for, each once.
type Turn = (i64, u32);

/// How a delivery is asked for.
struct ById {
    channel: Channel,
    attempt: u32,
    id: String,
}

/// The unreported deliveries of a message.
pub(crate) struct Unreported {
    now_ms: i64,
    /// Up to where they have been asked for.
    asked: Turn,
    /// The first whose turn it is, and one more.
    turns: BTreeMap<Turn, ById>,
    /// When the next one falls due, in milliseconds since 1970.
    pub(crate) due_ms: Option<i64>,
}

impl Unreported {
    /// None yet.
    pub(crate) const fn of(meta: &Meta, now_ms: i64) -> Self {
        Self { now_ms, asked: meta.fetched, turns: BTreeMap::new(), due_ms: None }
    }

    /// Takes note of a page's unreported deliveries.
    pub(crate) fn note(&mut self, timing: &Timing, page: u32, state: &PageState) {
        for index in 0..state.slots.len() {
            let standing = state.standing(index);
            if standing.state != DeliveryState::Accepted {
                continue;
            }
            let by_id = by_id(state, index);
            // What cannot be asked for only expires.
            let step = if by_id.is_some() { timing.fetch_ms } else { timing.expire_ms }.max(1);
            let accepted = standing.at_ms.unwrap_or(self.now_ms);
            let steps = (self.now_ms - accepted).max(0) / step;
            let next = accepted + (steps + 1) * step;
            self.due_ms = Some(self.due_ms.map_or(next, |due| due.min(next)));
            let place = page.saturating_mul(PLACES).saturating_add(u32::try_from(index).unwrap_or(u32::MAX));
            let turn = (accepted + steps * step, place);
            if let Some(by_id) = by_id.filter(|_| steps > 0 && turn > self.asked) {
                self.turns.insert(turn, by_id);
                if self.turns.len() > MOST + 1 {
                    self.turns.pop_last();
                }
            }
        }
    }

    /// Asks for the deliveries whose turn it is, for as long as a look has time that `began` then. Says whether some
    /// are left for the next look.
    pub(crate) async fn ask(
        self,
        dispatch: &Dispatch,
        school: &School,
        meta: &Meta,
        epoch: &Epoch,
        began: Duration,
    ) -> Result<bool> {
        let turns = self.turns.len();
        if turns == 0 {
            return Ok(false);
        }
        let until = began + Duration::from_millis(dispatch.timing.send_deadline_ms / 2);
        let mut asking = Vec::with_capacity(MOST);
        for (turn, by_id) in self.turns.into_iter().take(MOST) {
            asking.push(ask_one(dispatch, turn, by_id, until));
        }
        // In their order, so that those that the time did not suffice for are the last.
        let answers: Vec<Option<(Turn, Option<Receipt>)>> =
            stream::iter(asking).buffered(PARALLEL).collect().await;
        let asked: Vec<(Turn, Option<Receipt>)> = answers.into_iter().map_while(|answer| answer).collect();

        let mut pages: BTreeMap<u32, Vec<Receipt>> = BTreeMap::new();
        for ((_, place), receipt) in &asked {
            pages.entry(place / PLACES).or_default().extend(receipt.clone());
        }
        for (page, receipts) in pages.into_iter().filter(|(_, receipts)| !receipts.is_empty()) {
            merge(dispatch, &school.pages().reference(meta.id, epoch, page), &receipts).await?;
        }
        if let Some((turn, _)) = asked.last() {
            school.progress().set_fetched(meta.id, *turn).await?;
        }
        Ok(asked.len() < turns)
    }
}

/// What the provider says of one delivery; `None` if there was no time to ask.
async fn ask_one(
    dispatch: &Dispatch,
    turn: Turn,
    by_id: ById,
    until: Duration,
) -> Option<(Turn, Option<Receipt>)> {
    if dispatch.clock.elapsed() >= until {
        return None;
    }
    let said = match dispatch.providers.of(by_id.channel).fetch(&by_id.id).await {
        Ok(said) => said.filter(|evidence| evidence.state != DeliveryState::Accepted),
        Err(e) => {
            warn!(place = turn.1, error = %e, "state not fetched");
            None
        }
    };
    let place = u8::try_from(turn.1 % PLACES).ok()?;
    Some((turn, said.map(|evidence| (place, by_id.attempt, evidence))))
}

/// How the provider can be asked: by the id that it gave to the latest attempt, or to an attempt that was heard of
/// only from outside, such as a late worker's. E-mail cannot be asked for.
fn by_id(state: &PageState, index: usize) -> Option<ById> {
    if state.channel.facts().reports != Reports::Records {
        return None;
    }
    let slot = state.slots.get(index)?;
    let own = slot.id.clone().filter(|id| !id.is_empty()).map(|id| (slot.attempt, id));
    let heard = || {
        let attempts = state.receipts.0.get(&u8::try_from(index).ok()?)?;
        attempts.iter().rev().find_map(|(attempt, evidence)| Some((*attempt, evidence.id.clone()?)))
    };
    let (attempt, id) = own.or_else(heard)?;
    Some(ById { channel: state.channel, attempt, id })
}

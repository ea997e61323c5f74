//! A page against a model of everything around it: workers that die, wake late or have wrong clocks, a provider that
//! knows what it really took, receipts in any order, staff who stop and resend. Whatever happens, in whatever order,
//! the invariants of the send protocol hold.

mod facts;
mod steps;

use std::collections::BTreeSet;

use proptest::prelude::*;

use self::facts::{is_waiting, knows, reached_provider, reread, said};
use self::steps::{Call, Records, Step, ends, steps};
use super::*;

/// Patient, so that a page may lose as many workers as it can.
const POLICY: RetryPolicy = RetryPolicy { base_ms: 1_000, most: 9 };
/// Deliveries of the page.
const DELIVERIES: usize = 3;

/// One message that the provider took.
#[derive(Debug, Clone)]
struct Taken {
    index: usize,
    attempt: u32,
    id: String,
    at_ms: i64,
    end: DeliveryState,
    listed: bool,
}

#[derive(Debug)]
struct Worker {
    claimed: PageState,
    left: Vec<usize>,
    answers: Vec<(usize, Answer)>,
    skew_ms: i64,
}

struct World {
    page: PageState,
    workers: Vec<Worker>,
    provider: Vec<Taken>,
    reports: Vec<(u8, u32, Evidence)>,
    ends: Vec<DeliveryState>,
    emergency: bool,
    /// The first two deliveries go to the same address with the same text. Then a list that lags could not be read.
    twins: bool,
    stopped: bool,
    now_ms: i64,
    /// Sends of each delivery that the protocol allows: the first, those that staff asked for, the one more of an
    /// emergency, and one for each time that the provider twice denied what it had taken.
    allowed: Vec<usize>,
    /// Some records can be taken for those of other attempts: the provider has twice denied what it had taken, or a
    /// report on one twin came while a worker that is now lost may have sent to it once more.
    blurred: bool,
    /// What the latest claim was to send.
    held: Vec<usize>,
    /// Sends that the page was told were taken.
    told: BTreeSet<(usize, u32)>,
    /// Workers lost since a page was last settled, closed or sent again.
    lost: u8,
}

impl World {
    fn new(emergency: bool, twins: bool, ends: Vec<DeliveryState>) -> Self {
        Self {
            page: PageState::new(Channel::Sms, vec![Units(2); DELIVERIES], 0),
            workers: Vec::new(),
            provider: Vec::new(),
            reports: Vec::new(),
            ends,
            emergency,
            twins,
            stopped: false,
            now_ms: 1_000_000,
            allowed: vec![1; DELIVERIES],
            blurred: false,
            held: Vec::new(),
            told: BTreeSet::new(),
            lost: 0,
        }
    }

    /// The store's conditional write: receipts are not touched, they move by themselves.
    fn advance(&mut self, before: &PageState, mut after: PageState) -> bool {
        let unmoved = self.page.fence == before.fence && self.page.claim == before.claim;
        if unmoved {
            after.receipts = self.page.receipts.clone();
            after.version = self.page.version;
            self.page = after;
        }
        unmoved
    }

    fn merge(&mut self, index: u8, attempt: u32, evidence: Evidence) {
        self.told.insert((usize::from(index), attempt));
        self.reports.push((index, attempt, evidence.clone()));
        if self.page.receipts.merge(self.page.channel, index, attempt, evidence) {
            self.page.version += 1;
        }
    }

    fn step(&mut self, step: &Step) {
        self.now_ms += 10;
        let before = self.page.clone();
        match *step {
            Step::Claim { skew_ms } => self.claim(skew_ms),
            Step::Send(worker, call) => self.send(worker, call),
            Step::Outcome(worker) => self.outcome(worker),
            Step::GiveBack(worker) => {
                if let Some(i) = self.worker(worker).filter(|i| self.workers[*i].answers.is_empty()) {
                    let worker = self.workers.remove(i);
                    self.advance(&worker.claimed, worker.claimed.clone().released(self.now_ms));
                }
            }
            Step::Die(worker) => {
                if let Some(i) = self.worker(worker) {
                    self.workers.remove(i);
                }
            }
            Step::Recover => {
                if before.claim.is_some() {
                    self.advance(&before, before.clone().abandoned());
                    self.lost += 1;
                    self.blurred |= self.twins && before.pending() != self.held;
                }
            }
            Step::Ask(records) => self.ask(records),
            Step::Report { which, last } => self.report(which, last),
            Step::Stop => {
                self.stopped = true;
                if matches!(before.next(), Next::Send { .. }) {
                    self.advance(&before, before.clone().closed(DeliveryState::Cancelled, None));
                }
            }
            Step::Resend if !self.stopped => {
                let asked_for: Vec<usize> =
                    (0..DELIVERIES).filter(|&i| before.standing(i).state.can_resend()).collect();
                let (resent, count) = before.clone().resent(self.now_ms);
                assert!(count == 0 || count == asked_for.len());
                if count > 0 {
                    assert!(before.claim.is_none(), "what is being sent is not sent again beside it");
                    assert!(
                        asked_for.iter().all(|i| resent.pending().contains(i)),
                        "what staff ask for is done"
                    );
                    self.advance(&before, resent);
                    self.lost = 0;
                    for index in asked_for {
                        self.allowed[index] += 1;
                    }
                }
            }
            Step::Resend => {}
            Step::Expire => {
                if let Some(expired) = before.clone().expired(self.now_ms) {
                    self.advance(&before, expired);
                }
            }
        }
        self.check(&before, step);
    }

    fn worker(&self, pick: usize) -> Option<usize> {
        (!self.workers.is_empty()).then(|| pick % self.workers.len())
    }

    fn claim(&mut self, skew_ms: i64) {
        let Next::Send { .. } = self.page.next() else { return };
        let before = self.page.clone();
        let claimed = before.clone().claimed("worker", self.now_ms + skew_ms);
        self.advance(&before, claimed.clone());
        if self.stopped {
            self.advance(&claimed, claimed.clone().closed(DeliveryState::Cancelled, None));
            return;
        }
        for index in claimed.pending() {
            let floor = claimed.slots[index].floor;
            let known = claimed.receipts.of(index).any(|(attempt, _)| attempt >= floor);
            assert!(!known, "what is known to be taken is not sent again");
        }
        self.held = claimed.pending();
        self.workers.push(Worker { left: claimed.pending(), claimed, answers: Vec::new(), skew_ms });
    }

    fn send(&mut self, worker: usize, call: Call) {
        let Some(i) = self.worker(worker) else { return };
        // Calls end before the lease does: a worker that has lost the page makes no more of them.
        if self.workers[i].claimed.fence != self.page.fence {
            return;
        }
        let attempt = self.page.fence;
        let Some(index) = self.workers[i].left.pop() else { return };
        let id = format!("SM{}", self.provider.len());
        if matches!(call, Call::Taken | Call::TakenInSilence) {
            let end = self.ends[self.provider.len() % self.ends.len()];
            let at_ms = self.now_ms;
            self.provider.push(Taken { index, attempt, id: id.clone(), at_ms, end, listed: false });
        }
        let refused = |again| Answer::Refused { reason: Reason::TryLater, code: None, again };
        let answer = match call {
            Call::Taken => Answer::Accepted { id },
            Call::TakenInSilence | Call::Lost => Answer::Unknown,
            Call::Busy => refused(true),
            Call::Refused => refused(false),
        };
        self.workers[i].answers.push((index, answer));
    }

    fn outcome(&mut self, worker: usize) {
        let Some(i) = self.worker(worker) else { return };
        let Worker { claimed, answers, skew_ms, .. } = self.workers.remove(i);
        let now_ms = self.now_ms + skew_ms;
        if self.advance(&claimed, claimed.clone().settled(answers.clone(), POLICY, now_ms)) {
            let taken = answers.iter().filter(|(_, answer)| matches!(answer, Answer::Accepted { .. }));
            self.told.extend(taken.map(|(index, _)| (*index, claimed.fence)));
            self.lost = 0;
            return;
        }
        for (index, answer) in answers {
            if let Answer::Accepted { id } = answer {
                let said = said(DeliveryState::Accepted, now_ms, &id);
                self.merge(u8::try_from(index).unwrap(), claimed.fence, said);
            }
        }
    }

    /// As `Recover` does: records of the address that the page does not know yet, against its unresolved attempts.
    fn ask(&mut self, records: Records) {
        let before = self.page.clone();
        if before.claim.is_some() || before.unresolved().is_empty() {
            return;
        }
        if self.twins || matches!(records, Records::Complete) {
            self.provider.iter_mut().for_each(|t| t.listed = true);
        }
        let mut found = Vec::new();
        for index in before.unresolved() {
            let alike = |other: usize| other == index || (self.twins && other.max(index) < 2);
            let unknown: Vec<&Taken> = self
                .provider
                .iter()
                .filter(|t| alike(t.index) && t.listed && !knows(&before, &t.id))
                .collect();
            let attempts: usize =
                (0..DELIVERIES).filter(|&other| alike(other)).map(|other| before.unaccounted(other)).sum();
            found.push((
                index,
                match (records, unknown.len()) {
                    (Records::None, _) => Found::Unclear,
                    (_, 0) => Found::Nothing,
                    (_, 1) if attempts == 1 => Found::Accepted { id: Some(unknown[0].id.clone()) },
                    (_, n) if n == attempts => Found::Accepted { id: None },
                    _ => Found::Unclear,
                },
            ));
        }
        for (index, found) in &found {
            let slot = &before.slots[*index];
            let taken = self.provider.iter().any(|t| t.index == *index && !knows(&before, &t.id));
            if *found == Found::Nothing && slot.asked > 0 && taken {
                self.allowed[*index] += 1;
                self.blurred = true;
            }
            if matches!(found, Found::Accepted { .. }) && !self.blurred {
                self.told
                    .extend(self.provider.iter().filter(|t| t.index == *index).map(|t| (t.index, t.attempt)));
            }
        }
        let asked = before.clone().asked(found, self.emergency && !self.stopped, POLICY, self.now_ms);
        for (index, (new, old)) in asked.slots.iter().zip(&before.slots).enumerate() {
            if self.emergency && new.resent && !old.resent {
                self.allowed[index] += 1;
            }
        }
        self.advance(&before, asked);
    }

    fn report(&mut self, which: usize, last: bool) {
        if self.provider.is_empty() {
            return;
        }
        let taken = self.provider[which % self.provider.len()].clone();
        let state = if last { taken.end } else { DeliveryState::Accepted };
        let evidence = said(state, taken.at_ms, &taken.id);
        self.merge(u8::try_from(taken.index).unwrap(), taken.attempt, evidence);
    }

    /// What must hold after every step.
    fn check(&self, before: &PageState, step: &Step) {
        let page = &self.page;
        assert!(page.fence >= before.fence, "a fence is never used twice");
        assert!(self.lost <= MOST_LOST_CLAIMS, "a page is given up after so many lost workers");
        let again = matches!(step, Step::Resend | Step::Ask(_));
        if before.next() == Next::Settled && !again {
            // A report may show that an attempt is still unknown: that is asked about, not sent.
            assert!(matches!(page.next(), Next::Settled | Next::Ask), "what is settled stays settled");
        }
        for index in 0..DELIVERIES {
            let (was, is) = (before.standing(index).state, page.standing(index).state);
            let taken = self.taken(index);
            assert!(taken <= self.allowed[index], "delivery {index} was sent {taken} times");
            if reached_provider(was) {
                assert!(taken > 0, "nothing is shown as sent that never was");
                assert!(again || !is_waiting(is), "{was:?} fell back to {is:?}");
            }
            let counted = page.accepted_attempts(index).len();
            assert!(self.blurred || counted <= taken, "{counted} counted, {taken} taken");
            let told = self.told.iter().filter(|(of, _)| *of == index).count();
            assert!(counted >= told, "{counted} counted, {told} known to be taken");
        }
    }

    /// Every worker is gone, every lease over, every question answered, every report in: nothing is left open.
    fn wind_up(&mut self) {
        assert_eq!(self.page, reread(&self.page), "a row keeps everything");
        self.workers.clear();
        self.step(&Step::Recover);
        for which in (0..self.provider.len()).rev() {
            self.step(&Step::Report { which, last: true });
        }
        for _ in 0..20 * DELIVERIES {
            match self.page.next() {
                Next::Settled => break,
                Next::Recover => self.step(&Step::Recover),
                Next::Ask => self.step(&Step::Ask(Records::Complete)),
                Next::Send { .. } if self.stopped => self.step(&Step::Stop),
                Next::Send { .. } => {
                    self.step(&Step::Claim { skew_ms: 0 });
                    (0..DELIVERIES).for_each(|_| self.step(&Step::Send(0, Call::Taken)));
                    self.step(&Step::Outcome(0));
                }
            }
        }
        for which in 0..self.provider.len() {
            self.step(&Step::Report { which, last: true });
        }
        assert_eq!(self.page.next(), Next::Settled, "every page comes to rest");
        for index in 0..DELIVERIES {
            let attempts = self.page.accepted_attempts(index).len();
            assert!(self.blurred || attempts == self.taken(index), "usage is what the provider took");
            let state = self.page.standing(index).state;
            assert!(!is_waiting(state));
            if self.taken(index) == 0 {
                let never =
                    [DeliveryState::Unknown, DeliveryState::Cancelled, DeliveryState::PermanentFailure];
                assert!(
                    never.contains(&state) || state == DeliveryState::TemporaryFailure,
                    "{state:?}: lost"
                );
            }
        }
        let mut backwards = PageState { receipts: Receipts::default(), ..self.page.clone() };
        for (index, attempt, evidence) in self.reports.iter().rev().chain(&self.reports) {
            backwards.receipts.merge(backwards.channel, *index, *attempt, evidence.clone());
        }
        assert_eq!(
            self.page.receipts, backwards.receipts,
            "the order and number of receipts make no difference"
        );
    }

    fn taken(&self, index: usize) -> usize {
        self.provider.iter().filter(|t| t.index == index).count()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_protocol_holds_whatever_happens(
        emergency: bool,
        twins: bool,
        ends in ends(),
        mut steps in steps(),
        stop in proptest::option::weighted(0.2, 0_usize..60),
    ) {
        if let Some(at) = stop {
            steps.insert(at.min(steps.len()), Step::Stop);
        }
        let mut world = World::new(emergency, twins, ends);
        for step in &steps {
            world.step(step);
        }
        world.wind_up();
    }
}

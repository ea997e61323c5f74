//! What a page goes through.

use super::*;

const POLICY: RetryPolicy = RetryPolicy { base_ms: 1_000, most: 3 };

fn page(deliveries: usize) -> PageState {
    PageState::new(Channel::Sms, vec![Units(1); deliveries], 0)
}

fn states(page: &PageState) -> Vec<DeliveryState> {
    (0..page.slots.len()).map(|i| page.standing(i).state).collect()
}

fn accepted(id: &str) -> Answer {
    Answer::Accepted { id: id.to_owned() }
}

fn refused(again: bool) -> Answer {
    Answer::Refused { reason: Reason::TryLater, code: Some(20_429), again }
}

fn said(state: DeliveryState, at_ms: i64) -> Evidence {
    Evidence { state, reason: None, code: None, seconds: None, at_ms, id: None }
}

#[test]
fn answers_settle_a_claimed_page() {
    let claimed = page(4).claimed("a", 10);
    assert_eq!(states(&claimed), [DeliveryState::Sending; 4]);
    let answers = vec![(0, accepted("x")), (1, refused(true)), (2, refused(false)), (3, Answer::Unknown)];
    let settled = claimed.settled(answers, POLICY, 20);
    let codes: Vec<&str> = states(&settled).into_iter().map(DeliveryState::code).collect();
    assert_eq!(codes, ["accepted", "retrying", "permanent_failure", "unknown"]);
    assert_eq!(settled.next(), Next::Send { due_ms: 1_020 });
    assert_eq!(settled.unresolved(), [3]);
}

#[test]
fn a_refusal_is_retried_with_growing_waits_and_then_has_failed() {
    let mut page = page(1);
    let mut waits = Vec::new();
    while let Next::Send { due_ms } = page.next() {
        waits.push(due_ms);
        page = page.claimed("a", due_ms).settled(vec![(0, refused(true))], POLICY, due_ms);
    }
    assert_eq!(waits, [0, 1_000, 3_000]);
    assert_eq!(states(&page), [DeliveryState::TemporaryFailure]);
}

#[test]
fn a_lost_worker_leaves_unknown_never_queued() {
    let lost = page(2).claimed("a", 10).abandoned();
    assert_eq!(states(&lost), [DeliveryState::Unknown; 2]);
    assert_eq!(lost.next(), Next::Ask);
    let once =
        lost.asked(vec![(0, Found::Nothing), (1, Found::Accepted { id: Some("x".into()) })], false, 20);
    assert_eq!(states(&once), [DeliveryState::Unknown, DeliveryState::Accepted]);
    let twice = once.asked(vec![(0, Found::Nothing)], false, 30);
    assert_eq!(twice.next(), Next::Send { due_ms: 30 });
}

#[test]
fn a_page_whose_workers_are_always_lost_is_given_up() {
    let mut page = page(1);
    for _ in 0..MOST_LOST_CLAIMS {
        page = page.claimed("a", 0).abandoned();
        if page.next() == Next::Ask {
            page = page.asked(vec![(0, Found::Nothing)], false, 0).asked(vec![(0, Found::Nothing)], false, 0);
        }
    }
    assert_eq!((page.next(), states(&page)), (Next::Settled, vec![DeliveryState::Unknown]));
}

#[test]
fn what_nobody_can_say_stays_unknown_except_that_an_emergency_goes_once_more() {
    let lost = || page(1).claimed("a", 10).abandoned();
    let routine = lost().asked(vec![(0, Found::Unclear)], false, 20);
    assert_eq!(routine.next(), Next::Settled);
    let emergency = lost().asked(vec![(0, Found::Unclear)], true, 20);
    assert_eq!(emergency.next(), Next::Send { due_ms: 20 });
    let again = emergency.claimed("b", 30).abandoned().asked(vec![(0, Found::Unclear)], true, 40);
    assert_eq!(again.next(), Next::Settled, "once only");
}

#[test]
fn late_evidence_that_it_was_taken_stops_the_retry() {
    let mut page = page(1).claimed("a", 10).abandoned();
    page = page.asked(vec![(0, Found::Nothing)], false, 20).asked(vec![(0, Found::Nothing)], false, 30);
    page.receipts.merge(Channel::Sms, 0, 1, said(DeliveryState::Accepted, 11));
    assert_eq!((page.pending(), page.next()), (vec![], Next::Settled));
    assert_eq!(page.accepted_attempts(0).len(), 1);
}

#[test]
fn a_resend_is_not_taken_for_done_because_of_the_failure_before_it() {
    let mut page = page(1).claimed("a", 10).settled(vec![(0, accepted("x"))], POLICY, 11);
    page.receipts.merge(Channel::Sms, 0, 1, said(DeliveryState::PermanentFailure, 12));
    let (mut again, count) = page.resent(20);
    assert_eq!((count, again.pending()), (1, vec![0]));
    again = again.claimed("b", 21).settled(vec![(0, accepted("y"))], POLICY, 22);
    assert_eq!(states(&again), [DeliveryState::Accepted]);
    assert_eq!(again.accepted_attempts(0).len(), 2, "both were billed");
    again.receipts.merge(Channel::Sms, 0, 1, said(DeliveryState::Delivered, 30));
    assert_eq!(states(&again), [DeliveryState::Delivered], "the first arrived after all");
}

#[test]
fn silence_expires_and_a_late_receipt_still_counts() {
    let page = page(1).claimed("a", 10).settled(vec![(0, accepted("x"))], POLICY, 11);
    assert!(page.clone().expired(11).is_none());
    let mut expired = page.expired(12).unwrap();
    assert_eq!(states(&expired), [DeliveryState::Expired]);
    assert!(expired.clone().expired(99).is_none());
    expired.receipts.merge(Channel::Sms, 0, 1, said(DeliveryState::Delivered, 99));
    assert_eq!(states(&expired), [DeliveryState::Delivered]);
    assert_eq!(expired.accepted_attempts(0).len(), 1);
}

#[test]
fn a_report_that_follows_a_lost_worker_is_not_answered_with_another_send() {
    let mut page = page(1).claimed("a", 10);
    page.receipts.merge(Channel::Sms, 0, 1, said(DeliveryState::Accepted, 11));
    page = page.abandoned();
    page.receipts.merge(Channel::Sms, 0, 1, said(DeliveryState::PermanentFailure, 12));
    assert_eq!((page.next(), states(&page)), (Next::Settled, vec![DeliveryState::PermanentFailure]));
}

#[test]
fn attempts_that_nobody_answered_for_stay_accounted_for_when_staff_send_again() {
    let (page, _) = page(1).claimed("a", 10).abandoned().resent(20);
    assert_eq!(page.unaccounted(0), 1, "the first");
    let mut page = page.claimed("b", 30).abandoned();
    assert_eq!(page.unaccounted(0), 2, "one record could be of either");
    let both = page.clone().asked(vec![(0, Found::Accepted { id: None })], false, 40);
    assert_eq!(both.accepted_attempts(0).len(), 2, "both were billed");
    let evidence = Evidence { id: Some("x".to_owned()), ..said(DeliveryState::Delivered, 50) };
    page.receipts.merge(Channel::Sms, 0, 1, evidence);
    assert_eq!(page.unaccounted(0), 1, "the first has a name now");
}

#[test]
fn a_record_that_turned_up_late_is_counted_once() {
    let mut page = page(1).claimed("a", 10).abandoned();
    page = page.asked(vec![(0, Found::Nothing)], false, 20).asked(vec![(0, Found::Nothing)], false, 30);
    page = page.claimed("b", 40).abandoned();
    page = page.asked(vec![(0, Found::Accepted { id: Some("x".to_owned()) })], false, 50);
    let evidence = Evidence { id: Some("x".to_owned()), ..said(DeliveryState::Delivered, 11) };
    page.receipts.merge(Channel::Sms, 0, 1, evidence);
    assert_eq!(page.accepted_attempts(0).len(), 1, "it was the first attempt's");
}

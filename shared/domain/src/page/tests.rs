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
    let once = lost.asked(
        vec![(0, Found::Nothing), (1, Found::Accepted { id: Some("x".into()) })],
        false,
        POLICY,
        20,
    );
    assert_eq!(states(&once), [DeliveryState::Unknown, DeliveryState::Accepted]);
    let twice = once.asked(vec![(0, Found::Nothing)], false, POLICY, 30);
    assert_eq!(twice.next(), Next::Send { due_ms: 1_030 }, "with the wait that follows a refusal");
}

#[test]
fn a_page_whose_workers_are_always_lost_is_given_up() {
    let patient = RetryPolicy { most: MOST_LOST_CLAIMS, ..POLICY };
    let nothing = || vec![(0, Found::Nothing)];
    let mut page = page(1);
    for _ in 0..MOST_LOST_CLAIMS {
        page = page.claimed("a", 0).abandoned();
        if page.next() == Next::Ask {
            page = page.asked(nothing(), false, patient, 0).asked(nothing(), false, patient, 0);
        }
    }
    assert_eq!((page.next(), states(&page)), (Next::Settled, vec![DeliveryState::Unknown]));
}

#[test]
fn what_nobody_can_say_stays_unknown_except_that_an_emergency_goes_once_more() {
    let lost = || page(1).claimed("a", 10).abandoned();
    let routine = lost().asked(vec![(0, Found::Unclear)], false, POLICY, 20);
    assert_eq!(routine.next(), Next::Settled);
    let emergency = lost().asked(vec![(0, Found::Unclear)], true, POLICY, 20);
    assert_eq!(emergency.next(), Next::Send { due_ms: 20 });
    let again = emergency.claimed("b", 30).abandoned().asked(vec![(0, Found::Unclear)], true, POLICY, 40);
    assert_eq!(again.next(), Next::Settled, "once only");
}

/// Asked about its first delivery, of which there is no record.
fn nothing_found(page: PageState, at_ms: i64) -> PageState {
    page.asked(vec![(0, Found::Nothing)], false, POLICY, at_ms)
}

#[test]
fn late_evidence_that_it_was_taken_stops_the_retry() {
    let mut page = page(1).claimed("a", 10).abandoned();
    page = nothing_found(nothing_found(page, 20), 30);
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
    let both = page.clone().asked(vec![(0, Found::Accepted { id: None })], false, POLICY, 40);
    assert_eq!(both.accepted_attempts(0).len(), 2, "both were billed");
    let evidence = Evidence { id: Some("x".to_owned()), ..said(DeliveryState::Delivered, 50) };
    page.receipts.merge(Channel::Sms, 0, 1, evidence);
    assert_eq!(page.unaccounted(0), 1, "the first has a name now");
}

#[test]
fn a_record_that_turned_up_late_is_counted_once() {
    let mut page = page(1).claimed("a", 10).abandoned();
    page = nothing_found(nothing_found(page, 20), 30);
    page = page.claimed("b", 40).abandoned();
    page = page.asked(vec![(0, Found::Accepted { id: Some("x".to_owned()) })], false, POLICY, 50);
    let evidence = Evidence { id: Some("x".to_owned()), ..said(DeliveryState::Delivered, 11) };
    page.receipts.merge(Channel::Sms, 0, 1, evidence);
    assert_eq!(page.accepted_attempts(0).len(), 1, "it was the first attempt's");
}

fn unknown(page: PageState) -> PageState {
    let answers = page.pending().into_iter().map(|i| (i, Answer::Unknown)).collect();
    let at_ms = page.due_ms;
    page.claimed("a", at_ms).settled(answers, POLICY, at_ms)
}

#[test]
fn a_provider_that_never_answers_and_takes_nothing_is_given_up_after_the_policys_attempts() {
    let mut page = page(1);
    let mut attempts = 0;
    let mut waits = Vec::new();
    while let Next::Send { due_ms } = page.next() {
        attempts += 1;
        page = unknown(page);
        for _ in 0..2 {
            page = page.asked(vec![(0, Found::Nothing)], true, POLICY, due_ms);
        }
        waits.push(page.due_ms - due_ms);
    }
    assert_eq!((attempts, page.next(), waits), (3, Next::Settled, vec![1_000, 2_000, 0]));
    let end = page.standing(0);
    assert_eq!((end.state, end.reason), (DeliveryState::TemporaryFailure, Some(Reason::TryLater)));
}

#[test]
fn one_deliverys_wait_neither_hides_anothers_question_nor_is_cut_short_by_it() {
    let answers = vec![(0, refused(true)), (1, Answer::Unknown), (2, Answer::Unknown)];
    let page = page(3).claimed("a", 0).settled(answers, RetryPolicy { base_ms: 240_000, most: 3 }, 0);
    assert_eq!((page.next(), page.wants_asking()), (Next::Send { due_ms: 240_000 }, true));
    let found = vec![(1, Found::Nothing), (2, Found::Unclear)];
    let page =
        page.asked(found, true, POLICY, 60_000).asked(vec![(1, Found::Nothing)], true, POLICY, 120_000);
    assert_eq!((page.next(), page.wants_asking()), (Next::Send { due_ms: 240_000 }, false));
    assert_eq!(page.pending(), [0, 1, 2]);
}

#[test]
fn a_question_that_fails_changes_nothing_and_is_put_again_after_growing_waits() {
    let mut page = unknown(page(2)).asked(vec![(0, Found::Nothing), (1, Found::NotNow)], false, POLICY, 0);
    assert_eq!((page.slots[0].asked, page.slots[1].asked, page.ask_in(60_000)), (1, 0, 60_000));
    let fence = page.fence;
    page = page.asked(vec![(0, Found::Accepted { id: None }), (1, Found::NotNow)], false, POLICY, 0);
    assert!(page.fence > fence, "other jobs that would ask the same are stale");
    let mut waits = Vec::new();
    while page.next() == Next::Ask {
        waits.push(page.ask_in(60_000));
        page = page.asked(vec![(1, Found::NotNow)], false, POLICY, 0);
    }
    assert_eq!(waits[..4], [240_000, 480_000, 900_000, 900_000]);
    assert!((86_000_000..90_000_000).contains(&waits.iter().sum::<i64>()), "a day");
    assert_eq!(states(&page), [DeliveryState::Accepted, DeliveryState::Unknown]);
}

#[test]
fn an_emergency_that_cannot_be_asked_for_goes_once_more_within_the_hour() {
    let mut page = unknown(page(1));
    let mut waited = 0;
    while page.next() == Next::Ask {
        waited += page.ask_in(60_000);
        page = page.asked(vec![(0, Found::NotNow)], true, POLICY, 0);
    }
    assert_eq!(page.pending(), [0]);
    assert!(waited < 3_600_000, "{waited}");
}

#[test]
fn what_is_heard_of_an_emergencys_first_attempt_stops_the_one_that_it_would_make_by_itself() {
    let mut page = unknown(page(1)).asked(vec![(0, Found::Unclear)], true, POLICY, 20);
    assert_eq!(page.pending(), [0]);
    page.receipts.merge(Channel::Email, 0, 1, said(DeliveryState::Accepted, 11));
    assert_eq!((page.next(), states(&page)), (Next::Settled, vec![DeliveryState::Accepted]));
}

#[test]
fn a_stop_before_the_next_attempt_never_hides_one_that_may_have_arrived() {
    let closed = |p: PageState| states(&p.closed(DeliveryState::Cancelled, None))[0];
    let lost = || page(1).claimed("a", 10).abandoned();
    let taken = || page(1).claimed("a", 10).settled(vec![(0, accepted("x"))], POLICY, 10);
    let failed = |mut p: PageState| {
        p.receipts.merge(Channel::Sms, 0, 1, said(DeliveryState::PermanentFailure, 12));
        p.resent(20).0
    };
    let refused_after = |p: PageState| p.claimed("b", 30).settled(vec![(0, refused(true))], POLICY, 30);
    let cases = [
        ("nothing was ever sent", page(1), DeliveryState::Cancelled),
        ("refused", refused_after(page(1)), DeliveryState::Cancelled),
        ("claimed and not sent", page(1).claimed("a", 10), DeliveryState::Cancelled),
        (
            "an emergency that would go once more",
            lost().asked(vec![(0, Found::Unclear)], true, POLICY, 20),
            DeliveryState::Unknown,
        ),
        ("not confirmed, then sent again", lost().resent(20).0, DeliveryState::Unknown),
        ("and refused", refused_after(lost().resent(20).0), DeliveryState::Unknown),
        ("failed, then sent again", failed(taken()), DeliveryState::PermanentFailure),
        ("expired, then sent again", taken().expired(99).unwrap().resent(100).0, DeliveryState::Accepted),
    ];
    for (case, page, state) in cases {
        assert_eq!(closed(page), state, "{case}");
    }
    let again = lost().resent(20).0.closed(DeliveryState::Cancelled, None);
    assert_eq!((again.unaccounted(0), again.next()), (1, Next::Ask), "the provider is asked about it");
}

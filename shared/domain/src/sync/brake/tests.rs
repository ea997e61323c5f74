//! What is asked about and what is not.

use super::*;

fn list(part: Part, known: usize, removed: usize) -> Counted {
    let (before, after) = (Counts::new(), Counts::new());
    Counted { part, known, removed, fed: known - removed, before, after }
}

fn people(known: usize, removed: usize) -> Counted {
    list(Part::Pupils, known, removed)
}

fn none() -> Counted {
    list(Part::Contacts, 0, 0)
}

#[test]
fn more_than_a_tenth_or_fifty_people_are_asked_about() {
    let table = [
        (0, 0, false),
        (10, 1, false),
        (20, 2, false),
        (20, 3, true),
        (500, 50, false),
        (500, 51, true),
        (8_000, 50, false),
        (8_000, 51, true),
        (5, 1, true),
    ];
    for (known, removed, held) in table {
        let by_people = brake(&[people(known, removed)], &none(), 0);
        assert_eq!(!by_people.is_empty(), held, "{removed} of {known} people");
        let by_ties = brake(&[people(100, 0)], &list(Part::Contacts, known, removed), 0);
        assert_eq!(!by_ties.is_empty(), held, "{removed} of {known} ties");
    }
    let halves = [people(30, 3), list(Part::Staff, 30, 4)];
    let [Loss { lost: Lost::People, gone: 7, of: 60, .. }] = brake(&halves, &none(), 0)[..] else {
        panic!("seven of sixty")
    };
    let said: Vec<String> = brake(&[people(2_385, 1_193)], &none(), 0).iter().map(Loss::words).collect();
    assert_eq!(said, ["1,193 of 2,385 people are missing from what the MIS sent."]);
}

#[test]
fn much_of_one_part_is_asked_about_however_many_people_the_others_have() {
    let table = [
        // Pupils of a primary, staff of a large school.
        (Part::Pupils, 200, 50, true),
        (Part::Pupils, 200, 20, false),
        (Part::Staff, 60, 49, true),
        (Part::Staff, 60, 6, false),
        (Part::Staff, 60, 7, true),
        // A few of a short list are an ordinary day.
        (Part::Staff, 12, 5, false),
        (Part::Staff, 12, 6, true),
    ];
    for (part, known, removed, held) in table {
        let others = list(Part::Contacts, 2_000, 0);
        let found = brake(&[list(part, known, removed), others], &none(), 0);
        assert_eq!(!found.is_empty(), held, "{removed} of {known} {part:?}: {found:?}");
    }
    let found = brake(&[list(Part::Staff, 60, 49), people(2_000, 0)], &none(), 0);
    assert_eq!(found[0].words(), "49 of 60 staff are missing from what the MIS sent.");
}

#[test]
fn a_part_that_came_empty_is_asked_about_and_a_first_run_is_not() {
    let found = brake(&[people(1_000, 0), list(Part::Staff, 3, 3)], &none(), 0);
    assert_eq!(found.iter().map(Loss::words).collect::<Vec<_>>(), ["The MIS sent no staff at all."]);
    assert_eq!(brake(&[people(0, 0)], &none(), 0), []);
    let found = brake(&[people(100, 0)], &list(Part::Contacts, 100, 100), 0);
    assert_eq!(found[0].words(), "The MIS sent no relationships at all.");
}

#[test]
fn a_list_that_keeps_its_rows_and_loses_what_they_held_is_asked_about() {
    let table = [
        (Count::Texts, 120, Some(0), true),
        (Count::Texts, 120, Some(108), false),
        (Count::Texts, 120, Some(107), true),
        (Count::Emails, 12, Some(7), false),
        (Count::Years, 5, Some(0), true),
        (Count::Years, 4, Some(0), false),
        // A club ended; a timetable went.
        (Count::Others, 300, Some(150), false),
        (Count::Classes, 300, Some(149), true),
        (Count::Barred, 40, None, true),
        (Count::Barred, 3, Some(300), false),
    ];
    for (count, before, after, held) in table {
        let counted = Counted {
            before: Counts::from([(count, before)]),
            after: after.map(|n| (count, n)).into_iter().collect(),
            ..people(400, 0)
        };
        let found = brake(&[counted], &none(), 0);
        assert_eq!(!found.is_empty(), held, "{count:?}: {before} to {after:?}");
    }
    // What was never counted holds nothing.
    let first = Counted { after: Counts::from([(Count::Texts, 1)]), ..people(400, 0) };
    assert_eq!(brake(&[first], &none(), 0), []);
}

#[test]
fn many_pairs_that_a_feed_bars_at_once_are_asked_about() {
    let table = [
        (0, 0, false),
        (5, 5, false),
        (6, 60, false),
        (6, 59, true),
        (40, 400, false),
        (41, 400, true),
        (400, 400, true),
    ];
    for (barred, ties, held) in table {
        assert_eq!(brake_bars(barred, ties).is_some(), held, "{barred} of {ties}");
    }
    let words = brake_bars(1_200, 2_000).map(|loss| loss.words()).unwrap_or_default();
    assert!(words.starts_with("A court order would bar 1,200 of 2,000 relationships"), "{words}");
}

#[test]
fn what_went_with_people_who_left_is_not_held_against_those_who_stay() {
    let left = Counted {
        before: Counts::from([(Count::Texts, 400)]),
        after: Counts::from([(Count::Texts, 355)]),
        ..list(Part::Contacts, 400, 40)
    };
    assert_eq!(brake(&[left, people(2_000, 0)], &none(), 0), []);
}

#[test]
fn marks_that_are_gone_from_a_register_are_asked_about_and_a_few_put_right_are_not() {
    for (known, fed, held) in
        [(900, 0, true), (900, 809, true), (900, 811, false), (4, 0, false), (0, 0, false)]
    {
        let marks = Counted { fed, ..list(Part::Attendance, known, 0) };
        assert_eq!(!brake_marks(&marks).is_empty(), held, "{known} to {fed}");
    }
    let blank = Counted {
        before: Counts::from([(Count::Marks, 900)]),
        after: Counts::from([(Count::Marks, 0)]),
        ..list(Part::Attendance, 900, 0)
    };
    assert_eq!(brake_marks(&blank)[0].words(), "Marks of the registers: 0 in what the MIS sent, 900 before.");
}

#[test]
fn an_approval_covers_as_much_as_was_shown_and_no_more() {
    let loss = |count, gone| Loss { lost: Lost::Count(count), part: Part::Contacts, gone, of: 100 };
    let seen = [loss(Count::Texts, 60)];
    assert!(loss(Count::Texts, 60).is_in(&seen) && loss(Count::Texts, 20).is_in(&seen));
    assert!(!loss(Count::Texts, 61).is_in(&seen) && !loss(Count::Emails, 1).is_in(&seen));
}

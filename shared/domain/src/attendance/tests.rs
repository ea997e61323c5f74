use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, date};
use proptest::prelude::*;

use super::*;
use crate::feed::{FeedGroupRef, GroupKind, Mark, Session};
use crate::ids::ContactId;

const DAY: Date = date(2026, 1, 12);
const WHEN: (Date, Session) = (DAY, Session::Am);

fn id(text: &str) -> ContactId {
    ContactId::parse(text).unwrap()
}

fn mark(pupil: &str, code: &str) -> Mark {
    Mark { pupil: id(pupil), date: DAY, session: Session::Am, code: code.to_owned(), minutes_late: None }
}

fn roll(pupils: &[&str]) -> BTreeMap<ContactId, Vec<FeedGroupRef>> {
    let year = |n: usize| FeedGroupRef::new(GroupKind::Year, &format!("Year {n}")).unwrap();
    pupils.iter().enumerate().map(|(n, p)| (id(p), vec![year(9 + n % 4)])).collect()
}

fn names(list: &[Listed]) -> Vec<&str> {
    list.iter().map(|l| l.pupil.as_str()).collect()
}

#[test]
fn a_code_means_what_its_nation_says_on_its_day() {
    use Meaning::{
        Authorised, Blank, Closed, Elsewhere, Late, LateAfterClosing, NotExpected, Present, Unauthorised,
        Unexplained, Unknown,
    };
    let before = date(2024, 8, 18);
    let since = date(2024, 8, 19);
    let (england, wales) = (Nation::England, Nation::Wales);
    let table = [
        (england, since, "/", Present),
        (england, since, "\\", Present),
        (england, since, " l ", Late),
        (england, since, "U", LateAfterClosing),
        (england, since, "N", Unexplained),
        (england, since, "O", Unauthorised),
        (england, since, "G", Unauthorised),
        (england, since, "I", Authorised),
        (england, since, "C1", Authorised),
        (england, since, "J1", Authorised),
        (england, since, "J", Unknown),
        (england, since, "H", Unknown),
        (england, since, "Y", Unknown),
        (england, since, "Y3", NotExpected),
        (england, since, "Q", NotExpected),
        (england, since, "K", Elsewhere),
        (england, since, "D", NotExpected),
        (england, since, "X", NotExpected),
        (england, since, "#", Closed),
        (england, since, "", Blank),
        (england, since, "-", Blank),
        (england, before, "J", Elsewhere),
        (england, before, "H", Authorised),
        (england, before, "Y", NotExpected),
        (england, before, "C1", Unknown),
        (england, before, "K", Unknown),
        (wales, since, "F", Authorised),
        (wales, since, "J", Elsewhere),
        (wales, since, "K", Unknown),
        (Nation::Scotland, since, "10", Present),
        (Nation::Scotland, since, "11", Late),
        (Nation::Scotland, since, "N", Unknown),
        (Nation::NorthernIreland, since, "J", NotExpected),
        (Nation::NorthernIreland, since, "N", Unexplained),
    ];
    for (nation, day, code, want) in table {
        assert_eq!(meaning(nation, day, code), want, "{nation:?} {day} {code:?}");
    }
}

/// Every code of each nation by its meaning; a code that stands nowhere is unknown.
#[test]
fn each_nation_has_its_own_table_and_nothing_else() {
    use Meaning::{
        Authorised, Closed, Elsewhere, Late, LateAfterClosing, NotExpected, Present, Unauthorised,
        Unexplained,
    };
    type Codes = &'static [(Meaning, &'static str)];
    let england: Codes = &[
        (Present, "/ \\"),
        (Late, "L"),
        (LateAfterClosing, "U"),
        (Elsewhere, "B K P V W"),
        (Authorised, "C C1 C2 E I J1 M R S T"),
        (Unexplained, "N"),
        (Unauthorised, "G O"),
        (NotExpected, "D Q X Y1 Y2 Y3 Y4 Y5 Y6 Y7 Z"),
        (Closed, "#"),
    ];
    let wales: Codes = &[
        (Present, "/ \\"),
        (Late, "L"),
        (LateAfterClosing, "U"),
        (Elsewhere, "B J P V W"),
        (Authorised, "C E F H I M R S T"),
        (Unexplained, "N"),
        (Unauthorised, "G O"),
        (NotExpected, "D X Y Z"),
        (Closed, "#"),
    ];
    let scotland: Codes = &[(Present, "/ \\ 10"), (Late, "11"), (Elsewhere, "12"), (NotExpected, "02")];
    let northern_ireland: Codes = &[
        (Present, "/ \\"),
        (Late, "L"),
        (Authorised, "("),
        (Unexplained, "N"),
        (Unauthorised, "{ } D H"),
        (NotExpected, "J"),
        (Closed, "#"),
    ];
    let day = date(2026, 1, 12);
    let signs = (b'!'..=b'~').map(|sign| char::from(sign).to_string());
    let numbers = (0..100).map(|n| format!("{n:02}"));
    let pairs = ('A'..='Z').flat_map(|letter| (0..10).map(move |n| format!("{letter}{n}")));
    let every: Vec<String> = signs
        .filter(|sign| sign != "-" && *sign == sign.to_uppercase())
        .chain(numbers)
        .chain(pairs)
        .collect();
    for (nation, table) in [
        (Nation::England, england),
        (Nation::Wales, wales),
        (Nation::Scotland, scotland),
        (Nation::NorthernIreland, northern_ireland),
    ] {
        let known: BTreeMap<&str, Meaning> =
            table.iter().flat_map(|(meaning, codes)| codes.split(' ').map(|code| (code, *meaning))).collect();
        for code in &every {
            let want = known.get(code.as_str()).copied().unwrap_or(Meaning::Unknown);
            assert_eq!(meaning(nation, day, code), want, "{nation:?} {code}");
        }
        assert_eq!(codes(nation, day).len(), known.len(), "{nation:?}");
        assert_eq!(Nation::from_code(nation.code()), Some(nation));
    }
}

#[test]
fn a_code_that_a_table_lacks_is_shown_and_asked_after_only_where_the_school_has_listed_it() {
    let pupils = roll(&["a", "b", "c"]);
    let marks = [mark("a", "30"), mark("b", "10"), mark("c", "N")];
    let list = |nation: Nation, chase: &[&str]| {
        let chase = chase.iter().map(|code| (*code).to_owned()).collect();
        let rules = Rules { nation, chase, ..Rules::default() };
        let list = absence_list(&rules, &pupils, &marks, &BTreeSet::new(), WHEN);
        (names(&list.to_tell).join(" "), names(&list.unknown).join(" "))
    };
    let both = |told: &str, unknown: &str| (told.to_owned(), unknown.to_owned());
    assert_eq!(
        list(Nation::Scotland, &["N"]),
        both("", "a c"),
        "what nobody has changed is no word about it"
    );
    assert_eq!(list(Nation::Scotland, &["30", "10"]), both("a", "c"), "a presence is never asked after");
    assert_eq!(list(Nation::England, &["30", "N"]), both("c", "a b"), "a whole table lacks nothing");
}

#[test]
fn sessions_count_as_the_statistics_count_them() {
    let counted = |code: &str| meaning(Nation::England, DAY, code).counts_as();
    for code in ["/", "\\", "L", "V", "P", "W", "B", "K"] {
        assert_eq!(counted(code), Counted::Present, "{code}");
    }
    for code in ["C", "C1", "C2", "E", "I", "J1", "M", "R", "S", "T"] {
        assert_eq!(counted(code), Counted::Authorised, "{code}");
    }
    for code in ["G", "N", "O", "U"] {
        assert_eq!(counted(code), Counted::Unauthorised, "{code}");
    }
    for code in ["D", "X", "Q", "Y1", "Y7", "Z", "#", "-", "?"] {
        assert_eq!(counted(code), Counted::Not, "{code}");
    }
}

#[test]
fn only_an_absence_without_a_reason_is_asked_after_unless_the_school_says_otherwise() {
    let pupils = roll(&["a", "b", "c", "d", "e", "f"]);
    let marks = [mark("a", "N"), mark("b", "/"), mark("c", "O"), mark("d", "-"), mark("e", "??")];
    let list = absence_list(&Rules::default(), &pupils, &marks, &BTreeSet::new(), WHEN);
    assert_eq!(names(&list.to_tell), ["a"]);
    assert_eq!(names(&list.blank), ["d", "f"], "no mark at all is no absence");
    assert_eq!(names(&list.unknown), ["e"]);
    let rules = Rules { chase: ["n", "O", "/", "-"].map(str::to_owned).into(), ..Rules::default() };
    let list = absence_list(&rules, &pupils, &marks, &BTreeSet::new(), WHEN);
    assert_eq!(names(&list.to_tell), ["a", "c"], "a presence and a blank are never asked after");
}

#[test]
fn a_family_is_told_once_for_each_session_and_matter() {
    let pupils = roll(&["a"]);
    let morning = mark("a", "N");
    let afternoon = Mark { session: Session::Pm, ..morning.clone() };
    let marks = [morning.clone(), afternoon];
    let told = BTreeSet::from([Told::of(&morning, Matter::Absence)]);
    let rules = Rules::default();
    let list = absence_list(&rules, &pupils, &marks, &told, WHEN);
    assert_eq!((names(&list.to_tell), names(&list.told)), (vec![], vec!["a"]));
    let list = absence_list(&rules, &pupils, &marks, &told, (DAY, Session::Pm));
    assert_eq!(names(&list.to_tell), ["a"]);
    // That a lateness was told is another matter.
    let told = BTreeSet::from([Told::of(&morning, Matter::Late)]);
    assert_eq!(names(&absence_list(&rules, &pupils, &marks, &told, WHEN).to_tell), ["a"]);
}

#[test]
fn a_year_that_is_left_out_is_shown_and_not_told() {
    let pupils = roll(&["a", "b"]);
    let rules = Rules { excluded_years: ["year 9".to_owned()].into(), ..Rules::default() };
    let marks = [mark("a", "N"), mark("b", "N"), mark("gone", "N")];
    let list = absence_list(&rules, &pupils, &marks, &BTreeSet::new(), WHEN);
    assert_eq!((names(&list.to_tell), names(&list.excluded)), (vec!["b"], vec!["a"]));
    let late = [mark("a", "L"), mark("b", "L")];
    assert_eq!(names(&late_list(&rules, &pupils, &late, &BTreeSet::new(), WHEN)), ["b"]);
}

#[test]
fn lateness_is_told_from_so_many_minutes_on() {
    let pupils = roll(&["a", "b", "c", "d"]);
    let rules = Rules { late_from_minutes: 10, ..Rules::default() };
    let late =
        |pupil: &str, code: &str, minutes: u16| Mark { minutes_late: Some(minutes), ..mark(pupil, code) };
    let marks = [late("a", "L", 9), late("b", "L", 10), late("c", "U", 40), mark("d", "L")];
    let list = late_list(&rules, &pupils, &marks, &BTreeSet::new(), WHEN);
    assert_eq!(names(&list), ["b", "c", "d"]);
    let told = BTreeSet::from([Told::of(&marks[1], Matter::Late)]);
    assert_eq!(names(&late_list(&rules, &pupils, &marks, &told, WHEN)), ["c", "d"]);
}

#[test]
fn all_is_well_once_a_told_absence_became_a_presence() {
    let rules = Rules::default();
    let absent = mark("a", "N");
    let mut told = BTreeSet::from([Told::of(&absent, Matter::Absence)]);
    for (code, well) in
        [("N", false), ("-", false), ("I", false), ("X", false), ("/", true), ("L", true), ("U", true)]
    {
        let marks = [mark("a", code), mark("b", "/")];
        assert_eq!(names(&all_clear(&rules, &marks, &told, WHEN)) == ["a"], well, "{code}");
    }
    told.insert(Told::of(&absent, Matter::AllClear));
    assert!(all_clear(&rules, &[mark("a", "/")], &told, WHEN).is_empty());
}

#[test]
fn a_message_goes_only_if_what_it_says_still_holds() {
    let rules = Rules::default();
    let table = [
        (Matter::Absence, Some("N"), true),
        (Matter::Absence, Some("/"), false),
        (Matter::Absence, Some("I"), false),
        (Matter::Absence, Some("-"), false),
        (Matter::Absence, None, false),
        (Matter::Late, Some("L"), true),
        (Matter::Late, Some("/"), false),
        (Matter::AllClear, Some("/"), true),
        (Matter::AllClear, Some("N"), false),
    ];
    for (matter, code, holds) in table {
        let now = code.map(|code| mark("a", code));
        assert_eq!(still_holds(&rules, matter, now.as_ref()), holds, "{matter:?} {code:?}");
    }
}

#[test]
fn marks_are_not_good_enough_once_registers_were_saved_after_they_were_read_or_long_after() {
    let at = |minute: i64| jiff::Timestamp::from_second(1_768_212_000 + minute * 60).unwrap();
    let table = [
        (None, None, Freshness::Never),
        (None, Some(5), Freshness::Never),
        (Some(40), Some(35), Freshness::Fresh),
        (Some(40), Some(40), Freshness::Changed),
        (Some(40), Some(41), Freshness::Changed),
        (Some(10), Some(11), Freshness::Changed),
        (Some(10), Some(5), Freshness::Stale),
        (Some(31), None, Freshness::Fresh),
        (Some(30), None, Freshness::Stale),
    ];
    for (read, saved, want) in table {
        assert_eq!(freshness(read.map(at), saved.map(at), at(60), 30), want, "{read:?} {saved:?}");
    }
}

#[test]
fn a_look_sees_what_is_other_than_it_was_of_the_messages_own_pupils() {
    let known = [mark("a", "N"), mark("b", "N"), mark("c", "N"), mark("d", "/")];
    let afternoon = Mark { session: Session::Pm, ..mark("a", "\\") };
    let now = [mark("a", " N "), mark("b", "/"), mark("d", "N"), mark("e", "N"), afternoon];
    let pupils = ["a", "b", "c", "e"].map(id).to_vec();
    let look = RegisterLook::new(DAY, Session::Am, pupils, 0).seeing(&known, &now);
    let Seen::Marks(seen) = &look.seen else { panic!("{look:?}") };
    assert_eq!(*seen, [mark("b", "/"), mark("e", "N"), mark("c", "")]);
    assert_eq!(changed(&known, &now, Session::Am).len(), 4, "of everybody");
    let after = with_changed(known.to_vec(), seen.clone());
    let rules = Rules::default();
    let about = About { date: DAY, session: Session::Am, matter: Matter::Absence, all_the_same: None };
    let holds = without_changed(&rules, about, &look.pupils, &after);
    assert_eq!(holds, ["a", "e"].map(id).into(), "who came, and whose mark was taken away, is left out");
}

proptest! {
    #[test]
    fn nobody_is_told_twice_or_of_a_child_who_is_in_school(
        codes in proptest::collection::vec("[A-Z/\\\\#-][0-9]?", 0..30),
        told_already in proptest::collection::vec(any::<bool>(), 30),
        chase in proptest::collection::btree_set("[A-Z/\\\\#-][0-9]?", 0..8),
    ) {
        let ids: Vec<String> = (0..codes.len()).map(|n| format!("p{n:02}")).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let pupils = roll(&ids);
        let marks: Vec<Mark> = ids.iter().zip(&codes).map(|(pupil, code)| mark(pupil, code)).collect();
        let told: BTreeSet<Told> = marks
            .iter()
            .zip(&told_already)
            .filter(|(_, told)| **told)
            .map(|(mark, _)| Told::of(mark, Matter::Absence))
            .collect();
        let rules = Rules { chase, ..Rules::default() };
        let list = absence_list(&rules, &pupils, &marks, &told, WHEN);
        let all = [&list.to_tell, &list.told, &list.blank, &list.excluded, &list.unknown];
        let mut seen = BTreeSet::new();
        for one in all.into_iter().flatten() {
            prop_assert!(seen.insert(one.pupil.clone()), "each pupil is in one list at most");
        }
        for one in &list.to_tell {
            let mark = marks.iter().find(|m| m.pupil == one.pupil).unwrap();
            prop_assert!(meaning(Nation::England, DAY, &mark.code).is_away());
            prop_assert!(!told.contains(&Told::of(mark, Matter::Absence)));
            prop_assert!(still_holds(&rules, Matter::Absence, Some(mark)));
        }
        // What was just told is not told again.
        let mut after = told.clone();
        let to_tell = marks.iter().filter(|m| list.to_tell.iter().any(|l| l.pupil == m.pupil));
        after.extend(to_tell.map(|m| Told::of(m, Matter::Absence)));
        prop_assert!(absence_list(&rules, &pupils, &marks, &after, WHEN).to_tell.is_empty());
        // A pupil who is asked after is not also given the all-clear.
        for one in all_clear(&rules, &marks, &after, WHEN) {
            prop_assert!(!list.to_tell.iter().any(|l| l.pupil == one.pupil));
        }
    }
}

//! GOV.UK Notify's cases of uploaded lists, as far as their meaning carries over: a list there is made for one message
//! and has no ids, a doubled column there is a list, a row that lacks a cell is told of its data rather than of its
//! shape.

use domain::contact::ContactRole;
use domain::import::{Field, Mapping, Rules, Sheet, Tally, check, inspect};
use domain::phone::{CountryCode, NumberMode};
use serde_json::Value;

use super::support::{cases, list, text};

const FILE: &str = "notify-cases/recipient_csv.json";

/// Their list with an id before each row, checked with the heading taken for a mobile's.
fn check_phones(contents: &str) -> Tally {
    let mut rows = contents.trim().lines().map(str::trim);
    let headings = rows.next().unwrap();
    let rows: Vec<String> = rows.enumerate().map(|(at, row)| format!("{at},Ann,{row}\n")).collect();
    let list = format!("id,forename,{headings}\n{}", rows.concat());
    let sheet = Sheet::detect(&list);
    let inspected = inspect(&sheet, Vec::new()).unwrap();
    let columns = [(Field::Id, 0), (Field::Forename, 1), (Field::Mobile, 2)];
    let mapping = Mapping::new(columns, ContactRole::Parent, inspected.columns.len()).unwrap();
    let rules = Rules { country: CountryCode::UK, mode: NumberMode::Live };
    check(&sheet, &inspected, &mapping, rules, |_, _| {})
}

fn bad_rows(case: &Value) -> Vec<u64> {
    case["rows_with_bad_recipients"].as_array().unwrap().iter().map(|row| row.as_u64().unwrap()).collect()
}

#[test]
fn the_same_numbers_are_refused() {
    let Some(all) = cases(FILE) else { return };
    for case in list(&all, "landlines") {
        let tally = check_phones(text(case, "file_contents"));
        let refused: Vec<u64> = tally.errors.iter().map(|f| u64::from(f.row) - 2).collect();
        assert_eq!(refused, bad_rows(case), "{case}");
    }
    for case in list(&all, "international") {
        let tally = check_phones(text(case, "file_contents"));
        let refused: Vec<u64> = tally.errors.iter().map(|f| u64::from(f.row) - 2).collect();
        // Theirs also takes "1-202-555-0104"; here a number without a + is one of the school's own country.
        let theirs = bad_rows(case);
        assert!(theirs.iter().all(|row| refused.contains(row)), "{case}");
    }
}

#[test]
fn headings_are_compared_without_case_spaces_and_dashes() {
    let Some(all) = cases(FILE) else { return };
    for case in list(&all, "key_case_and_spaces_ignored") {
        let heading = text(case, "key");
        let list = format!("id,{heading}\n1,2\n");
        let guess = inspect(&Sheet::detect(&list), Vec::new()).unwrap().guess;
        let field = match text(case, "expected") {
            "Jo" => Field::Forename,
            "Bloggs" => Field::Surname,
            _ => Field::Mobile,
        };
        assert_eq!(guess.get(&field), Some(&1), "{heading}");
    }
}

#[test]
fn blank_rows_and_unseen_characters_are_passed_over() {
    let Some(all) = cases(FILE) else { return };
    for case in list(&all, "empty_rows") {
        let rows = inspect(&Sheet::detect(text(case, "contents")), Vec::new()).unwrap().rows;
        assert_eq!(rows, 1, "{case}");
    }
    for case in list(&all, "leading_whitespace_chars") {
        let character = text(case, "character");
        let list = format!("id,forename,mobile\n1,Ann,\"{character}+44 (0) 117 925 1001\"\n");
        let sheet = Sheet::detect(&list);
        let inspected = inspect(&sheet, Vec::new()).unwrap();
        let mapping = Mapping::new(inspected.guess.clone(), ContactRole::Parent, 3).unwrap();
        let rules = Rules { country: CountryCode::UK, mode: NumberMode::Live };
        let tally = check(&sheet, &inspected, &mapping, rules, |_, _| {});
        assert_eq!((tally.good, tally.error_count), (1, 0), "{character:?}");
    }
}

//! Anything at all where people's files, numbers and texts come in.

mod promises;

use proptest::prelude::*;

/// Texts of what matters to the parser, and of anything.
fn text() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{0,60}", "(?s).{0,40}", "[\\x00-\\x7f]{0,60}"]
}

/// A list that is nearly right: headings, and rows of anything.
fn list() -> impl Strategy<Value = Vec<u8>> {
    let cell = prop_oneof![
        "[A-Z][a-z]{0,8}",
        "0770090[0-9]{4}",
        "[a-z]{1,5}@[a-z]{1,5}\\.example",
        "\"[^\"]{0,9}\"",
        "[=+@\t \"'-]{0,3}\\PC{0,6}",
        "[0-9.E+ ()]{0,14}",
    ];
    let row = prop::collection::vec(cell, 0..8);
    (prop::collection::vec(row, 0..8), "[,;\t|]", "\r?\n", any::<Option<u8>>()).prop_map(
        |(rows, comma, line, damage)| {
            let headings = ["id", "forename", "surname", "role", "mobile", "email"].join(&comma);
            let rows = rows.iter().map(|row| row.join(&comma));
            let mut bytes =
                std::iter::once(headings).chain(rows).collect::<Vec<_>>().join(&line).into_bytes();
            if let Some(byte) = damage {
                let at = usize::from(byte) % bytes.len();
                bytes[at] = byte;
            }
            bytes
        },
    )
}

proptest! {
    #[test]
    fn a_text_is_cut_into_parts_that_hold_it(
        text in "[a€ŵ😀é’{…]{0,330}|\\PC{0,200}", more in "[a€ŵ😀]{0,200}|\\PC{0,40}"
    ) {
        promises::segments(&text, &more);
    }

    #[test]
    fn a_number_that_is_taken_is_read_back(text in "[+(]{0,2}(0|44|00)?[0-9 ()E.+-]{0,18}") {
        promises::phone(&text);
    }

    #[test]
    fn a_number_of_anything_is_refused_in_words(text in text()) {
        promises::phone(&text);
    }

    #[test]
    fn an_address_that_is_taken_is_safe(text in "\\PC{0,12}@\\PC{0,8}\\.[a-zé]{1,4}|[!-~]{0,20}@[a-z.-]{0,9}\\.org") {
        promises::email(&text);
    }

    #[test]
    fn a_text_is_filled_in_once(text in "[$|a-c_5é \n]{0,40}|\\PC{0,40}", value in "[$|a-c ]{0,12}") {
        promises::template(&text, &value);
    }

    #[test]
    fn no_row_of_a_list_is_passed_over(bytes in list()) {
        promises::list(&bytes);
    }

    #[test]
    fn a_file_of_anything_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        promises::list(&bytes);
    }

    #[test]
    fn no_exported_cell_is_a_formula(text in "[ \\t\\r\\n=+@'-]{0,4}\\PC{0,8}") {
        promises::cell(&text);
    }
}

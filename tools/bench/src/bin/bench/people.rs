//! Made-up contacts in any number. Nobody in them exists; their texts only ever go to a sink on loopback.

use serde_json::{Value, json};

/// Most contacts of one request.
pub(crate) const BATCH: usize = 1_000;
/// Contacts that can have a number of their own.
pub(crate) const MOST: usize = 100_000;

const FORENAMES: [&str; 8] = ["Ada", "Benedict", "Carys", "Dilip", "Eleanor", "Femi", "Grace", "Hamish"];
const SURNAMES: [&str; 8] =
    ["Ashdown", "Brackley", "Carrow", "Dunmore", "Elsworth", "Fernley", "Gosling", "Hartwell"];

/// The contact with this number, below [`MOST`].
pub(crate) fn contact(number: usize) -> Value {
    json!({
        "id": format!("P{number:06}"),
        "forename": FORENAMES[number % FORENAMES.len()],
        "surname": SURNAMES[number / FORENAMES.len() % SURNAMES.len()],
        "role": "parent",
        "mobile": mobile(number),
        "email": format!("parent{number}@families.example"),
        "groups": [format!("Year {}", 7 + number % 5)],
    })
}

/// A well-formed mobile number; the first thousand are the numbers kept for drama.
pub(crate) fn mobile(number: usize) -> String {
    format!("07700 9{number:05}")
}

/// A file of contacts as a school office exports it.
pub(crate) fn csv(rows: usize) -> String {
    let line = |number: usize| {
        let (forename, surname) =
            (FORENAMES[number % FORENAMES.len()], SURNAMES[number / FORENAMES.len() % SURNAMES.len()]);
        let (mobile, year) = (mobile(number % MOST), 7 + number % 5);
        format!(
            "P{number:06},Ms,{forename},{surname},Parent,{mobile},parent{number}@families.example,Year {year}\n"
        )
    };
    let header = "Contact ID,Title,Forename,Surname,Role,Mobile,Email,Groups\n".to_owned();
    std::iter::once(header).chain((0..rows).map(line)).collect()
}

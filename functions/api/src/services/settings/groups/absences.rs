//! Rows of the account settings about absences: of whom families are told, and how new marks have to be.

use domain::attendance::Nation;

use crate::services::settings::row::{Group, Kind, Row, chosen};

/// Most codes and most years that may be listed.
const MOST: usize = 20;
/// Longest code or name of a year, in characters.
const LONGEST: usize = 30;
/// Most minutes that count as late, or after which marks are old.
const MINUTES: u16 = 600;

/// A list as it stands in the form.
fn listed(list: &std::collections::BTreeSet<String>) -> String {
    list.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn list(typed: &str) -> Result<std::collections::BTreeSet<String>, String> {
    let read: std::collections::BTreeSet<String> =
        typed.split(',').map(|part| part.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    let read: std::collections::BTreeSet<String> = read.into_iter().filter(|part| !part.is_empty()).collect();
    let too_long = |part: &String| part.chars().count() > LONGEST || part.chars().any(char::is_control);
    if read.len() > MOST || read.iter().any(too_long) {
        return Err(format!(
            "List at most {MOST}, with commas between them, each of at most {LONGEST} characters."
        ));
    }
    Ok(read)
}

fn minutes(typed: &str, least: u16) -> Result<u16, String> {
    let read = typed.trim().parse().ok().filter(|minutes| (least..=MINUTES).contains(minutes));
    read.ok_or_else(|| format!("Give a number of minutes from {least} to {MINUTES}."))
}

/// Absences.
pub(super) const ABSENCES: Group = Group {
    code: "absences",
    title: "Absences",
    words: "Whose families are told that a pupil is not in school.",
    care: |_| None,
    rows: &[
        Row::new(
            "nation",
            "Codes of the registers",
            "The same letter means different things in different nations. Of Scotland and Northern Ireland only \
             some codes are known here; the others are shown, and asked after only where you list them.",
            Kind::Choice(&[
                ("england", "England"),
                ("wales", "Wales"),
                ("scotland", "Scotland"),
                ("northern_ireland", "Northern Ireland"),
            ]),
            |s| s.attendance.nation.code().to_owned(),
            |s, typed, _| {
                s.attendance.nation = chosen(Nation::from_code(typed.trim()))?;
                Ok(())
            },
        ),
        Row::new(
            "chase",
            "Codes that are asked after",
            "With commas between them. N is an absence for which no reason is known yet. A code that means anything \
             but an absence is never asked after.",
            Kind::Line,
            |s| listed(&s.attendance.chase),
            |s, typed, _| {
                s.attendance.chase = list(typed)?;
                Ok(())
            },
        ),
        Row::new(
            "excluded_years",
            "Years that are left out",
            "Families of these year groups are told nothing, such as a sixth form: Year 12, Year 13.",
            Kind::Line,
            |s| listed(&s.attendance.excluded_years),
            |s, typed, _| {
                s.attendance.excluded_years = list(typed)?;
                Ok(())
            },
        ),
        Row::new(
            "late_from_minutes",
            "Late from how many minutes",
            "Who is late by fewer is not on the list of late pupils. 0 lists everybody who is marked late.",
            Kind::Line,
            |s| s.attendance.late_from_minutes.to_string(),
            |s, typed, _| {
                s.attendance.late_from_minutes = minutes(typed, 0)?;
                Ok(())
            },
        ),
        Row::new(
            "stale_after_minutes",
            "Marks are old after how many minutes",
            "Marks that were read longer ago have to be refreshed before a family is told anything.",
            Kind::Line,
            |s| s.attendance.stale_after_minutes.to_string(),
            |s, typed, _| {
                s.attendance.stale_after_minutes = minutes(typed, 1)?;
                Ok(())
            },
        ),
    ],
};

//! Rules without IO, on one core: lists of contacts, segments, phone numbers.

use std::hint::black_box;
use std::time::Duration;

use domain::contact::ContactRole;
use domain::import::{Mapping, Rules, Sheet, check, inspect};
use domain::phone::{CountryCode, NumberMode, PhoneNumber};
use domain::sms;
use runtime::Clock;

use crate::error::{BenchError, Result, in_part};
use crate::people;
use crate::report::{Report, thousands};

/// Rows of the list: as many as an upload may have.
const ROWS: usize = 100_000;
/// Texts and numbers that are looked at.
const MANY: usize = 200_000;

pub(crate) fn measure(report: &mut Report, clock: &Clock) -> Result<()> {
    let file = people::csv(ROWS);
    let took = timed(clock, || read_list(&file))?;
    report.row("contact list: rows read and checked /s, one core", rate(ROWS, took), "≥ 100,000");

    let texts = [
        "Dear Carys, school closes at 1 pm today because of snow.",
        "Dear Zoë, the trip to Llŷn leaves at 8 – bring £5 and a coat. ☃ Parents meet us again at 17:30 by the gate.",
    ];
    let took = timed(clock, || {
        Ok((0..MANY).map(|i| sms::count(black_box(texts[i % 2])).parts.0).map(u64::from).sum::<u64>())
    })?;
    report.row("segments: texts counted /s, one core", rate(MANY, took), "");

    let numbers: Vec<String> = (0..MANY).map(|i| people::mobile(i % people::MOST)).collect();
    let took = timed(clock, || {
        let good = |text: &String| {
            PhoneNumber::parse(text, CountryCode::UK, NumberMode::Simulated).is_ok_and(PhoneNumber::can_sms)
        };
        let found = numbers.iter().filter(|text| good(text)).count();
        if found == MANY { Ok(0) } else { Err(BenchError::new("phones", format!("{found} read"))) }
    })?;
    report.row("phone numbers: parsed /s, one core", rate(MANY, took), "");
    Ok(())
}

/// As an upload does: headings, a first look, the check of every row.
fn read_list(file: &str) -> Result<u64> {
    let sheet = Sheet::detect(file);
    let inspected = inspect(&sheet, Vec::new()).map_err(in_part("list"))?;
    let columns = inspected.columns.len();
    let mapping = Mapping::new(inspected.guess.clone(), ContactRole::Parent, columns)
        .map_err(|problems| BenchError::new("list", format!("{problems:?}")))?;
    let rules = Rules { country: CountryCode::UK, mode: NumberMode::Simulated };
    let tally = check(&sheet, &inspected, &mapping, rules, |_, contact| {
        black_box(contact);
    });
    if tally.good as usize == ROWS {
        Ok(u64::from(tally.good))
    } else {
        Err(BenchError::new("list", format!("{} good rows: {:?}", tally.good, tally.errors.first())))
    }
}

/// The shortest of three runs.
fn timed(clock: &Clock, run: impl Fn() -> Result<u64>) -> Result<Duration> {
    let mut best = Duration::MAX;
    for _ in 0..3 {
        let before = clock.elapsed();
        black_box(run()?);
        best = best.min(clock.elapsed().saturating_sub(before));
    }
    Ok(best)
}

fn rate(count: usize, took: Duration) -> String {
    thousands(count as f64 / took.as_secs_f64())
}

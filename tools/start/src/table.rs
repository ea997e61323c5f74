//! The table, in Markdown.

use std::fmt::Write;
use std::time::Duration;

use crate::measure::{Measured, Sample};

const HEAD: &str = "| | binary, MB | target | zip, MB | start → first poll, ms | 90 % | × empty \
| 1st request, ms | 2nd | RSS at poll, MB | peak |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n";

/// One line for each binary, medians of its starts; the first is what the others are measured against.
pub(crate) fn markdown(measured: &[Measured]) -> String {
    let mut text = HEAD.to_owned();
    let Some(empty) = measured.first() else { return text };
    let base = at(empty, 50, |s| ms(s.poll));
    for one in measured {
        let poll = at(one, 50, |s| ms(s.poll));
        let answer = |n: usize| at(one, 50, |s| s.answers.get(n).copied().map_or(f64::NAN, ms));
        let target = one.function.most_bytes.map(|b| format!("≤ {:.0}", mb(b))).unwrap_or_default();
        // Writing into a text cannot fail.
        let _ = writeln!(
            text,
            "| {} | {:.2} | {target} | {:.2} | {poll:.1} | {:.1} | {:.2} | {:.1} | {:.1} | {:.1} | {:.1} |",
            one.function.name,
            mb(one.bytes),
            mb(one.zip_bytes),
            at(one, 90, |s| ms(s.poll)),
            poll / base,
            answer(0),
            answer(1),
            at(one, 50, |s| s.rss_at_poll as f64 / 1_024.0),
            at(one, 50, |s| s.rss_peak as f64 / 1_024.0),
        );
    }
    text
}

/// The value below which `percent` of the starts lie.
fn at(one: &Measured, percent: usize, value: impl Fn(&Sample) -> f64) -> f64 {
    let mut values: Vec<f64> = one.samples.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    let place = (values.len() * percent / 100).min(values.len().saturating_sub(1));
    values.get(place).copied().unwrap_or(f64::NAN)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

fn mb(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

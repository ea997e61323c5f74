//! The table.

use std::time::Duration;

/// Rows as they come, printed at the end so that nothing stands between them.
#[derive(Debug, Default)]
pub(crate) struct Report {
    rows: Vec<[String; 3]>,
}

impl Report {
    /// Adds a row: what was measured, the figure, the target if there is one. Says so at once on standard error.
    #[expect(clippy::print_stderr, reason = "a long run shows how far it is")]
    pub(crate) fn row(&mut self, what: impl Into<String>, figure: impl Into<String>, target: &str) {
        let row = [what.into(), figure.into(), target.to_owned()];
        eprintln!("  {}: {}", row[0], row[1]);
        self.rows.push(row);
    }

    /// Prints the table in Markdown.
    #[expect(clippy::print_stdout, reason = "the table is what the command is for")]
    pub(crate) fn print(&self) {
        println!("| what | figure | target |\n|---|---:|---:|");
        for [what, figure, target] in &self.rows {
            println!("| {what} | {figure} | {target} |");
        }
    }
}

/// A whole number with commas between thousands.
pub(crate) fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.char_indices() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes in MB of a million bytes.
pub(crate) fn megabytes(bytes: u64) -> String {
    format!("{:.0} MB", bytes as f64 / 1e6)
}

/// Half of the times lie below the first figure, 99 of 100 below the second; in milliseconds.
pub(crate) fn p50_p99(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let at = |share: usize| times.get((times.len() * share / 100).min(times.len().saturating_sub(1)));
    let shown = |share| at(share).map_or_else(String::new, |t| format!("{:.1}", t.as_secs_f64() * 1e3));
    format!("{} / {} ms", shown(50), shown(99))
}

//! The fault campaign in a minute: at least five hundred injections over all rows, and not one promise broken.

use std::path::PathBuf;

use faults::campaign::{Plan, SHORT, campaign};
use faults::tally::Row;

/// Fixed, so that a failure is found again: `make faults SCENARIO=… SEED=…` as the report says.
const SEED: u64 = 20_260;

#[tokio::test(flavor = "multi_thread")]
async fn five_hundred_faults_lose_nothing_send_nothing_twice_and_count_right() {
    let program = PathBuf::from(env!("CARGO_BIN_EXE_faults"));
    let plan = Plan { wanted: SHORT.to_vec(), kills: 10, combined: 1, at_once: 4, seed: SEED, program };
    println!("from seed {SEED}");
    let report = campaign(plan, |_| ()).await;
    println!("{}", report.table(true));
    assert!(report.failures.is_empty(), "{}", report.failures.join("\n"));
    for (row, wanted) in SHORT {
        assert!(report.own(row) >= wanted, "{}: {} of {wanted}", row.name(), report.own(row));
    }
    assert!(Row::ALL.into_iter().map(|row| report.tally.row(row)).sum::<u64>() >= 500);
}

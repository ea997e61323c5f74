//! `make faults`: the long run, or one run again by its scenario and seed.

use std::process::ExitCode;
use std::time::Instant;

use faults::campaign::{LONG, Plan, SHORT, campaign};
use faults::run::Outcome;
use faults::scenario::Scenario;
use faults::victim::{Orders, providers, victim};
use faults::{killed, run};

const USAGE: &str = "\
faults: the product under everything that may befall it

  faults                        the long run, from seed 1
  faults --seed N               the long run, from seed N
  faults --short                the short run
  faults SCENARIO N [TIMES]     the run of seed N again, or so many runs from it on

SCENARIO is one of deaths, queue, providers, database, poison, clocks, receipts, combined, killed.";

#[tokio::main]
async fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let program = std::env::current_exe().expect("this program");
    let mut plan = Plan { wanted: LONG.to_vec(), kills: 300, combined: 60, at_once: 20, seed: 1, program };
    match words[..] {
        ["as-victim", data, port, at, seed, lives] => {
            let (Ok(port), Ok(seed), Ok(lives)) = (port.parse(), seed.parse(), lives.parse()) else {
                return usage();
            };
            victim(Orders { data: data.into(), port, providers: at.to_owned(), seed, lives }).await;
            ExitCode::SUCCESS
        }
        ["as-providers", events] => {
            providers(events.to_owned()).await;
            ExitCode::SUCCESS
        }
        [] => whole(plan).await,
        ["--short"] => {
            (plan.wanted, plan.kills, plan.combined, plan.at_once) = (SHORT.to_vec(), 20, 2, 8);
            whole(plan).await
        }
        ["--seed", seed] => {
            let Ok(seed) = seed.parse() else { return usage() };
            plan.seed = seed;
            whole(plan).await
        }
        [scenario, seed] => again(scenario, seed, "1", &plan).await,
        [scenario, seed, times] => again(scenario, seed, times, &plan).await,
        _ => usage(),
    }
}

fn usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}

async fn whole(plan: Plan) -> ExitCode {
    println!("from seed {}", plan.seed);
    let began = Instant::now();
    let report = campaign(plan, |outcome| {
        if !outcome.verdict.is_clean() {
            println!(
                "{:>5.0} s  seed {} ({}) failed",
                began.elapsed().as_secs_f64(),
                outcome.seed,
                outcome.scenario
            );
        }
    })
    .await;
    println!("{}", report.table(true));
    if report.failures.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn again(scenario: &str, seed: &str, times: &str, plan: &Plan) -> ExitCode {
    let (Some(scenario), Ok(seed), Ok(times)) =
        (Scenario::of(scenario), seed.parse::<u64>(), times.parse::<u64>())
    else {
        return usage();
    };
    runtime::start_logging();
    let mut clean = true;
    for seed in seed..seed + times {
        let outcome = match scenario {
            Scenario::Killed => killed::run(seed, &plan.program).await,
            other => run::run(other, seed).await,
        };
        clean &= outcome.verdict.is_clean();
        show(&outcome, times == 1);
    }
    if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn show(outcome: &Outcome, whole: bool) {
    let verdict = &outcome.verdict;
    let result = if verdict.is_clean() { "kept every promise" } else { "FAILED" };
    println!(
        "seed {} ({}) {result}: {} not confirmed, {:.1} s",
        outcome.seed,
        outcome.scenario,
        verdict.not_confirmed,
        outcome.took.as_secs_f64()
    );
    if !verdict.is_clean() {
        println!("{verdict:#?}");
    }
    if whole {
        for ((row, kind), count) in outcome.tally.kinds() {
            println!("  {:10} {kind:44} {count:>5}", row.name());
        }
    }
}

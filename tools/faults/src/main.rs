//! `make faults`.

#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let scenario = faults::scenario::Scenario::of(&args[0]).expect("a scenario");
    let seed: u64 = args[1].parse().expect("a seed");
    runtime::start_logging();
    let outcome = faults::run::run(scenario, seed).await;
    println!("{:#?} {:?}", outcome.verdict, outcome.took);
    for ((row, kind), count) in outcome.tally.kinds() {
        println!("{:10} {kind:40} {count}", row.name());
    }
}

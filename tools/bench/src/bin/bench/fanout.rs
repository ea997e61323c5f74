//! A message to everybody: how fast it goes out, what it takes of the table and of memory, and how that grows.

use std::time::Duration;

use runtime::Clock;
use serde::Deserialize;

use crate::arguments::Programs;
use crate::error::{BenchError, Result, in_part};
use crate::meter::{self, Consumed};
use crate::product::{Product, REPORTED, Setup};
use crate::report::{Report, megabytes, thousands};
use crate::server::Server;

/// Recipients.
const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
/// Recipients whose receipts are counted too.
const WITH_RECEIPTS: usize = 10_000;
/// Between two looks at the sink.
const LOOK: Duration = Duration::from_millis(10);
/// Looks until the last post must have come.
const LOOKS: usize = 30_000;
/// Looks at a message until it must be finished.
const MESSAGE_LOOKS: usize = 3_000;

/// How fast each size went out, in recipients a second.
pub(crate) type Speeds = Vec<(usize, f64)>;

#[derive(Debug, Deserialize)]
struct Count {
    posts: usize,
    last_ms: i64,
}

/// What the sink has seen.
async fn count(product: &Product, sink: &Server) -> Result<Count> {
    let asked = product.http().get(format!("{}/count", sink.url)).send().await.map_err(in_part("sink"))?;
    asked.json().await.map_err(in_part("sink"))
}

/// Sends everybody one message; when the request was made and the last post came, in milliseconds since 1970, and the
/// message's id.
async fn send(product: &Product, sink: &Server, size: usize, clock: &Clock) -> Result<(i64, i64, String)> {
    let began = clock.now_ms();
    let id = product.send().await?;
    for _ in 0..LOOKS {
        let seen = count(product, sink).await?;
        if seen.posts >= size {
            return Ok((began, seen.last_ms, id));
        }
        tokio::time::sleep(LOOK).await;
    }
    let seen = count(product, sink).await?;
    Err(BenchError::new("fan-out", format!("only {} of {size} came", seen.posts)))
}

/// The product as it is run: the database in a file, in the same process. The sink is a process of its own.
pub(crate) async fn speed(report: &mut Report, programs: &Programs, clock: &Clock) -> Result<Speeds> {
    let mut speeds = Speeds::new();
    if !programs.wants("speed") && !programs.wants("rivals") {
        return Ok(speeds);
    }
    for size in SIZES {
        let sink = Server::start(&programs.path("sink"), &[]).await?;
        let setup = Setup { twilio: Some(&sink.url), ..Setup::default() };
        let product = Product::start(programs.path("local"), &setup).await?;
        product.add_people(size).await?;
        let (began, last, id) = send(&product, &sink, size, clock).await?;
        product.wait_for(&id, &["accepted"], size as u64, MESSAGE_LOOKS).await?;
        let finished = clock.now_ms();
        let seen = count(&product, &sink).await?;
        if seen.posts != size {
            return Err(BenchError::new("fan-out", format!("{} posts for {size} people", seen.posts)));
        }
        let (to_last, to_finish) = (seconds(last - began), seconds(finished - began));
        let per_second = size as f64 / to_last;
        let target = if size >= 10_000 { "≥ 6,300, aim 10,000" } else { "" };
        let name = format!("fan-out of {}", thousands(size as f64));
        report.row(format!("{name}: recipients/s to the last post"), thousands(per_second), target);
        let growth = to_last * 10_000.0 / size as f64;
        report.row(
            format!("{name}: to the last post · finished · per 10,000"),
            format!("{to_last:.2} · {to_finish:.2} · {growth:.2} s"),
            "",
        );
        speeds.push((size, per_second));
        product.stop().await?;
        sink.stop().await?;
    }
    Ok(speeds)
}

/// With the database in a process of its own that adds up what was consumed: units and memory, size by size.
pub(crate) async fn units_and_memory(report: &mut Report, programs: &Programs, clock: &Clock) -> Result<()> {
    if !programs.wants("units") {
        return Ok(());
    }
    for size in SIZES {
        let sink = Server::start(&programs.path("sink"), &[]).await?;
        let metered = Metered::start(programs, Some(&sink.url), size).await?;
        let idle = metered.product.peak_memory()?;
        metered.product.post("/api/v1/messages/preview", &Product::message()).await?;
        let previewed = metered.product.peak_memory()?;
        metered.total().await?;
        let (_, _, id) = send(&metered.product, &sink, size, clock).await?;
        metered.product.wait_for(&id, &["accepted"], size as u64, MESSAGE_LOOKS).await?;
        let peak = metered.product.peak_memory()?;
        let name = format!("fan-out of {}", thousands(size as f64));
        let target = if size == 100_000 { "< 64 MB" } else { "" };
        report.row(
            format!("{name}: peak memory beside the database (contacts pushed · previewed)"),
            format!("{} ({} · {})", megabytes(peak), megabytes(idle), megabytes(previewed)),
            target,
        );
        let units = metered.total().await?;
        report.row(
            format!("{name}: write · read units a recipient"),
            per_recipient(units, size),
            "≤ 0.4 · –",
        );
        metered.stop().await?;
        sink.stop().await?;
    }
    let metered = Metered::start(programs, None, WITH_RECEIPTS).await?;
    let id = metered.product.send().await?;
    metered.product.wait_for(&id, &REPORTED, WITH_RECEIPTS as u64, MESSAGE_LOOKS).await?;
    let name = format!("fan-out of {} with receipts", thousands(WITH_RECEIPTS as f64));
    let units = metered.total().await?;
    report.row(format!("{name}: write · read units a recipient"), per_recipient(units, WITH_RECEIPTS), "");
    metered.stop().await
}

/// A product whose database is a process of its own and is metered.
struct Metered {
    product: Product,
    database: Server,
    _files: tempfile::TempDir,
}

impl Metered {
    /// With `size` people in the address book, and nothing on the bill.
    async fn start(programs: &Programs, twilio: Option<&str>, size: usize) -> Result<Self> {
        let files = tempfile::tempdir().map_err(in_part("data directory"))?;
        let place = files.path().to_string_lossy().into_owned();
        let arguments = ["database", "--metered", "--data", &place];
        let database = Server::start(&programs.path("bench"), &arguments).await?;
        let setup = Setup { twilio, database: Some(&database.url) };
        let product = Product::start(programs.path("local"), &setup).await?;
        product.add_people(size).await?;
        let metered = Self { product, database, _files: files };
        metered.total().await?;
        Ok(metered)
    }

    /// What was consumed since the last time.
    async fn total(&self) -> Result<Consumed> {
        meter::consumed(self.product.http(), &self.database.url).await
    }

    async fn stop(self) -> Result<()> {
        self.product.stop().await?;
        self.database.stop().await
    }
}

fn per_recipient(consumed: Consumed, size: usize) -> String {
    let each = |units: f64| units / size as f64;
    format!("{:.3} · {:.3}", each(consumed.write_units), each(consumed.read_units))
}

fn seconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / 1e3
}

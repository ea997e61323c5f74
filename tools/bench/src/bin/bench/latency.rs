//! How long staff and partners wait: previews, pages, signing in. One request at a time, as one person makes them.

use std::time::Duration;

use reqwest::header::{COOKIE, SET_COOKIE};
use runtime::Clock;

use crate::arguments::Programs;
use crate::error::{BenchError, Result, in_part};
use crate::product::{Product, REPORTED, Setup};
use crate::report::{Report, p50_p99, thousands};

/// Sizes of schools.
const SIZES: [usize; 2] = [3_000, 10_000];
/// Requests of each kind.
const TIMES: usize = 200;
/// Sign-ins: fewer, because somebody who signs in too often is held up.
const SIGN_INS: usize = 5;
/// Looks at a message until all are delivered.
const LOOKS: usize = 600;

pub(crate) async fn measure(report: &mut Report, programs: &Programs, clock: &Clock) -> Result<()> {
    if !programs.wants("latency") {
        return Ok(());
    }
    for size in SIZES {
        let product = Product::start(programs.path("local"), &Setup::default()).await?;
        product.add_people(size).await?;
        previews(report, &product, size, clock).await?;
        pages(report, &product, size, clock).await?;
        product.stop().await?;
    }
    Ok(())
}

async fn previews(report: &mut Report, product: &Product, size: usize, clock: &Clock) -> Result<()> {
    let message = Product::message();
    let mut times = Vec::new();
    for _ in 0..=TIMES {
        let before = clock.elapsed();
        let answer = product.post("/api/v1/messages/preview", &message).await?;
        times.push(clock.elapsed().saturating_sub(before));
        if answer["recipients"] != size {
            return Err(BenchError::new("preview", answer));
        }
    }
    // The first one reads the address book.
    let cold = times.remove(0);
    let target = if size == SIZES[0] { "≤ 50 ms" } else { "" };
    let name = format!("preview of {}", thousands(size as f64));
    report.row(format!("{name}: p50 / p99"), p50_p99(times), target);
    report.row(format!("{name}, the first after a change"), milliseconds(cold), "");
    Ok(())
}

async fn pages(report: &mut Report, product: &Product, size: usize, clock: &Clock) -> Result<()> {
    let (cookie, took) = sign_in(product, clock).await?;
    if size == SIZES[0] {
        report.row("signing in (argon2id 19 MiB, t=2): p50 / p99", p50_p99(took), "");
    }
    let id = product.send().await?;
    product.wait_for(&id, &REPORTED, size as u64, LOOKS).await?;
    let message = format!("/messages/{id}");
    for (name, path) in [
        ("home", "/"),
        ("compose", "/send"),
        ("contacts", "/contacts"),
        ("message", &message),
        ("usage", "/usage"),
    ] {
        let mut times = Vec::new();
        for _ in 0..TIMES {
            let before = clock.elapsed();
            let request = product.http().get(format!("{}{path}", product.access.url)).header(COOKIE, &cookie);
            let answer = request.send().await.map_err(in_part("page"))?;
            let status = answer.status();
            let body = answer.bytes().await.map_err(in_part("page"))?;
            times.push(clock.elapsed().saturating_sub(before));
            if status != 200 || body.len() < 1_000 {
                return Err(BenchError::new("page", format!("{path}: {status}")));
            }
        }
        report.row(
            format!("{name} page, {} contacts: p50 / p99", thousands(size as f64)),
            p50_p99(times),
            "",
        );
    }
    Ok(())
}

/// Signs in several times; the last session's cookie, and how long each took.
async fn sign_in(product: &Product, clock: &Clock) -> Result<(String, Vec<Duration>)> {
    let access = &product.access;
    let form = [("username", access.username.as_str()), ("password", access.password.as_str())];
    let mut times = Vec::new();
    let mut cookie = None;
    for _ in 0..SIGN_INS {
        let before = clock.elapsed();
        let request = product.http().post(format!("{}/sign-in", access.url)).form(&form);
        let answer = request.send().await.map_err(in_part("sign-in"))?;
        times.push(clock.elapsed().saturating_sub(before));
        let set = answer.headers().get(SET_COOKIE).and_then(|set| set.to_str().ok()?.split(';').next());
        cookie = set.map(str::to_owned);
    }
    Ok((cookie.ok_or_else(|| BenchError::new("sign-in", "no session"))?, times))
}

fn milliseconds(time: Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1e3)
}

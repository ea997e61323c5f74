//! What was accepted outlives the process.

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::client::{Browser, SID, TOKEN, config, kept_in, start};
use crate::product::Product;

/// A directory of this test's own, empty.
fn directory(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&path);
    path
}

fn spawn(data: &Path) -> (Child, Browser) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_simulators"))
        .args([
            "--listen",
            "127.0.0.1:0",
            "--account-sid",
            SID,
            "--auth-token",
            TOKEN,
            "--step-ms",
            "20",
            "--data",
        ])
        .arg(data)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.trim().strip_prefix("listening ").unwrap();
    let browser = Browser::at(url);
    (child, browser)
}

#[tokio::test]
async fn a_killed_process_forgets_nothing_it_answered() {
    let data = directory("killed");
    let (mut child, browser) = spawn(&data);
    let mut sids = Vec::new();
    for n in 0..50 {
        sids.push(browser.text(&format!("+4477009001{n:02}"), "Hello", "").await);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let (mut child, browser) = spawn(&data);
    let log = browser.log("sms").await;
    assert_eq!(log.iter().map(|seen| seen["sid"].as_str().unwrap()).collect::<Vec<_>>(), sids);
    assert_eq!(browser.get("/_control/counts").await.json()["sms"], 50);
    browser.text("+447700900123", "After", "").await;
    assert_eq!(browser.log("sms").await.len(), 51);
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn a_line_cut_short_is_passed_over() {
    let data = directory("cut");
    let (running, browser) = kept_in(&data).await;
    browser.text("+447700900123", "One", "").await;
    running.stop().await;
    let mut file = OpenOptions::new().append(true).open(data.join("simulators.jsonl")).unwrap();
    file.write_all(br#"{"kind":"sms","sid":"00"#).unwrap();
    let (running, browser) = kept_in(&data).await;
    browser.text("+447700900123", "Two", "").await;
    running.stop().await;
    let (_running, browser) = kept_in(&data).await;
    let bodies: Vec<_> = browser.log("sms").await.iter().map(|seen| seen["body"].clone()).collect();
    assert_eq!(bodies, ["One", "Two"]);
}

#[tokio::test]
async fn a_stopped_address_is_free_at_once() {
    let (running, _) = start(config()).await;
    let mut again = config();
    again.listen = running.url().strip_prefix("http://").unwrap().parse().unwrap();
    running.stop().await;
    let (_running, browser) = start(again).await;
    assert_eq!(browser.get("/_control/counts").await.status, 200);
}

#[tokio::test]
async fn receipts_that_were_owed_are_sent_after_the_next_start_and_only_those() {
    let mut product = Product::start().await;
    let data = directory("owed");
    let mut slow = config();
    slow.data = Some(data.clone());
    slow.latency.step = std::time::Duration::from_hours(1);
    let (running, browser) = start(slow).await;
    let owed = browser.text("+447700900123", "Hello", &format!("{}/s/r", product.url)).await;
    running.stop().await;
    let (running, browser) = kept_in(&data).await;
    let posts = product.take(2).await;
    assert!(posts.iter().all(|post| post.field("MessageSid") == owed));
    while browser.get("/_control/counts").await.json()["receipts"]["pending"] != 0 {
        tokio::task::yield_now().await;
    }
    running.stop().await;
    let (_running, browser) = kept_in(&data).await;
    assert_eq!(browser.get("/_control/counts").await.json()["receipts"]["pending"], 0);
}

//! What the product is compared with, in the same run: the sink's own ceiling under wrk, and a plain queue worker that
//! does the same posts and remembers nothing.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::process::{Child, Command};

use crate::arguments::Programs;
use crate::error::{BenchError, Result, in_part};
use crate::fanout::Speeds;
use crate::report::{Report, thousands};
use crate::server::Server;

/// Posts of the comparison worker.
const POSTS: usize = 20_000;
/// Settings of the comparison worker that are tried: processes, jobs at once in each, posts a job. The best counts.
const ONE_EACH: [[usize; 3]; 3] = [[1, 100, 1], [2, 50, 1], [2, 100, 1]];
const IN_PAGES: [[usize; 3]; 2] = [[1, 10, 25], [2, 10, 25]];
/// Connections that wrk holds open: as many as give the most on two cores.
const CONNECTIONS: &str = "100";
/// How long Redis may take to start, in looks of [`LOOK`].
const LOOKS: usize = 250;
const LOOK: Duration = Duration::from_millis(20);

pub(crate) async fn measure(report: &mut Report, programs: &Programs, speeds: &Speeds) -> Result<()> {
    if !programs.wants("rivals") {
        return Ok(());
    }
    let sink = Server::start(&programs.path("sink"), &[]).await?;
    let ceiling = wrk(&sink, &programs.peer).await?;
    report.row("sink's ceiling under wrk: posts/s", thousands(ceiling), "");
    let redis = Redis::start().await?;
    let one_each = best(&redis, &sink, &programs.peer, &ONE_EACH).await?;
    report.row("BullMQ worker, one post a job: posts/s", thousands(one_each), "");
    let in_pages = best(&redis, &sink, &programs.peer, &IN_PAGES).await?;
    report.row("BullMQ worker, 25 posts a job: posts/s", thousands(in_pages), "");
    redis.stop().await?;
    sink.stop().await?;
    for (size, speed) in speeds.iter().filter(|(size, _)| *size >= POSTS / 2) {
        report.row(
            format!("fan-out of {} ÷ ceiling · ÷ one a job · ÷ 25 a job", thousands(*size as f64)),
            format!("{:.2} · {:.1} · {:.1}", speed / ceiling, speed / one_each, speed / in_pages),
            "",
        );
    }
    Ok(())
}

/// Posts a second that the sink takes from wrk.
async fn wrk(sink: &Server, peer: &Path) -> Result<f64> {
    let script = peer.join("post.lua");
    let url = format!("{}/2010-04-01/Accounts/AC0/Messages.json", sink.url);
    let mut command = Command::new("wrk");
    command.args(["-t1", "-c", CONNECTIONS, "-d5s", "-s"]).arg(script).arg(url);
    let output = command.kill_on_drop(true).output().await.map_err(in_part("wrk"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    if text.contains("Non-2xx") {
        return Err(BenchError::new("wrk", text));
    }
    let line = text.lines().find_map(|line| line.strip_prefix("Requests/sec:"));
    line.and_then(|rest| rest.trim().parse().ok()).ok_or_else(|| BenchError::new("wrk", text))
}

#[derive(Deserialize)]
struct Ran {
    seconds: f64,
}

/// Posts a second of the comparison worker at the best of these settings.
async fn best(redis: &Redis, sink: &Server, peer: &Path, settings: &[[usize; 3]]) -> Result<f64> {
    let mut best: f64 = 0.0;
    for [processes, at_once, posts_a_job] in settings {
        let mut command = Command::new("node");
        command.arg(peer.join("worker.mjs")).arg(redis.socket()).arg(&sink.url);
        command.args([POSTS, *processes, *at_once, *posts_a_job].map(|number| number.to_string()));
        let output = command.stderr(Stdio::inherit()).kill_on_drop(true).output();
        let output = output.await.map_err(in_part("comparison worker"))?;
        let ran: Ran = serde_json::from_slice(&output.stdout).map_err(in_part("comparison worker"))?;
        best = best.max(POSTS as f64 / ran.seconds);
    }
    Ok(best)
}

/// Redis on a socket in a directory of its own; it writes nothing to disk.
struct Redis {
    child: Child,
    directory: tempfile::TempDir,
}

impl Redis {
    async fn start() -> Result<Self> {
        let directory = tempfile::tempdir().map_err(in_part("Redis"))?;
        let mut command = Command::new("redis-server");
        command.args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"]);
        command.arg(directory.path().join("socket")).stdout(Stdio::null()).kill_on_drop(true);
        let child = command.spawn().map_err(in_part("Redis"))?;
        let redis = Self { child, directory };
        for _ in 0..LOOKS {
            if Path::new(&redis.socket()).exists() {
                return Ok(redis);
            }
            tokio::time::sleep(LOOK).await;
        }
        Err(BenchError::new("Redis", "it did not start"))
    }

    fn socket(&self) -> String {
        self.directory.path().join("socket").to_string_lossy().into_owned()
    }

    async fn stop(mut self) -> Result<()> {
        self.child.kill().await.map_err(in_part("Redis"))
    }
}

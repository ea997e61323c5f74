//! A server on loopback that answers as a format wants, and wrongly when told to.

use std::collections::VecDeque;
use std::fmt::Display;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use runtime::{BoxFuture, Clock, Outside, guarded_http_client};
use sync::mis::{Fetcher, Pause, Policy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// A request as a format's renderer sees it: method, path and query, headers in lower case, body.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: String,
    pub(crate) body: String,
}

impl Seen {
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn number(&self, name: &str) -> Option<usize> {
        self.param(name)?.parse().ok()
    }
}

/// What a renderer answers.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn ok(body: impl Display) -> Self {
        Self { status: 200, headers: Vec::new(), body: format!("{body}") }
    }

    pub(crate) fn status(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: "{}".to_owned() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }
}

/// What happens to one request instead of the right answer.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// Another answer.
    Answer(Reply),
    /// Half of the body under the whole's length, then the end.
    DiesMidway,
    /// Half of the body, as if it were all of it.
    Half,
    /// No answer.
    Silent,
    /// The right answer: the fault is for a later request.
    None,
}

type Render = dyn Fn(&Seen) -> Reply + Send + Sync;

/// A server at work; it stops when this is dropped.
pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) seen: Arc<Mutex<Vec<Seen>>>,
    faults: Arc<Mutex<VecDeque<Fault>>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub(crate) async fn start(render: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let (seen, faults) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(VecDeque::new())));
        let render: Arc<Render> = Arc::new(render);
        let shared = (render, Arc::clone(&seen), Arc::clone(&faults));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (render, seen, faults) = shared.clone();
                tokio::spawn(async move {
                    let _ = serve(stream, &*render, &seen, &faults).await;
                });
            }
        });
        Self { url, seen, faults, task }
    }

    /// What happens to the requests to come, one after another; those after them are answered rightly.
    pub(crate) fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        self.faults.lock().unwrap().extend(faults);
    }

    pub(crate) fn requests(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

/// One request to a connection: plain enough to break off anywhere.
async fn serve(
    mut stream: tokio::net::TcpStream,
    render: &Render,
    seen: &Mutex<Vec<Seen>>,
    faults: &Mutex<VecDeque<Fault>>,
) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    let request = loop {
        let mut chunk = [0_u8; 4096];
        let n = stream.read(&mut chunk).await?;
        if n == 0 {
            return Ok(());
        }
        bytes.extend_from_slice(&chunk[..n]);
        if let Some(request) = parse(&bytes) {
            break request;
        }
    };
    let fault = faults.lock().unwrap().pop_front().unwrap_or(Fault::None);
    let reply = match &fault {
        Fault::Answer(reply) => reply.clone(),
        _ => render(&request),
    };
    seen.lock().unwrap().push(request);
    let half = half_of(&reply.body);
    let (length, body) = match fault {
        Fault::Silent => return std::future::pending().await,
        Fault::DiesMidway => (reply.body.len(), half),
        Fault::Half => (half.len(), half),
        Fault::Answer(_) | Fault::None => (reply.body.len(), reply.body.as_str()),
    };
    let mut head =
        format!("HTTP/1.1 {} X\r\nconnection: close\r\ncontent-length: {length}\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

fn half_of(text: &str) -> &str {
    let middle = (0..=text.len() / 2).rev().find(|n| text.is_char_boundary(*n)).unwrap();
    &text[..middle]
}

fn parse(bytes: &[u8]) -> Option<Seen> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut first = head.lines().next()?.split(' ');
    let (method, target) = (first.next()?.to_owned(), first.next()?);
    let headers = head.to_lowercase();
    let length =
        headers.lines().find_map(|l| l.strip_prefix("content-length: ")).and_then(|n| n.parse().ok());
    if body.len() < length.unwrap_or(0_usize) {
        return None;
    }
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
    Some(Seen { method, path: path.to_owned(), query, headers: head.to_owned(), body: body.to_owned() })
}

/// Counts the waits instead of waiting.
#[derive(Debug, Default, Clone)]
pub(crate) struct Waits(pub(crate) Arc<Mutex<Vec<Duration>>>);

impl Pause for Waits {
    fn pause(&self, time: Duration) -> BoxFuture<'_, ()> {
        self.0.lock().unwrap().push(time);
        Box::pin(std::future::ready(()))
    }
}

/// A fetcher that reaches loopback, gives up on an answer after 300 ms, and does not wait.
pub(crate) fn fetcher() -> (Fetcher, Waits) {
    let waits = Waits::default();
    let outside = Outside::InternetAndLoopback;
    let http = guarded_http_client(300, outside).unwrap();
    let clock = Clock::set_to(1_768_212_000_000);
    let policy = Policy { pages: 20, ..Policy::default() };
    (Fetcher::new(http, outside, clock, Arc::new(waits.clone()), policy), waits)
}

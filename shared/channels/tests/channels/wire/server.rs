//! A server that gives one scripted reply to each connection and keeps what it was asked.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;

/// What to do with a request once it has been read.
#[derive(Clone)]
pub(crate) enum Reply {
    /// Answer.
    Http { status: u16, headers: &'static str, body: String },
    /// Cut the connection.
    Reset,
    /// Never answer.
    Hang,
}

impl Reply {
    pub(crate) fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::Http { status, headers: "Content-Type: application/json\r\n", body: body.to_string() }
    }
}

/// A request as it came in.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Method and target.
    pub(crate) line: String,
    /// The headers, in lower case.
    pub(crate) headers: String,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// Listens on loopback until dropped.
pub(crate) struct Server {
    /// `http://127.0.0.1:<port>`.
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Request>>>,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    /// Gives the replies in turn, then the last one again and again.
    pub(crate) async fn start(replies: Vec<Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let task = tokio::spawn(serve(listener, replies, Arc::clone(&seen)));
        Self { url, seen, task }
    }

    /// What was asked so far.
    pub(crate) fn seen(&self) -> Vec<Request> {
        self.seen.lock().unwrap().clone()
    }
}

/// An address on which nobody listens.
pub(crate) async fn closed_port() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

async fn serve(listener: TcpListener, replies: Vec<Reply>, seen: Arc<Mutex<Vec<Request>>>) {
    let mut kept = Vec::new();
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let Some(request) = read(&mut stream).await else {
            continue;
        };
        let turn = {
            let mut seen = seen.lock().unwrap();
            seen.push(request);
            seen.len() - 1
        };
        match &replies[turn.min(replies.len() - 1)] {
            Reply::Http { status, headers, body } => {
                let length = body.len();
                let head = format!(
                    "HTTP/1.1 {status} x\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n"
                );
                stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
            }
            Reply::Reset => stream.set_zero_linger().unwrap(),
            Reply::Hang => kept.push(stream),
        }
    }
}

async fn read(stream: &mut TcpStream) -> Option<Request> {
    let mut bytes = Vec::new();
    let head_ends = loop {
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..head_ends].to_vec()).unwrap();
    let (line, headers) = head.split_once("\r\n").unwrap();
    let headers = headers.to_lowercase();
    let length = headers
        .lines()
        .find_map(|l| l.strip_prefix("content-length: "))
        .map_or(0, |l| l.trim().parse().unwrap());
    let mut body = bytes.split_off(head_ends);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Request { line: line.trim_end_matches(" HTTP/1.1").to_owned(), headers, body })
}

/// A server that takes no more connections: whoever connects waits in vain.
pub(crate) struct FullHouse {
    /// `http://127.0.0.1:<port>`.
    pub(crate) url: String,
    _listener: TcpListener,
    _waiting: Vec<TcpStream>,
}

impl FullHouse {
    pub(crate) async fn open() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let listener = socket.listen(1).unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        // Nobody takes them, so that the places for those who wait are soon gone.
        while let Ok(Ok(stream)) =
            tokio::time::timeout(Duration::from_millis(200), TcpStream::connect(address)).await
        {
            waiting.push(stream);
        }
        Self { url: format!("http://{address}"), _listener: listener, _waiting: waiting }
    }
}

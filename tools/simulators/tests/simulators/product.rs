//! A stand-in for the product: it takes whatever is posted to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use http::{HeaderMap, StatusCode, Uri};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::client::TOKEN;

pub(crate) struct Posted {
    pub(crate) path: String,
    pub(crate) signature: String,
    pub(crate) body: String,
}

impl Posted {
    pub(crate) fn form(&self) -> Vec<(String, String)> {
        form_urlencoded::parse(self.body.as_bytes()).into_owned().collect()
    }

    pub(crate) fn field(&self, name: &str) -> String {
        self.form().into_iter().find(|(n, _)| n == name).map(|(_, value)| value).unwrap_or_default()
    }

    pub(crate) fn is_signed_for(&self, url: &str) -> bool {
        self.signature == simulators::signature::sign(TOKEN, url, &self.form())
    }
}

pub(crate) struct Product {
    pub(crate) url: String,
    posts: mpsc::UnboundedReceiver<Posted>,
    answer: Arc<AtomicU16>,
}

type Inbox = (mpsc::UnboundedSender<Posted>, Arc<AtomicU16>);

async fn take(
    State((posts, answer)): State<Inbox>,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    let signature = headers.get("x-twilio-signature").map_or("", |value| value.to_str().unwrap());
    posts.send(Posted { path: uri.to_string(), signature: signature.to_owned(), body }).unwrap();
    StatusCode::from_u16(answer.load(Ordering::SeqCst)).unwrap()
}

impl Product {
    pub(crate) async fn start() -> Self {
        Self::start_at("127.0.0.1:0").await
    }

    pub(crate) async fn start_at(address: &str) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, posts) = mpsc::unbounded_channel();
        let answer = Arc::new(AtomicU16::new(204));
        let router = Router::new().fallback(take).with_state((sender, Arc::clone(&answer)));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, posts, answer }
    }

    /// Answers everything with this status from now on.
    pub(crate) fn answer(&self, status: u16) {
        self.answer.store(status, Ordering::SeqCst);
    }

    pub(crate) async fn next(&mut self) -> Posted {
        let post = tokio::time::timeout(Duration::from_secs(20), self.posts.recv());
        post.await.expect("nothing was posted").unwrap()
    }

    pub(crate) async fn take(&mut self, count: usize) -> Vec<Posted> {
        let mut posts = Vec::new();
        for _ in 0..count {
            posts.push(self.next().await);
        }
        posts
    }
}

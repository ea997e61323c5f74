//! The embedded database behind a real socket.

use tokio::net::TcpListener;
use tokio::sync::oneshot;

/// A database of its own for one test. It stops when dropped.
#[derive(Debug)]
pub struct Database {
    url: String,
    _stop: oneshot::Sender<()>,
}

impl Database {
    /// An empty one.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel::<()>();
        let database = dynoxide::Database::memory().unwrap();
        tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, async {
            let _ = stopped.await;
        }));
        Self { url, _stop: stop }
    }

    /// Where it is.
    pub fn url(&self) -> &str {
        &self.url
    }
}

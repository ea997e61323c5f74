//! The embedded database, behind DynamoDB's own wire protocol on loopback.

use std::path::Path;

use dynoxide::Database;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::error::StartError;

/// A running database.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) url: String,
    /// `None` for a database that somebody else runs.
    embedded: Option<Embedded>,
}

#[derive(Debug)]
struct Embedded {
    stop: oneshot::Sender<()>,
    served: JoinHandle<Result<(), String>>,
}

/// Starts the database in a file of `directory`, or in memory.
pub(crate) async fn start(directory: Option<&Path>) -> Result<Running, StartError> {
    let database = match directory {
        Some(directory) => Database::new(&directory.join("messenger.sqlite").to_string_lossy()),
        None => Database::memory(),
    };
    let database = database.map_err(|e| StartError::new("database", e))?;
    // SQLite waits for the disk at checkpoints only, not at every write (`synchronous = NORMAL`): nothing is lost when
    // the process is killed. A power cut may take the last moments along, which a real DynamoDB would have kept.
    database.disable_bulk_loading().map_err(|e| StartError::new("database", e))?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(|e| StartError::new("database", e))?;
    let address = listener.local_addr().map_err(|e| StartError::new("database", e))?;
    let (stop, stopped) = oneshot::channel();
    let served = tokio::spawn(dynoxide::server::serve_with_shutdown(listener, database, async {
        // A sender that is gone stops the database too.
        let _ = stopped.await;
    }));
    Ok(Running { url: format!("http://{address}"), embedded: Some(Embedded { stop, served }) })
}

impl Running {
    /// A database that somebody else runs.
    pub(crate) fn elsewhere(url: &str) -> Self {
        Self { url: url.to_owned(), embedded: None }
    }

    /// Stops serving. Idle connections of clients that still live are cut with the process.
    pub(crate) fn stop(self) {
        let Some(Embedded { stop, served }) = self.embedded else { return };
        let _ = stop.send(());
        served.abort();
    }
}

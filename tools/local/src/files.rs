//! Uploaded files on this machine, behind one-time addresses like S3's presigned ones.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::routing::put;
use runtime::{Clock, FileError, Filed, Files, Ids};
use sha2::{Digest, Sha256};

/// Largest file that this store takes, in bytes.
const MOST_BYTES: usize = 64 * 1024 * 1024;

#[derive(Debug, Clone)]
struct Ticket {
    key: String,
    bytes: u64,
    until_ms: i64,
}

/// A directory of files, or files in memory.
#[derive(Debug, Clone)]
pub(crate) struct LocalFiles {
    directory: Option<PathBuf>,
    memory: Arc<Mutex<HashMap<String, Vec<u8>>>>,
    tickets: Arc<Mutex<HashMap<String, Ticket>>>,
    public_url: String,
    clock: Clock,
    ids: Ids,
}

impl LocalFiles {
    pub(crate) fn new(directory: Option<PathBuf>, public_url: String, clock: Clock, ids: Ids) -> Self {
        Self { directory, memory: Arc::default(), tickets: Arc::default(), public_url, clock, ids }
    }

    /// The route that takes uploads.
    pub(crate) fn routes(&self) -> Router {
        Router::new()
            .route("/_local/files/{ticket}", put(upload))
            .layer(DefaultBodyLimit::max(MOST_BYTES))
            .with_state(self.clone())
    }

    /// Keys hold slashes: a hash makes a flat and harmless file name.
    fn path(&self, key: &str) -> Option<PathBuf> {
        self.directory.as_ref().map(|directory| directory.join(hex::encode(Sha256::digest(key))))
    }

    async fn keep(&self, key: &str, bytes: &[u8]) -> Result<(), FileError> {
        let failed = |e: std::io::Error| FileError::Failed(e.to_string());
        let Some(path) = self.path(key) else {
            lock(&self.memory).insert(key.to_owned(), bytes.to_vec());
            return Ok(());
        };
        if let Some(parent) = path.parent() {
            tokio::fs::create_dir_all(parent).await.map_err(failed)?;
        }
        let partial = path.with_extension("partial");
        tokio::fs::write(&partial, bytes).await.map_err(failed)?;
        tokio::fs::rename(&partial, &path).await.map_err(failed)
    }
}

async fn upload(State(files): State<LocalFiles>, Path(ticket): Path<String>, body: Bytes) -> StatusCode {
    let Some(ticket) = lock(&files.tickets).get(&ticket).cloned() else { return StatusCode::FORBIDDEN };
    if ticket.until_ms < files.clock.now_ms() {
        return StatusCode::FORBIDDEN;
    }
    if body.len() as u64 != ticket.bytes {
        return StatusCode::BAD_REQUEST;
    }
    match files.keep(&ticket.key, &body).await {
        Ok(()) => StatusCode::OK,
        Err(_) => StatusCode::INSUFFICIENT_STORAGE,
    }
}

impl Files for LocalFiles {
    fn upload_url(&self, key: &str, bytes: u64, valid: Duration) -> Filed<'_, String> {
        let until_ms = self.clock.now_ms() + i64::try_from(valid.as_millis()).unwrap_or(i64::MAX / 2);
        let ticket = self.ids.secret();
        lock(&self.tickets).insert(ticket.clone(), Ticket { key: key.to_owned(), bytes, until_ms });
        let url = format!("{}/_local/files/{ticket}", self.public_url);
        Box::pin(async move { Ok(url) })
    }

    fn read(&self, key: &str) -> Filed<'_, Vec<u8>> {
        let key = key.to_owned();
        Box::pin(async move {
            match self.path(&key) {
                Some(path) => tokio::fs::read(path).await.map_err(|e| match e.kind() {
                    std::io::ErrorKind::NotFound => FileError::NotFound,
                    _ => FileError::Failed(e.to_string()),
                }),
                None => lock(&self.memory).get(&key).cloned().ok_or(FileError::NotFound),
            }
        })
    }

    fn write<'a>(&'a self, key: &'a str, bytes: &'a [u8], _: &'a str) -> Filed<'a> {
        Box::pin(self.keep(key, bytes))
    }

    fn remove(&self, key: &str) -> Filed<'_> {
        let key = key.to_owned();
        Box::pin(async move {
            lock(&self.memory).remove(&key);
            match self.path(&key) {
                Some(path) => match tokio::fs::remove_file(path).await {
                    Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                        Err(FileError::Failed(e.to_string()))
                    }
                    _ => Ok(()),
                },
                None => Ok(()),
            }
        })
    }

    /// Beside the other files, under its own name, where a check of the log finds it.
    fn keep(&self, key: &str, bytes: Vec<u8>) -> Filed<'_> {
        let key = key.to_owned();
        Box::pin(async move {
            let failed = |e: std::io::Error| FileError::Failed(e.to_string());
            let Some(data) = self.directory.as_ref().and_then(|d| d.parent()).filter(|_| is_plain(&key))
            else {
                lock(&self.memory).insert(key, bytes);
                return Ok(());
            };
            let path = data.join(&key);
            if let Some(folder) = path.parent() {
                tokio::fs::create_dir_all(folder).await.map_err(failed)?;
            }
            tokio::fs::write(&path, bytes).await.map_err(failed)
        })
    }
}

/// Whether a key can be a path below a folder and nowhere else.
fn is_plain(key: &str) -> bool {
    let plain = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'))
    };
    key.split('/').all(plain)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

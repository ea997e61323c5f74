//! Files that are too large for a request: uploads go straight to the store of files.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;

use crate::BoxFuture;

/// A file was not written or read.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It is not there (yet).
    #[error("no such file")]
    NotFound,
    /// The store of files failed.
    #[error("files: {0}")]
    Failed(String),
}

/// A store of files.
pub trait Files: Send + Sync + fmt::Debug {
    /// A URL to which a browser may PUT exactly `bytes` bytes as `key` within `valid`. The browser must send
    /// `content-type: application/octet-stream`.
    fn upload_url(&self, key: &str, bytes: u64, valid: Duration) -> BoxFuture<'_, Result<String, FileError>>;

    /// The whole file.
    fn read(&self, key: &str) -> BoxFuture<'_, Result<Vec<u8>, FileError>>;

    /// Writes the whole file, over whatever is there; `mime` is its media type.
    fn write<'a>(
        &'a self,
        key: &'a str,
        bytes: &'a [u8],
        mime: &'a str,
    ) -> BoxFuture<'a, Result<(), FileError>> {
        let _ = (key, bytes, mime);
        Box::pin(async { Err(FileError::Failed("these files cannot be written".to_owned())) })
    }

    /// Removes the file; one that is not there is no error.
    fn remove(&self, key: &str) -> BoxFuture<'_, Result<(), FileError>>;

    /// Keeps a small file where nobody can change or remove it for years: an anchor of an audit log. The key's parts are
    /// letters, digits, dots and hyphens.
    fn keep(&self, key: &str, bytes: Vec<u8>) -> BoxFuture<'_, Result<(), FileError>> {
        let _ = (key, bytes);
        Box::pin(async { Err(FileError::Failed("nothing is kept here".to_owned())) })
    }

    /// Everything that was kept under keys that begin with `prefix`.
    fn kept(&self, prefix: &str) -> BoxFuture<'_, Result<Vec<Vec<u8>>, FileError>> {
        let _ = prefix;
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// In memory, for tests: nobody can upload, and what is written can be read.
#[derive(Default)]
pub struct MemoryFiles(Mutex<BTreeMap<String, Vec<u8>>>);

impl MemoryFiles {
    fn held(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a file there, as an upload does.
    pub fn put(&self, key: &str, bytes: impl Into<Vec<u8>>) {
        self.held().insert(key.to_owned(), bytes.into());
    }

    /// Whether there is a file of this key.
    pub fn has(&self, key: &str) -> bool {
        self.held().contains_key(key)
    }
}

impl fmt::Debug for MemoryFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryFiles")
    }
}

impl Files for MemoryFiles {
    fn upload_url(&self, key: &str, _: u64, _: Duration) -> BoxFuture<'_, Result<String, FileError>> {
        let url = format!("https://files.example/{key}");
        Box::pin(async move { Ok(url) })
    }

    fn read(&self, key: &str) -> BoxFuture<'_, Result<Vec<u8>, FileError>> {
        let found = self.held().get(key).cloned().ok_or(FileError::NotFound);
        Box::pin(async move { found })
    }

    fn remove(&self, key: &str) -> BoxFuture<'_, Result<(), FileError>> {
        self.held().remove(key);
        Box::pin(async { Ok(()) })
    }
}

/// S3.
#[derive(Debug, Clone)]
pub struct S3Files {
    client: aws_sdk_s3::Client,
    bucket: String,
    /// Where what is kept goes: a bucket with Object Lock.
    kept_bucket: String,
}

impl S3Files {
    /// Files in this bucket; what is to be kept goes into the other, whose objects are locked.
    pub const fn new(client: aws_sdk_s3::Client, bucket: String, kept_bucket: String) -> Self {
        Self { client, bucket, kept_bucket }
    }
}

fn failed<E: std::error::Error, R: fmt::Debug>(error: &aws_sdk_s3::error::SdkError<E, R>) -> FileError {
    FileError::Failed(error.to_string())
}

impl Files for S3Files {
    fn upload_url(&self, key: &str, bytes: u64, valid: Duration) -> BoxFuture<'_, Result<String, FileError>> {
        let key = key.to_owned();
        Box::pin(async move {
            let until = PresigningConfig::expires_in(valid).map_err(|e| FileError::Failed(e.to_string()))?;
            let put = self
                .client
                .put_object()
                .bucket(&self.bucket)
                .key(key)
                .content_type("application/octet-stream")
                .content_length(i64::try_from(bytes).unwrap_or(i64::MAX));
            let signed = put.presigned(until).await.map_err(|e| failed(&e))?;
            Ok(signed.uri().to_owned())
        })
    }

    fn read(&self, key: &str) -> BoxFuture<'_, Result<Vec<u8>, FileError>> {
        let key = key.to_owned();
        Box::pin(async move {
            let got = self.client.get_object().bucket(&self.bucket).key(key).send().await.map_err(|e| {
                if e.as_service_error()
                    .is_some_and(aws_sdk_s3::operation::get_object::GetObjectError::is_no_such_key)
                {
                    FileError::NotFound
                } else {
                    failed(&e)
                }
            })?;
            let body = got.body.collect().await.map_err(|e| FileError::Failed(e.to_string()))?;
            Ok(body.to_vec())
        })
    }

    fn write<'a>(
        &'a self,
        key: &'a str,
        bytes: &'a [u8],
        mime: &'a str,
    ) -> BoxFuture<'a, Result<(), FileError>> {
        Box::pin(async move {
            let put = self.client.put_object().bucket(&self.bucket).key(key).content_type(mime);
            let put = put.body(bytes.to_vec().into()).send().await;
            put.map(|_| ()).map_err(|e| failed(&e))
        })
    }

    fn remove(&self, key: &str) -> BoxFuture<'_, Result<(), FileError>> {
        let key = key.to_owned();
        Box::pin(async move {
            let removed = self.client.delete_object().bucket(&self.bucket).key(key).send().await;
            removed.map(|_| ()).map_err(|e| failed(&e))
        })
    }

    fn keep(&self, key: &str, bytes: Vec<u8>) -> BoxFuture<'_, Result<(), FileError>> {
        let key = key.to_owned();
        Box::pin(async move {
            let put = self.client.put_object().bucket(&self.kept_bucket).key(key);
            let put = put.content_type("application/json").body(bytes.into()).send().await;
            put.map(|_| ()).map_err(|e| failed(&e))
        })
    }

    fn kept(&self, prefix: &str) -> BoxFuture<'_, Result<Vec<Vec<u8>>, FileError>> {
        let prefix = prefix.to_owned();
        Box::pin(async move {
            let mut found = Vec::new();
            let mut start = None;
            loop {
                let list = self.client.list_objects_v2().bucket(&self.kept_bucket).prefix(&prefix);
                let list = list.set_continuation_token(start).send().await.map_err(|e| failed(&e))?;
                for key in list.contents().iter().filter_map(|object| object.key()) {
                    let got = self.client.get_object().bucket(&self.kept_bucket).key(key).send().await;
                    let body = got.map_err(|e| failed(&e))?.body.collect().await;
                    found.push(body.map_err(|e| FileError::Failed(e.to_string()))?.to_vec());
                }
                match list.next_continuation_token {
                    Some(next) => start = Some(next),
                    None => return Ok(found),
                }
            }
        })
    }
}

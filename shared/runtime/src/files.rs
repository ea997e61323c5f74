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

/// What a store of files answers.
pub type Filed<'a, T = ()> = BoxFuture<'a, Result<T, FileError>>;

/// A store of files.
pub trait Files: Send + Sync + fmt::Debug {
    /// A URL to which a browser may PUT exactly `bytes` bytes as `key` within `valid`. The browser must send
    /// `content-type: application/octet-stream`.
    fn upload_url(&self, key: &str, bytes: u64, valid: Duration) -> Filed<'_, String>;

    /// The whole file.
    fn read(&self, key: &str) -> Filed<'_, Vec<u8>>;

    /// Writes the whole file, over whatever is there; `mime` is its media type.
    fn write<'a>(&'a self, key: &'a str, bytes: &'a [u8], mime: &'a str) -> Filed<'a> {
        let _ = (key, bytes, mime);
        Box::pin(async { Err(FileError::Failed("these files cannot be written".to_owned())) })
    }

    /// Removes the file; one that is not there is no error.
    fn remove(&self, key: &str) -> Filed<'_>;

    /// Keeps a small file where nobody can change or remove it for years: an anchor of an audit log. The key's parts
    /// are letters, digits, dots and hyphens.
    fn keep(&self, key: &str, bytes: Vec<u8>) -> Filed<'_> {
        let _ = (key, bytes);
        Box::pin(async { Err(FileError::Failed("nothing is kept here".to_owned())) })
    }

    /// Everything that was kept under keys that begin with `prefix`.
    fn kept(&self, prefix: &str) -> Filed<'_, Vec<Vec<u8>>> {
        let _ = prefix;
        Box::pin(async { Ok(Vec::new()) })
    }
}

/// In memory, for tests: uploads go elsewhere, and what is written can be read.
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

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.held().is_empty()
    }
}

impl fmt::Debug for MemoryFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryFiles")
    }
}

impl Files for MemoryFiles {
    fn upload_url(&self, key: &str, _: u64, _: Duration) -> Filed<'_, String> {
        let url = format!("https://files.example.com/{key}?signed");
        Box::pin(async move { Ok(url) })
    }

    fn read(&self, key: &str) -> Filed<'_, Vec<u8>> {
        let found = self.held().get(key).cloned().ok_or(FileError::NotFound);
        Box::pin(async move { found })
    }

    fn write<'a>(&'a self, key: &'a str, bytes: &'a [u8], _: &'a str) -> Filed<'a> {
        self.put(key, bytes);
        Box::pin(async { Ok(()) })
    }

    fn remove(&self, key: &str) -> Filed<'_> {
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
    fn upload_url(&self, key: &str, bytes: u64, valid: Duration) -> Filed<'_, String> {
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

    fn read(&self, key: &str) -> Filed<'_, Vec<u8>> {
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

    fn write<'a>(&'a self, key: &'a str, bytes: &'a [u8], mime: &'a str) -> Filed<'a> {
        Box::pin(async move {
            let put = self.client.put_object().bucket(&self.bucket).key(key).content_type(mime);
            let put = put.body(bytes.to_vec().into()).send().await;
            put.map(|_| ()).map_err(|e| failed(&e))
        })
    }

    fn remove(&self, key: &str) -> Filed<'_> {
        let key = key.to_owned();
        Box::pin(async move {
            let removed = self.client.delete_object().bucket(&self.bucket).key(key).send().await;
            removed.map(|_| ()).map_err(|e| failed(&e))
        })
    }

    fn keep(&self, key: &str, bytes: Vec<u8>) -> Filed<'_> {
        let key = key.to_owned();
        Box::pin(async move {
            let put = self.client.put_object().bucket(&self.kept_bucket).key(key);
            let put = put.content_type("application/json").body(bytes.into()).send().await;
            put.map(|_| ()).map_err(|e| failed(&e))
        })
    }

    fn kept(&self, prefix: &str) -> Filed<'_, Vec<Vec<u8>>> {
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

    use std::collections::BTreeMap;
    use std::sync::{Arc, Mutex};

    use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    /// Objects by `/bucket/key`.
    type Objects = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

    /// As much of S3 as keeping takes: put, get, and a list that gives one object at a time.
    async fn bucket() -> (String, Objects) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let objects = Objects::default();
        let shared = Arc::clone(&objects);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        (url, objects)
    }

    async fn serve(mut stream: TcpStream, objects: Objects) {
        let mut request = Vec::new();
        let (head, length) = loop {
            let mut some = [0; 4_096];
            let read = stream.read(&mut some).await.unwrap();
            request.extend_from_slice(&some[..read]);
            let text = String::from_utf8_lossy(&request).to_lowercase();
            let Some(end) = text.find("\r\n\r\n") else { continue };
            let length = text[..end].split("content-length: ").nth(1).and_then(|l| l.lines().next());
            break (end + 4, length.map_or(0, |l| l.parse::<usize>().unwrap()));
        };
        while request.len() < head + length {
            let mut some = [0; 4_096];
            let read = stream.read(&mut some).await.unwrap();
            request.extend_from_slice(&some[..read]);
        }
        let text = String::from_utf8_lossy(&request[..head]).into_owned();
        let mut line = text.split(' ');
        let (method, target) = (line.next().unwrap(), line.next().unwrap());
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let (status, body) = match method {
            "PUT" => {
                assert!(
                    text.to_lowercase().contains("x-amz-checksum-"),
                    "a locked bucket wants a checksum: {text}"
                );
                objects.lock().unwrap().insert(path.to_owned(), request[head..].to_vec());
                (200, Vec::new())
            }
            _ if query.contains("list-type=2") => (200, list(&objects.lock().unwrap(), path, query)),
            _ => match objects.lock().unwrap().get(path) {
                Some(bytes) => (200, bytes.clone()),
                None => (404, b"<Error><Code>NoSuchKey</Code></Error>".to_vec()),
            },
        };
        let head =
            format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        stream.write_all(&[head.as_bytes(), &body].concat()).await.unwrap();
    }

    fn list(objects: &BTreeMap<String, Vec<u8>>, bucket: &str, query: &str) -> Vec<u8> {
        let value = |name: &str| {
            let pair = query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
            pair.unwrap_or_default().replace("%2F", "/")
        };
        let (prefix, skip) = (value("prefix"), value("continuation-token").parse().unwrap_or(0));
        let bucket = format!("{}/", bucket.trim_end_matches('/'));
        let keys: Vec<&str> = objects.keys().filter_map(|k| k.strip_prefix(&bucket)).collect();
        let mut keys = keys.into_iter().filter(|key| key.starts_with(&prefix)).skip(skip);
        let here =
            keys.next().map_or_else(String::new, |key| format!("<Contents><Key>{key}</Key></Contents>"));
        let next = keys.next().map_or_else(String::new, |_| {
            format!(
                "<IsTruncated>true</IsTruncated><NextContinuationToken>{}</NextContinuationToken>",
                skip + 1
            )
        });
        format!("<?xml version=\"1.0\"?><ListBucketResult>{here}{next}</ListBucketResult>").into_bytes()
    }

    fn files(url: &str) -> S3Files {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("local"))
            .credentials_provider(Credentials::from_keys("local", "local", None))
            .endpoint_url(url)
            .force_path_style(true)
            .http_client(aws_smithy_http_client::Builder::new().build_http());
        S3Files::new(aws_sdk_s3::Client::from_conf(config.build()), "files".to_owned(), "locked".to_owned())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_is_kept_goes_to_the_locked_bucket_and_is_all_found_again_by_its_beginning() {
        let (url, objects) = bucket().await;
        let files = files(&url);
        assert_eq!(files.kept("audit/a/").await.unwrap(), Vec::<Vec<u8>>::new());
        for (key, text) in [("audit/a/1.json", "one"), ("audit/b/1.json", "other"), ("audit/a/2.json", "two")]
        {
            files.keep(key, text.as_bytes().to_vec()).await.unwrap();
        }
        let keys: Vec<String> = objects.lock().unwrap().keys().cloned().collect();
        assert_eq!(keys, ["/locked/audit/a/1.json", "/locked/audit/a/2.json", "/locked/audit/b/1.json"]);
        assert_eq!(files.kept("audit/a/").await.unwrap(), [b"one".to_vec(), b"two".to_vec()]);
        assert!(matches!(files.read("audit/a/1.json").await, Err(FileError::NotFound)), "another bucket");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_bucket_that_does_not_answer_is_an_error_and_not_an_empty_log() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        assert!(files(&url).kept("audit/a/").await.is_err());
    }
}

//! The stylesheet, scripts and pictures of the pages, built into the program.
//!
//! Every address holds a hash of all of them, so that browsers may keep them for ever and modules may import each
//! other by their plain names.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::HeaderValue;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use rust_embed::RustEmbed;
use sha2::{Digest, Sha256};

use crate::error::ApiError;

#[derive(RustEmbed)]
#[folder = "assets"]
struct Files;

/// Stylesheets are written in parts, one for each group of pages, and served as one.
const STYLE_PARTS: &str = "css/";

static ASSETS: LazyLock<Assets> = LazyLock::new(Assets::read);

struct Assets {
    hash: String,
    files: BTreeMap<String, Cow<'static, [u8]>>,
}

impl Assets {
    fn read() -> Self {
        let mut names: Vec<String> = Files::iter().map(Cow::into_owned).collect();
        names.sort();
        let mut files: BTreeMap<String, Cow<'static, [u8]>> = BTreeMap::new();
        for name in names {
            let Some(file) = Files::get(&name) else { continue };
            if name.starts_with(STYLE_PARTS) {
                let sheet = files.entry("app.css".to_owned()).or_default().to_mut();
                // Indentation is for who writes them: a page of contacts has to stay small.
                for line in file.data.split(|byte| *byte == b'\n') {
                    sheet.extend_from_slice(line.trim_ascii_start());
                    sheet.push(b'\n');
                }
            } else {
                files.insert(name, file.data);
            }
        }
        let mut hash = Sha256::new();
        for (name, data) in &files {
            hash.update((name.len() as u64).to_be_bytes());
            hash.update(name);
            hash.update((data.len() as u64).to_be_bytes());
            hash.update(data);
        }
        Self { hash: hex::encode(&hash.finalize()[..6]), files }
    }
}

/// Where a browser finds a file of the pages.
pub(crate) fn url(name: &str) -> String {
    format!("/assets/{}/{name}", ASSETS.hash)
}

/// The route that serves them.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/assets/{hash}/{name}", get(serve))
}

async fn serve(Path((hash, name)): Path<(String, String)>) -> Response {
    let Some(data) = ASSETS.files.get(&name) else { return ApiError::NotFound.into_response() };
    // A page of an earlier version still gets a file, but may not keep it.
    let keep = if hash == ASSETS.hash { "public, max-age=31536000, immutable" } else { "no-store" };
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(kind(&name))),
        (CACHE_CONTROL, HeaderValue::from_static(keep)),
    ];
    (headers, data.clone()).into_response()
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("mjs") => "text/javascript; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
pub(crate) fn all() -> impl Iterator<Item = (String, &'static [u8])> {
    ASSETS.files.iter().map(|(name, data)| (url(name), data.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_is_kept_for_ever_under_its_hash_only() {
        let cache = async |hash: &str| {
            let response = serve(Path((hash.to_owned(), "app.css".to_owned()))).await;
            assert_eq!(response.headers()[CONTENT_TYPE], "text/css; charset=utf-8");
            response.headers()[CACHE_CONTROL].clone()
        };
        assert_eq!(cache(&ASSETS.hash).await, "public, max-age=31536000, immutable");
        assert_eq!(cache("0000").await, "no-store");
    }

    #[test]
    fn a_page_needs_one_small_stylesheet() {
        // Each part has room for what the next page of its group needs; all of them are one request, kept for ever.
        for name in Files::iter().filter(|name| name.starts_with(STYLE_PARTS)) {
            assert!(Files::get(&name).unwrap().data.len() < 8_000, "{name}: split it");
        }
        assert!(ASSETS.files["app.css"].len() < 64_000);
        let scripts: usize =
            ASSETS.files.iter().filter(|(n, _)| kind(n).contains("javascript")).map(|(_, d)| d.len()).sum();
        assert!(scripts < 40_000);
        assert!(url("app.css").starts_with("/assets/") && url("app.css").ends_with("/app.css"));
    }
}

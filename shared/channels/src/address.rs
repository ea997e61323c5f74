//! Addresses of providers, checked once.

use std::net::IpAddr;

use reqwest::Url;

/// An address that is not HTTPS (or plain HTTP on loopback), or that is more than scheme, host and path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an https address without query or password")]
pub struct BadAddress;

/// Reads an address. Plain HTTP is for loopback only.
pub(crate) fn check(text: &str) -> Result<Url, BadAddress> {
    let url = Url::parse(text).map_err(|_| BadAddress)?;
    let host = url.host_str().ok_or(BadAddress)?;
    let loopback = host == "localhost"
        || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    let safe = url.scheme() == "https" || (url.scheme() == "http" && loopback);
    let bare = url.query().is_none() && url.fragment().is_none();
    let open = url.username().is_empty() && url.password().is_none();
    if safe && bare && open { Ok(url) } else { Err(BadAddress) }
}

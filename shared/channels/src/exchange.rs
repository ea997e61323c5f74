//! One request over HTTP, and how far it certainly came.

use std::time::Duration;

use domain::delivery::{Answer, Reason};
use reqwest::RequestBuilder;

/// Longest answer that is read, in bytes: far above a page of records.
const MOST_BYTES: usize = 8 << 20;

/// The result of a request.
pub(crate) enum Exchange {
    /// An answer, read to its end.
    Reply { status: u16, body: Vec<u8> },
    /// No connection was made: certainly not received.
    NotSent,
    /// The connection was made and then something went wrong: may have been received.
    Lost,
}

impl Exchange {
    /// Status and body of the reply; without one, what that proves of a send.
    pub(crate) fn reply(self) -> Result<(u16, Vec<u8>), Answer> {
        match self {
            Self::Reply { status, body } => Ok((status, body)),
            Self::NotSent => Err(Answer::Refused { reason: Reason::TryLater, code: None, again: true }),
            Self::Lost => Err(Answer::Unknown),
        }
    }
}

/// Makes a request, once.
pub(crate) async fn exchange(request: RequestBuilder, deadline: Duration) -> Exchange {
    let mut response = match request.timeout(deadline).send().await {
        Ok(response) => response,
        Err(error) if error.is_connect() || error.is_builder() => return Exchange::NotSent,
        Err(_) => return Exchange::Lost,
    };
    let status = response.status().as_u16();
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= MOST_BYTES => body.extend_from_slice(&chunk),
            Ok(None) => return Exchange::Reply { status, body },
            Ok(Some(_)) | Err(_) => return Exchange::Lost,
        }
    }
}

//! A small file posted by a signed-in member of staff from one of our own pages.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Multipart, Request};
use axum::response::IntoResponse;
use subtle::ConstantTimeEq;

use super::origin::check_same_origin;
use super::session::SignedIn;
use crate::error::{ApiError, Result};
use crate::state::ApiState;

/// Fields that a form with a file may have.
const MOST_FIELDS: usize = 8;

/// A form with one file.
#[derive(Debug)]
pub struct PostedFile {
    /// Who posted it.
    pub by: SignedIn,
    /// The field `file`; empty if no file was chosen. What its name or its sender says of its type is never believed.
    /// An error is told only after it is known that they may do this at all.
    pub file: Result<Bytes>,
}

impl FromRequest<ApiState> for PostedFile {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self> {
        check_same_origin(state.public_url(), request.headers())?;
        let (mut parts, body) = request.into_parts();
        let by = Box::pin(SignedIn::from_request_parts(&mut parts, state)).await?;
        let form = Multipart::from_request(Request::from_parts(parts, body), state).await;
        let file = match form {
            Ok(form) => read(form, &by).await,
            Err(_) => Err(ApiError::MediaType("Send multipart/form-data.".to_owned())),
        };
        Ok(Self { by, file })
    }
}

/// The file of a form that carries the session's token.
async fn read(mut form: Multipart, by: &SignedIn) -> Result<Bytes> {
    let (mut csrf, mut file) = (Bytes::new(), Bytes::new());
    for _ in 0..MOST_FIELDS {
        let field = form.next_field().await.map_err(|e| refused(&e.into_response()))?;
        let Some(field) = field else { break };
        let place = match field.name() {
            Some("csrf") => &mut csrf,
            Some("file") => &mut file,
            _ => continue,
        };
        *place = field.bytes().await.map_err(|e| refused(&e.into_response()))?;
    }
    if bool::from(csrf.ct_eq(by.csrf.as_bytes())) {
        Ok(file)
    } else {
        let words = "This page is out of date. Load it again and repeat what you did.";
        Err(ApiError::Forbidden(words.to_owned()))
    }
}

fn refused(response: &axum::response::Response) -> ApiError {
    ApiError::of_status(response.status())
}

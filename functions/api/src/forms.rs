//! Fields of a posted form: hostile until read one by one.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::response::IntoResponse;
use http::header::CONTENT_TYPE;

use crate::error::{ApiError, Result};

/// The fields of a form in the order in which they came; a name may come more than once.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct FormFields(Vec<(String, String)>);

/// Names only: values are people's data.
impl std::fmt::Debug for FormFields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

impl FormFields {
    /// Reads `application/x-www-form-urlencoded`.
    pub fn parse(bytes: &[u8]) -> Self {
        Self(form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// The first field of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// The first field of this name without surrounding space; empty if it is not there.
    pub fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default().trim()
    }

    /// Every field of this name, such as ticked boxes.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Whether there is a field of this name: a box is ticked, a button was pressed.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// All fields.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }
}

impl<S: Send + Sync> FromRequest<S> for FormFields {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let form = request
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
        if !form {
            return Err(ApiError::MediaType("Send application/x-www-form-urlencoded.".to_owned()));
        }
        Ok(Self::parse(&body(request, state).await?))
    }
}

/// The whole body, up to the limit.
pub(crate) async fn body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes> {
    Bytes::from_request(request, state).await.map_err(|e| ApiError::of_status(e.into_response().status()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_may_repeat_be_blank_or_be_missing() {
        let form = FormFields::parse(b"id=a&id=b&name=+Ann%20&empty=&bad=%ff");
        assert_eq!(form.all("id").collect::<Vec<_>>(), ["a", "b"]);
        assert_eq!((form.text("name"), form.text("empty"), form.text("none")), ("Ann", "", ""));
        assert!(form.has("empty") && !form.has("none"));
        assert_eq!(form.get("bad"), Some("\u{fffd}"));
        assert!(!format!("{form:?}").contains("Ann"));
    }
}

//! Reading what a partner sends, so that every mistake is named by its field.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use http::Uri;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use crate::error::{ApiError, FieldError, Result};
use crate::forms::{self, FormFields};

/// A JSON body.
#[derive(Debug)]
pub(crate) struct JsonBody<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let kind = request.headers().get(CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            return Err(ApiError::MediaType("Send JSON as `Content-Type: application/json`.".to_owned()));
        }
        read(&forms::body(request, state).await?).map(Self)
    }
}

/// A JSON body that may be left out.
#[derive(Debug)]
pub(crate) struct OptionalJson<T>(pub(crate) Option<T>);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for OptionalJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self> {
        let (parts, body) = request.into_parts();
        let bytes = forms::body(Request::from_parts(parts.clone(), body), state).await?;
        if bytes.is_empty() {
            return Ok(Self(None));
        }
        let JsonBody(value) = JsonBody::from_request(Request::from_parts(parts, bytes.into()), state).await?;
        Ok(Self(value))
    }
}

fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        refuse(&path, &error.into_inner())
    })?;
    json.end().map_err(|error| refuse(".", &error))?;
    Ok(value)
}

/// Reads one value of a list, so that its mistake does not spoil the others.
pub(crate) fn read_value<T: DeserializeOwned>(
    value: serde_json::Value,
) -> std::result::Result<T, FieldError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        field_error(&path, &error.into_inner())
    })
}

fn refuse(path: &str, error: &serde_json::Error) -> ApiError {
    match error.classify() {
        Category::Data => {
            let error = field_error(path, error);
            ApiError::invalid("The request does not have the right form. See `errors`.", vec![error])
        }
        _ => ApiError::Malformed(format!(
            "The JSON is not well formed at line {}, column {}.",
            error.line(),
            error.column()
        )),
    }
}

/// Names the field that a message of serde is about: it stands in the path, or between the first two backticks.
fn field_error(path: &str, error: &serde_json::Error) -> FieldError {
    let text = error.to_string();
    let text = text.split(" at line ").next().unwrap_or_default();
    let path = if path == "." { "" } else { path };
    let named = ["missing field `", "unknown field `", "duplicate field `"]
        .iter()
        .find_map(|start| text.strip_prefix(start)?.split('`').next());
    let field = match named {
        Some(name) if path.is_empty() => name.to_owned(),
        Some(name) if path != name && !path.ends_with(&format!(".{name}")) => format!("{path}.{name}"),
        _ => path.to_owned(),
    };
    FieldError::new(field, sentence(text))
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

/// The parameters behind the `?`, each of which must be a known one.
#[derive(Debug)]
pub(crate) struct Parameters(FormFields);

impl Parameters {
    fn of(uri: &Uri) -> Self {
        Self(FormFields::parse(uri.query().unwrap_or_default().as_bytes()))
    }

    /// The values of these parameters; 422 for any other, because a misspelt one must not be passed over, and for one
    /// that is blank or comes twice, because it does not mean what its sender thinks.
    pub(crate) fn take<const N: usize>(&self, known: [&str; N]) -> Result<[Option<&str>; N]> {
        for (place, (name, value)) in self.0.pairs().iter().enumerate() {
            let wrong = if !known.contains(&name.as_str()) {
                let known = known.map(|name| format!("`{name}`")).join(", ");
                format!("There is no such parameter. Use {known}.")
            } else if value.trim().is_empty() {
                "It is blank. Give a value, or leave the parameter out.".to_owned()
            } else if self.0.pairs()[..place].iter().any(|(before, _)| before == name) {
                "It is given more than once. Give it once.".to_owned()
            } else {
                continue;
            };
            return Err(ApiError::field(name.clone(), wrong));
        }
        Ok(known.map(|name| self.0.get(name)))
    }
}

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        Ok(Self::of(&parts.uri))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read by serde")]
    struct Outer {
        to: Inner,
        list: Vec<u8>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read by serde")]
    struct Inner {
        everyone: bool,
    }

    #[test]
    fn a_mistake_is_named_by_its_field() {
        for (json, field) in [
            (r#"{"to":{"everyone":true}}"#, "list"),
            (r#"{"list":[1]}"#, "to"),
            (r#"{"to":{},"list":[]}"#, "to.everyone"),
            (r#"{"to":{"evryone":true},"list":[]}"#, "to.evryone"),
            (r#"{"too":1}"#, "too"),
            (r#"{"to":{"everyone":"yes"},"list":[]}"#, "to.everyone"),
            (r#"{"to":{"everyone":true},"list":[1,900]}"#, "list[1]"),
            (r#"{"to":{"everyone":true},"list":[],"list":[]}"#, "list"),
        ] {
            let error = read::<Outer>(&Bytes::from(json)).unwrap_err();
            let ApiError::Invalid { errors, .. } = error else { panic!("{json}: {error:?}") };
            assert_eq!(errors[0].field, field, "{json}: {}", errors[0].message);
            let one: std::result::Result<Outer, _> = read_value(serde_json::from_str(json).unwrap());
            if !json.contains("\"list\":[],\"list\"") {
                assert_eq!(one.unwrap_err().field, field, "{json}");
            }
        }
    }

    #[test]
    fn what_is_not_json_is_malformed() {
        for text in ["", "{", "{]", "nonsense", r#"{"to":{"everyone":true},"list":[]} more"#, "\u{feff}{}"] {
            assert!(matches!(read::<Outer>(&Bytes::from(text)), Err(ApiError::Malformed(_))), "{text}");
        }
    }

    #[test]
    fn a_parameter_that_is_unknown_blank_or_doubled_is_refused() {
        let of = |uri: &'static str| Parameters::of(&Uri::from_static(uri));
        assert_eq!(of("/u?to=2&from=1").take(["from", "to"]).unwrap(), [Some("1"), Some("2")]);
        assert_eq!(of("/u").take(["from", "to"]).unwrap(), [None, None]);
        for query in ["/u?form=1", "/u?from=", "/u?to=%20", "/u?from=1&from=1", "/u?from"] {
            assert!(of(query).take(["from", "to"]).is_err(), "{query}");
        }
    }
}

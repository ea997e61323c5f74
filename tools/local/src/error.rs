//! Why the product did not start.

/// The product did not start.
#[derive(Debug, thiserror::Error)]
#[error("{part}: {cause}")]
pub struct StartError {
    part: &'static str,
    cause: String,
}

impl StartError {
    #[expect(clippy::needless_pass_by_value, reason = "reads better in map_err")]
    pub(crate) fn new(part: &'static str, cause: impl ToString) -> Self {
        Self { part, cause: cause.to_string() }
    }
}

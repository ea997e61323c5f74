//! Why a measurement broke off.

/// A part of the bench could not be measured.
#[derive(Debug, thiserror::Error)]
#[error("{part}: {cause}")]
pub(crate) struct BenchError {
    part: &'static str,
    cause: String,
}

/// Result of a measurement.
pub(crate) type Result<T> = std::result::Result<T, BenchError>;

impl BenchError {
    #[expect(clippy::needless_pass_by_value, reason = "reads better in map_err")]
    pub(crate) fn new(part: &'static str, cause: impl ToString) -> Self {
        Self { part, cause: cause.to_string() }
    }
}

/// For `map_err`: names the part that failed.
pub(crate) fn in_part<E: ToString>(part: &'static str) -> impl Fn(E) -> BenchError {
    move |cause| BenchError::new(part, cause)
}

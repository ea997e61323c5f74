//! A column of a report, known by its heading.

use serde::{Deserialize, Serialize};

/// One column of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportColumn {
    /// Its heading; where several columns have the same, with its place among them.
    pub heading: String,
    /// Its first cells, shortened.
    pub samples: Vec<String>,
}

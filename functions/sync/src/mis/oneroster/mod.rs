//! OneRoster 1.1 and 1.2, over REST and as a package of CSV files: two readers, one meaning.
//!
//! The standard knows neither priorities nor court orders nor attendance. Parents and guardians are taken to have
//! parental responsibility, relatives not; barred pairs have to be entered by the school itself.

mod csv;
mod model;
mod rest;

pub use self::csv::OneRosterCsv;
pub use rest::{OneRosterConfig, OneRosterRest, Version};

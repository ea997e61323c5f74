//! One run of one school: read its MIS, compare, write the difference.

pub mod mis;

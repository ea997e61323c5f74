//! messenger-tests

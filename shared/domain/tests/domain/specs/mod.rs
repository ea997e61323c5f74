//! The rules held against published cases of others. They are read from `SPECS_DIR` (beside the repository unless set)
//! and never copied here; where they are missing each test says so and passes. The crate's own tables cover every rule.

mod email;
mod phone;
mod recipient_csv;
mod segments;
mod support;
mod token;
mod totp;

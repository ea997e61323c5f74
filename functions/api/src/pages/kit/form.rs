//! What forms are given: fields, choices, and what is wrong with them.

use crate::error::FieldError;

/// A row of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) label: &'static str,
    pub(crate) value: String,
    pub(crate) kind: &'static str,
    pub(crate) hint: String,
    pub(crate) error: Option<String>,
    pub(crate) autocomplete: &'static str,
    pub(crate) optional: bool,
    pub(crate) required: bool,
    pub(crate) read_only: bool,
}

impl Field {
    pub(crate) fn new(name: &'static str, label: &'static str, value: impl Into<String>) -> Self {
        Self {
            name,
            label,
            value: value.into(),
            kind: "text",
            hint: String::new(),
            error: None,
            autocomplete: "off",
            optional: false,
            required: false,
            read_only: false,
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    pub(crate) fn kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    pub(crate) const fn autocomplete(mut self, what: &'static str) -> Self {
        self.autocomplete = what;
        self
    }

    pub(crate) const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    pub(crate) const fn read_only(mut self, read_only: bool) -> Self {
        self.read_only = read_only;
        self
    }

    /// With the problem that names this field, if there is one.
    pub(crate) fn checked(mut self, problems: &[Problem]) -> Self {
        self.error = error_of(problems, self.name);
        self
    }

    /// Ids of what describes the input.
    pub(crate) fn described_by(&self) -> Option<String> {
        let hint = (!self.hint.is_empty()).then(|| format!("{}-hint", self.name));
        let error = self.error.as_ref().map(|_| format!("{}-error", self.name));
        let ids: Vec<String> = hint.into_iter().chain(error).collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }
}

/// Something to correct.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// Id of the input; empty where none is to blame.
    pub(crate) field: String,
    pub(crate) words: String,
}

impl Problem {
    pub(crate) fn new(field: impl Into<String>, words: impl Into<String>) -> Self {
        Self { field: field.into(), words: words.into() }
    }
}

impl From<FieldError> for Problem {
    fn from(error: FieldError) -> Self {
        Self { field: error.field, words: error.message }
    }
}

/// The same of everything that is wrong with a request.
pub(crate) fn problems(errors: Vec<FieldError>) -> Vec<Problem> {
    errors.into_iter().map(Problem::from).collect()
}

/// What is wrong with one input.
pub(crate) fn error_of(problems: &[Problem], field: &str) -> Option<String> {
    problems.iter().find(|p| p.field == field).map(|p| p.words.clone())
}

/// One choice of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) value: String,
    pub(crate) words: String,
    pub(crate) here: bool,
}

impl Choice {
    pub(crate) fn new(value: impl Into<String>, words: impl Into<String>, here: bool) -> Self {
        Self { value: value.into(), words: words.into(), here }
    }
}

//! A row of the account settings: how it is shown, read and checked.

use std::fmt::Display;

use domain::phone::{CountryCode, NumberMode, PhoneNumber};
use domain::settings::Settings;

/// What rows are read with.
#[derive(Debug, Clone, Copy)]
pub struct Given {
    /// Whether drama numbers are as good as any.
    pub numbers: NumberMode,
    /// When, in milliseconds since 1970.
    pub now_ms: i64,
}

/// How a row is filled in.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// One line.
    Line,
    /// A telephone number.
    Phone,
    /// An e-mail address.
    Email,
    /// A time zone.
    Zone,
    /// On or off.
    Switch,
    /// One of these: value and words.
    Choice(&'static [(&'static str, &'static str)]),
}

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// Name of its field.
    pub name: &'static str,
    /// For people.
    pub label: &'static str,
    /// A sentence on what it does.
    pub hint: &'static str,
    /// How it is filled in.
    pub kind: Kind,
    /// Whether a change asks first.
    pub protected: bool,
    /// Whether the value is about a person: the log gets a hash.
    pub personal: bool,
    /// What to think of before it becomes as in these settings; empty for nothing. A change with something to think of
    /// asks first.
    pub care: fn(&Settings) -> &'static str,
    /// What else its hint says of how it stands.
    pub more: fn(&Settings) -> String,
    /// As it stands in the form.
    pub get: fn(&Settings) -> String,
    /// Puts what was typed in, or says in a sentence why not.
    pub set: fn(&mut Settings, &str, Given) -> Result<(), String>,
}

impl Row {
    pub(super) const fn new(
        name: &'static str,
        label: &'static str,
        hint: &'static str,
        kind: Kind,
        get: fn(&Settings) -> String,
        set: fn(&mut Settings, &str, Given) -> Result<(), String>,
    ) -> Self {
        Self {
            name,
            label,
            hint,
            kind,
            protected: false,
            personal: false,
            care: |_| "",
            more: |_| String::new(),
            get,
            set,
        }
    }

    pub(super) const fn protected(mut self) -> Self {
        self.protected = true;
        self
    }

    pub(super) const fn personal(mut self) -> Self {
        self.personal = true;
        self
    }

    pub(super) const fn with_care(mut self, care: fn(&Settings) -> &'static str) -> Self {
        self.care = care;
        self
    }

    pub(super) const fn with_more(mut self, more: fn(&Settings) -> String) -> Self {
        self.more = more;
        self
    }

    /// A value as it stands in the form, for people.
    pub fn shown(&self, value: &str) -> String {
        match self.kind {
            Kind::Switch => if value == ON { "On" } else { "Off" }.to_owned(),
            Kind::Choice(choices) => {
                choices.iter().find(|(code, _)| *code == value).map_or(value, |(_, words)| words).to_owned()
            }
            _ if value.is_empty() => "nothing".to_owned(),
            _ => value.to_owned(),
        }
    }
}

/// Rows that are changed together.
#[derive(Debug, Clone, Copy)]
pub struct Group {
    /// Its place in an address.
    pub code: &'static str,
    /// For people.
    pub title: &'static str,
    /// What it is about.
    pub words: &'static str,
    /// What to know of how it stands.
    pub care: fn(&Settings) -> Option<String>,
    /// The rows.
    pub rows: &'static [Row],
}

/// A switch that is on.
pub(crate) const ON: &str = "on";
/// A switch that is off.
pub(crate) const OFF: &str = "off";

pub(super) fn switch(on: bool) -> String {
    if on { ON } else { OFF }.to_owned()
}

pub(super) fn switched(typed: &str) -> Result<bool, String> {
    match typed.trim() {
        ON => Ok(true),
        OFF => Ok(false),
        _ => Err("Choose on or off.".to_owned()),
    }
}

pub(super) fn said(error: impl Display) -> String {
    error.to_string()
}

/// A number of the school's own in E.164; empty for none.
pub(super) fn number(typed: &str, country: CountryCode, given: Given) -> Result<Option<PhoneNumber>, String> {
    match typed.trim() {
        "" => Ok(None),
        typed => PhoneNumber::parse(typed, country, given.numbers).map(Some).map_err(said),
    }
}

/// A price in pence as it is typed.
pub(super) fn pence(price: domain::money::Pence) -> String {
    let hundredths = price.hundredths();
    match hundredths % 100 {
        0 => (hundredths / 100).to_string(),
        part => format!("{}.{part:02}", hundredths / 100),
    }
}

/// What a code stands for, if it is one of those that were offered.
pub(super) fn chosen<T>(found: Option<T>) -> Result<T, String> {
    found.ok_or_else(|| "Choose one of the list.".to_owned())
}

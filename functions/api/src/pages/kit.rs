//! What the components in `templates/kit.html` are given.

/// The hue and shape of a status; never without words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tone {
    Delivered,
    Sent,
    Waiting,
    Unsure,
    Failed,
    /// Ended without a send.
    Off,
}

impl Tone {
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Sent => "sent",
            Self::Waiting => "waiting",
            Self::Unsure => "unsure",
            Self::Failed => "failed",
            Self::Off => "off",
        }
    }
}

/// A status: word, shape and hue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) tone: Tone,
    pub(crate) words: String,
}

impl Tag {
    pub(crate) fn new(tone: Tone, words: impl Into<String>) -> Self {
        Self { tone, words: words.into() }
    }
}

/// One part of a stacked bar, in thousandths of its width.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BarPart {
    pub(crate) tone: Tone,
    pub(crate) x: u32,
    pub(crate) width: u32,
}

/// A stacked bar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bar {
    pub(crate) parts: Vec<BarPart>,
    /// The same in words.
    pub(crate) label: String,
}

/// Narrowest part that can be seen, in thousandths.
const LEAST: u64 = 6;

impl Bar {
    /// Parts in the order of `counts`, each as wide as its share; the smallest can still be seen.
    pub(crate) fn new(counts: &[(Tone, u64)], label: String) -> Self {
        let total: u64 = counts.iter().map(|(_, n)| n).sum();
        let shown: Vec<(Tone, u64)> = counts
            .iter()
            .filter(|(_, n)| *n > 0)
            .map(|(tone, n)| (*tone, (n.saturating_mul(1_000) / total.max(1)).max(LEAST)))
            .collect();
        let sum: u64 = shown.iter().map(|(_, w)| w).sum();
        let mut parts = Vec::with_capacity(shown.len());
        let (mut x, mut reached) = (0, 0);
        for (tone, width) in shown {
            reached += width;
            let end = (reached * 1_000 / sum.max(1)) as u32;
            // A thread of ground between two parts.
            let gap = if end < 1_000 { 2 } else { 0 };
            parts.push(BarPart { tone, x, width: end - x - gap });
            x = end;
        }
        Self { parts, label }
    }
}

/// How far a long job is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) label: String,
    pub(crate) done: u64,
    pub(crate) total: u64,
    pub(crate) words: String,
}

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

/// Something to mend.
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

/// Where in a list one is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Pager {
    pub(crate) words: String,
    pub(crate) previous: Option<String>,
    pub(crate) previous_words: &'static str,
    pub(crate) next: Option<String>,
    pub(crate) next_words: &'static str,
}

/// A question before something that cannot be undone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ask {
    /// Id of the dialog.
    pub(crate) id: &'static str,
    /// Where its form goes.
    pub(crate) action: String,
    /// Id of the form whose ticked boxes go along; empty for none.
    pub(crate) form: &'static str,
    pub(crate) title: String,
    pub(crate) words: String,
    pub(crate) yes: String,
    pub(crate) no: &'static str,
    /// Whether nothing is lost by it.
    pub(crate) harmless: bool,
}

/// A value with its name: a big figure, a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) words: String,
    pub(crate) value: String,
}

impl Named {
    pub(crate) fn new(words: impl Into<String>, value: impl Into<String>) -> Self {
        Self { words: words.into(), value: value.into() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_wide_as_its_shares_and_shows_the_smallest() {
        let bar = Bar::new(&[(Tone::Delivered, 9_999), (Tone::Sent, 0), (Tone::Failed, 1)], String::new());
        let [big, small] = bar.parts.as_slice() else { panic!("two parts") };
        assert_eq!((big.x, small.x + small.width), (0, 1_000));
        assert!(small.width >= 5 && small.x == big.width + 2);
        assert_eq!(Bar::new(&[], String::new()).parts, []);
        assert_eq!(Bar::new(&[(Tone::Sent, 7)], String::new()).parts[0].width, 1_000);
    }
}

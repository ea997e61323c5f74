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

/// Where in a list one is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Pager {
    pub(crate) words: String,
    pub(crate) previous: Option<String>,
    pub(crate) previous_words: &'static str,
    pub(crate) next: Option<String>,
    pub(crate) next_words: &'static str,
}

impl Pager {
    /// Of a list in numbered pages, `page` of `pages`; `words` say what is shown of how many.
    pub(crate) fn numbered(words: String, page: usize, pages: usize, link: impl Fn(usize) -> String) -> Self {
        Self {
            words,
            previous: (page > 1).then(|| link(page - 1)),
            previous_words: "Previous",
            next: (page < pages).then(|| link(page + 1)),
            next_words: "Next",
        }
    }
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

//! Tokens in a text: `$forename$`, with an optional fallback `$forename|child$`.
//!
//! A name is a letter and then letters, digits or `_`, in either case. Whatever does not read as a token stays as it
//! is, so prices ("£5 or $5") and a doubled `$$` need no care. Values are put in as they are and never read again: a
//! value that looks like a token is only text.

use std::fmt;

/// The longest name; a fallback may be twice as long.
const LONGEST_NAME: usize = 40;

/// One piece of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// Text that stays as it is.
    Text(String),
    /// A value to fill in.
    Token {
        /// Its name in lower case.
        name: String,
        /// What to say where the value is empty. May be empty itself, for an optional value.
        fallback: Option<String>,
    },
}

/// A text with tokens, read once and rendered for every recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

/// Tokens that nobody knows how to fill in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownTokens {
    /// The names, in the order of the text.
    pub names: Vec<String>,
    /// The names that could be used.
    pub known: Vec<String>,
}

impl fmt::Display for UnknownTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (is, it) =
            if self.names.len() == 1 { ("is not a token", "it") } else { ("are not tokens", "them") };
        write!(f, "{} {is}. Change {it} to one of: {}.", listed(&self.names), listed(&self.known))
    }
}

impl std::error::Error for UnknownTokens {}

/// Tokens without a value for one recipient and without a fallback.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingTokens {
    /// The names, in the order of the text, each once.
    pub names: Vec<String>,
}

impl fmt::Display for MissingTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (has, fallback) = match self.names.first() {
            Some(name) if self.names.len() == 1 => ("has no value", name.as_str()),
            Some(name) => ("have no value", name.as_str()),
            None => ("has no value", "name"),
        };
        write!(f, "{} {has}. Fill it in, or give a fallback as in ${fallback}|text$.", listed(&self.names))
    }
}

impl std::error::Error for MissingTokens {}

impl Template {
    /// Reads a text. Every text is a template.
    pub fn parse(text: &str) -> Self {
        let mut pieces = Vec::new();
        let mut literal_from = 0;
        let mut at = 0;
        while let Some(dollar) = text[at..].find('$').map(|i| at + i) {
            at = dollar + 1;
            if let Some((token, end)) = token(text, at) {
                push_text(&mut pieces, &text[literal_from..dollar]);
                pieces.push(token);
                at = end;
                literal_from = end;
            }
        }
        push_text(&mut pieces, &text[literal_from..]);
        Self { pieces }
    }

    /// The pieces, in order.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// The names of the tokens in lower case, each once, in the order of the text.
    pub fn names(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for piece in &self.pieces {
            if let Piece::Token { name, .. } = piece
                && !names.contains(&name.as_str())
            {
                names.push(name.as_str());
            }
        }
        names
    }

    /// Whether every recipient gets the same text.
    pub fn is_plain(&self) -> bool {
        self.pieces.iter().all(|piece| matches!(piece, Piece::Text(_)))
    }

    /// Checks that every token is one of `known` (in lower case).
    pub fn check(&self, known: &[&str]) -> Result<(), UnknownTokens> {
        let names: Vec<String> =
            self.names().into_iter().filter(|name| !known.contains(name)).map(str::to_owned).collect();
        if names.is_empty() {
            return Ok(());
        }
        Err(UnknownTokens { names, known: known.iter().map(|name| (*name).to_owned()).collect() })
    }

    /// The text for one recipient. `lookup` gives the value of a name in lower case; a value of spaces only counts as
    /// empty, and an empty one takes the fallback.
    pub fn render<'v>(&self, lookup: impl Fn(&str) -> Option<&'v str>) -> Result<String, MissingTokens> {
        let mut text = String::new();
        let mut missing = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(literal) => text.push_str(literal),
                Piece::Token { name, fallback } => {
                    let value = lookup(name).filter(|value| !value.trim().is_empty());
                    match value.or(fallback.as_deref()) {
                        Some(value) => text.push_str(value),
                        None if missing.contains(name) => {}
                        None => missing.push(name.clone()),
                    }
                }
            }
        }
        if missing.is_empty() { Ok(text) } else { Err(MissingTokens { names: missing }) }
    }
}

/// `$forename$, $surname$`.
fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("${name}$")).collect::<Vec<_>>().join(", ")
}

fn push_text(pieces: &mut Vec<Piece>, text: &str) {
    if !text.is_empty() {
        pieces.push(Piece::Text(text.to_owned()));
    }
}

/// The token whose name starts at `from`, behind its `$`, and where the text goes on after it.
fn token(text: &str, from: usize) -> Option<(Piece, usize)> {
    let rest = &text[from..];
    let name_len = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
    let name = &rest[..name_len];
    if name_len > LONGEST_NAME || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    let after = &rest[name_len..];
    let (fallback, len) = if after.starts_with('$') {
        (None, name_len + 1)
    } else {
        let fallback = fallback(after.strip_prefix('|')?)?;
        (Some(fallback.to_owned()), name_len + 1 + fallback.len() + 1)
    };
    Some((Piece::Token { name: name.to_ascii_lowercase(), fallback }, from + len))
}

/// The text up to the closing `$`, on one line.
fn fallback(text: &str) -> Option<&str> {
    let end = text.find(['$', '\n', '\r']).filter(|end| *end <= 2 * LONGEST_NAME)?;
    text[end..].starts_with('$').then_some(&text[..end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn render(text: &str, values: &[(&str, &str)]) -> Result<String, Vec<String>> {
        let lookup = |name: &str| values.iter().find(|(n, _)| *n == name).map(|(_, v)| *v);
        Template::parse(text).render(lookup).map_err(|missing| missing.names)
    }

    #[test]
    fn fills_in_values_and_leaves_everything_else() {
        let values = [("forename", "Ann"), ("balance", "£4.50"), ("empty", " ")];
        let table: &[(&str, Result<&str, &[&str]>)] = &[
            ("", Ok("")),
            ("no tokens", Ok("no tokens")),
            ("Dear $forename$,", Ok("Dear Ann,")),
            ("$forename$$forename$", Ok("AnnAnn")),
            ("$Forename$ and $FORENAME$", Ok("Ann and Ann")),
            ("owes $balance$", Ok("owes £4.50")),
            // Money and lone dollars are text.
            ("£5 or $5", Ok("£5 or $5")),
            ("$5$", Ok("$5$")),
            ("$$", Ok("$$")),
            ("a $ b $ c", Ok("a $ b $ c")),
            ("$5 to $forename$", Ok("$5 to Ann")),
            ("$$forename$$", Ok("$Ann$")),
            ("$forename", Ok("$forename")),
            ("$forename $forename$", Ok("$forename Ann")),
            // Fallbacks.
            ("$forename|child$", Ok("Ann")),
            ("$pupil|your child$", Ok("your child")),
            ("$empty|your child$", Ok("your child")),
            ("Hello$pupil|$!", Ok("Hello!")),
            ("$pupil|a|b$", Ok("a|b")),
            ("$pupil|a\nb$", Ok("$pupil|a\nb$")),
            // Nothing to say.
            ("$pupil$ $pupil$ $empty$ $forename$", Err(&["pupil", "empty"])),
        ];
        for (text, expected) in table {
            let expected = (*expected)
                .map(str::to_owned)
                .map_err(|names| names.iter().map(ToString::to_string).collect());
            assert_eq!(render(text, &values), expected, "{text:?}");
        }
    }

    #[test]
    fn an_unknown_token_is_named_beside_the_known_ones() {
        let template = Template::parse("Dear $forname$ of $class$");
        assert_eq!(template.names(), ["forname", "class"]);
        let error = template.check(&["forename", "class"]).unwrap_err();
        assert_eq!(error.names, ["forname"]);
        assert_eq!(error.to_string(), "$forname$ is not a token. Change it to one of: $forename$, $class$.");
        assert_eq!(Template::parse("$a$").check(&["a"]), Ok(()));
        let missing = MissingTokens { names: vec!["forename".into()] };
        assert_eq!(
            missing.to_string(),
            "$forename$ has no value. Fill it in, or give a fallback as in $forename|text$."
        );
    }

    proptest! {
        #[test]
        fn a_value_is_never_read_as_a_token(value in "[$a-z|]{1,20}") {
            prop_assume!(!value.trim().is_empty());
            prop_assert_eq!(render("<$forename$>", &[("forename", &value), ("a", "INJECTED")]), Ok(format!("<{value}>")));
        }

        #[test]
        fn any_text_parses_and_a_plain_one_is_unchanged(text in "[$|a-c5é \n]{0,40}") {
            let template = Template::parse(&text);
            if template.is_plain() {
                prop_assert_eq!(render(&text, &[]), Ok(text));
            } else {
                prop_assert!(!template.names().is_empty());
            }
        }
    }
}

//! Which passwords are good enough (ARCHITECTURE §7): a rising length, score of the guesses needed (zxcvbn) and mix of
//! characters. What is missing is said, so that the next try is the last.

use icu_normalizer::ComposingNormalizerBorrowed;
use zxcvbn::feedback::Warning;
use zxcvbn::{Entropy, Score, zxcvbn};

use crate::security::Strength;

/// The longest password, in bytes: nobody types more, and each costs time to hash.
pub const LONGEST_BYTES: usize = 1_000;

/// What a level asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Asks {
    /// Fewest characters.
    pub length: usize,
    /// Lowest score, from 0 to 4.
    pub score: u8,
    /// Fewest of the four kinds of characters.
    pub kinds: usize,
}

impl Strength {
    /// What the level asks for.
    pub const fn asks(self) -> Asks {
        match self {
            Self::Any => Asks { length: 8, score: 0, kinds: 1 },
            Self::Medium => Asks { length: 10, score: 2, kinds: 2 },
            Self::Strong => Asks { length: 12, score: 3, kinds: 3 },
            Self::VeryStrong => Asks { length: 16, score: 4, kinds: 4 },
        }
    }

    /// The level in a sentence, for the form on which a password is chosen.
    pub fn hint(self) -> String {
        let Asks { length, kinds, .. } = self.asks();
        let mixed = match kinds {
            0 | 1 => String::new(),
            4 => ", with small letters, capitals, digits and signs in it".to_owned(),
            kinds => format!(
                ", with {kinds} of these in it: small letters, capitals, digits, signs (a space is one)"
            ),
        };
        format!(
            "At least {length} characters{mixed}. Three or four random words with something between them do well."
        )
    }
}

/// Something that a password lacks. `Display` is a sentence for a page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Lacks {
    /// Nothing was typed.
    #[error("Enter a password.")]
    Everything,
    /// Longer than is hashed.
    #[error("That is too long: a password may have up to {LONGEST_BYTES} bytes.")]
    Shortness,
    /// Too few characters.
    #[error("Make it longer: it has {has} characters and needs at least {least}.")]
    Length {
        /// How many it has.
        has: usize,
        /// How many it needs.
        least: usize,
    },
    /// Too few kinds of characters.
    #[error("Mix it more: add {}.", .0.join(" or "))]
    Kinds(Vec<&'static str>),
    /// Among the first that anybody tries.
    #[error("This is one of the first passwords that attackers try. Choose another.")]
    Rareness,
    /// Found too soon by guessing.
    #[error("It is too easy to guess. {0} Use more words that do not belong together.")]
    Strangeness(String),
}

/// The result of judging a password.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Why it is refused; empty if it is not.
    pub lacks: Vec<Lacks>,
    /// Why it is unsafe although the level allows it.
    pub warnings: Vec<Lacks>,
}

/// A password as it is hashed and compared: the same key typed on another device may come as other code points.
pub fn normal(password: &str) -> String {
    ComposingNormalizerBorrowed::new_nfkc().normalize(password).into_owned()
}

/// Looks at a password as it will be hashed; `about` is what is known of the person, which is tried first.
pub fn judge(password: &str, strength: Strength, about: &[&str]) -> Verdict {
    let mut verdict = Verdict::default();
    if password.is_empty() {
        verdict.lacks.push(Lacks::Everything);
        return verdict;
    }
    if password.len() > LONGEST_BYTES {
        verdict.lacks.push(Lacks::Shortness);
        return verdict;
    }
    let password = &*normal(password);
    let about: Vec<String> = about.iter().map(|text| normal(text)).collect();
    let asks = strength.asks();
    let has = password.chars().count();
    if has < asks.length {
        verdict.lacks.push(Lacks::Length { has, least: asks.length });
    }
    let missing = missing_kinds(password);
    if KINDS.len() - missing.len() < asks.kinds {
        verdict.lacks.push(Lacks::Kinds(missing));
    }
    let about: Vec<&str> = about.iter().flat_map(|text| parts(text)).collect();
    let guesses = zxcvbn(password, &about);
    if let Some(why) = easily_guessed(&guesses, asks.score) {
        if strength == Strength::Any { verdict.warnings.push(why) } else { verdict.lacks.push(why) }
    }
    verdict
}

fn easily_guessed(guesses: &Entropy, least: u8) -> Option<Lacks> {
    let score = guesses.score();
    let why = guesses.feedback().and_then(zxcvbn::feedback::Feedback::warning);
    // A used password, or one word, name or run of keys and nothing else: what lists to try first consist of.
    let listed = matches!(
        why,
        Some(
            Warning::ThisIsATop10Password
                | Warning::ThisIsATop100Password
                | Warning::ThisIsACommonPassword
                | Warning::ThisIsSimilarToACommonlyUsedPassword
                | Warning::AWordByItselfIsEasyToGuess
                | Warning::NamesAndSurnamesByThemselvesAreEasyToGuess
                | Warning::StraightRowsOfKeysAreEasyToGuess
                | Warning::RepeatsLikeAaaAreEasyToGuess
        )
    );
    if score == Score::Zero || score == Score::One && listed {
        return Some(Lacks::Rareness);
    }
    // Below the least that a level asks, and at *Any* below what is safe.
    (u8::from(score) < least.max(2))
        .then(|| Lacks::Strangeness(why.map(|why| why.to_string()).unwrap_or_default()))
}

/// A person's words: `5976.joe.bloggs` is three, and itself.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let whole = std::iter::once(text);
    whole.chain(text.split(|c: char| !c.is_alphanumeric())).filter(|part| part.chars().count() >= 3)
}

const KINDS: [&str; 4] = ["small letters", "capitals", "digits", "signs, such as a space or a hyphen"];

/// The kinds of characters that are not there. A letter without capitals, as in most of the world's scripts, is small.
fn missing_kinds(password: &str) -> Vec<&'static str> {
    let kind = |c: char| match c {
        c if c.is_uppercase() => 1,
        c if c.is_alphabetic() => 0,
        c if c.is_numeric() => 2,
        _ => 3,
    };
    let mut seen = [false; KINDS.len()];
    for c in password.chars() {
        seen[kind(c)] = true;
    }
    KINDS.into_iter().zip(seen).filter(|(_, seen)| !seen).map(|(name, _)| name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lacks(password: &str, strength: Strength) -> Vec<String> {
        let about = ["5976.joe.bloggs", "joe@hillview.example", "Hillview School"];
        judge(password, strength, &about).lacks.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_level_says_what_is_missing() {
        use Strength::{Any, Medium, Strong, VeryStrong};
        for (password, strength, words) in [
            ("", Any, &["Enter a password"][..]),
            ("kT7-xQ", Any, &["has 6 characters and needs at least 8"]),
            ("vocabel-tundra", Any, &[]),
            ("vocabel", Medium, &["needs at least 10", "Mix it more"]),
            ("vocabeltundraz", Medium, &["add capitals or digits or signs"]),
            ("vocabel tundra", Medium, &[]),
            ("vocabel tundra 4 Oslo", Strong, &[]),
            ("vocabel tundra oslo", Strong, &["add capitals or digits"]),
            ("Kx7-pQ", Strong, &["has 6 characters and needs at least 12"]),
            ("vocabel Tundra 4 oslo", VeryStrong, &[]),
            ("Vocabel tundra oslo", VeryStrong, &["add digits"]),
            ("Password123!", Strong, &["attackers try"]),
            ("5976.Joe.Bloggs", Strong, &["attackers try"]),
            // As they are hashed, these are the two above, and the last has six letters.
            ("Ｐａｓｓｗｏｒｄ１２３！", Strong, &["attackers try"]),
            ("５９７６．Ｊｏｅ．Ｂｌｏｇｇｓ", Strong, &["attackers try"]),
            ("ｃａｆｅ\u{301}ｔ", Any, &["has 5 characters"]),
        ] {
            let lacks = lacks(password, strength);
            for word in words {
                assert!(lacks.iter().any(|l| l.contains(word)), "{password} at {strength:?}: {lacks:?}");
            }
            assert_eq!(lacks.is_empty(), words.is_empty(), "{password} at {strength:?}: {lacks:?}");
        }
    }

    #[test]
    fn what_everybody_uses_is_refused_above_any_and_warned_of_there() {
        for common in
            ["password", "qwertyuiop", "12345678", "iloveyou", "Passw0rd", "aaaaaaaaaaaa", "football1"]
        {
            for strength in [Strength::Medium, Strength::Strong, Strength::VeryStrong] {
                assert!(
                    judge(common, strength, &[]).lacks.contains(&Lacks::Rareness),
                    "{common} {strength:?}"
                );
            }
            let any = judge(common, Strength::Any, &[]);
            assert_eq!((any.lacks, any.warnings), (vec![], vec![Lacks::Rareness]), "{common}");
        }
    }

    #[test]
    fn long_ones_and_emoji_are_welcome() {
        let long = "vocabel Tundra 4 oslo ".repeat(8);
        assert!(long.len() > 64 && lacks(&long, Strength::VeryStrong).is_empty());
        assert!(lacks("🦉Vocabel🚲tundra4🍇oslo", Strength::VeryStrong).is_empty());
        assert_eq!(judge(&"x".repeat(1_001), Strength::Any, &[]).lacks, [Lacks::Shortness]);
    }

    #[test]
    fn levels_rise() {
        for pair in Strength::ALL.windows(2) {
            let (low, high) = (pair[0].asks(), pair[1].asks());
            assert!(low.length < high.length && low.score < high.score && low.kinds < high.kinds);
        }
    }

    #[test]
    fn one_password_typed_on_two_devices_is_one() {
        assert_eq!(normal("cafe\u{301} ｘ"), normal("caf\u{e9} x"));
        assert_eq!(normal("🦉 Owl"), "🦉 Owl");
    }

    proptest::proptest! {
        #[test]
        fn a_password_that_passes_a_level_passes_those_below(text in "[a-zA-Z0-9 é🦉-]{0,40}") {
            let passes = Strength::ALL.map(|level| judge(&text, level, &[]).lacks.is_empty());
            proptest::prop_assert!(passes.windows(2).all(|p| p[0] || !p[1]), "{:?}", passes);
        }
    }
}

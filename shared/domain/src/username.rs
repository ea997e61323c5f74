//! Usernames: which texts may be one, and which are taken for the same.

use icu_normalizer::ComposingNormalizerBorrowed;
use unicode_security::confusable_detection::skeleton;

use crate::phone::typed::is_invisible;

/// The longest username, in characters.
const LONGEST: usize = 100;

/// Why a text is no username. `Display` is a sentence for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UsernameError {
    /// Nothing but spaces.
    #[error("Enter a username, such as 5976.joe.bloggs.")]
    Empty,
    /// Longer than anybody types.
    #[error("A username may have up to {LONGEST} characters.")]
    TooLong,
    /// A space, a sign or an invisible character.
    #[error("A username may have letters, digits and . - _ @ + in it, and no spaces.")]
    Sign,
}

/// Reads what somebody typed as a new username; space around it is dropped, capitals stay as typed.
pub fn parse_username(text: &str) -> Result<String, UsernameError> {
    let text: String = ComposingNormalizerBorrowed::new_nfkc().normalize(text.trim()).into_owned();
    let text = text.trim();
    if text.is_empty() {
        return Err(UsernameError::Empty);
    }
    if text.chars().count() > LONGEST {
        return Err(UsernameError::TooLong);
    }
    let fits = |c: char| (c.is_alphanumeric() || ".-_@+'’".contains(c)) && !is_invisible(c);
    if text.chars().all(fits) { Ok(text.to_owned()) } else { Err(UsernameError::Sign) }
}

/// The spelling under which somebody signs in: no space around it, lower case, compatibility forms made plain. Whatever
/// is counted per username must be counted under this one.
pub fn fold_username(username: &str) -> String {
    // Nobody's name is longer; normalising what a stranger sends should not cost more.
    let short: String = username.trim().chars().take(4 * LONGEST).collect();
    ComposingNormalizerBorrowed::new_nfkc().normalize(&short).trim().to_lowercase()
}

/// What a username looks like: two that look alike have the same (Unicode Technical Standard 39, and capitals aside).
pub fn username_skeleton(username: &str) -> String {
    let looks: String = skeleton(&fold_username(username)).collect();
    // The standard makes a capital of a digit 0, and such; and a capital I, which it takes for an l, is an i by now.
    skeleton(&looks.to_lowercase()).collect::<String>().to_lowercase().replace('i', "l")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_by_case_or_look_alike_are_the_same() {
        for (one, other) in [
            ("5976.Joe.Bloggs", " 5976.JOE.bloggs "),
            ("joe.bloggs", "jоe.bloggs"),
            ("joe.bloggs", "joe.bIoggs"),
            ("joe.bloggs", "joe.b1oggs"),
            ("joe.bloggs", "ｊｏｅ.bloggs"),
            ("anna", "аnnа"),
            ("o.neil", "0.neil"),
            ("zoë", "zoe\u{308}"),
        ] {
            assert_eq!(username_skeleton(one), username_skeleton(other), "{one} and {other}");
        }
        for (one, other) in [("joe.bloggs", "jo.bloggs"), ("5976.joe", "5977.joe"), ("ann", "anna")] {
            assert_ne!(username_skeleton(one), username_skeleton(other), "{one} and {other}");
        }
    }

    #[test]
    fn a_username_is_letters_digits_and_a_few_signs() {
        for good in ["5976.joe.bloggs", " joe ", "joe@example.org", "siân", "o'neil"] {
            assert_eq!(parse_username(good).as_deref(), Ok(good.trim()));
        }
        for (bad, why) in [
            ("", UsernameError::Empty),
            (" \n", UsernameError::Empty),
            ("joe bloggs", UsernameError::Sign),
            ("joe\u{200b}", UsernameError::Sign),
            ("joe\u{202e}", UsernameError::Sign),
            ("<joe>", UsernameError::Sign),
            (&"x".repeat(101), UsernameError::TooLong),
        ] {
            assert_eq!(parse_username(bad), Err(why), "{bad:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_folds_and_its_fold_is_stable(text in ".{0,300}") {
            let folded = fold_username(&text);
            proptest::prop_assert_eq!(fold_username(&folded).to_lowercase(), folded.clone());
            proptest::prop_assert_eq!(username_skeleton(&text), username_skeleton(&folded));
        }
    }
}

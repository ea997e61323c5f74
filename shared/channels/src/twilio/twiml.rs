//! What a call speaks, in Twilio's mark-up.

use crate::escape::markup;

/// Longest document that Twilio takes with a call, in characters.
const MOST: usize = 4_000;

/// A document that says a text twice: with a pause between if that fits, else without.
pub(super) fn spoken(text: &str) -> String {
    let once = say(text, "");
    let twice = response(&format!("{once}<Pause length=\"2\" />{once}"));
    if twice.chars().count() <= MOST { twice } else { response(&say(text, " loop=\"2\"")) }
}

fn response(verbs: &str) -> String {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>{verbs}</Response>")
}

fn say(text: &str, attributes: &str) -> String {
    format!("<Say language=\"en-GB\"{attributes}>{}</Say>", markup(text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_said_twice_with_a_pause_and_cannot_add_verbs() {
        assert_eq!(
            spoken(" Ben & Ann </Say><Dial>+447700900123</Dial> "),
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>\
             <Say language=\"en-GB\">Ben &amp; Ann &lt;/Say&gt;&lt;Dial&gt;+447700900123&lt;/Dial&gt;</Say>\
             <Pause length=\"2\" />\
             <Say language=\"en-GB\">Ben &amp; Ann &lt;/Say&gt;&lt;Dial&gt;+447700900123&lt;/Dial&gt;</Say></Response>"
        );
    }

    #[test]
    fn the_longest_text_still_fits_and_is_said_twice() {
        let text = "a".repeat(domain::content::MAX_VOICE_TEXT);
        let document = spoken(&text);
        assert!(document.chars().count() <= MOST);
        assert!(document.contains(" loop=\"2\""));
    }

    /// Twilio's own library writes the same documents, apart from the language.
    #[test]
    fn documents_look_like_those_of_twilios_library() {
        let Some(expected) = crate::specs::json("twilio/twiml_expected.json") else {
            return;
        };
        let of = |test: &str| {
            let found = expected.as_array().unwrap().iter().find(|e| e["test"] == test).unwrap();
            found["xml"].as_str().unwrap().replace("<Say", "<Say language=\"en-GB\"")
        };
        assert_eq!(response(&say("nécessaire et d'autres", "")), of("test_say_french"));
        assert_eq!(response(&say("Hello Monkey", " loop=\"3\"")), of("test_say_loop"));
    }
}

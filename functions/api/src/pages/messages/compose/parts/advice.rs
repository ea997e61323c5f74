//! The coach under the text: what makes it dearer, what that costs here, and how to mend it.

use domain::channel::Channel;
use domain::content::SmsContent;
use domain::plan::Planned;
use domain::settings::Settings;
use domain::sms::{self, Encoding};

use crate::pages::kit::words;
use crate::services::costing::Costing;

/// Places over a boundary that are worth a word.
const NEARLY: u32 = 12;
/// Characters that are named.
const SHOWN: usize = 6;

/// What to know about the text's length.
#[derive(Debug, Clone)]
pub(crate) struct Advice {
    pub(crate) words: String,
    pub(crate) items: Vec<Item>,
    /// The text with plain characters, if that helps.
    pub(crate) mended: Option<String>,
    pub(crate) action: String,
}

/// A character that makes the text dearer.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub(crate) glyph: String,
    /// What would do instead.
    pub(crate) plain: Option<String>,
    pub(crate) words: String,
}

/// The one thing worth saying; `None` where all is well. `composed` is header and text as typed, `texts` what goes.
pub(crate) fn advice<'p>(
    composed: &str,
    content: &SmsContent,
    texts: impl Iterator<Item = &'p Planned>,
    costing: &Costing,
    settings: &Settings,
) -> Option<Advice> {
    if content.text.trim().is_empty() {
        return None;
    }
    let size = sms::count(composed);
    if size.encoding == Encoding::Ucs2 {
        return Some(unicode(composed, content.text.as_str(), costing));
    }
    if let Some(over) = size.over_boundary().filter(|over| *over <= NEARLY) {
        return Some(nearly(over, size.parts.0, costing, settings));
    }
    let special = texts.filter(|d| sms::count(&d.text).encoding == Encoding::Ucs2).count() as u64;
    (special > 0).then(|| Advice {
        words: format!(
            "{} a name with a letter that phones send in a longer form, so theirs may take more texts. That is \
             their name: leave it.",
            words::count(special, "text holds", "texts hold")
        ),
        items: Vec::new(),
        mended: None,
        action: String::new(),
    })
}

fn unicode(composed: &str, text: &str, costing: &Costing) -> Advice {
    let hints = sms::coach(composed);
    let mended_text = sms::mend(text);
    let costs_more = sms::count(&sms::mend(composed)).parts > sms::count(composed).parts;
    let items = hints.iter().take(SHOWN).map(item).collect();
    let saving = costing.sms.as_ref().and_then(|c| c.mended.as_ref());
    let why =
        format!("These characters leave room for {} in a text instead of 160.", Encoding::Ucs2.single());
    let words = match saving {
        Some(mended) => format!(
            "{why} With plain ones this message takes {} instead of {} and costs {} less.",
            words::number(mended.units),
            words::count(costing.of(Channel::Sms).map_or(0, |c| c.billed), "unit", "units"),
            words::money(mended.saves)
        ),
        None => why,
    };
    Advice {
        words,
        items,
        // "…" becomes three places: with an emoji beside it, that can be one text more.
        mended: (mended_text != text && !costs_more).then_some(mended_text),
        action: "Use plain characters".to_owned(),
    }
}

fn nearly(over: u32, parts: u32, costing: &Costing, settings: &Settings) -> Advice {
    let messages = costing.of(Channel::Sms).map_or(0, |c| c.messages);
    let saves = settings.prices.sms_unit.times(messages);
    let saving = if messages == 0 {
        String::new()
    } else {
        format!(" and save {} ({})", words::count(messages, "unit", "units"), words::money(saves))
    };
    Advice {
        words: format!(
            "{} over the end of text {}. Shorten it by that much{saving}.",
            words::count(u64::from(over), "character", "characters"),
            parts - 1
        ),
        items: Vec::new(),
        mended: None,
        action: String::new(),
    }
}

/// The character, or a box where it cannot be seen.
fn glyph(c: char) -> String {
    if c.is_control()
        || c.is_whitespace()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{feff}' | '\u{ad}')
    {
        "␣".to_owned()
    } else {
        c.to_string()
    }
}

fn item(hint: &sms::Hint) -> Item {
    // A code point says nothing to a school office; the character stands beside its name.
    let name = if hint.name.starts_with("U+") { "this character" } else { hint.name.as_str() };
    let often = if hint.times == 1 { String::new() } else { format!(", {} times", hint.times) };
    Item {
        glyph: glyph(hint.character),
        plain: hint
            .replacement
            .map(|plain| if plain.trim().is_empty() { "␣" } else { plain })
            .map(str::to_owned),
        words: match hint.replacement {
            Some("") => format!("{name}{often}, can be left out"),
            Some(_) => format!("{name}{often}"),
            None => format!("{name}{often}, no plain one says the same"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_characters_are_offered_unless_they_take_more_texts() {
        let costing = Costing { recipients: 1, unreachable: 0, channels: Vec::new(), sms: None };
        let offered = |text: &str| unicode(text, text, &costing).mended;
        assert_eq!(offered("Don’t forget"), Some("Don't forget".to_owned()));
        // An emoji keeps it Unicode, with room for 70: "..." is two more than "…".
        let full = format!("{}…😀", "a".repeat(67));
        assert_eq!((sms::count(&full).parts.0, offered(&full)), (1, None));
    }
}

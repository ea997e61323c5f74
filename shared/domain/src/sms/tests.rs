use proptest::prelude::*;

use super::*;

/// Encoding, parts, places used, places left.
fn size(text: &str) -> (Encoding, u32, u32, u32) {
    let size = count(text);
    (size.encoding, size.parts.0, size.used, size.left_in_part)
}

#[test]
fn counts_parts_at_every_boundary() {
    use Encoding::{Gsm7, Ucs2};
    for (character, times, expected) in [
        ("a", 0, (Gsm7, 0, 0, 160)),
        ("a", 1, (Gsm7, 1, 1, 159)),
        ("a", 160, (Gsm7, 1, 160, 0)),
        ("a", 161, (Gsm7, 2, 161, 145)),
        ("a", 306, (Gsm7, 2, 306, 0)),
        ("a", 307, (Gsm7, 3, 307, 152)),
        ("à", 160, (Gsm7, 1, 160, 0)),
        ("€", 80, (Gsm7, 1, 160, 0)),
        // 76 pairs fill 152 of 153 places: the last place of each part stays empty.
        ("€", 81, (Gsm7, 2, 162, 143)),
        ("€", 152, (Gsm7, 2, 304, 1)),
        ("€", 153, (Gsm7, 3, 306, 151)),
        ("ŵ", 70, (Ucs2, 1, 70, 0)),
        ("ŵ", 71, (Ucs2, 2, 71, 63)),
        ("ŵ", 134, (Ucs2, 2, 134, 0)),
        ("ŵ", 135, (Ucs2, 3, 135, 66)),
        ("😀", 35, (Ucs2, 1, 70, 0)),
        ("😀", 36, (Ucs2, 2, 72, 61)),
        ("😀", 66, (Ucs2, 2, 132, 1)),
        ("😀", 67, (Ucs2, 3, 134, 65)),
    ] {
        assert_eq!(size(&character.repeat(times)), expected, "{times} × {character}");
    }
}

#[test]
fn a_pair_is_never_split_so_division_undercounts() {
    // The euro would sit across the end of the first part: 306 places that need three parts.
    let text = format!("{}€{}", "a".repeat(152), "a".repeat(152));
    assert_eq!(size(&text), (Encoding::Gsm7, 3, 306, 152));
    // As many bytes as septets, yet with a pair in it.
    let text = format!("{}{{é{}", "a".repeat(152), "a".repeat(151));
    assert_eq!(size(&text), (Encoding::Gsm7, 3, 306, 152));
    let text = format!("ŵ{}😀{}", "a".repeat(65), "a".repeat(66));
    assert_eq!(size(&text), (Encoding::Ucs2, 3, 134, 66));
}

#[test]
fn the_alphabet_is_gsm_03_38() {
    let default = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿\
                   abcdefghijklmnopqrstuvwxyzäöñüà";
    assert_eq!(default.chars().count(), 127);
    assert!(default.chars().all(|c| gsm::septets(c) == Some(1)));
    assert!("\u{c}^{}\\[~]|€".chars().all(|c| gsm::septets(c) == Some(2)));
    let in_table = (0..=0xffff).filter_map(char::from_u32).filter(|c| gsm::septets(*c).is_some()).count();
    assert_eq!(in_table, 137);
    for c in "`\tçáíóúÀÈëïŵŷ’“–…\u{a0}\u{0}\u{1b}".chars() {
        assert_eq!(gsm::septets(c), None, "{c:?}");
    }
}

#[test]
fn says_how_far_a_text_is_over_its_boundary_and_when_it_is_too_long() {
    for (times, over) in
        [(0, None), (160, None), (161, Some(1)), (306, Some(146)), (307, Some(1)), (459, Some(153))]
    {
        assert_eq!(count(&"a".repeat(times)).over_boundary(), over, "{times}");
    }
    assert!(!count(&"a".repeat(1530)).is_too_long());
    assert!(count(&"a".repeat(1531)).is_too_long());
    assert!(count(&"ŵ".repeat(671)).is_too_long());
}

#[test]
fn the_header_goes_before_the_body_and_counts() {
    assert_eq!(compose_sms(Some("Hill School"), "Closed today"), "Hill School: Closed today");
    assert_eq!(compose_sms(Some(" Hill School: "), " Closed\n"), "Hill School:  Closed\n");
    assert_eq!(compose_sms(None, "Closed today"), "Closed today");
    assert_eq!(compose_sms(Some("  "), "Closed today"), "Closed today");
    assert_eq!(count(&compose_sms(Some("Hill"), &"a".repeat(155))).parts, Units(2));
}

#[test]
fn the_coach_names_what_makes_a_text_unicode() {
    assert_eq!(coach("Plain € text {with} é"), []);
    let hints = coach("It’s “on” – Siân’s\u{a0}😀");
    let seen: Vec<_> = hints.iter().map(|h| (h.character, h.times, h.first_at, h.replacement)).collect();
    assert_eq!(
        seen,
        [
            ('’', 2, 3, Some("'")),
            ('“', 1, 6, Some("\"")),
            ('”', 1, 9, Some("\"")),
            ('–', 1, 11, Some("-")),
            ('â', 1, 15, None),
            ('\u{a0}', 1, 19, Some(" ")),
            ('😀', 1, 20, None),
        ]
    );
    assert_eq!((hints[0].name.as_str(), hints[6].name.as_str()), ("curly apostrophe", "U+1F600"));
}

#[test]
fn mending_changes_typography_and_no_names() {
    for (text, mended) in [
        ("It’s “on” – see…", "It's \"on\" - see..."),
        ("a\u{a0}b\tc\u{200b}d`e", "a b cd'e"),
        ("cafe\u{301} Zu\u{308}rich", "café Zürich"),
        ("1½ × 2 • ﬁne", "1 1/2 x 2 - fine"),
        ("Siân, Zoë and 😀", "Siân, Zoë and 😀"),
        ("plain", "plain"),
    ] {
        assert_eq!(mend(text), mended);
    }
    let long = format!("Don’t forget{}", ".".repeat(120));
    assert_eq!((count(&long).parts, count(&mend(&long)).parts), (Units(2), Units(1)));
}

#[test]
fn units_add_up() {
    assert_eq!([Units(2), Units(3)].into_iter().sum::<Units>(), Units(5));
    assert_eq!(serde_json::to_string(&Units(5)).unwrap(), "5");
    assert_eq!(serde_json::to_string(&Encoding::Gsm7).unwrap(), "\"GSM-7\"");
}

/// The parts of a text, cut the slow and obvious way.
fn cut(text: &str) -> Vec<u32> {
    let size = count(text);
    let places = |c: char| match size.encoding {
        Encoding::Gsm7 => gsm::septets(c).unwrap(),
        Encoding::Ucs2 => c.len_utf16() as u32,
    };
    let all: u32 = text.chars().map(places).sum();
    if all <= size.encoding.single() {
        return if all == 0 { vec![] } else { vec![all] };
    }
    let mut parts = vec![0];
    for n in text.chars().map(places) {
        if parts.last().unwrap() + n > size.encoding.each() {
            parts.push(0);
        }
        *parts.last_mut().unwrap() += n;
    }
    parts
}

proptest! {
    #[test]
    fn every_part_fits_and_every_place_is_counted(text in "[a€ŵ😀é{]{0,400}|[a€{é]{0,400}|\\PC{0,200}") {
        let (size, parts) = (count(&text), cut(&text));
        prop_assert_eq!(size.parts.0 as usize, parts.len());
        prop_assert_eq!(size.used, parts.iter().sum::<u32>());
        let room = if parts.len() > 1 { size.encoding.each() } else { size.encoding.single() };
        prop_assert_eq!(size.left_in_part, room - parts.last().unwrap_or(&0));
    }

    #[test]
    fn the_coach_speaks_exactly_when_a_text_is_unicode(text in "[a’ŵe\u{301}\u{a0}…]{0,40}|\\PC{0,40}") {
        prop_assert_eq!(coach(&text).is_empty(), count(&text).encoding == Encoding::Gsm7);
        let mended = mend(&text);
        prop_assert_eq!(mend(&mended), mended.clone(), "mending twice changes nothing more");
        if coach(&text).iter().all(|hint| hint.replacement.is_some()) {
            let is_mended = count(&mended).encoding == Encoding::Gsm7;
            let has_accents = text.contains('\u{301}');
            prop_assert!(is_mended || has_accents);
        }
    }
}

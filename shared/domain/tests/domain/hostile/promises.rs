//! What holds for anything that comes from outside. Property tests beside this file and the fuzz targets in `fuzz/`
//! ask the same functions; each panics where a promise is broken.

use domain::contact::ContactRole;
use domain::email::EmailAddress;
use domain::import::{Field, Mapping, Rules, Sheet, check, inspect};
use domain::phone::{CountryCode, NumberMode, PhoneNumber};
use domain::sms::{Encoding, Units, coach, count, mend};
use domain::tabular::{decode, safe_cell};
use domain::token::{Piece, Template};

/// A text is cut into parts that hold it; adding to it never makes it cheaper.
pub(crate) fn segments(text: &str, more: &str) {
    let size = count(text);
    let (parts, each) = (size.parts.0, size.encoding.each());
    assert_eq!(parts == 0, text.is_empty(), "every text takes a unit");
    match parts {
        0 => assert_eq!(size.used, 0),
        1 => assert_eq!(size.used + size.left_in_part, size.encoding.single()),
        // A part may end one place early, before a character of two.
        _ => {
            let room = parts * each;
            assert!(size.used <= room && size.used + (parts - 1) + size.left_in_part >= room, "{size:?}");
            assert!(size.left_in_part < each, "the last part holds something");
        }
    }
    let over = size.over_boundary();
    assert_eq!(over.is_some(), parts > 1);
    assert!(over.is_none_or(|n| n >= 1 && n <= size.used));
    let longer = count(&[text, more].concat());
    assert!(longer.parts >= size.parts, "more text never takes fewer units");
    assert!(longer.parts >= count(more).parts);

    let hints = coach(text);
    assert_eq!(hints.is_empty(), size.encoding == Encoding::Gsm7);
    let mended = mend(text);
    assert_eq!(mend(&mended), mended, "mending twice changes nothing more");
    if size.encoding == Encoding::Gsm7 {
        assert_eq!(mended, text, "what is plain stays as it is");
    }
    for hint in &hints {
        assert!(hint.times >= 1 && text.chars().nth(hint.first_at as usize - 1) == Some(hint.character));
        let replacement = hint.replacement.unwrap_or_default();
        assert!(count(replacement).encoding == Encoding::Gsm7, "a replacement is plain");
    }
    assert!(Units(0) + size.parts == size.parts);
}

/// A number that is taken has one spelling, which is read as itself; a real one is taken in every mode.
pub(crate) fn phone(text: &str) {
    let read = |text: &str, mode| PhoneNumber::parse(text, CountryCode::UK, mode);
    let live = read(text, NumberMode::Live);
    let simulated = read(text, NumberMode::Simulated);
    if let Ok(number) = live {
        // "00 90…" is abroad where such numbers may be made up, and a 0 typed twice where they must be real.
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        assert!(simulated.is_ok(), "what is real is well formed");
        assert!(
            simulated == Ok(number) || digits.starts_with("00"),
            "{text:?} is the same number in both modes"
        );
    }
    for (mode, number) in [(NumberMode::Live, live), (NumberMode::Simulated, simulated)] {
        match number {
            Ok(number) => {
                let digits = number.as_str().strip_prefix('+').unwrap();
                assert!((7..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()));
                assert!(!digits.starts_with('0'));
                assert_eq!(read(number.as_str(), mode), Ok(number), "{text:?} is read back");
                assert_eq!(
                    read(&number.national(), mode),
                    Ok(number),
                    "{text:?} is read back as people write it"
                );
                assert_eq!(PhoneNumber::from_e164(number.as_str()), Ok(number));
                assert!(!number.can_sms() || number.can_call(), "who gets a text can be called");
                let shown = format!("{number:?}");
                assert!(!shown.contains(&digits[2..]), "{shown} would stand in a log");
            }
            Err(error) => assert!(error.to_string().len() > 10, "says what to do"),
        }
    }
}

/// An address that is taken cannot break out of a header, and is read back as itself.
pub(crate) fn email(text: &str) {
    let Ok(address) = EmailAddress::parse(text) else { return };
    let (local, domain) = address.as_str().split_once('@').unwrap();
    assert!((1..=64).contains(&local.len()) && domain.contains('.') && address.as_str().len() <= 254);
    let plain = |b: u8| b.is_ascii_graphic() && !b"\"<>(),:;@[\\]".contains(&b);
    assert!(local.bytes().chain(domain.bytes()).all(plain), "{address}");
    assert_eq!(domain, address.domain());
    assert_eq!(EmailAddress::parse(address.as_str()).as_ref(), Ok(&address));
    assert_eq!(address.dedupe_key(), address.dedupe_key().to_ascii_lowercase());
    assert!(!format!("{address:?}").contains(&format!("{local}@")));
}

/// A text is filled in once: a value is never read as a token, and nothing else of the text changes.
pub(crate) fn template(text: &str, value: &str) {
    let template = Template::parse(text);
    let names = template.names();
    assert_eq!(template.is_plain(), names.is_empty());
    assert!(
        names.iter().all(|n| n.len() <= 40 && n.starts_with(|c: char| c.is_ascii_lowercase())),
        "{names:?}"
    );
    assert_eq!(template.check(&names), Ok(()));
    assert_eq!(template.check(&[]).is_err(), !names.is_empty());

    let expected: String = template
        .pieces()
        .iter()
        .map(|piece| match piece {
            Piece::Text(text) => text.as_str(),
            Piece::Token { fallback, .. } if value.trim().is_empty() => {
                fallback.as_deref().unwrap_or_default()
            }
            Piece::Token { .. } => value,
        })
        .collect();
    match template.render(|_| Some(value)) {
        Ok(rendered) => assert_eq!(rendered, expected),
        Err(missing) => assert!(value.trim().is_empty() && !missing.names.is_empty()),
    }
    if template.is_plain() {
        assert_eq!(template.render(|_| None).as_deref(), Ok(text), "a text without tokens stays as it is");
    }
}

/// Every row of a list is a safe contact or has an error that says where it is; none is passed over.
pub(crate) fn list(bytes: &[u8]) {
    let Ok(decoded) = decode(bytes) else { return };
    assert!(!decoded.text.contains('\0'));
    let sheet = Sheet::detect(&decoded.text);
    let Ok(inspected) = inspect(&sheet, Vec::new()) else { return };
    let width = inspected.columns.len();
    assert!((2..=100).contains(&width) && inspected.rows >= 1 && inspected.heading_row >= 1);

    let columns = Field::ALL.into_iter().zip(0_u16..).take(width);
    let Ok(mapping) = Mapping::new(columns, ContactRole::Other, width) else { return };
    let rules = Rules { country: CountryCode::UK, mode: NumberMode::Simulated };
    let (mut seen, mut good) = (0, 0);
    let tally = check(&sheet, &inspected, &mapping, rules, |number, contact| {
        seen += 1;
        assert_eq!(number, seen, "rows come in order");
        let Some(contact) = contact else { return };
        good += 1;
        assert!(!contact.full_name().trim().is_empty());
        for text in [contact.id.as_str(), &contact.forename, &contact.surname] {
            assert!(!text.chars().any(char::is_control));
        }
        for number in &contact.numbers {
            assert!(PhoneNumber::from_e164(&number.number).is_ok());
        }
        assert!(contact.email.as_ref().is_none_or(|e| EmailAddress::parse(e).is_ok()));
    });
    assert_eq!((tally.rows, tally.good), (seen, good));
    assert_eq!(tally.rows, inspected.rows);
    assert!(tally.error_count >= tally.rows - tally.good, "every bad row has an error");
    assert!(tally.errors.len() <= 1_000 && tally.repairs.len() <= 200);
    for finding in tally.errors.iter().chain(&tally.repairs) {
        assert!(finding.row > inspected.heading_row && !finding.message.is_empty());
        assert!(finding.column.is_none_or(|c| usize::from(c) < width));
        assert!(finding.value.chars().count() <= 41, "shown, so cut short");
    }
}

/// No cell of an export is run by a spreadsheet, and a cell that could not be is left alone.
pub(crate) fn cell(text: &str) {
    let safe = safe_cell(text);
    assert!(!safe.trim_start().starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']), "{safe:?}");
    assert!(*safe == *text || *safe == format!("'{text}"));
    assert_eq!(safe_cell(&safe), safe, "once is enough");
}

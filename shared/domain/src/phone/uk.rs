//! The United Kingdom's numbering plan, by hand: nearly every number here is British, and the library that knows the
//! whole world takes twenty times as long. Jersey, Guernsey and the Isle of Man are in the same plan (+44).
//!
//! Area codes and ranges are as detailed as the first four or five digits; a test holds them against the library.

use super::kind::PhoneKind;

/// A ten-digit number after +44, as ASCII digits.
pub(super) type National = [u8; 10];

/// What the plan says of a ten-digit number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Plan {
    /// In a range that is in use.
    InUse(PhoneKind),
    /// Well formed, of this kind by its first digits, but in a range that is not in use.
    Spare(PhoneKind),
    /// Kept by Ofcom for drama, of this kind.
    Drama(PhoneKind),
    /// No British number starts so.
    None,
}

impl Plan {
    /// Looks a number up.
    pub(super) fn of(n: &National) -> Self {
        let (kind, in_use) = match n[0] {
            b'1' => (PhoneKind::Landline, has_area(n)),
            b'2' => (PhoneKind::Landline, has_wide_area(n)),
            b'3' => (PhoneKind::Uan, matches!(n[1], b'0' | b'3' | b'4' | b'7')),
            b'5' => corporate(n),
            b'7' => seven(n),
            b'8' => eight(n),
            b'9' => (PhoneKind::Premium, matches!(n[1..3], [b'0' | b'1', _] | [b'8', b'0'..=b'4' | b'9'])),
            _ => return Self::None,
        };
        if is_drama(n) {
            Self::Drama(kind)
        } else if in_use {
            Self::InUse(kind)
        } else {
            Self::Spare(kind)
        }
    }

    /// The kind that the first digits give, in use or not.
    pub(super) fn kind(self) -> Option<PhoneKind> {
        match self {
            Self::InUse(kind) | Self::Spare(kind) | Self::Drama(kind) => Some(kind),
            Self::None => None,
        }
    }
}

/// 05: company numbers and internet telephony.
fn corporate(n: &National) -> (PhoneKind, bool) {
    match n[1] {
        b'5' => (PhoneKind::Uan, true),
        b'6' => (PhoneKind::Voip, true),
        _ => (PhoneKind::Other, false),
    }
}

/// 07 is not always a mobile: 070 is a personal number that forwards at a price, 076 a pager but for the Isle of Man.
fn seven(n: &National) -> (PhoneKind, bool) {
    match n[1..5] {
        [b'0', ..] => (PhoneKind::Personal, true),
        [b'6', b'2', b'4', block] => {
            (PhoneKind::Mobile, block != b'7' && (block != b'5' || matches!(n[5], b'0' | b'6')))
        }
        [b'6', ..] => (PhoneKind::Pager, true),
        [b'7', b'0', b'0', block] => (PhoneKind::Mobile, matches!(block, b'0' | b'1' | b'3' | b'7' | b'8')),
        [b'9', b'1', b'1', block] => (PhoneKind::Mobile, matches!(block, b'0' | b'1' | b'2' | b'7' | b'8')),
        _ => (PhoneKind::Mobile, true),
    }
}

/// 08: free to call, or paid by the caller beyond the price of the call (084, 087), which counts as premium here.
fn eight(n: &National) -> (PhoneKind, bool) {
    match n[1..3] {
        [b'0', third] => (PhoneKind::TollFree, matches!(third, b'0' | b'8')),
        [b'4', third] => (PhoneKind::Premium, matches!(third, b'2'..=b'5')),
        [b'7', third] => (PhoneKind::Premium, matches!(third, b'0'..=b'3')),
        _ => (PhoneKind::Other, false),
    }
}

fn has_wide_area(n: &National) -> bool {
    match n[1] {
        b'0' => matches!(n[2], b'0' | b'1' | b'3' | b'4' | b'7' | b'8'),
        b'3' => matches!(n[2], b'0' | b'1' | b'8' | b'9'),
        b'4' => matches!(n[2], b'0' | b'1' | b'7'),
        b'8' => n[2] != b'5',
        b'9' => matches!(n[2], b'0'..=b'2'),
        _ => false,
    }
}

/// Whether the four digits after the 0 are an area in use: `AREAS` has a bit for each fourth digit.
fn has_area(n: &National) -> bool {
    let row = usize::from(n[1] - b'0') * 10 + usize::from(n[2] - b'0');
    AREAS[row] & (1 << (n[3] - b'0')) != 0
}

/// Ofcom's "telephone numbers for drama use", each without its leading 0 and its last three digits.
#[rustfmt::skip]
const DRAMA: [&[u8]; 20] = [
    b"1134960", b"1144960", b"1154960", b"1164960", b"1174960", b"1184960", b"1214960", b"1314960", b"1414960",
    b"1514960", b"1614960", b"1632960", b"1914980", b"2079460", b"2896496", b"2920180", b"3069990", b"7700900",
    b"8081570", b"9098790",
];

fn is_drama(n: &National) -> bool {
    DRAMA.iter().any(|range| n[..7] == **range)
}

/// The number with its 0, in the groups that people know it by.
pub(super) fn grouped(n: &National) -> String {
    let (area, middle) = match n[..5] {
        [b'7', b'6', b'2', b'4', _] => (4, 0),
        [b'2', ..] | [b'5', b'5' | b'6', ..] | [b'7', b'0' | b'6', ..] => (2, 4),
        [b'1', b'1', ..] | [b'1', _, b'1', ..] | [b'3' | b'5' | b'8' | b'9', ..] => (3, 3),
        _ if LONG_AREAS.iter().any(|code| n.starts_with(code)) => (5, 0),
        _ => (4, 0),
    };
    let mut text = String::with_capacity(13);
    text.push('0');
    for (at, digit) in n.iter().enumerate() {
        if at == area || (middle > 0 && at == area + middle) {
            text.push(' ');
        }
        text.push(char::from(*digit));
    }
    text
}

/// The few areas whose code has six digits with its 0.
#[rustfmt::skip]
const LONG_AREAS: [&[u8]; 12] = [
    b"13873", b"15242", b"15394", b"15395", b"15396", b"16973", b"16974", b"16977", b"17683", b"17684", b"17687",
    b"19467",
];

/// Areas under 01 that have ten-digit numbers: three digits, and the fourth digits in use behind them.
#[rustfmt::skip]
const AREA_ROWS: [(usize, &str); 84] = [
    (113, "01234578"), (114, "01234567"), (115, "0126789"), (116, "012345"), (117, "012349"),
    (118, "012349"), (120, "02456789"), (121, "012345678"), (122, "3456789"), (123, "345679"),
    (124, "12345689"), (125, "023456789"), (126, "01234789"), (127, "013456789"), (128, "023456789"),
    (129, "0123456789"), (130, "0123456789"), (131, "012345678"), (132, "023456789"), (133, "0234579"),
    (134, "012346789"), (135, "023456789"), (136, "012346789"), (137, "1235679"), (138, "012346789"),
    (139, "234578"), (140, "03456789"), (141, "0123456789"), (142, "02345789"), (143, "0123456789"),
    (144, "0234569"), (145, "012345678"), (146, "012345679"), (147, "0123456789"), (148, "012345789"),
    (149, "012345679"), (150, "12356789"), (151, "0123456789"), (152, "02456789"), (153, "0145689"),
    (154, "023456789"), (155, "03456789"), (156, "0123456789"), (157, "012356789"), (158, "0123468"),
    (159, "012345789"), (160, "034689"), (161, "0123456789"), (162, "012345689"), (163, "013456789"),
    (164, "123467"), (165, "01234569"), (166, "13456789"), (167, "012345678"), (168, "013456789"),
    (169, "0124578"), (170, "0246789"), (172, "0123456789"), (173, "023678"), (174, "03456789"),
    (175, "012346789"), (176, "013456789"), (177, "012356789"), (178, "02456789"), (179, "023456789"),
    (180, "356789"), (182, "12345789"), (183, "0234578"), (184, "01234578"), (185, "12456789"),
    (186, "234569"), (187, "0123456789"), (188, "023456789"), (189, "02569"), (190, "0234589"),
    (191, "0123456789"), (192, "02345689"), (193, "12345789"), (194, "23456789"), (195, "01234579"),
    (196, "234789"), (197, "0124578"), (198, "0123456789"), (199, "23457"),
];

static AREAS: [u16; 100] = areas();

const fn areas() -> [u16; 100] {
    let mut bits = [0; 100];
    let mut row = 0;
    while row < AREA_ROWS.len() {
        let (first_three, fourths) = AREA_ROWS[row];
        let fourths = fourths.as_bytes();
        let mut i = 0;
        while i < fourths.len() {
            bits[first_three - 100] |= 1 << (fourths[i] - b'0');
            i += 1;
        }
        row += 1;
    }
    bits
}

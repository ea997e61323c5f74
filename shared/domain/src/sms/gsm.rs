//! GSM 03.38: the default alphabet and its extension table.

/// Septets that a character takes: 1, or 2 from the extension table; nothing if it is not in GSM 03.38.
pub(super) fn septets(c: char) -> Option<u32> {
    match ASCII.get(c as usize) {
        Some(0) => None,
        Some(n) => Some(u32::from(*n)),
        None if is_default(c) => Some(1),
        None if c == '€' => Some(2),
        None => None,
    }
}

/// The characters beyond ASCII in the default alphabet. Of the cedillas only the capital is in it.
fn is_default(c: char) -> bool {
    matches!(
        c,
        '£' | '¥'
            | 'è'
            | 'é'
            | 'ù'
            | 'ì'
            | 'ò'
            | 'Ç'
            | 'Ø'
            | 'ø'
            | 'Å'
            | 'å'
            | 'Δ'
            | 'Φ'
            | 'Γ'
            | 'Λ'
            | 'Ω'
            | 'Π'
            | 'Ψ'
            | 'Σ'
            | 'Θ'
            | 'Ξ'
            | 'Æ'
            | 'æ'
            | 'ß'
            | 'É'
            | '¤'
            | '¡'
            | 'Ä'
            | 'Ö'
            | 'Ñ'
            | 'Ü'
            | '§'
            | '¿'
            | 'ä'
            | 'ö'
            | 'ñ'
            | 'ü'
            | 'à'
    )
}

/// Septets of each ASCII character, 0 for those not in GSM 03.38: controls but for line feed, form feed and carriage
/// return, and the back-tick.
const ASCII: [u8; 128] = ascii();

const fn ascii() -> [u8; 128] {
    let mut table = [0; 128];
    let mut c = 0x20;
    while c < 0x7f {
        table[c] = 1;
        c += 1;
    }
    table['`' as usize] = 0;
    table['\n' as usize] = 1;
    table['\r' as usize] = 1;
    table[0x0c] = 2;
    let extension = b"^{}\\[~]|";
    let mut i = 0;
    while i < extension.len() {
        table[extension[i] as usize] = 2;
        i += 1;
    }
    table
}
